"""Drift: what others change is corrected or described, what they delete is made again once, and nothing ever flaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk

_SERVICES = {CHAT: "ivschat", RECORDING: "ivs"}
_BOTH = pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])


def _client(walk: Walk, plural: str) -> Any:
    return walk.chat if plural == CHAT else walk.ivs


def _remove(walk: Walk, plural: str, arn: str) -> None:
    """Somebody deletes the AWS object, and AWS has finished with it."""
    if plural == CHAT:
        walk.chat.delete_logging_configuration(identifier=arn)
    else:
        walk.ivs.delete_recording_configuration(arn=arn)
    until(lambda: arn not in [item["arn"] for item in walk.configurations(plural)], "AWS has deleted it")


def test_settings_that_somebody_changed_are_put_back_with_one_write(walk: Walk) -> None:
    bucket, other = walk.emulator.bucket("archive"), walk.emulator.bucket("other")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.chat.update_logging_configuration(identifier=arn, name="changed", destinationConfiguration=s3(other))
    since = walk.control.last_sequence()

    def put_back() -> bool:
        found = walk.chat.get_logging_configuration(identifier=arn)
        return (found["name"], found["destinationConfiguration"], found["state"]) == ("logs", s3(bucket), "ACTIVE")

    until(put_back, "name and destination are put back", last=walk.operator.tail)
    walk.ready(CHAT, "logs")
    walk.sweeps(CHAT, 2)
    assert walk.aws_writes(since) == {"ivschat.UpdateLoggingConfiguration": 1}


def test_with_report_changed_settings_are_described_until_correct_puts_them_back(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), driftPolicy="Report")
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.chat.update_logging_configuration(identifier=arn, name="changed")
    since = walk.control.last_sequence()

    assert "name" in walk.reason(CHAT, "logs", "DriftDetected")
    assert walk.status(CHAT, "logs")["drift"] == [{"field": "name", "desired": "logs", "observed": "changed"}]
    walk.sweeps(CHAT, 2)
    assert walk.aws_writes(since) == {}

    walk.edit(CHAT, "logs", driftPolicy="Correct")
    assert "drift" not in walk.ready(CHAT, "logs")
    assert walk.chat.get_logging_configuration(identifier=arn)["name"] == "logs"


@_BOTH
def test_tags_that_somebody_changed_or_took_off_are_put_back_and_those_of_others_stay(walk: Walk, plural: str) -> None:
    bucket = walk.emulator.bucket("archive")
    walk.apply(plural, "vod", destinationConfiguration=s3(bucket), tags={"team": "live", "stage": "prod"})
    arn = walk.ready(plural, "vod")["arn"]
    wanted = walk.configurations(plural)[0]["tags"]

    client = _client(walk, plural)
    client.untag_resource(resourceArn=arn, tagKeys=["stage", "ivs-operator.dev/spec"])
    client.tag_resource(resourceArn=arn, tags={"team": "theirs", "cost-center": "42"})

    expected = {**wanted, "cost-center": "42"}
    until(lambda: walk.configurations(plural)[0]["tags"] == expected, "the tags are put back", last=walk.operator.tail)
    since = walk.control.last_sequence()
    walk.sweeps(plural, 2)
    assert walk.aws_writes(since) == {}


@_BOTH
def test_with_report_changed_tags_are_described(walk: Walk, plural: str) -> None:
    walk.apply(
        plural,
        "vod",
        destinationConfiguration=s3(walk.emulator.bucket("archive")),
        tags={"team": "live"},
        driftPolicy="Report",
    )
    arn = walk.ready(plural, "vod")["arn"]

    _client(walk, plural).tag_resource(resourceArn=arn, tags={"team": "theirs"})

    walk.reason(plural, "vod", "DriftDetected")
    assert walk.status(plural, "vod")["drift"] == [{"field": "tags.team", "desired": "live", "observed": "theirs"}]
    walk.sweeps(plural, 2)
    assert walk.configurations(plural)[0]["tags"]["team"] == "theirs"
    _client(walk, plural).tag_resource(resourceArn=arn, tags={"team": "live"})
    walk.ready(plural, "vod")


@_BOTH
def test_what_somebody_deletes_is_made_again_exactly_once(walk: Walk, plural: str) -> None:
    walk.apply(plural, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    old = walk.ready(plural, "vod")["arn"]
    since = walk.control.last_sequence()

    _remove(walk, plural, old)
    found = walk.wait(plural, "vod", lambda item: item["status"].get("arn") not in {None, old}, "names another")
    walk.ready(plural, "vod")
    walk.sweeps(plural, 3)

    assert [item["arn"] for item in walk.configurations(plural)] == [found["status"]["arn"]]
    made = [name for name in walk.aws_writes(since) if ".Create" in name]
    assert [walk.aws_writes(since)[name] for name in made] == [1]


@_BOTH
def test_with_report_what_somebody_deletes_is_described_until_correct_makes_it_again(walk: Walk, plural: str) -> None:
    walk.apply(plural, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")), driftPolicy="Report")
    old = walk.ready(plural, "vod")["arn"]

    _remove(walk, plural, old)
    message = walk.reason(plural, "vod", "DriftDetected")
    assert old in message
    assert "no longer exists" in message
    walk.sweeps(plural, 2)
    assert walk.configurations(plural) == []

    walk.edit(plural, "vod", driftPolicy="Correct")
    assert walk.ready(plural, "vod")["arn"] != old


def test_a_dead_identifier_of_ours_is_replaced_in_place_and_a_foreign_dead_one_stays(walk: Walk) -> None:
    walk.control.set(logging_delete="dangling")
    foreign = walk.foreign(CHAT, "theirs")
    rooms = [walk.room(f"room-{number}", env="prod") for number in range(3)]
    bucket = walk.emulator.bucket("archive")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    old = walk.ready(CHAT, "logs")["arn"]
    walk.chat.update_room(identifier=rooms[0], loggingConfigurationIdentifiers=[old, foreign])
    walk.chat.update_room(identifier=rooms[1], loggingConfigurationIdentifiers=[foreign, old])
    _remove(walk, CHAT, foreign)
    since = walk.control.last_sequence()

    _remove(walk, CHAT, old)
    found = walk.wait(CHAT, "logs", lambda item: item["status"].get("arn") not in {None, old}, "names another")
    new = found["status"]["arn"]
    walk.associated(rooms, new)
    walk.ready(CHAT, "logs")

    assert [walk.held_by(room) for room in rooms] == [[new, foreign], [foreign, new], [new]]
    walk.wait(CHAT, "logs", lambda item: "superseded" not in item["status"], "forgets the dead one")
    walk.sweeps(CHAT, 2)
    writes = walk.aws_writes(since)
    assert (writes["ivschat.CreateLoggingConfiguration"], writes["ivschat.UpdateRoom"]) == (1, 3)


def test_an_update_that_aws_fails_is_named_and_tried_again_slowly_or_when_asked(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.control.add_fault(operation="UpdateLoggingConfiguration", force_state="UPDATE_FAILED", count=1)
    since = walk.control.last_sequence()

    walk.edit(CHAT, "logs", name="renamed")
    message = walk.reason(CHAT, "logs", "UpdateFailed")
    assert arn in message
    assert "UPDATE_FAILED" in message
    walk.sweeps(CHAT, 3)
    assert walk.aws_writes(since) == {"ivschat.UpdateLoggingConfiguration": 1}, "the next try comes after a minute"

    walk.annotate(CHAT, "logs", "reconcile-at=now")
    assert walk.ready(CHAT, "logs")["lastHandledReconcileAt"] == "now"
    assert walk.aws_writes(since) == {"ivschat.UpdateLoggingConfiguration": 2}


def test_a_delete_that_aws_fails_is_named_and_tried_again_slowly_or_when_asked(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.control.add_fault(operation="DeleteLoggingConfiguration", force_state="DELETE_FAILED", count=1)
    since = walk.control.last_sequence()

    walk.delete(CHAT, "logs")
    message = walk.reason(CHAT, "logs", "DeleteFailed")
    assert arn in message
    assert "DELETE_FAILED" in message
    walk.sweeps(CHAT, 3)
    assert walk.aws_writes(since) == {"ivschat.DeleteLoggingConfiguration": 1}

    walk.annotate(CHAT, "logs", "reconcile-at=now")
    walk.gone(CHAT, "logs")
    assert walk.configurations(CHAT) == []


def test_reordered_sets_and_defaults_that_aws_fills_in_never_flap(walk: Walk) -> None:
    channel, room = walk.channel("stage", env="prod"), walk.room("lobby", env="prod")
    bucket = walk.emulator.bucket("archive")
    walk.apply(
        RECORDING,
        "vod",
        destinationConfiguration=s3(bucket),
        thumbnailConfiguration={"storage": ["SEQUENTIAL", "LATEST"]},
        renditionConfiguration={"renditionSelection": "CUSTOM", "renditions": ["SD", "FULL_HD", "HD"]},
        channels=[{"matchTags": {"env": "prod"}}, {"arn": channel}],
        replacePolicy="CreateBeforeDelete",
    )
    walk.apply(RECORDING, "defaults", destinationConfiguration=s3(bucket), replacePolicy="CreateBeforeDelete")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"name": "lobby"}, {"arn": room}])
    arns = {name: walk.ready(plural, name)["arn"] for plural, name in ((RECORDING, "vod"), (RECORDING, "defaults"))}
    walk.ready(CHAT, "logs")
    since, mark = walk.control.last_sequence(), walk.mark()

    walk.edit(RECORDING, "vod", thumbnailConfiguration={"storage": ["LATEST", "SEQUENTIAL"]})
    walk.edit(
        RECORDING, "defaults", recordingReconnectWindowSeconds=0, renditionConfiguration={"renditionSelection": "ALL"}
    )
    for name, arn in arns.items():
        assert walk.ready(RECORDING, name)["arn"] == arn
    walk.operator.stop()  # a new process knows nothing but what AWS and the status say
    walk.operator.start()
    written = len(walk.kube_writes(mark))
    walk.sweeps(RECORDING, 5)

    assert walk.aws_writes(since) == {}
    assert len(walk.kube_writes(mark)) == written <= 2, "at most one status for each edit, nothing at rest"


def test_a_described_drift_is_written_once(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), driftPolicy="Report")
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.chat.update_logging_configuration(identifier=arn, name="changed")
    walk.reason(CHAT, "logs", "DriftDetected")
    found = walk.wait(CHAT, "logs", lambda item: item["status"]["state"] == "ACTIVE", "shows the state")
    until(lambda: ("Warning", "DriftDetected") in walk.events("logs"), "the Event that tells of it")
    mark = walk.mark()

    walk.sweeps(CHAT, 5)

    assert walk.kube_writes(mark) == []
    assert condition(found, "Ready")["message"] == condition(walk.get(CHAT, "logs") or {}, "Ready")["message"]
