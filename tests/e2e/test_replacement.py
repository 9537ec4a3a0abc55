"""Replacement: what AWS can't change is made anew first, and no channel is without a configuration at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deadlines import until
from support.replacements import ENDLESS, change_bucket, made_later, moves, replaceable
from support.walk import RECORDING, condition, reason_of, s3

if TYPE_CHECKING:
    from support.walk import Walk

_CREATE, _MOVE, _DELETE = "ivs.CreateRecordingConfiguration", "ivs.UpdateChannel", "ivs.DeleteRecordingConfiguration"


def test_the_new_one_is_active_before_channels_move_with_one_write_each_and_the_old_one_goes_last(walk: Walk) -> None:
    channels = [walk.channel(f"stage-{number}") for number in range(3)]
    old = replaceable(walk, channels)
    walk.control.set(create_seconds=ENDLESS)
    since = walk.control.last_sequence()

    change_bucket(walk, "new")
    new = made_later(walk, [old])
    message = walk.reason(RECORDING, "vod", "Replacing")
    assert f"{old} (3 channels) serves" in message
    walk.sweeps(RECORDING, 2)
    assert moves(walk, since) == {}, "AWS is still at work on the new one"

    walk.control.set_state(new, "ACTIVE")
    status = walk.ready(RECORDING, "vod")
    assert status["arn"] == new
    assert status["location"].startswith("s3://new/")
    until(lambda: [item["arn"] for item in walk.configurations(RECORDING)] == [new], "the old one is deleted")
    walk.wait(RECORDING, "vod", lambda item: "superseded" not in item["status"], "forgets the old one")
    assert moves(walk, since) == {channel: [new] for channel in channels}
    assert walk.aws_writes(since) == {_CREATE: 1, _MOVE: 3, _DELETE: 1}


def test_without_a_spare_slot_of_the_quota_the_old_one_serves_on_and_the_message_says_what_is_needed(
    walk: Walk,
) -> None:
    channel = walk.channel("stage")
    old = replaceable(walk, [channel])
    walk.control.set(recording_configurations_quota=1)

    change_bucket(walk, "new")
    message = walk.reason(RECORDING, "vod", "QuotaExceeded")
    assert "one more object for a while" in message
    assert message.count("raise the quota") == 1, "said once"
    assert f"{old} (1 channel) serves" in message
    assert walk.recorded_by(channel) == old

    walk.control.set(recording_configurations_quota=2)
    walk.annotate(RECORDING, "vod", "reconcile-at=now")
    new = walk.ready(RECORDING, "vod")["arn"]
    assert new != old
    assert walk.recorded_by(channel) == new


def test_a_live_channel_named_by_arn_moves_when_its_stream_ends_and_the_replacement_lasts_until_then(
    walk: Walk,
) -> None:
    live, idle = walk.channel("live"), walk.channel("idle")
    old = replaceable(walk, [live, idle])
    walk.control.go_live(live)
    since = walk.control.last_sequence()

    change_bucket(walk, "new")
    walk.released([idle], old)
    # what is said of a replacement under way is brought up to date once a minute
    found = walk.wait(RECORDING, "vod", lambda item: "is live" in str(item["status"]), "says why", timeout=120)
    message = walk.reason(RECORDING, "vod", "Replacing")
    assert "is live" in message
    assert f"{old} (1 channel) serves" in message
    assert found["status"]["superseded"] == [{"arn": old, "associated": 1}]
    walk.sweeps(RECORDING, 2)
    assert walk.recorded_by(live) == old

    walk.control.go_offline(live)
    new = walk.ready(RECORDING, "vod")["arn"]
    assert new == found["status"]["arn"]
    assert moves(walk, since) == {idle: [new], live: [new]}
    until(lambda: len(walk.configurations(RECORDING)) == 1, "the old one is deleted", last=walk.operator.tail)


def test_a_live_channel_matched_by_tags_outlives_the_replacement(walk: Walk) -> None:
    live = walk.channel("live", env="prod")
    old = replaceable(walk, [], channels=[{"matchTags": {"env": "prod"}}])
    walk.control.go_live(live)

    change_bucket(walk, "new")
    status = walk.ready(RECORDING, "vod")

    assert status["superseded"] == [{"arn": old, "associated": 1}], "it still serves the live channel"
    assert condition({"status": status}, "Associated")["reason"] == "ChannelLive"
    walk.control.go_offline(live)
    walk.associated([live], status["arn"])
    until(lambda: len(walk.configurations(RECORDING)) == 1, "the old one is deleted", last=walk.operator.tail)


def test_a_second_edit_while_the_first_replacement_runs_skips_the_first(walk: Walk) -> None:
    channel = walk.channel("stage")
    first = replaceable(walk, [channel])
    since = walk.control.last_sequence()
    walk.control.set(create_seconds=ENDLESS)
    change_bucket(walk, "second")
    second = made_later(walk, [first])

    walk.control.set(create_seconds=0)
    change_bucket(walk, "third")
    third = walk.ready(RECORDING, "vod")["arn"]

    assert third not in {first, second}
    assert moves(walk, since) == {channel: [third]}, "straight from the first to the third"
    assert {"arn": second, "associated": 0} in walk.status(RECORDING, "vod")["superseded"], "AWS is still at work on it"
    walk.control.set_state(second, "ACTIVE")
    until(lambda: len(walk.configurations(RECORDING)) == 1, "both others are deleted", last=walk.operator.tail)
    assert walk.aws_writes(since) == {_CREATE: 2, _MOVE: 1, _DELETE: 2}


def test_an_edit_back_takes_the_old_one_again_and_makes_nothing(walk: Walk) -> None:
    live, idle = walk.channel("live"), walk.channel("idle")
    old = replaceable(walk, [live, idle])
    walk.control.go_live(live)
    change_bucket(walk, "new")
    walk.released([idle], old)
    new = walk.recorded_by(idle)
    since = walk.control.last_sequence()

    walk.edit(RECORDING, "vod", destinationConfiguration=s3("old"))
    status = walk.ready(RECORDING, "vod")

    assert status["arn"] == old
    until(lambda: [item["arn"] for item in walk.configurations(RECORDING)] == [old], "the new one is deleted")
    assert moves(walk, since) == {idle: [old]}, "the live one was never moved"
    assert walk.aws_writes(since) == {_MOVE: 1, _DELETE: 1}
    assert new not in str(walk.wait(RECORDING, "vod", lambda item: "superseded" not in item["status"], "is done"))


def test_never_set_during_a_replacement_that_has_made_nothing_yet_gates_it(walk: Walk) -> None:
    channel = walk.channel("stage")
    old = replaceable(walk, [channel])
    walk.control.set(recording_configurations_quota=1)
    change_bucket(walk, "new")
    walk.reason(RECORDING, "vod", "QuotaExceeded")
    since = walk.control.last_sequence()

    walk.control.set(recording_configurations_quota=20)
    walk.edit(RECORDING, "vod", replacePolicy="Never")
    message = walk.reason(RECORDING, "vod", "ReplacementRequired")

    assert "CreateBeforeDelete" in message
    walk.sweeps(RECORDING, 2)
    assert walk.aws_writes(since) == {}
    assert walk.recorded_by(channel) == old
    assert condition(walk.get(RECORDING, "vod") or {}, "Stalled")["status"] == "True"
    walk.edit(RECORDING, "vod", replacePolicy="CreateBeforeDelete")
    walk.ready(RECORDING, "vod")


def test_never_set_once_the_new_one_exists_lets_the_channels_move_all_the_same(walk: Walk) -> None:
    channel = walk.channel("stage")
    old = replaceable(walk, [channel])
    walk.control.set(create_seconds=ENDLESS)
    change_bucket(walk, "new")
    new = made_later(walk, [old])

    walk.edit(RECORDING, "vod", replacePolicy="Never")
    walk.control.set_state(new, "ACTIVE")

    assert walk.ready(RECORDING, "vod")["arn"] == new, "the spec is what the new one was made from"
    assert walk.recorded_by(channel) == new
    until(lambda: len(walk.configurations(RECORDING)) == 1, "the old one is deleted", last=walk.operator.tail)


def test_under_retain_the_predecessor_is_untagged_and_left(walk: Walk) -> None:
    channel = walk.channel("stage")
    old = replaceable(walk, [channel], deletionPolicy="Retain", tags={"team": "live"})
    since = walk.control.last_sequence()

    change_bucket(walk, "new")
    new = walk.ready(RECORDING, "vod")["arn"]
    until(lambda: walk.aws_writes(since).get("ivs.UntagResource"), "the old one is untagged", last=walk.operator.tail)
    walk.wait(RECORDING, "vod", lambda item: "superseded" not in item["status"], "forgets the old one")

    left = {item["arn"]: item["tags"] for item in walk.configurations(RECORDING)}
    assert left.keys() == {old, new}
    assert left[old] == {"team": "live"}
    assert walk.aws_writes(since) == {_CREATE: 1, _MOVE: 1, "ivs.UntagResource": 1}


def test_a_foreign_channel_on_the_predecessor_keeps_it_and_is_not_taken_along(walk: Walk) -> None:
    own = walk.channel("own")
    old = replaceable(walk, [own])
    foreign = walk.channel("foreign", old)

    change_bucket(walk, "new")
    status = walk.ready(RECORDING, "vod")
    found = walk.wait(
        RECORDING,
        "vod",
        lambda item: item["status"].get("superseded") == [{"arn": old, "associated": 1}],
        "names the old",
    )
    walk.sweeps(RECORDING, 3)
    assert walk.recorded_by(foreign) == old
    assert reason_of(found) is None, "what others do with the old one does not keep the new one from being Ready"

    walk.ivs.update_channel(arn=foreign, recordingConfigurationArn="")
    until(
        lambda: [item["arn"] for item in walk.configurations(RECORDING)] == [status["arn"]],
        "the old one is deleted when nobody uses it",
        last=walk.operator.tail,
    )
