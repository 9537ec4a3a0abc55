"""Stream sessions of IVS: what became of each time that a channel was on air.

What an encoder sends is not emulated, so that sessions have no ingest configuration and only events of their begin and
end. Source: the API reference (GetStreamSession, ListStreamSessions) and the guide's list of stream events.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ivs_emulator.clock import timestamp
from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.state import Kind, Resource

__all__ = ["OPERATIONS", "begin", "end"]

_KEPT: Final = timedelta(days=60)
"""Sessions are shown for this long."""

_STATE_CHANGE: Final = "IVS Stream State Change"


def begin(call: Call, channel: Resource, stream: Mapping[str, Any]) -> None:
    """A channel has gone on air: its session has it, and what it records with, as they are now."""
    members: dict[str, Any] = {
        "arn": _arn(channel.arn, stream["streamId"]),
        "channelArn": channel.arn,
        "streamId": stream["streamId"],
        "startTime": stream["startTime"],
        "hasErrorEvent": False,
        "channel": channel.members,
        "truncatedEvents": _events(stream["startTime"], ("Stream Start", "Session Created")),
    }
    recording = channel.members.get("recordingConfigurationArn")
    configuration = call.find(Kind.RECORDING_CONFIGURATION, recording) if recording else None
    if configuration is not None:
        members["recordingConfiguration"] = configuration.members
    call.write(Kind.STREAM_SESSION, Resource(members, call.now))


def end(call: Call, stream: Mapping[str, Any]) -> None:
    """A stream has ended, and its session with it."""
    session = call.find(Kind.STREAM_SESSION, _arn(stream["channelArn"], stream["streamId"]))
    if session is None:
        return
    ended = timestamp(call.now)
    events = (*_events(ended, ("Session Ended", "Stream End")), *session.members["truncatedEvents"])
    call.write(Kind.STREAM_SESSION, session.with_members(endTime=ended, truncatedEvents=events))


def _arn(channel_arn: str, stream_id: str) -> str:
    """Identity in the emulator; sessions have no ARN of their own."""
    return f"{channel_arn}/{stream_id}"


def _events(time: datetime, names: Iterable[str]) -> tuple[Mapping[str, Any], ...]:
    return tuple({"name": name, "type": _STATE_CHANGE, "eventTime": time} for name in names)


def _recent(call: Call, members: Mapping[str, Any], channel_arn: str) -> bool:
    last = members.get("endTime")
    return bool(members["channelArn"] == channel_arn and (last is None or last + _KEPT > timestamp(call.now)))


def _list(call: Call) -> Mapping[str, Any]:
    channel = call.require(Kind.CHANNEL, call.params["channelArn"])
    listed = call.list(Kind.STREAM_SESSION, lambda members: _recent(call, members, channel.arn))
    return {"streamSessions": listed["items"], "nextToken": listed["nextToken"]}


def _get(call: Call) -> Mapping[str, Any]:
    """The session that is named, else the latest."""
    channel = call.require(Kind.CHANNEL, call.params["channelArn"])
    found = [item for item in call.all(Kind.STREAM_SESSION) if _recent(call, item.members, channel.arn)]
    wanted = call.params.get("streamId")
    if wanted is not None:
        found = [item for item in found if item.members["streamId"] == wanted]
    if not found:
        message = f"Stream session: {wanted or 'any'} of {channel.arn} not found"
        raise ApiError("ResourceNotFoundException", message)
    return {"streamSession": max(found, key=lambda item: item.order).members}


OPERATIONS: Mapping[str, Handler] = {"ListStreamSessions": _list, "GetStreamSession": _get}
