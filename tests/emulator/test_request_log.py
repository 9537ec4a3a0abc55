"""The request log: what was asked, by whom, with what result."""

import pytest

from ivs_emulator.client import ControlError
from ivs_emulator.request_log import is_write
from support.aws_errors import refusal
from support.emulator import Emulator


def test_entry_tells_everything(emulator: Emulator) -> None:
    chat = emulator.client("ivschat", region="eu-west-1", account="222233334444")
    reply = chat.create_room(name="lobby")
    entry = emulator.control.requests()[-1]
    assert entry | {"time": 0, "sequence": 0} == {
        "sequence": 0,
        "time": 0,
        "service": "ivschat",
        "operation": "CreateRoom",
        "account": "222233334444",
        "region": "eu-west-1",
        "access_key": "222233334444",
        "method": "POST",
        "path": "/CreateRoom",
        "body": '{"name": "lobby"}',
        "write": True,
        "request_id": reply["ResponseMetadata"]["RequestId"],
        "status": 200,
        "error_code": None,
        "applied": True,
    }


def test_failures_are_logged_with_their_code(emulator: Emulator) -> None:
    refused = refusal(
        emulator.client("ivschat").get_room, identifier="arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh1234"
    )
    entry = emulator.control.requests(error_code="ResourceNotFoundException")[0]
    assert entry["request_id"] == refused.response["ResponseMetadata"]["RequestId"]
    assert (entry["status"], entry["applied"]) == (404, False)


def test_filters_counts_and_since(emulator: Emulator) -> None:
    chat, ivs = emulator.client("ivschat"), emulator.client("ivs", region="us-east-1")
    chat.create_room()
    chat.list_rooms()
    mark = emulator.control.last_sequence()
    ivs.list_channels()
    ivs.list_channels()
    refusal(ivs.list_channels, filterByName="a", filterByRecordingConfigurationArn="")
    emulator.client("s3").list_buckets()
    control = emulator.control
    assert [entry["operation"] for entry in control.requests(service="ivschat")] == ["CreateRoom", "ListRooms"]
    assert [entry["operation"] for entry in control.requests(write=True)] == ["CreateRoom"]
    assert len(control.requests(since=mark, region="us-east-1", status=200)) == 2
    counts = control.counts(since=mark)
    assert (counts.total, counts.writes) == (4, 0)
    assert counts.operations == {"ivs.ListChannels": 3, "s3.ListBuckets": 1}
    assert counts.errors == {"ConflictException": 1}
    assert control.counts().total == 6
    control.clear_requests()
    assert control.counts().total == 0
    assert control.last_sequence() == mark + 4, "sequence numbers go on"


def test_control_path_is_not_logged(emulator: Emulator) -> None:
    emulator.control.seed(rooms=1)
    emulator.control.settings()
    assert emulator.control.requests() == []


def test_unknown_filter_is_refused(emulator: Emulator) -> None:
    with pytest.raises(ControlError, match="verb"):
        emulator.control.requests(verb="GET")


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("CreateRoom", True),
        ("UpdateChannel", True),
        ("StopStream", True),
        ("TagResource", True),
        ("UntagResource", True),
        ("DeleteRoom", True),
        ("PutMetricData", True),
        ("GetRoom", False),
        ("BatchGetChannel", False),
        ("ListTagsForResource", False),
        ("HeadBucket", False),
        ("DescribeLogGroups", False),
        ("AssumeRole", False),
    ],
)
def test_writes_are_told_by_name(operation: str, write: bool) -> None:
    assert is_write(operation) is write


def test_who_called_what_outlives_a_reset(emulator: Emulator) -> None:
    emulator.client("ivschat").list_rooms()
    emulator.control.reset()
    emulator.client("sts").get_caller_identity()
    seen = {
        (call["service"], call["operation"]) for call in emulator.control.callers() if "Boto3" in call["user_agent"]
    }
    assert {("ivschat", "ListRooms"), ("sts", "GetCallerIdentity")} <= seen
    assert emulator.control.requests(operation="ListRooms") == []
