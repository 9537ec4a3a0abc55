"""Tokens, events and orders to a room's users: what is accepted and what is refused."""

from datetime import timedelta
from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


@pytest.fixture
def room(emulator: Emulator) -> str:
    return str(emulator.client("ivschat").create_room(name="lobby")["arn"])


@pytest.mark.parametrize(
    ("given", "minutes"),
    [pytest.param({}, 60, id="an hour by itself"), pytest.param({"sessionDurationInMinutes": 5}, 5, id="as it says")],
)
def test_a_token_must_be_used_within_a_minute_and_its_session_lasts(
    emulator: Emulator, room: str, given: dict[str, Any], minutes: int
) -> None:
    made = emulator.client("ivschat").create_chat_token(roomIdentifier=room, userId="ann", **given)
    opened = made["tokenExpirationTime"] - timedelta(seconds=60)
    assert made["sessionExpirationTime"] - opened == timedelta(minutes=minutes)


def test_tokens_and_events_are_told_apart(emulator: Emulator, room: str) -> None:
    chat = emulator.client("ivschat")
    tokens = {chat.create_chat_token(roomIdentifier=room, userId="ann")["token"] for _ in range(2)}
    events = {chat.send_event(roomIdentifier=room, eventName="poll")["id"] for _ in range(2)}
    assert len(tokens | events) == 4


CALLS: list[Any] = [
    pytest.param("create_chat_token", {"userId": "ann"}, id="CreateChatToken"),
    pytest.param("send_event", {"eventName": "poll"}, id="SendEvent"),
    pytest.param("delete_message", {"id": "abcdefghijkl"}, id="DeleteMessage"),
    pytest.param("disconnect_user", {"userId": "ann"}, id="DisconnectUser"),
]


@pytest.mark.parametrize(("operation", "arguments"), CALLS)
def test_a_room_that_does_not_exist(emulator: Emulator, room: str, operation: str, arguments: dict[str, Any]) -> None:
    call = getattr(emulator.client("ivschat"), operation)
    call(roomIdentifier=room, **arguments)
    refused = refusal(call, roomIdentifier=room[:-4] + "none", **arguments)
    assert (refused.status, refused.code) == (404, "ResourceNotFoundException")


@pytest.mark.parametrize(("operation", "arguments"), CALLS[:2])
def test_attributes_have_a_kilobyte(emulator: Emulator, room: str, operation: str, arguments: dict[str, Any]) -> None:
    call = getattr(emulator.client("ivschat"), operation)
    call(roomIdentifier=room, attributes={"a": "b" * 1023}, **arguments)
    refused = refusal(call, roomIdentifier=room, attributes={"a": "é" * 512}, **arguments)
    assert (refused.status, refused.code) == (400, "ValidationException")
    assert "1024 bytes" in refused.message
