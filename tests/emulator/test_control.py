"""The control path: settings, seeding, states, snapshots, and its own errors."""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from ivs_emulator.client import ControlError, EmulatorControl
from ivs_emulator.settings import Settings
from support.aws_errors import refusal
from support.emulator import Emulator


def test_settings_change_and_return(emulator: Emulator) -> None:
    assert emulator.control.settings() == Settings().model_dump(mode="json")
    changed = emulator.control.set(create_seconds=3, logging_delete="dangling")
    assert (changed["create_seconds"], changed["logging_delete"], changed["update_seconds"]) == (3, "dangling", 0.5)
    assert emulator.control.set(update_seconds=1)["create_seconds"] == 3
    emulator.control.reset()
    assert emulator.control.settings() == Settings().model_dump(mode="json")


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"create_second": 1}, "create_second: .*known: .*create_seconds"),
        ({"create_seconds": -1}, "create_seconds: .*greater than or equal to 0"),
        ({"create_seconds": "soon"}, "create_seconds: .*number"),
        ({"rate_factor": 0}, "rate_factor: .*greater than 0"),
        ({"logging_delete": "perhaps"}, "logging_delete: .*'conflict' or 'dangling'"),
        ({"list_lag_lists": 1.5}, "list_lag_lists: "),
    ],
)
def test_bad_settings_are_refused_as_a_whole(emulator: Emulator, settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ControlError, match=complaint):
        emulator.control.set(update_seconds=9, **settings)
    assert emulator.control.settings()["update_seconds"] == 0.5


def test_twenty_thousand_rooms_in_seconds(emulator: Emulator) -> None:
    emulator.control.seed(logging_configurations=1)
    start = time.monotonic()
    made = emulator.control.seed(rooms=20_000, channels=2_000, buckets=50, prefix="big", tags={"env": "prod"})
    assert time.monotonic() - start < 30, "about two seconds; the bound only catches quadratic work"
    assert (len(set(made["rooms"])), len(set(made["channels"])), len(made["buckets"])) == (20_000, 2_000, 50)
    room = emulator.client("ivschat").list_rooms(maxResults=1)["rooms"][0]
    assert (room["name"], room["tags"]) == ("big-19999", {"env": "prod"})
    assert len(emulator.client("s3").list_buckets()["Buckets"]) == 50


def test_seeded_resources_are_ordinary_ones(emulator: Emulator) -> None:
    made = emulator.control.seed(recording_configurations=1, logging_configurations=1, bucket="vod")
    recording, logging = made["recordingConfigurations"], made["loggingConfigurations"]
    room = emulator.control.seed(rooms=1, logging_configuration_identifiers=logging)["rooms"][0]
    channel = emulator.control.seed(channels=1, recording_configuration_arn=recording[0])["channels"][0]
    ivs, chat = emulator.client("ivs"), emulator.client("ivschat")
    assert ivs.get_channel(arn=channel)["channel"]["recordingConfigurationArn"] == recording[0]
    assert chat.get_room(identifier=room)["loggingConfigurationIdentifiers"] == logging
    assert refusal(ivs.delete_recording_configuration, arn=recording[0]).status == 409
    assert ivs.get_recording_configuration(arn=recording[0])["recordingConfiguration"]["state"] == "ACTIVE"
    assert chat.get_logging_configuration(identifier=logging[0])["createTime"]


@pytest.mark.parametrize(
    ("seed", "complaint"),
    [
        ({"rooms": -1}, "rooms"),
        ({"rooms": 10**9}, "rooms"),
        ({"account": "me"}, "account"),
        ({"prefix": "A B"}, "prefix"),
        ({"hats": 3}, "hats: .*known: .*rooms"),
    ],
)
def test_bad_seeds_are_refused(emulator: Emulator, seed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ControlError, match=complaint):
        emulator.control.seed(**seed)


def test_state_can_be_set(emulator: Emulator) -> None:
    arn = emulator.control.seed(logging_configurations=1)["loggingConfigurations"][0]
    emulator.control.set_state(arn, "UPDATE_FAILED")
    assert emulator.client("ivschat").get_logging_configuration(identifier=arn)["state"] == "UPDATE_FAILED"


@pytest.mark.parametrize("arn", ["nonsense", "arn:aws:s3:::vod", "arn:aws:ivs:us-west-2:123456789012:hat/AbCdEfGh1234"])
def test_only_arns_of_both_services_have_a_state(emulator: Emulator, arn: str) -> None:
    with pytest.raises(ControlError, match="not an ARN of IVS or IVS Chat"):
        emulator.control.set_state(arn, "ACTIVE")
    with pytest.raises(ControlError, match="not an ARN of IVS or IVS Chat"):
        emulator.control.go_live(arn)


