"""Recording configurations of IVS. There is no update call; only tags change after creation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivs_emulator.destinations import bucket_region
from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler, merge
from ivs_emulator.state import Kind, Transition

__all__ = ["OPERATIONS"]

_KIND = Kind.RECORDING_CONFIGURATION
# The API text describes this for us-east-1 alone: success, then CREATE_FAILED, where other regions refuse the call.
_LATE_CHECK_REGION = "us-east-1"


def _create(call: Call) -> Mapping[str, Any]:
    params = call.params
    if "s3" not in params["destinationConfiguration"]:
        raise _invalid("destinationConfiguration.s3", "Member must not be null")
    renditions = merge({"renditionSelection": "ALL"}, params.get("renditionConfiguration"))
    if renditions["renditionSelection"] == "CUSTOM" and not renditions.get("renditions"):
        raise _invalid("renditionConfiguration.renditions", "Member is required when renditionSelection is CUSTOM")
    final = call.forced_state or _final_state(call, params["destinationConfiguration"]["s3"]["bucketName"])
    call.check_quota(_KIND, call.settings.recording_configurations_quota)
    members = {
        "name": params.get("name", ""),
        "destinationConfiguration": params["destinationConfiguration"],
        "state": "CREATING",
        "tags": params.get("tags", {}),
        "thumbnailConfiguration": _thumbnails(params.get("thumbnailConfiguration")),
        "recordingReconnectWindowSeconds": params.get("recordingReconnectWindowSeconds", 0),
        "renditionConfiguration": renditions,
    }
    resource = call.new(_KIND, members, Transition(call.now + call.settings.create_seconds, final))
    return {"recordingConfiguration": call.settling(_KIND, resource).members}


def _thumbnails(given: Mapping[str, Any] | None) -> dict[str, Any]:
    thumbnails = merge({"recordingMode": "INTERVAL"}, given)
    if thumbnails["recordingMode"] == "INTERVAL":
        return merge({"targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]}, thumbnails)
    return thumbnails


def _final_state(call: Call, bucket: str) -> str:
    region = bucket_region(call.territory.account, bucket)
    if region == call.territory.region:
        return "ACTIVE"
    if region is not None and call.territory.region != _LATE_CHECK_REGION:
        message = f"bucket {bucket} is in {region}, not in {call.territory.region}"
        raise _invalid("destinationConfiguration.s3.bucketName", message)
    return "CREATE_FAILED"


def _invalid(name: str, text: str) -> ApiError:
    message = f"1 validation error detected: Value at '{name}' failed to satisfy constraint: {text}"
    return ApiError("ValidationException", message, fields={name: text})


def _get(call: Call) -> Mapping[str, Any]:
    return {"recordingConfiguration": call.read(_KIND, call.params["arn"]).members}


def _list(call: Call) -> Mapping[str, Any]:
    # The default page is the quota or 100, whichever is smaller.
    smaller = min(call.page_size, max(1, call.settings.recording_configurations_quota))
    listed = replace(call, page_size=smaller).list(_KIND)
    return {"recordingConfigurations": listed["items"], "nextToken": listed["nextToken"]}


def _delete(call: Call) -> None:
    resource = call.require(_KIND, call.params["arn"])
    if resource.transition is not None:
        raise call.conflict(resource.arn, f"{resource.arn} is {resource.state}")
    users = [
        channel.arn
        for channel in call.all(Kind.CHANNEL)
        if channel.members["recordingConfigurationArn"] == resource.arn
    ]
    if users:
        raise call.conflict(resource.arn, f"{resource.arn} is used by {len(users)} channels, among them {users[0]}")
    gone = Transition(call.now + call.settings.recording_delete_seconds, None)
    call.shelf(_KIND).put(replace(resource, transition=gone), call.now, call.lag)
    call.settling(_KIND, resource)


OPERATIONS: Mapping[str, Handler] = {
    "CreateRecordingConfiguration": _create,
    "GetRecordingConfiguration": _get,
    "ListRecordingConfigurations": _list,
    "DeleteRecordingConfiguration": _delete,
}
