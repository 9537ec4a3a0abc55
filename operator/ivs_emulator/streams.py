"""Streams and stream keys of IVS. Whether a channel is live is set through the control path."""

from collections.abc import Mapping
from typing import Any

from ivs_emulator import sessions
from ivs_emulator.clock import timestamp
from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.state import Kind, Resource, new_id

__all__ = ["OPERATIONS", "go_live", "go_off", "new_stream_key"]

# "st-" and 23 more: the model's length of a stream id is 26.
_STREAM_ID_TAIL = 23
# A channel has one stream key, which CreateChannel makes; the quota is not adjustable.
_STREAM_KEYS_PER_CHANNEL = 1
# Source: the API reference (PutMetadata).
_METADATA = 1024


def go_live(call: Call, channel_arn: str, health: str) -> Resource:
    """Put a channel on air; a channel that is on air gets another health only.

    Raises:
        ApiError: ResourceNotFoundException.
    """
    channel = call.require(Kind.CHANNEL, channel_arn)
    stream = call.find(Kind.STREAM, channel_arn)
    if stream is not None:
        return call.write(Kind.STREAM, stream.with_members(health=health))
    members = {
        "channelArn": channel_arn,
        "streamId": f"st-{new_id(_STREAM_ID_TAIL)}",
        "playbackUrl": channel.members["playbackUrl"],
        "startTime": timestamp(call.now),
        "state": "LIVE",
        "health": health,
        "viewerCount": 0,
    }
    sessions.begin(call, channel, members)
    return call.write(Kind.STREAM, Resource(members, call.now))


def go_off(call: Call, channel_arn: str) -> None:
    """Take a channel off air; one that is not on air stays as it is.

    Raises:
        ApiError: ResourceNotFoundException.
    """
    call.require(Kind.CHANNEL, channel_arn)
    stream = call.find(Kind.STREAM, channel_arn)
    if stream is not None:
        sessions.end(call, stream.members)
        call.shelf(Kind.STREAM).remove(stream.arn, call.now, call.lag)


def _stream(call: Call) -> Resource:
    channel = call.require(Kind.CHANNEL, call.params["channelArn"])
    stream = call.find(Kind.STREAM, channel.arn)
    if stream is None:
        raise ApiError("ChannelNotBroadcasting", f"Channel: {channel.arn} not broadcasting")
    return stream


def _get(call: Call) -> Mapping[str, Any]:
    return {"stream": _stream(call).members}


def _list(call: Call) -> Mapping[str, Any]:
    health = call.params.get("filterBy", {}).get("health")
    listed = call.list(Kind.STREAM, lambda members: health in {None, members["health"]})
    return {"streams": listed["items"], "nextToken": listed["nextToken"]}


def _stop(call: Call) -> Mapping[str, Any]:
    go_off(call, _stream(call).arn)
    return {}


def _put_metadata(call: Call) -> None:
    """Metadata for the players; nobody plays here."""
    size = len(call.params["metadata"].encode())
    if size > _METADATA:
        raise ApiError("ValidationException", f"metadata has {size} bytes, and at most {_METADATA} are taken")
    _stream(call)


def new_stream_key(call: Call, channel_arn: str, tags: Mapping[str, str]) -> Resource:
    """A stream key for a channel."""
    value = f"sk_{call.territory.region}_{new_id()}_{new_id(24)}"
    return call.new(Kind.STREAM_KEY, {"channelArn": channel_arn, "value": value, "tags": tags})


def _create_key(call: Call) -> Mapping[str, Any]:
    channel = call.require(Kind.CHANNEL, call.params["channelArn"])
    keys = [key for key in call.all(Kind.STREAM_KEY) if key.members["channelArn"] == channel.arn]
    if len(keys) >= _STREAM_KEYS_PER_CHANNEL:
        message = f"{channel.arn} has a stream key already; delete {keys[0].arn} first"
        raise ApiError("ServiceQuotaExceededException", message, limit=_STREAM_KEYS_PER_CHANNEL)
    return {"streamKey": new_stream_key(call, channel.arn, call.params.get("tags", {})).members}


def _get_key(call: Call) -> Mapping[str, Any]:
    return {"streamKey": call.read(Kind.STREAM_KEY, call.params["arn"]).members}


def _list_keys(call: Call) -> Mapping[str, Any]:
    channel = call.require(Kind.CHANNEL, call.params["channelArn"])
    listed = call.list(Kind.STREAM_KEY, lambda members: bool(members["channelArn"] == channel.arn))
    return {"streamKeys": listed["items"], "nextToken": listed["nextToken"]}


def _delete_key(call: Call) -> None:
    key = call.require(Kind.STREAM_KEY, call.params["arn"])
    call.shelf(Kind.STREAM_KEY).remove(key.arn, call.now, call.lag)


OPERATIONS: Mapping[str, Handler] = {
    "GetStream": _get,
    "ListStreams": _list,
    "StopStream": _stop,
    "PutMetadata": _put_metadata,
    "CreateStreamKey": _create_key,
    "GetStreamKey": _get_key,
    "ListStreamKeys": _list_keys,
    "DeleteStreamKey": _delete_key,
}
