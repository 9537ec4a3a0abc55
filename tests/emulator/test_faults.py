"""Faults: what they match, how often, and what the client sees."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from ivs_emulator.client import ControlError
from support.aws_errors import refusal
from support.emulator import Emulator

DESTINATION = {"s3": {"bucketName": "vod"}}


class Background:
    """A call in a thread, with its outcome."""

    def __init__(self, call: Callable[..., Any], **arguments: Any) -> None:
        self.result: Any = None
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(call, arguments), daemon=True)
        self._thread.start()

    def _run(self, call: Callable[..., Any], arguments: dict[str, Any]) -> None:
        try:
            self.result = call(**arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test looks at it
            self.error = error

    def finished(self, timeout: float = 30) -> bool:
        self._thread.join(timeout)
        return not self._thread.is_alive()


def rooms(emulator: Emulator) -> int:
    return len(emulator.control.resources("room"))


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ({}, True),
        ({"service": "ivschat"}, True),
        ({"service": "ivs"}, False),
        ({"operation": "CreateRoom"}, True),
        ({"operation": "Create*"}, True),
        ({"operation": "Create"}, False),
        ({"operation": "ListRooms"}, False),
        ({"account": "123456789012", "region": "us-west-2"}, True),
        ({"account": "222233334444"}, False),
        ({"region": "us-east-1"}, False),
        ({"contains": "lobby"}, True),
        ({"contains": "stage"}, False),
    ],
)
def test_matching(emulator: Emulator, match: dict[str, str], strikes: bool) -> None:
    emulator.control.add_fault(**match, throttle=True)
    create = emulator.client("ivschat").create_room
    if strikes:
        assert refusal(create, name="lobby").code == "ThrottlingException"
    else:
        create(name="lobby")
    assert rooms(emulator) == (0 if strikes else 1)


def test_arn_in_a_tag_path_matches(emulator: Emulator) -> None:
    first, second = emulator.control.seed(channels=2)["channels"]
    emulator.control.add_fault(contains=first, throttle=True)
    ivs = emulator.client("ivs")
    ivs.list_tags_for_resource(resourceArn=second)
    assert refusal(ivs.list_tags_for_resource, resourceArn=first).status == 429


def test_skip_and_count(emulator: Emulator) -> None:
    fault = emulator.control.add_fault(operation="ListRooms", throttle=True, skip=1, count=2)
    seen = []
    for _ in range(5):
        try:
            emulator.client("ivschat").list_rooms()
            seen.append("ok")
        except emulator.client("ivschat").exceptions.ThrottlingException:
            seen.append("429")
    assert seen == ["ok", "429", "429", "ok", "ok"]
    assert [(entry["id"], entry["matched"], entry["struck"]) for entry in emulator.control.faults()] == [(fault, 5, 2)]


def test_probability_is_repeatable(emulator: Emulator) -> None:
    def pattern(seed: int) -> list[int]:
        emulator.control.reset()
        emulator.control.add_fault(error={"code": "InternalServerException"}, probability=0.5, seed=seed)
        for _ in range(20):
            try:
                emulator.client("ivschat").list_rooms()
            except emulator.client("ivschat").exceptions.InternalServerException:
                continue
        return [entry["status"] for entry in emulator.control.requests()]

    first = pattern(1)
    assert first == pattern(1)
    assert first != pattern(2)
    assert {200, 500} == set(first)


def test_latency(emulator: Emulator) -> None:
    emulator.control.add_fault(latency=3600)
    call = Background(emulator.client("ivschat").list_rooms)
    deadline = time.monotonic() + 20
    while not emulator.control.requests() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [entry["status"] for entry in emulator.control.requests()] == [None]
    emulator.control.advance(3600)
    assert call.finished()
    assert call.result["rooms"] == []


@pytest.mark.parametrize(("moment", "applied"), [("before", 0), ("after", 1)])
def test_dropped_connection(emulator: Emulator, moment: str, applied: int) -> None:
    emulator.control.add_fault(operation="CreateRoom", drop=moment, count=1)
    with pytest.raises(ConnectionClosedError):
        emulator.client("ivschat").create_room()
    assert rooms(emulator) == applied
    entry = emulator.control.requests(operation="CreateRoom")[0]
    assert (entry["status"], entry["applied"]) == (0, bool(applied))


def test_lost_reply_and_retries_make_twins(emulator: Emulator) -> None:
    """The reason why creates must not be retried: there is no idempotency token."""
    emulator.control.add_fault(operation="CreateRoom", drop="after", count=1)
    emulator.client("ivschat", attempts=3).create_room(name="twin")
    assert rooms(emulator) == 2


@pytest.mark.parametrize(("moment", "while_held"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("discard", [False, True])
def test_held_request(emulator: Emulator, moment: str, while_held: int, discard: bool) -> None:
    fault = emulator.control.add_fault(operation="CreateRoom", hold=moment, count=1)
    call = Background(emulator.client("ivschat").create_room, name="held")
    emulator.control.wait_held(fault)
    assert rooms(emulator) == while_held
    emulator.client("ivschat").create_room(name="another")
    assert emulator.control.release(fault, discard=discard) == 1
    assert call.finished()
    if discard:
        assert isinstance(call.error, ConnectionClosedError)
        assert rooms(emulator) == while_held + 1
    else:
        assert call.result["name"] == "held"
        assert rooms(emulator) == 2
    assert emulator.control.release(fault) == 0


@pytest.mark.parametrize("way", ["remove", "clear", "reset"])
def test_nothing_stays_held(emulator: Emulator, way: str) -> None:
    fault = emulator.control.add_fault(hold="before")
    call = Background(emulator.client("ivschat").list_rooms)
    emulator.control.wait_held(fault)
    if way == "remove":
        emulator.control.remove_fault(fault)
    elif way == "clear":
        emulator.control.clear_faults()
    else:
        emulator.control.reset()
    assert call.finished()
    assert isinstance(call.error, ConnectionClosedError) == (way == "reset")


def test_forced_states(emulator: Emulator) -> None:
    emulator.bucket("vod")
    emulator.control.set(create_seconds=0, update_seconds=0, delete_seconds=0)
    ivs, chat = emulator.client("ivs"), emulator.client("ivschat")
    healthy = chat.create_logging_configuration(destinationConfiguration=DESTINATION)["arn"]
    emulator.control.add_fault(operation="Create*", force_state="CREATE_FAILED")
    emulator.control.add_fault(operation="Update*", force_state="UPDATE_FAILED")
    emulator.control.add_fault(operation="Delete*", force_state="DELETE_FAILED", count=1)
    recording = ivs.create_recording_configuration(destinationConfiguration=DESTINATION)["recordingConfiguration"]
    logging = chat.create_logging_configuration(destinationConfiguration=DESTINATION)
    assert (recording["state"], logging["state"]) == ("CREATE_FAILED", "CREATE_FAILED")
    assert chat.update_logging_configuration(identifier=healthy, name="n")["state"] == "UPDATE_FAILED"
    chat.delete_logging_configuration(identifier=healthy)
    assert chat.get_logging_configuration(identifier=healthy)["state"] == "DELETE_FAILED"
    chat.delete_logging_configuration(identifier=healthy)
    assert refusal(chat.get_logging_configuration, identifier=healthy).status == 404


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "named"),
    [
        ("s3", "head_bucket", {"Bucket": "vod"}, "HeadBucket"),
        ("s3", "get_bucket_location", {"Bucket": "vod"}, "GetBucketLocation"),
        ("logs", "describe_log_groups", {}, "DescribeLogGroups"),
        ("firehose", "list_delivery_streams", {}, "ListDeliveryStreams"),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity"),
        ("cloudwatch", "list_metrics", {}, "ListMetrics"),
    ],
)
def test_faults_strike_motos_services_too(
    emulator: Emulator, service: str, operation: str, arguments: dict[str, str], named: str
) -> None:
    emulator.bucket("vod")
    call = getattr(emulator.client(service), operation)
    call(**arguments)
    emulator.control.add_fault(operation=named, error={"code": "AccessDeniedException", "status": 403}, count=1)
    refused = refusal(call, **arguments)
    assert refused.status == 403
    assert refused.code == ("403" if operation == "head_bucket" else "AccessDeniedException")
    emulator.control.add_fault(operation=named, drop="before", count=1)
    with pytest.raises(ConnectionClosedError):
        call(**arguments)
    call(**arguments)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({}, "no effect"),
        ({"latncy": 1}, "latncy"),
        ({"drop": "sometimes"}, "drop"),
        ({"throttle": True, "probability": 2}, "probability"),
        ({"throttle": True, "count": 0}, "count"),
        ({"error": {"status": 404}}, "error.code"),
        ({"error": {"code": "X", "status": 200}}, "error.status"),
        ({"throttle": True, "error": {"code": "X"}}, "exclude each other"),
    ],
)
def test_bad_faults_are_refused(emulator: Emulator, fault: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ControlError, match=complaint):
        emulator.control.add_fault(**fault)
    assert emulator.control.faults() == []
