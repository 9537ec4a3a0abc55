"""Logging configurations: destinations, states, quota, deletion."""

from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator

GROUP = {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}}
STREAM = {"firehose": {"deliveryStreamName": "chat"}}
BUCKET = {"s3": {"bucketName": "chat-logs"}}


def create(emulator: Emulator, destination: dict[str, Any] = BUCKET) -> dict[str, Any]:
    made: dict[str, Any] = emulator.client("ivschat").create_logging_configuration(destinationConfiguration=destination)
    return made


def state_of(emulator: Emulator, arn: str) -> str:
    return str(emulator.client("ivschat").get_logging_configuration(identifier=arn)["state"])


def active(emulator: Emulator) -> str:
    emulator.control.set(create_seconds=0)
    emulator.bucket("chat-logs")
    made = create(emulator)
    assert made["state"] == "ACTIVE"
    return str(made["arn"])


@pytest.mark.parametrize("destination", [BUCKET, GROUP, STREAM], ids=["s3", "log group", "firehose"])
def test_destination_must_exist(emulator: Emulator, destination: dict[str, Any]) -> None:
    emulator.control.set(create_seconds=60)
    before = create(emulator, destination)["arn"]
    emulator.bucket("chat-logs")
    emulator.log_group("/aws/vendedlogs/chat")
    emulator.delivery_stream("chat", "chat-logs")
    after = create(emulator, destination)
    assert after["state"] == "CREATING"
    emulator.control.advance(60)
    assert (state_of(emulator, before), state_of(emulator, after["arn"])) == ("CREATE_FAILED", "ACTIVE")


@pytest.mark.parametrize(
    "where",
    [{"region": "us-east-1"}, {"account": "222233334444"}, {"region": "us-east-1", "account": "222233334444"}],
    ids=["other region", "other account", "both"],
)
@pytest.mark.parametrize("destination", [BUCKET, GROUP, STREAM], ids=["s3", "log group", "firehose"])
def test_destination_elsewhere_does_not_serve(
    emulator: Emulator, destination: dict[str, Any], where: dict[str, str]
) -> None:
    emulator.control.set(create_seconds=0)
    emulator.bucket("chat-logs", **where)
    emulator.log_group("/aws/vendedlogs/chat", **where)
    emulator.delivery_stream("chat", "chat-logs", **where)
    assert create(emulator, destination)["state"] == "CREATE_FAILED"


def test_update_of_the_destination_takes_its_time(emulator: Emulator) -> None:
    arn = active(emulator)
    emulator.log_group("/aws/vendedlogs/chat")
    emulator.control.set(update_seconds=60)
    chat = emulator.client("ivschat")
    before = chat.get_logging_configuration(identifier=arn)
    emulator.control.advance(5)
    updated = chat.update_logging_configuration(identifier=arn, destinationConfiguration=GROUP)
    assert updated["state"] == "UPDATING"
    assert updated["destinationConfiguration"] == GROUP
    assert updated["updateTime"] > before["updateTime"]
    assert updated["createTime"] == before["createTime"]
    emulator.control.advance(60)
    assert state_of(emulator, arn) == "ACTIVE"


def test_update_to_a_missing_destination_fails_and_can_be_repaired(emulator: Emulator) -> None:
    arn = active(emulator)
    emulator.control.set(update_seconds=0)
    chat = emulator.client("ivschat")
    assert chat.update_logging_configuration(identifier=arn, destinationConfiguration=GROUP)["state"] == "UPDATE_FAILED"
    assert chat.update_logging_configuration(identifier=arn, destinationConfiguration=BUCKET)["state"] == "ACTIVE"


def test_update_keeps_what_is_not_sent_and_clears_a_name_with_an_empty_one(emulator: Emulator) -> None:
    arn = active(emulator)
    emulator.control.set(update_seconds=0)
    chat = emulator.client("ivschat")
    chat.update_logging_configuration(identifier=arn, name="a")
    assert chat.get_logging_configuration(identifier=arn)["destinationConfiguration"] == BUCKET
    chat.update_logging_configuration(identifier=arn, destinationConfiguration=BUCKET)
    assert chat.get_logging_configuration(identifier=arn)["name"] == "a"
    chat.update_logging_configuration(identifier=arn, name="")
    assert chat.get_logging_configuration(identifier=arn)["name"] == ""


@pytest.mark.parametrize("state", ["CREATING", "UPDATING", "DELETING"])
@pytest.mark.parametrize("operation", ["update_logging_configuration", "delete_logging_configuration"])
def test_changes_are_refused_in_transition(emulator: Emulator, state: str, operation: str) -> None:
    emulator.bucket("chat-logs")
    emulator.control.set(create_seconds=60 if state == "CREATING" else 0, update_seconds=60, delete_seconds=60)
    chat = emulator.client("ivschat")
    arn = create(emulator)["arn"]
    if state == "UPDATING":
        chat.update_logging_configuration(identifier=arn, name="n")
    if state == "DELETING":
        chat.delete_logging_configuration(identifier=arn)
    assert state_of(emulator, arn) == state
    assert refusal(getattr(chat, operation), identifier=arn).status == 409


def test_deletion_takes_its_time(emulator: Emulator) -> None:
    arn = active(emulator)
    emulator.control.set(delete_seconds=60)
    chat = emulator.client("ivschat")
    chat.delete_logging_configuration(identifier=arn)
    assert state_of(emulator, arn) == "DELETING"
    assert refusal(chat.create_room, loggingConfigurationIdentifiers=[arn]).status == 404
    emulator.control.advance(60)
    assert refusal(chat.get_logging_configuration, identifier=arn).status == 404
    assert not chat.list_logging_configurations()["loggingConfigurations"]


def test_deletion_is_refused_while_a_room_uses_it(emulator: Emulator) -> None:
    arn = active(emulator)
    chat = emulator.client("ivschat")
    room = chat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
    refused = refusal(chat.delete_logging_configuration, identifier=arn)
    assert (refused.status, refused.code) == (409, "ConflictException")
    assert refused.response["resourceId"] == arn.rpartition("/")[2]
    chat.update_room(identifier=room, loggingConfigurationIdentifiers=[])
    chat.delete_logging_configuration(identifier=arn)


def test_deletion_may_leave_dangling_identifiers(emulator: Emulator) -> None:
    """Which of the two AWS does is not known, so a client must live with both."""
    arn = active(emulator)
    emulator.control.set(logging_delete="dangling", delete_seconds=0)
    chat = emulator.client("ivschat")
    room = chat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
    chat.delete_logging_configuration(identifier=arn)
    assert chat.get_room(identifier=room)["loggingConfigurationIdentifiers"] == [arn]
    chat.update_room(identifier=room, loggingConfigurationIdentifiers=[arn], name="kept")
    emulator.control.set(keep_dangling=False)
    refused = refusal(chat.update_room, identifier=room, loggingConfigurationIdentifiers=[arn])
    assert refused.response["resourceId"] == arn.rpartition("/")[2]


def test_quota_is_ten_and_says_so(emulator: Emulator) -> None:
    for _ in range(10):
        create(emulator)
    refused = refusal(emulator.client("ivschat").create_logging_configuration, destinationConfiguration=BUCKET)
    assert (refused.status, refused.code) == (402, "ServiceQuotaExceededException")
    assert refused.response["limit"] == 10
    assert {"resourceId", "resourceType"} <= set(refused.response)


def test_id_is_the_end_of_the_arn(emulator: Emulator) -> None:
    made = create(emulator)
    assert made["arn"] == f"arn:aws:ivschat:us-west-2:123456789012:logging-configuration/{made['id']}"