def test_only_configurations_have_a_state(emulator: Emulator) -> None:
    room = emulator.control.seed(rooms=1)["rooms"][0]
    with pytest.raises(ControlError, match="a room has no state"):
        emulator.control.set_state(room, "ACTIVE")


def test_health_of_a_stream_is_one_that_the_model_knows(emulator: Emulator) -> None:
    channel = emulator.control.seed(channels=1)["channels"][0]
    with pytest.raises(ControlError, match="health: one of HEALTHY, STARVING, UNKNOWN"):
        emulator.control.go_live(channel, health="SICK")


def test_missing_resource_is_said_to_be_missing(emulator: Emulator) -> None:
    with pytest.raises(ControlError, match="not found"):
        emulator.control.go_live("arn:aws:ivs:us-west-2:123456789012:channel/AbCdEfGh1234")


def test_snapshot_comes_back_as_often_as_wanted(emulator: Emulator) -> None:
    first = emulator.control.seed(rooms=2)["rooms"]
    kept = emulator.control.snapshot()
    for _ in range(2):
        emulator.control.seed(rooms=3)
        emulator.client("ivschat").delete_room(identifier=first[0])
        emulator.client("ivschat").update_room(identifier=first[1], name="changed")
        emulator.control.restore(kept)
        rooms = emulator.control.resources("room")
        assert {room["arn"]: room["name"] for room in rooms} == {first[0]: "seed-0", first[1]: "seed-1"}
    with pytest.raises(ControlError, match="no snapshot"):
        emulator.control.restore("snapshot-9")


def test_dump_can_be_limited(emulator: Emulator) -> None:
    emulator.control.seed(rooms=1)
    emulator.control.seed(rooms=2, account="222233334444", region="eu-west-1")
    assert len(emulator.control.resources("room")) == 3
    assert len(emulator.control.resources("room", account="222233334444")) == 2
    assert emulator.control.resources("room", region="us-east-1") == []


def raw(emulator: Emulator, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=30)
    try:
        connection.request(method, path, body)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/_emulator", "/_emulator/", "/_emulator/nothing", "/_emulator/faults/x/y/z"])
def test_unknown_path_lists_the_known_ones(emulator: Emulator, path: str) -> None:
    status, answer = raw(emulator, "GET", path)
    assert status == 404
    assert "POST /_emulator/faults" in answer["error"]


@pytest.mark.parametrize(
    ("request_line", "body", "status", "complaint"),
    [
        ("PUT settings", b"{", 400, "not JSON"),
        ("PUT settings", b"[]", 400, "JSON object"),
        ("POST streams", b"{}", 400, "channelArn"),
        ("POST streams", b'{"channelArn": "x", "live": "yes"}', 400, "not an ARN"),
        ("POST states", b'{"arn": 5}', 400, "arn"),
        ("POST clock", b'{"advance": -1}', 400, "advance"),
        ("POST clock", b'{"advance": "1"}', 400, "advance"),
        ("POST clock", b'{"advance": 1e999}', 400, "advance"),
        ("GET requests?since=x", b"", 400, "since"),
        ("DELETE faults/nothing", b"", 404, "no fault nothing"),
        ("POST faults/nothing/release", b"", 404, "no fault nothing"),
    ],
)
def test_bad_requests_name_the_field(
    emulator: Emulator, request_line: str, body: bytes, status: int, complaint: str
) -> None:
    method, path = request_line.split()
    got, answer = raw(emulator, method, f"/_emulator/{path}", body)
    assert got == status
    assert complaint in answer["error"]


def test_waiting_has_a_deadline(emulator: Emulator) -> None:
    fault = emulator.control.add_fault(hold="before")
    with pytest.raises(TimeoutError, match="holds 0 requests"):
        emulator.control.wait_held(fault, timeout=0.05)
    with pytest.raises(TimeoutError, match="no request matches"):
        emulator.control.wait_for_request(timeout=0.05, operation="CreateRoom")
    with pytest.raises(ControlError, match="no fault"):
        emulator.control.wait_held("fault-99")


def test_client_says_when_nobody_answers() -> None:
    nobody = EmulatorControl("http://127.0.0.1:9")
    assert not nobody.health()
    with pytest.raises(TimeoutError, match=r"http://127\.0\.0\.1:9"):
        nobody.wait_until_healthy(timeout=0.05)
    with pytest.raises(OSError, match="refused"):
        nobody.settings()
