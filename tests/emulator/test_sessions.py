"""Stream sessions: every time on air, with what it recorded with, and metadata while it lasts."""

from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


@pytest.fixture
def recorded(emulator: Emulator) -> str:
    """A channel that records."""
    (configuration,) = emulator.control.seed(recording_configurations=1)["recordingConfigurations"]
    made = emulator.client("ivs").create_channel(name="lobby", recordingConfigurationArn=configuration)
    return str(made["channel"]["arn"])


def sessions(emulator: Emulator, channel: str, **more: Any) -> list[dict[str, Any]]:
    found = emulator.client("ivs").list_stream_sessions(channelArn=channel, **more)
    return list(found["streamSessions"])


def test_a_session_lasts_as_long_as_its_stream(emulator: Emulator, recorded: str) -> None:
    ivs = emulator.client("ivs")
    assert sessions(emulator, recorded) == []
    emulator.control.go_live(recorded)
    stream = ivs.get_stream(channelArn=recorded)["stream"]
    (begun,) = sessions(emulator, recorded)
    assert (begun["streamId"], begun["startTime"]) == (stream["streamId"], stream["startTime"])
    assert "endTime" not in begun

    ivs.stop_stream(channelArn=recorded)
    (ended,) = sessions(emulator, recorded)
    assert ended["endTime"] >= ended["startTime"]
    found = ivs.get_stream_session(channelArn=recorded, streamId=stream["streamId"])["streamSession"]
    assert [event["name"] for event in found["truncatedEvents"]] == [
        "Session Ended",
        "Stream End",
        "Stream Start",
        "Session Created",
    ], "the latest first"


def test_a_session_keeps_what_it_recorded_with(emulator: Emulator, recorded: str) -> None:
    ivs = emulator.client("ivs")
    before = ivs.get_channel(arn=recorded)["channel"]
    emulator.control.go_live(recorded)
    ivs.stop_stream(channelArn=recorded)
    ivs.update_channel(arn=recorded, name="foyer", recordingConfigurationArn="")
    found = ivs.get_stream_session(channelArn=recorded)["streamSession"]
    assert found["channel"]["name"] == "lobby"
    assert found["recordingConfiguration"]["arn"] == before["recordingConfigurationArn"]


def test_the_latest_session_comes_first_and_is_the_one_that_is_not_named(emulator: Emulator, recorded: str) -> None:
    ivs = emulator.client("ivs")
    for _ in range(3):
        emulator.control.go_live(recorded)
        emulator.control.go_offline(recorded)
    ids = [each["streamId"] for each in sessions(emulator, recorded)]
    assert len(set(ids)) == 3
    assert ivs.get_stream_session(channelArn=recorded)["streamSession"]["streamId"] == ids[0]
    first = ivs.list_stream_sessions(channelArn=recorded, maxResults=2)
    assert [each["streamId"] for each in first["streamSessions"]] == ids[:2]
    assert [each["streamId"] for each in sessions(emulator, recorded, nextToken=first["nextToken"])] == ids[2:]


def test_sessions_are_shown_for_sixty_days(emulator: Emulator, recorded: str) -> None:
    emulator.control.go_live(recorded)
    emulator.control.advance(61 * 86_400)
    assert len(sessions(emulator, recorded)) == 1, "one that lasts stays"
    emulator.control.go_offline(recorded)
    emulator.control.advance(59 * 86_400)
    assert len(sessions(emulator, recorded)) == 1
    emulator.control.advance(86_400)
    assert sessions(emulator, recorded) == []


def test_what_is_not_there(emulator: Emulator, recorded: str) -> None:
    ivs = emulator.client("ivs")
    missing = f"st-{'x' * 23}"
    for refused in (
        refusal(ivs.get_stream_session, channelArn=recorded),
        refusal(ivs.get_stream_session, channelArn=recorded, streamId=missing),
        refusal(ivs.list_stream_sessions, channelArn=recorded[:-4] + "none"),
    ):
        assert (refused.status, refused.code) == (404, "ResourceNotFoundException")


def test_metadata_goes_to_a_live_channel_only(emulator: Emulator, recorded: str) -> None:
    ivs = emulator.client("ivs")
    refused = refusal(ivs.put_metadata, channelArn=recorded, metadata="goal")
    assert (refused.status, refused.code) == (404, "ChannelNotBroadcasting")
    emulator.control.go_live(recorded)
    ivs.put_metadata(channelArn=recorded, metadata="g" * 1024)
    refused = refusal(ivs.put_metadata, channelArn=recorded, metadata="é" * 513)
    assert (refused.status, refused.code) == (400, "ValidationException")
    assert "1026 bytes" in refused.message
