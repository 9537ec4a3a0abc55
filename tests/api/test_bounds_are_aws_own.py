"""Bounds, patterns and enums against the installed botocore: when AWS moves one, this is where it shows."""

from typing import Any

import botocore.session
import pytest

from api.schemas import Schema, at, root_of

LOADER = botocore.session.get_session().get_component("data_loader")
RC, CL, ACCOUNT = "RecordingConfiguration", "ChatLoggingConfiguration", "AWSAccount"

THUMBNAILS, RENDITIONS = ".spec.thumbnailConfiguration", ".spec.renditionConfiguration"

# Our node, and the shape of AWS that it must be equal to.
EQUAL = [
    (RC, ".spec.name", "ivs", "RecordingConfigurationName"),
    (RC, ".spec.destinationConfiguration.s3.bucketName", "ivs", "S3DestinationBucketName"),
    (RC, f"{THUMBNAILS}.recordingMode", "ivs", "RecordingMode"),
    (RC, f"{THUMBNAILS}.targetIntervalSeconds", "ivs", "TargetIntervalSeconds"),
    (RC, f"{THUMBNAILS}.resolution", "ivs", "ThumbnailConfigurationResolution"),
    (RC, f"{THUMBNAILS}.storage[]", "ivs", "ThumbnailConfigurationStorage"),
    (RC, f"{RENDITIONS}.renditionSelection", "ivs", "RenditionConfigurationRenditionSelection"),
    (RC, f"{RENDITIONS}.renditions[]", "ivs", "RenditionConfigurationRendition"),
    (RC, ".spec.recordingReconnectWindowSeconds", "ivs", "RecordingReconnectWindowSeconds"),
    (RC, ".spec.tags{}", "ivs", "TagValue"),
    (RC, ".spec.existing.arn", "ivs", "RecordingConfigurationArn"),
    (RC, ".spec.channels[].arn", "ivs", "ChannelArn"),
    (RC, ".spec.channels[].name", "ivs", "ChannelName"),
    (CL, ".spec.name", "ivschat", "LoggingConfigurationName"),
    (CL, ".spec.destinationConfiguration.s3.bucketName", "ivschat", "BucketName"),
    (CL, ".spec.destinationConfiguration.cloudWatchLogs.logGroupName", "ivschat", "LogGroupName"),
    (CL, ".spec.destinationConfiguration.firehose.deliveryStreamName", "ivschat", "DeliveryStreamName"),
    (CL, ".spec.tags{}", "ivschat", "TagValue"),
    (CL, ".spec.existing.arn", "ivschat", "LoggingConfigurationArn"),
    (CL, ".spec.rooms[].arn", "ivschat", "RoomArn"),
    (CL, ".spec.rooms[].name", "ivschat", "RoomName"),
    (CL, ".spec.rooms[].matchTags{}", "ivschat", "TagValue"),
    (ACCOUNT, ".spec.externalID", "sts", "externalIdType"),
]

# Where we ask for more than AWS's model does, and why.
STRICTER = {
    (RC, ".spec.channels[].name"): ("minLength", 1, "an empty name would select whatever has no name"),
    (CL, ".spec.rooms[].name"): ("minLength", 1, "an empty name would select whatever has no name"),
}

CREATE_CALLS = [
    (RC, "ivs", "CreateRecordingConfigurationRequest"),
    (CL, "ivschat", "CreateLoggingConfigurationRequest"),
]


def shape(service: str, name: str) -> dict[str, Any]:
    model: dict[str, Any] = LOADER.load_service_model(service, "service-2")
    found: dict[str, Any] = model["shapes"][name]
    return found


def bounds_of_aws(service: str, name: str) -> dict[str, Any]:
    """The shape in the words of a Kubernetes schema; a lower bound of zero says nothing."""
    theirs = shape(service, name)
    if "enum" in theirs:
        return {"type": "string", "enum": sorted(theirs["enum"])}
    if theirs["type"] in ("integer", "long"):
        form = {"integer": "int32", "long": "int64"}[theirs["type"]]
        return {"type": "integer", "format": form, "minimum": theirs["min"], "maximum": theirs["max"]}
    bounds = {"type": "string", "maxLength": theirs["max"]}
    if theirs["min"]:
        bounds["minLength"] = theirs["min"]
    if "pattern" in theirs:
        bounds["pattern"] = f"^{theirs['pattern']}$"
    return bounds


