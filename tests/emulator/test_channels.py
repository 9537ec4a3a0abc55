"""Channels, their streams and stream keys."""

from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


@pytest.fixture
def recordings(emulator: Emulator) -> list[str]:
    return emulator.control.seed(recording_configurations=2)["recordingConfigurations"]


def channel(emulator: Emulator, **arguments: Any) -> str:
    return str(emulator.client("ivs").create_channel(**arguments)["channel"]["arn"])


def test_association_is_set_kept_and_cleared(emulator: Emulator, recordings: list[str]) -> None:
    ivs = emulator.client("ivs")
    arn = channel(emulator, recordingConfigurationArn=recordings[0])
    ivs.update_channel(arn=arn, name="other")
    assert ivs.get_channel(arn=arn)["channel"]["recordingConfigurationArn"] == recordings[0]
    ivs.update_channel(arn=arn, recordingConfigurationArn=recordings[1])
    assert ivs.list_channels()["channels"][0]["recordingConfigurationArn"] == recordings[1]
    ivs.update_channel(arn=arn, recordingConfigurationArn="")
    assert ivs.get_channel(arn=arn)["channel"]["recordingConfigurationArn"] == "", "empty, not absent"


@pytest.mark.parametrize("operation", ["create", "update"])
def test_missing_recording_configuration(emulator: Emulator, recordings: list[str], operation: str) -> None:
    ivs = emulator.client("ivs")
    missing = recordings[0][:-4] + "none"
    arguments = {} if operation == "create" else {"arn": channel(emulator)}
    refused = refusal(getattr(ivs, f"{operation}_channel"), recordingConfigurationArn=missing, **arguments)
    assert (refused.status, refused.code) == (404, "ResourceNotFoundException")
    assert missing in refused.message


def test_live_channel_refuses_update_and_delete(emulator: Emulator, recordings: list[str]) -> None:
    ivs = emulator.client("ivs")
    arn = channel(emulator)
    emulator.control.go_live(arn)
    for operation, arguments in [
        (ivs.update_channel, {"recordingConfigurationArn": recordings[0]}),
        (ivs.update_channel, {"name": "n"}),
        (ivs.delete_channel, {}),
    ]:
        refused = refusal(operation, arn=arn, **arguments)
        assert (refused.status, refused.code) == (409, "ConflictException")
    ivs.stop_stream(channelArn=arn)
    ivs.update_channel(arn=arn, recordingConfigurationArn=recordings[0])
    ivs.delete_channel(arn=arn)
    assert refusal(ivs.get_channel, arn=arn).status == 404


def test_streams_come_and_go(emulator: Emulator) -> None:
    ivs = emulator.client("ivs")
    arn, other = channel(emulator), channel(emulator)
    emulator.control.go_live(arn)
    emulator.control.go_live(other, health="STARVING")
    stream = ivs.get_stream(channelArn=arn)["stream"]
    assert stream["state"] == "LIVE"
    assert stream["streamId"].startswith("st-")
    assert len(stream["streamId"]) == 26
    assert {item["channelArn"] for item in ivs.list_streams()["streams"]} == {arn, other}
    assert [item["channelArn"] for item in ivs.list_streams(filterBy={"health": "STARVING"})["streams"]] == [other]
    emulator.control.go_offline(arn)
    for operation in (ivs.get_stream, ivs.stop_stream):
        refused = refusal(operation, channelArn=arn)
        assert (refused.status, refused.code) == (404, "ChannelNotBroadcasting")


@pytest.mark.parametrize(
    ("type_", "preset", "expected"),
    [
        ("STANDARD", None, ""),
        ("BASIC", None, ""),
        ("ADVANCED_SD", None, "HIGHER_BANDWIDTH_DELIVERY"),
        ("ADVANCED_HD", "CONSTRAINED_BANDWIDTH_DELIVERY", "CONSTRAINED_BANDWIDTH_DELIVERY"),
    ],
)
def test_presets_belong_to_advanced_types(emulator: Emulator, type_: str, preset: str | None, expected: str) -> None:
    arguments = {"preset": preset} if preset else {}
    made = emulator.client("ivs").create_channel(type=type_, **arguments)["channel"]
    assert made["preset"] == expected


def test_filters_exclude_each_other(emulator: Emulator, recordings: list[str]) -> None:
    ivs = emulator.client("ivs")
    first = channel(emulator, name="lobby", recordingConfigurationArn=recordings[0])
    second = channel(emulator, name="stage", recordingConfigurationArn=recordings[0])
    channel(emulator, name="lobby-2")
    by_recording = ivs.list_channels(filterByRecordingConfigurationArn=recordings[0])["channels"]
    assert {item["arn"] for item in by_recording} == {first, second}
    assert [item["arn"] for item in ivs.list_channels(filterByName="lobby")["channels"]] == [first]
    refused = refusal(ivs.list_channels, filterByName="lobby", filterByRecordingConfigurationArn=recordings[0])
    assert (refused.status, refused.code) == (409, "ConflictException")


def test_batch_reports_each_missing_arn(emulator: Emulator) -> None:
    ivs = emulator.client("ivs")
    arn = channel(emulator)
    missing = arn[:-4] + "none"
    reply = ivs.batch_get_channel(arns=[arn, missing])
    assert [item["arn"] for item in reply["channels"]] == [arn]
    assert [(item["arn"], item["code"]) for item in reply["errors"]] == [(missing, "ResourceNotFoundException")]


def test_one_stream_key_per_channel(emulator: Emulator) -> None:
    ivs = emulator.client("ivs")
    made = ivs.create_channel()
    arn, key = made["channel"]["arn"], made["streamKey"]
    assert refusal(ivs.create_stream_key, channelArn=arn).status == 402
    ivs.delete_stream_key(arn=key["arn"])
    fresh = ivs.create_stream_key(channelArn=arn)["streamKey"]
    assert fresh["value"] != key["value"]
    ivs.delete_channel(arn=arn)
    assert refusal(ivs.get_stream_key, arn=fresh["arn"]).status == 404


def test_quota(emulator: Emulator) -> None:
    emulator.control.set(channels_quota=1)
    channel(emulator)
    assert refusal(emulator.client("ivs").create_channel).status == 402
