"""Rooms: identifiers of logging configurations, updates, filters, order."""

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


@pytest.fixture
def configurations(emulator: Emulator) -> list[str]:
    return emulator.control.seed(logging_configurations=5)["loggingConfigurations"]


def test_list_is_replaced_as_a_whole_in_the_order_sent(emulator: Emulator, configurations: list[str]) -> None:
    one, two, three, *_ = configurations
    chat = emulator.client("ivschat")
    room = chat.create_room(loggingConfigurationIdentifiers=[one])["arn"]
    for wanted in ([one, two], [three, one], [two], []):
        assert chat.update_room(identifier=room, loggingConfigurationIdentifiers=wanted)["arn"] == room
        assert chat.get_room(identifier=room)["loggingConfigurationIdentifiers"] == wanted


def test_update_without_the_list_keeps_it(emulator: Emulator, configurations: list[str]) -> None:
    chat = emulator.client("ivschat")
    room = chat.create_room(name="a", loggingConfigurationIdentifiers=configurations[:2], maximumMessageLength=7)["arn"]
    chat.update_room(identifier=room, name="")
    after = chat.get_room(identifier=room)
    assert (after["name"], after["loggingConfigurationIdentifiers"], after["maximumMessageLength"]) == (
        "",
        configurations[:2],
        7,
    )


@pytest.mark.parametrize("operation", ["create", "update"])
def test_at_most_three_logging_configurations(emulator: Emulator, configurations: list[str], operation: str) -> None:
    chat = emulator.client("ivschat")
    room = chat.create_room(loggingConfigurationIdentifiers=configurations[:3])["arn"]
    if operation == "create":
        refused = refusal(chat.create_room, loggingConfigurationIdentifiers=configurations[:4])
    else:
        refused = refusal(chat.update_room, identifier=room, loggingConfigurationIdentifiers=configurations[:4])
    assert (refused.status, refused.code) == (400, "ValidationException")
    assert refused.response["reason"] == "FIELD_VALIDATION_FAILED"
    assert refused.response["fieldList"][0]["name"] == "loggingConfigurationIdentifiers"
    assert len(emulator.control.resources("room")) == 1


@pytest.mark.parametrize("operation", ["create", "update"])
def test_missing_logging_configuration_is_named(emulator: Emulator, configurations: list[str], operation: str) -> None:
    """The same code as for a missing room; only resourceId tells them apart."""
    chat = emulator.client("ivschat")
    wanted = [configurations[0], configurations[1][:-4] + "none"]
    room = chat.create_room()["arn"]
    arguments = {} if operation == "create" else {"identifier": room}
    refused = refusal(getattr(chat, f"{operation}_room"), loggingConfigurationIdentifiers=wanted, **arguments)
    assert (refused.status, refused.code) == (404, "ResourceNotFoundException")
    assert refused.response["resourceId"] == wanted[1].rpartition("/")[2]
    assert chat.get_room(identifier=room)["loggingConfigurationIdentifiers"] == []


def test_identifiers_are_unique(emulator: Emulator, configurations: list[str]) -> None:
    refused = refusal(
        emulator.client("ivschat").create_room, loggingConfigurationIdentifiers=[configurations[0], configurations[0]]
    )
    assert refused.code == "ValidationException"


def test_lists_show_the_newest_update_first(emulator: Emulator) -> None:
    chat = emulator.client("ivschat")
    arns = []
    for name in ("a", "b", "c"):
        arns.append(chat.create_room(name=name)["arn"])
        emulator.control.advance(1)
    chat.update_room(identifier=arns[0], maximumMessageLength=10)
    chat.tag_resource(resourceArn=arns[1], tags={"tags": "do not count as an update"})
    rooms = chat.list_rooms()["rooms"]
    assert [room["name"] for room in rooms] == ["a", "c", "b"]
    assert sorted((room["updateTime"] for room in rooms), reverse=True) == [room["updateTime"] for room in rooms]
    assert rooms[0]["updateTime"] > rooms[0]["createTime"]


def test_filters(emulator: Emulator, configurations: list[str]) -> None:
    chat = emulator.client("ivschat")
    handler = "arn:aws:lambda:us-west-2:123456789012:function:review"
    chat.create_room(name="a", loggingConfigurationIdentifiers=[configurations[0]])
    chat.create_room(
        name="b", loggingConfigurationIdentifiers=configurations[:2], messageReviewHandler={"uri": handler}
    )
    chat.create_room(name="b-longer")

    def names(**filters: str) -> list[str]:
        return [room["name"] for room in chat.list_rooms(**filters)["rooms"]]

    assert names(loggingConfigurationIdentifier=configurations[0]) == ["b", "a"]
    assert names(loggingConfigurationIdentifier=configurations[2]) == []
    assert names(name="b") == ["b"]
    assert names(messageReviewHandlerUri=handler) == ["b"]
    assert names(name="a", loggingConfigurationIdentifier=configurations[1]) == []


def test_filter_by_a_missing_configuration(emulator: Emulator, configurations: list[str]) -> None:
    """ListRooms alone among the Lists declares not-found; whether this is the case for it is not documented."""
    chat = emulator.client("ivschat")
    missing = configurations[0][:-4] + "none"
    assert refusal(chat.list_rooms, loggingConfigurationIdentifier=missing).status == 404
    emulator.control.set(missing_room_filter="empty")
    assert chat.list_rooms(loggingConfigurationIdentifier=missing)["rooms"] == []


def test_review_handler_is_detached_by_an_empty_uri(emulator: Emulator) -> None:
    chat = emulator.client("ivschat")
    handler = {"uri": "arn:aws:lambda:us-west-2:123456789012:function:review"}
    room = chat.create_room(messageReviewHandler=handler)
    assert room["messageReviewHandler"]["fallbackResult"] == "ALLOW"
    chat.update_room(identifier=room["arn"], messageReviewHandler={"uri": ""})
    assert chat.get_room(identifier=room["arn"])["messageReviewHandler"]["uri"] == ""


def test_quota(emulator: Emulator) -> None:
    emulator.control.set(rooms_quota=3)
    emulator.control.seed(rooms=3)
    refused = refusal(emulator.client("ivschat").create_room)
    assert (refused.status, refused.response["limit"]) == (402, 3)


def test_deleted_room_is_gone(emulator: Emulator, configurations: list[str]) -> None:
    chat = emulator.client("ivschat")
    room = chat.create_room(loggingConfigurationIdentifiers=configurations[:1])["arn"]
    chat.delete_room(identifier=room)
    for operation in (chat.get_room, chat.delete_room, chat.update_room):
        assert refusal(operation, identifier=room).status == 404
    chat.delete_logging_configuration(identifier=configurations[0])


def test_read_after_create_may_lag(emulator: Emulator) -> None:
    emulator.control.set(get_lag_seconds=5)
    chat = emulator.client("ivschat")
    room = chat.create_room()["arn"]
    assert refusal(chat.get_room, identifier=room).status == 404
    emulator.control.advance(5)
    assert chat.get_room(identifier=room)["arn"] == room
