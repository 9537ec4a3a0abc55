"""Rooms of IVS Chat."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ivs_emulator.clock import timestamp
from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.settings import MissingRoomFilter
from ivs_emulator.state import Kind

__all__ = ["OPERATIONS", "room_members"]

_KIND = Kind.ROOM
_IDENTIFIERS = "loggingConfigurationIdentifiers"


def room_members(given: Mapping[str, Any], created: datetime) -> dict[str, Any]:
    """Members of a new room."""
    return {
        "name": "",
        "createTime": created,
        "updateTime": created,
        "maximumMessageRatePerSecond": 10,
        "maximumMessageLength": 500,
        "tags": {},
        _IDENTIFIERS: [],
        **given,
    }


def _create(call: Call) -> Mapping[str, Any]:
    _check_identifiers(call, [])
    call.check_quota(_KIND, call.settings.rooms_quota)
    return call.new(_KIND, room_members(_with_handler(call.params), timestamp(call.now))).members


def _check_identifiers(call: Call, held: Sequence[str]) -> None:
    identifiers = call.params.get(_IDENTIFIERS, [])
    if len(set(identifiers)) != len(identifiers):
        text = "Member must have unique items"
        message = f"1 validation error detected: Value at '{_IDENTIFIERS}' failed to satisfy constraint: {text}"
        raise ApiError("ValidationException", message, fields={_IDENTIFIERS: text})
    for arn in identifiers:
        if not (call.settings.keep_dangling and arn in held):
            call.require(Kind.LOGGING_CONFIGURATION, arn)


def _with_handler(params: Mapping[str, Any]) -> dict[str, Any]:
    """A review handler denies or allows by default when its function fails: ALLOW, unless it says otherwise."""
    handler = params.get("messageReviewHandler")
    if handler is None:
        return dict(params)
    return {**params, "messageReviewHandler": {"uri": "", "fallbackResult": "ALLOW", **handler}}


def _get(call: Call) -> Mapping[str, Any]:
    return call.read(_KIND, call.params["identifier"]).members


def _update(call: Call) -> Mapping[str, Any]:
    room = call.require(_KIND, call.params["identifier"])
    _check_identifiers(call, room.members[_IDENTIFIERS])
    changes = {name: value for name, value in _with_handler(call.params).items() if name != "identifier"}
    return call.write(_KIND, room.with_members(**changes)).members


def _list(call: Call) -> Mapping[str, Any]:
    name = call.params.get("name")
    uri = call.params.get("messageReviewHandlerUri")
    logging = call.params.get("loggingConfigurationIdentifier")
    if logging is not None and call.settings.missing_room_filter is MissingRoomFilter.ERROR:
        call.read(Kind.LOGGING_CONFIGURATION, logging)

    def wanted(members: Mapping[str, Any]) -> bool:
        return (
            name in {None, members["name"]}
            and uri in {None, members.get("messageReviewHandler", {}).get("uri", "")}
            and (logging is None or logging in members[_IDENTIFIERS])
        )

    listed = call.list(_KIND, wanted)
    return {"rooms": listed["items"], "nextToken": listed["nextToken"]}


def _delete(call: Call) -> None:
    room = call.require(_KIND, call.params["identifier"])
    call.shelf(_KIND).remove(room.arn, call.now, call.lag)


OPERATIONS: Mapping[str, Handler] = {
    "CreateRoom": _create,
    "GetRoom": _get,
    "UpdateRoom": _update,
    "ListRooms": _list,
    "DeleteRoom": _delete,
}
