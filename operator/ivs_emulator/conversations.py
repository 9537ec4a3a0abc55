"""What a chat application does with a room: tokens for its users, and events and orders to those who are connected.

Nobody is ever connected here, so that events reach no one; what is accepted and refused is as the service has it.
Source: the API reference of IVS Chat (CreateChatToken, SendEvent, DeleteMessage, DisconnectUser).
"""

from collections.abc import Mapping
from typing import Any, Final

from ivs_emulator.clock import timestamp
from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.state import Kind, new_id

__all__ = ["OPERATIONS"]

_ATTRIBUTES: Final = 1024  # bytes, keys and values together
_TOKEN_SECONDS: Final = 60  # in which a token must be used
_SESSION_MINUTES: Final = 60  # unless the call says otherwise
_TOKEN_LENGTH: Final = 256  # opaque to clients


def _require_room(call: Call) -> None:
    call.require(Kind.ROOM, call.params["roomIdentifier"])


def _check_attributes(call: Call) -> None:
    size = sum(len((key + value).encode()) for key, value in call.params.get("attributes", {}).items())
    if size > _ATTRIBUTES:
        text = f"Member must have at most {_ATTRIBUTES} bytes in total, has {size}"
        raise ApiError("ValidationException", f"1 validation error detected: {text}", fields={"attributes": text})


def _create_token(call: Call) -> Mapping[str, Any]:
    _require_room(call)
    _check_attributes(call)
    minutes = call.params.get("sessionDurationInMinutes", _SESSION_MINUTES)
    return {
        "token": new_id(_TOKEN_LENGTH),
        "tokenExpirationTime": timestamp(call.now + _TOKEN_SECONDS),
        "sessionExpirationTime": timestamp(call.now + 60 * minutes),
    }


def _send_event(call: Call) -> Mapping[str, Any]:
    _require_room(call)
    _check_attributes(call)
    return {"id": new_id()}


def _delete_message(call: Call) -> Mapping[str, Any]:
    """An event that tells clients to drop the message; the service keeps none, and does not check the id."""
    _require_room(call)
    return {"id": new_id()}


def _disconnect(call: Call) -> Mapping[str, Any]:
    """A user who is not connected is no error."""
    _require_room(call)
    return {}


OPERATIONS: Mapping[str, Handler] = {
    "CreateChatToken": _create_token,
    "SendEvent": _send_event,
    "DeleteMessage": _delete_message,
    "DisconnectUser": _disconnect,
}
