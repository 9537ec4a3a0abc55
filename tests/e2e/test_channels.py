"""Channels and a recording configuration: one each, so that another one is a conflict; live ones are not changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.walk import RECORDING, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk


def test_channels_record_by_arn_by_name_and_by_tags(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    channels = [walk.channel("alpha"), walk.channel("lobby"), walk.channel("gamma", env="prod")]
    other = walk.channel("other")
    since = walk.control.last_sequence()

    entries = [{"arn": channels[0]}, {"name": "lobby"}, {"matchTags": {"env": "prod"}}]
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=entries)
    status = walk.ready(RECORDING, "vod")

    assert [walk.recorded_by(channel) for channel in (*channels, other)] == [status["arn"]] * 3 + [""]
    assert status["associations"]["summary"] == "3/3"
    assert walk.aws_writes(since) == {"ivs.CreateRecordingConfiguration": 1, "ivs.UpdateChannel": 3}


def test_a_channel_that_records_elsewhere_is_kept_with_keep_and_taken_over_with_replace(walk: Walk) -> None:
    foreign = walk.foreign(RECORDING, "theirs")
    channel = walk.channel("taken", foreign)
    bucket = walk.emulator.bucket("vod")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=[{"arn": channel}])

    message = walk.reason(RECORDING, "vod", "ChannelTaken")
    assert foreign in message
    assert "channelConflictPolicy" in message
    assert walk.recorded_by(channel) == foreign

    walk.edit(RECORDING, "vod", channelConflictPolicy="Replace")
    arn = walk.ready(RECORDING, "vod")["arn"]
    assert walk.recorded_by(channel) == arn


def test_an_adopted_configuration_hands_its_channels_to_one_that_can_be_edited(walk: Walk) -> None:
    """As docs/migration.md has it: the old object goes and leaves everything, then the new one takes over."""
    adopted = walk.foreign(RECORDING, "adopted")
    channel = walk.channel("handed-over", adopted)
    entries = {"destinationConfiguration": s3("adopted-bucket-0"), "channels": [{"arn": channel}]}
    walk.apply(RECORDING, "old", name="adopted", existing={"arn": adopted}, deletionPolicy="Retain", **entries)
    walk.ready(RECORDING, "old")

    walk.apply(RECORDING, "new", channelConflictPolicy="Replace", **entries)
    assert "/old, whose entries match" in walk.reason(RECORDING, "new", "ChannelTaken")
    assert walk.recorded_by(channel) == adopted
    since = walk.control.last_sequence()
    walk.delete(RECORDING, "old")

    arn = walk.ready(RECORDING, "new")["arn"]
    assert walk.recorded_by(channel) == arn
    assert walk.aws_writes(since) == {"ivs.UntagResource": 1, "ivs.UpdateChannel": 1}
    assert {item["arn"] for item in walk.configurations(RECORDING)} == {adopted, arn}


def test_a_channel_of_another_cluster_is_never_taken_over(walk: Walk) -> None:
    owned = walk.foreign(RECORDING, "owned", **{"ivs-operator.dev/owner": "another-cluster/live/vod"})
    channel = walk.channel("taken", owned)
    bucket = walk.emulator.bucket("vod")

    walk.apply(
        RECORDING,
        "vod",
        destinationConfiguration=s3(bucket),
        channels=[{"arn": channel}],
        channelConflictPolicy="Replace",
    )

    assert owned in walk.reason(RECORDING, "vod", "ChannelTaken")
    walk.sweeps(RECORDING, 2)
    assert walk.recorded_by(channel) == owned


def test_a_live_channel_waits_until_its_stream_ends(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    live, idle = walk.channel("live"), walk.channel("idle")
    walk.control.go_live(live)
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=[{"arn": live}, {"arn": idle}])

    message = walk.reason(RECORDING, "vod", "ChannelLive")
    assert live in message or "live" in message
    walk.associated([idle], walk.status(RECORDING, "vod")["arn"])
    assert walk.recorded_by(live) == "", "AWS refuses it while it is on air"

    walk.control.go_offline(live)
    arn = walk.ready(RECORDING, "vod")["arn"]
    assert walk.recorded_by(live) == arn


def test_an_entry_taken_out_releases_its_channel(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    stays, goes = walk.channel("stays"), walk.channel("goes")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=[{"name": "stays"}, {"name": "goes"}])
    arn = walk.ready(RECORDING, "vod")["arn"]

    walk.edit(RECORDING, "vod", channels=[{"name": "stays"}])
    walk.released([goes], arn)

    assert walk.recorded_by(stays) == arn
    found = walk.wait(
        RECORDING,
        "vod",
        lambda item: item["status"]["associations"].get("selectors") == [{"name": "stays"}],
        "forgets it",
    )
    assert condition(found, "Associated")["status"] == "True"
