"""Channels of IVS."""

from collections.abc import Mapping
from typing import Any

from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.state import Kind, Resource, new_id
from ivs_emulator.streams import new_stream_key

__all__ = ["OPERATIONS", "channel_members"]

_KIND = Kind.CHANNEL
_FILTERS = {
    "filterByName": "name",
    "filterByRecordingConfigurationArn": "recordingConfigurationArn",
    "filterByPlaybackRestrictionPolicyArn": "playbackRestrictionPolicyArn",
    "filterByAdConfigurationArn": "adConfigurationArn",
    "filterByFailoverSlateConfigurationArn": "failoverSlateConfigurationArn",
}
_DEFAULTS: Mapping[str, Any] = {
    "name": "",
    "latencyMode": "LOW",
    "type": "STANDARD",
    "recordingConfigurationArn": "",
    "authorized": False,
    "insecureIngest": False,
    "playbackRestrictionPolicyArn": "",
    "multitrackInputConfiguration": {"enabled": False},
    "containerFormat": "TS",
    "adConfigurationArn": "",
    "failoverSlateConfigurationArn": "",
}


def channel_members(given: Mapping[str, Any], account: str, region: str, token: str) -> dict[str, Any]:
    """Members of a new channel; `token` makes its host names and its passphrase its own."""
    host = token.lower()
    members = {
        **_DEFAULTS,
        "ingestEndpoint": f"{host}.global-contribute.live-video.net",
        "playbackUrl": f"https://{host}.{region}.playback.live-video.net/api/video/v1/{region}.{account}.channel.{token}.m3u8",
        "srt": {"endpoint": f"{host}.srt.live-video.net", "passphrase": f"passphrase-{token}"},
        "tags": {},
        **given,
    }
    return _with_preset(members)


def _with_preset(members: dict[str, Any]) -> dict[str, Any]:
    """BASIC and STANDARD channels have no transcode preset; the others default to the higher bandwidth."""
    if members["type"] in {"BASIC", "STANDARD"}:
        return {**members, "preset": ""}
    return {**members, "preset": members.get("preset") or "HIGHER_BANDWIDTH_DELIVERY"}


def _create(call: Call) -> Mapping[str, Any]:
    _check_recording(call)
    call.check_quota(_KIND, call.settings.channels_quota)
    channel = call.new(_KIND, channel_members(call.params, call.territory.account, call.territory.region, new_id()))
    return {"channel": channel.members, "streamKey": new_stream_key(call, channel.arn, {}).members}


def _check_recording(call: Call) -> None:
    arn = call.params.get("recordingConfigurationArn")
    if arn:
        call.require(Kind.RECORDING_CONFIGURATION, arn)


def _get(call: Call) -> Mapping[str, Any]:
    return {"channel": call.read(_KIND, call.params["arn"]).members}


def _update(call: Call) -> Mapping[str, Any]:
    channel = call.require(_KIND, call.params["arn"])
    _refuse_live(call, channel)
    _check_recording(call)
    members = _with_preset({**channel.members, **call.params})
    return {"channel": call.write(_KIND, channel.with_members(**members)).members}


def _delete(call: Call) -> None:
    channel = call.require(_KIND, call.params["arn"])
    _refuse_live(call, channel)
    for key in call.all(Kind.STREAM_KEY):
        if key.members["channelArn"] == channel.arn:
            call.shelf(Kind.STREAM_KEY).remove(key.arn, call.now, call.lag)
    call.shelf(_KIND).remove(channel.arn, call.now, call.lag)


def _refuse_live(call: Call, channel: Resource) -> None:
    if call.find(Kind.STREAM, channel.arn) is not None:
        raise call.conflict(channel.arn, f"{channel.arn} is live; stop its stream first")


def _list(call: Call) -> Mapping[str, Any]:
    filters = {_FILTERS[name]: value for name, value in call.params.items() if name in _FILTERS}
    if len(filters) > 1:
        raise ApiError("ConflictException", f"only one filter can be used at a time; got {len(filters)}")
    listed = call.list(_KIND, lambda members: all(members[name] == value for name, value in filters.items()))
    return {"channels": listed["items"], "nextToken": listed["nextToken"]}


def _batch_get(call: Call) -> Mapping[str, Any]:
    found, errors = [], []
    for arn in call.params["arns"]:
        try:
            found.append(call.read(_KIND, arn).members)
        except ApiError as error:
            errors.append({"arn": arn, "code": error.code, "message": error.message})
    return {"channels": found, "errors": errors}


OPERATIONS: Mapping[str, Handler] = {
    "CreateChannel": _create,
    "GetChannel": _get,
    "BatchGetChannel": _batch_get,
    "UpdateChannel": _update,
    "ListChannels": _list,
    "DeleteChannel": _delete,
}
