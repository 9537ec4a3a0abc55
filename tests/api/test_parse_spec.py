"""parse_spec: what is taken, and what a user is told otherwise."""

from typing import Any

import pytest

from ivs_operator.api.account import AWSAccountSpec
from ivs_operator.api.chat_logging import ChatLoggingConfigurationSpec
from ivs_operator.api.managed import DeletionPolicy
from ivs_operator.api.recording import RecordingConfigurationSpec, RenditionSelection
from ivs_operator.api.selectors import ChannelSelector, RoomSelector, Selector
from ivs_operator.api.validation import InvalidSpec, parse_spec, parse_status

RC, CL, ACCOUNT = "RecordingConfiguration", "ChatLoggingConfiguration", "AWSAccount"
BUCKET = {"destinationConfiguration": {"s3": {"bucketName": "my-vod"}}}
RC_ARN = "arn:aws:ivs:us-west-2:111122223333:recording-configuration/abcdABCDefgh"
CHANNEL = "arn:aws:ivs:us-west-2:111122223333:channel/abcd"
ROOM = "arn:aws:ivschat:us-west-2:111122223333:room/abcd"
ROLE = "arn:aws:iam::222233334444:role/ivs-operator"

MISTAKES: list[tuple[str, Any, str, str, str]] = [
    # kind, spec, field named, words of the message, why
    (RC, None, "spec", "must be a map", "an object without a spec, from before it was required"),
    (RC, {}, "spec.destinationConfiguration", "required; set it, for example {s3: {bucketName: my-vod}}", "required"),
    (RC, {"destinationConfiguration": {}}, "spec.destinationConfiguration.s3", "is required", "AWS has S3 only"),
    (RC, BUCKET | {"regin": "x"}, "spec.regin", "did you mean region?", "a typing error is not ignored"),
    (RC, BUCKET | {"zzz": 1}, "spec.zzz", "remove it, or use one of region,", "nothing like it exists"),
    (RC, BUCKET | {"region": "Oregon"}, "spec.region", "for example us-west-2", "a region code, not its city"),
    (RC, BUCKET | {"name": "a.b"}, "spec.name", "must match", "IVS allows no dots"),
    (RC, BUCKET | {"name": "hello world!/x"}, "spec.name", "must match", "patterns are anchored"),
    (RC, BUCKET | {"name": "n" * 129}, "spec.name", "at most 128 characters", "AWS's bound"),
    (RC, BUCKET | {"deletionPolicy": "Keep"}, "spec.deletionPolicy", "Delete, DetachAndDelete, Retain", "enum"),
    (RC, {"destinationConfiguration": {"s3": {"bucketName": "ab"}}},
     "spec.destinationConfiguration.s3.bucketName", "at least 3 characters", "AWS's bound"),
    (RC, BUCKET | {"recordingReconnectWindowSeconds": "60"},
     "spec.recordingReconnectWindowSeconds", "must be a whole number, for example 60; now '60'", "text is no number"),
    (RC, BUCKET | {"recordingReconnectWindowSeconds": 301},
     "spec.recordingReconnectWindowSeconds", "must be at most 300", "AWS's bound"),
    (RC, BUCKET | {"thumbnailConfiguration": {"recordingMode": "DISABLED", "targetIntervalSeconds": 60}},
     "spec.thumbnailConfiguration.targetIntervalSeconds", "remove it", "an interval without thumbnails"),
    (RC, BUCKET | {"thumbnailConfiguration": {"targetIntervalSeconds": 0}},
     "spec.thumbnailConfiguration.targetIntervalSeconds", "must be at least 1", "AWS's bound"),
    (RC, BUCKET | {"thumbnailConfiguration": {"storage": ["LATEST", "latest"]}},
     "spec.thumbnailConfiguration.storage[1]", "must be one of SEQUENTIAL, LATEST; now 'latest'", "case matters"),
    (RC, BUCKET | {"renditionConfiguration": {"renditionSelection": "CUSTOM"}},
     "spec.renditionConfiguration.renditions", "name at least one", "CUSTOM of nothing"),
    (RC, BUCKET | {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": []}},
     "spec.renditionConfiguration.renditions", "name at least one", "CUSTOM of an empty list"),
    (RC, BUCKET | {"renditionConfiguration": {"renditions": ["HD"]}},
     "spec.renditionConfiguration.renditions", "remove renditions", "renditions that AWS would ignore"),
    (RC, BUCKET | {"channels": [{"name": "a"}, {"arn": "lobby"}]},
     "spec.channels[1].arn", f"for example {CHANNEL}", "a name where an ARN belongs"),
    (RC, BUCKET | {"channels": [{"arn": ROOM}]}, "spec.channels[0].arn", "must match", "a room is no channel"),
    (RC, BUCKET | {"channels": [{}]}, "spec.channels[0]", "exactly one of arn, name, matchTags", "an empty entry"),
    (RC, BUCKET | {"channels": [{"name": "a", "arn": CHANNEL}]}, "spec.channels[0]", "one entry for each", "two"),
    (RC, BUCKET | {"channels": [{"matchTags": {}}]}, "spec.channels[0].matchTags", "at least 1", "would match all"),
    (RC, BUCKET | {"channels": [{"name": ""}]}, "spec.channels[0].name", "at least 1", "would match the nameless"),
    (RC, BUCKET | {"channels": [{"name": "a"}] * 101}, "spec.channels", "at most 100 entries", "bound"),
    (RC, BUCKET | {"channels": {"name": "a"}}, "spec.channels", "must be a list", "a list is meant"),
    (RC, BUCKET | {"tags": {"aws:x": "y"}}, "spec.tags", "reserved", "AWS refuses these"),
    (RC, BUCKET | {"tags": {"ivs-operator.dev/owner": "y"}}, "spec.tags", "reserved", "would forge ownership"),
    (RC, BUCKET | {"tags": {"{}": "y"}}, "spec.tags", "a tag key has 1 to 128", "character"),
    (RC, BUCKET | {"tags": {"": "y"}}, "spec.tags", "a tag key has 1 to 128", "empty key"),
    (RC, BUCKET | {"tags": {"k" * 129: "y"}}, "spec.tags", "a tag key has 1 to 128", "long key"),
    (RC, BUCKET | {"tags": {"team": "a,b"}}, "spec.tags.team", "must match", "IVS refuses a comma"),
    (RC, BUCKET | {"tags": {"team": 1}}, "spec.tags.team", "in quotes); now 1", "YAML's numbers"),
    (RC, BUCKET | {"tags": {f"k{n}": "" for n in range(41)}}, "spec.tags", "at most 40", "ten are for the operator"),
    (RC, BUCKET | {"existing": {"arn": RC_ARN}}, "spec.deletionPolicy", "set deletionPolicy, Retain", "say it"),
    (RC, BUCKET | {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain", "region": "us-east-1"},
     "spec.region", "existing.arn", "regions that differ"),
    (RC, BUCKET | {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain", "replacePolicy": "CreateBeforeDelete"},
     "spec.replacePolicy", "replacePolicy: Never", "would delete what was adopted"),
    (RC, BUCKET | {"existing": {"arn": CHANNEL}, "deletionPolicy": "Retain"}, "spec.existing.arn", "match", "kind"),
    (RC, BUCKET | {"accountRef": {"name": "Prod"}}, "spec.accountRef.name", "for example prod", "a Kubernetes name"),
    (RC, BUCKET | {"accountRef": {}}, "spec.accountRef.name", "is required", "required"),
    (CL, {"destinationConfiguration": {}}, "spec.destinationConfiguration", "exactly one of s3", "none"),
    (CL, {"destinationConfiguration": {"s3": {"bucketName": "abc"}, "firehose": {"deliveryStreamName": "x"}}},
     "spec.destinationConfiguration", "keep one", "two"),
    (CL, {"destinationConfiguration": {"firehose": {"deliveryStreamName": "arn:aws:firehose:x"}}},
     "spec.destinationConfiguration.firehose.deliveryStreamName", "for example chat", "a name, not an ARN"),
    (CL, {"destinationConfiguration": {"cloudWatchLogs": {"logGroupName": ""}}},
     "spec.destinationConfiguration.cloudWatchLogs.logGroupName", "at least 1 character", "AWS's bound"),
    (CL, BUCKET | {"rooms": [{"arn": CHANNEL}]}, "spec.rooms[0].arn", "must match", "a channel is no room"),
    (CL, BUCKET | {"channels": []}, "spec.channels", "is not a field", "the other kind's field"),
    (ACCOUNT, {}, "spec.roleARN", f"for example {ROLE}", "required"),
    (ACCOUNT, {"roleARN": "ivs-operator"}, "spec.roleARN", "at least 20 characters", "a name, not an ARN"),
    (ACCOUNT, {"roleARN": ROLE, "roleArn": ROLE}, "spec.roleArn", "did you mean roleARN?", "spelling of acronyms"),
    (ACCOUNT, {"roleARN": ROLE, "allowedNamespaces": {"list": []}}, "spec.allowedNamespaces.list", "at least 1", "?"),
    (ACCOUNT, {"roleARN": ROLE, "allowedNamespaces": {"list": ["Live"]}},
     "spec.allowedNamespaces.list[0]", "for example", "a Kubernetes name"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "field", "words", "why"), MISTAKES, ids=[f"{m[2]}: {m[4]}" for m in MISTAKES])
def test_a_mistake_is_named_with_its_field_and_remedy(kind: str, spec: Any, field: str, words: str, why: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(kind, spec)
    assert caught.value.field == field, why
    assert caught.value.message.startswith(f"{field}: ")
    assert words in caught.value.message.split("; spec.")[0], why
    assert str(caught.value) == caught.value.message


def test_all_mistakes_are_told_the_first_one_first() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(RC, {"region": "Oregon", "existing": {"arn": "x"}, "channels": [{}]})
    assert caught.value.field == "spec.region"
    for field in ("spec.region: ", "spec.existing.arn: ", "spec.destinationConfiguration: ", "spec.channels[0]: "):
        assert field in caught.value.message


def test_garbage_without_end_gives_a_message_of_bounded_length() -> None:
    """Ten thousand mistakes of ten thousand characters each must still fit a condition."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(RC, BUCKET | {"channels": [{"arn": "x" * 10_000} for _ in range(100)]})
    assert len(caught.value.message) < 2_048
    assert caught.value.message.endswith("and 92 more")


def test_rules_between_fields_are_told_together() -> None:
    spec = BUCKET | {"existing": {"arn": RC_ARN}, "region": "eu-west-1", "replacePolicy": "CreateBeforeDelete"}
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(RC, spec)
    for field in ("spec.deletionPolicy: ", "spec.region: ", "spec.replacePolicy: "):
        assert field in caught.value.message


@pytest.mark.parametrize(
    "garbage", ["text", 7, [], [[]], {"destinationConfiguration": []}, {1: 2}, {"tags": {1: None}}]
)
def test_garbage_of_any_type_is_an_invalid_spec(garbage: object) -> None:
    for kind in (RC, CL, ACCOUNT):
        with pytest.raises(InvalidSpec):
            parse_spec(kind, garbage)


def test_an_unknown_kind_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        parse_spec("Room", {})


def test_the_least_spec_has_the_defaults_of_the_schema() -> None:
    spec = parse_spec(RC, BUCKET)
    assert isinstance(spec, RecordingConfigurationSpec)
    assert spec == parse_spec(
        RC,
        BUCKET
        | {
            "thumbnailConfiguration": {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL"]},
            "renditionConfiguration": {"renditionSelection": "ALL"},
            "recordingReconnectWindowSeconds": 0,
            "channelConflictPolicy": "Keep",
            "replacePolicy": "Never",
            "driftPolicy": "Correct",
        },
    )
    assert spec.deletion_policy is None, "so that it can be seen that nobody chose"
    assert spec.rendition_configuration.rendition_selection is RenditionSelection.ALL
    assert (spec.tags, spec.channels) == ({}, ())


def test_the_whole_example_of_the_contract_is_read() -> None:
    spec = parse_spec(
        RC,
        {
            "region": "us-west-2",
            "accountRef": {"name": "prod"},
            "name": "vod",
            "destinationConfiguration": {"s3": {"bucketName": "my-vod"}},
            "thumbnailConfiguration": {
                "recordingMode": "INTERVAL",
                "targetIntervalSeconds": 60,
                "resolution": "HD",
                "storage": ["SEQUENTIAL", "LATEST"],
            },
            "renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]},
            "recordingReconnectWindowSeconds": 60,
            "tags": {"team": "live"},
            "channels": [{"arn": CHANNEL}, {"name": "lobby"}, {"matchTags": {"env": "prod", "team": "live"}}],
            "channelConflictPolicy": "Replace",
            "deletionPolicy": "DetachAndDelete",
            "driftPolicy": "Report",
            "existing": {"arn": RC_ARN},
        },
    )
    assert isinstance(spec, RecordingConfigurationSpec)
    assert spec.account_ref is not None
    assert spec.account_ref.name == "prod"
    assert spec.existing is not None
    assert spec.existing.arn == RC_ARN
    assert spec.deletion_policy is DeletionPolicy.DETACH_AND_DELETE
    assert spec.thumbnail_configuration.target_interval_seconds == 60
    assert spec.channels[2].match_tags == {"env": "prod", "team": "live"}


@pytest.mark.parametrize(
    "destination",
    [
        {"s3": {"bucketName": "my-logs"}},
        {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}},
        {"firehose": {"deliveryStreamName": "chat"}},
    ],
)
def test_each_chat_destination_alone_is_taken(destination: dict[str, Any]) -> None:
    spec = parse_spec(CL, {"destinationConfiguration": destination, "rooms": [{"arn": ROOM}]})
    assert isinstance(spec, ChatLoggingConfigurationSpec)
    assert spec.destination_configuration.model_dump(by_alias=True, exclude_none=True) == destination


def test_chat_tags_may_have_any_value() -> None:
    """IVS Chat's model has no pattern for tag values, so what AWS takes is not refused here."""
    spec = parse_spec(CL, BUCKET | {"tags": {"team": "a,b {c}"}})
    assert isinstance(spec, ChatLoggingConfigurationSpec)
    assert spec.tags == {"team": "a,b {c}"}


@pytest.mark.parametrize("key", ["team", "a b", "ümlaut", "a:b/c=d+e-f@g.h_i", "数", "k" * 128, "ivs-operator.devx"])
def test_tag_keys_of_all_scripts_are_taken(key: str) -> None:
    spec = parse_spec(RC, BUCKET | {"tags": {key: "x"}})
    assert isinstance(spec, RecordingConfigurationSpec)
    assert spec.tags == {key: "x"}


@pytest.mark.parametrize(("given", "names"), [(None, None), ({}, None), ({"list": ["live"]}, ("live",))])
def test_allowed_namespaces_tell_absent_from_empty(given: Any, names: Any) -> None:
    """Absent allows none, an empty object allows all."""
    spec = parse_spec(ACCOUNT, {"roleARN": ROLE} | ({} if given is None else {"allowedNamespaces": given}))
    assert isinstance(spec, AWSAccountSpec)
    assert (spec.allowed_namespaces is None) == (given is None)
    assert (spec.allowed_namespaces and spec.allowed_namespaces.names) == names


def test_a_wanted_and_a_recorded_selector_are_equal_when_they_say_the_same() -> None:
    """Spec and status hold different classes; deletion compares the two."""
    tags = {"env": "prod"}
    assert ChannelSelector(match_tags=tags) == Selector(match_tags=tags)
    assert len({RoomSelector(name="a"), Selector(name="a")}) == 1
    assert Selector(name="a") != Selector(name="b")
    assert Selector(name="a") != "a"


def test_a_hand_edited_status_is_named_like_a_spec() -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse_status(CL, {"associations": {"selectors": [{"name": "a"}, {"name": "b", "arn": ROOM}]}})
    assert caught.value.field == "status.associations.selectors[1]"