def bounds_of_ours(node: Schema) -> dict[str, Any]:
    kept = {key: value for key, value in node.items() if key not in ("description", "default")}
    if "enum" in kept:
        kept["enum"] = sorted(kept["enum"])
        del kept["maxLength"]  # the longest word; AWS gives none
    return kept


@pytest.mark.parametrize(
    ("kind", "path", "service", "name"), EQUAL, ids=lambda value: str(value).removeprefix(".spec.")
)
def test_bounds_equal_the_service_model(kind: str, path: str, service: str, name: str) -> None:
    expected = bounds_of_aws(service, name)
    if (kind, path) in STRICTER:
        key, value, _ = STRICTER[kind, path]
        assert key not in expected
        expected[key] = value
    assert bounds_of_ours(at(kind, path)) == expected


@pytest.mark.parametrize(("kind", "service", "request_shape"), CREATE_CALLS)
def test_every_member_of_the_create_call_is_in_the_spec(kind: str, service: str, request_shape: str) -> None:
    assert missing(root_of(kind)["properties"]["spec"], service, request_shape) == []


@pytest.mark.parametrize(("kind", "service", "request_shape"), CREATE_CALLS)
def test_what_the_create_call_requires_the_spec_requires(kind: str, service: str, request_shape: str) -> None:
    assert root_of(kind)["properties"]["spec"]["required"] == shape(service, request_shape)["required"]


def test_every_create_only_member_is_guarded_by_a_transition_rule() -> None:
    """Tags can change in place, the name is guarded on the whole object; everything else by a rule on spec."""
    spec = root_of(RC)["properties"]["spec"]
    members = set(shape("ivs", "CreateRecordingConfigurationRequest")["members"]) - {"tags", "name"}
    guarded = {
        rule["fieldPath"].removeprefix(".") for rule in spec["x-kubernetes-validations"] if "Never" in rule["rule"]
    }
    assert members <= guarded
    assert ".spec.name" in {rule.get("fieldPath") for rule in root_of(RC)["x-kubernetes-validations"]}


def missing(node: Schema, service: str, name: str, path: str = "") -> list[str]:
    """Members of AWS's structure that our node lacks, at any depth."""
    theirs = shape(service, name)
    lacking = []
    for member, reference in theirs.get("members", {}).items():
        ours = node.get("properties", {}).get(member)
        here = f"{path}.{member}"
        lacking += [here] if ours is None else missing(ours, service, reference["shape"], here)
    return lacking


def test_the_search_for_missing_members_can_find_one() -> None:
    spec = root_of(RC)["properties"]["spec"]
    crippled = {**spec, "properties": {k: v for k, v in spec["properties"].items() if k != "renditionConfiguration"}}
    assert missing(crippled, "ivs", "CreateRecordingConfigurationRequest") == [".renditionConfiguration"]


@pytest.mark.parametrize(("kind", "service"), [(RC, "ivs"), (CL, "ivschat")])
def test_tags_leave_room_for_the_operators_own(kind: str, service: str) -> None:
    """Three owner tags and at most seven default tags must fit beside the user's."""
    assert at(kind, ".spec.tags")["maxProperties"] + 3 + 7 == shape(service, "Tags")["max"]
    assert shape(service, "TagKey")["max"] == 128, "the rule on tag keys says 128"


def test_the_rule_on_tag_keys_uses_the_pattern_of_ivs() -> None:
    rule = at(RC, ".spec.tags")["x-kubernetes-validations"][0]["rule"]
    pattern = shape("ivs", "TagKey")["pattern"].strip("()").replace("\\", "\\\\")
    assert f"'^{pattern}$'" in rule


def test_the_role_is_bounded_as_sts_bounds_it() -> None:
    theirs = shape("sts", "arnType")
    role = at(ACCOUNT, ".spec.roleARN")
    assert (role["minLength"], role["maxLength"]) == (theirs["min"], theirs["max"])


@pytest.mark.parametrize(("kind", "service"), [(RC, "ivs"), (CL, "ivschat")])
def test_every_region_of_the_service_is_accepted(kind: str, service: str) -> None:
    import re

    node = at(kind, ".spec.region")
    regions = botocore.session.get_session().get_available_regions(service)
    assert len(regions) >= 7
    for region in regions:
        assert re.fullmatch(node["pattern"], region)
        assert len(region) <= node["maxLength"]
