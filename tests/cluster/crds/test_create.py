"""Creation: what the API server takes, and what kubectl tells the user otherwise."""

from typing import Any
from uuid import uuid4

import pytest

from cluster.crds.conftest import User
from cluster.crds.objects import ACCOUNT, CHANNEL, CL, CL_ARN, RC, RC_ARN, ROLE, ROOM, written

S3 = {"s3": {"bucketName": "my-logs"}}
LOGS = {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}}
FIREHOSE = {"firehose": {"deliveryStreamName": "chat"}}

TAKEN: list[tuple[str, dict[str, Any], str]] = [
    (RC, {}, "the least"),
    (RC, {"region": "us-west-2", "accountRef": {"name": "prod"}, "name": "vod"}, "where and under which name"),
    (RC, {"region": "us-gov-west-1"}, "a region with a longer code"),
    (RC, {"name": "A_b-9"}, "every sort of character that AWS takes in a name"),
    (RC, {"thumbnailConfiguration": {"recordingMode": "DISABLED"}}, "no thumbnails, nothing else to say"),
    (RC, {"thumbnailConfiguration": {"targetIntervalSeconds": 1, "resolution": "FULL_HD"}}, "the mode by default"),
    (RC, {"thumbnailConfiguration": {"recordingMode": "INTERVAL", "storage": ["LATEST", "SEQUENTIAL"]}}, "both"),
    (RC, {"renditionConfiguration": {}}, "an empty map gets the default before the rule looks"),
    (RC, {"renditionConfiguration": {"renditionSelection": "NONE"}}, "a selection that needs no renditions"),
    (RC, {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["HD"]}}, "CUSTOM with its list"),
    (RC, {"renditionConfiguration": {"renditionSelection": "ALL", "renditions": []}}, "an empty list is none"),
    (RC, {"recordingReconnectWindowSeconds": 300}, "AWS's upper bound"),
    (RC, {"tags": {"team": "live", "a:b/c=d+e-f@g.h_i": "", "ümlaut 数": "ö"}}, "letters of all scripts"),
    (RC, {"tags": {f"k{n}": "v" for n in range(40)}}, "as many tags as fit beside the operator's own"),
    (RC, {"tags": {"k" * 128: "v" * 256}}, "AWS's bounds of key and value"),
    (RC, {"channels": [{"arn": CHANNEL}, {"name": "lobby"}, {"matchTags": {"env": "prod"}}]}, "every form of entry"),
    (RC, {"channels": [{"name": f"c{n}"} for n in range(100)]}, "as many entries as are allowed"),
    (RC, {"channels": []}, "no entry"),
    (RC, {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain"}, "adoption"),
    (RC, {"existing": {"arn": RC_ARN}, "deletionPolicy": "Delete", "region": "us-west-2"}, "region of the ARN"),
    (RC, {"replacePolicy": "CreateBeforeDelete", "channelConflictPolicy": "Replace"}, "the bold policies"),
    (RC, {"driftPolicy": "Report", "deletionPolicy": "DetachAndDelete"}, "policies of both kinds"),
    (CL, {}, "the least, S3"),
    (CL, {"destinationConfiguration": LOGS}, "a log group"),
    (CL, {"destinationConfiguration": FIREHOSE}, "a stream"),
    (CL, {"destinationConfiguration": {"cloudWatchLogs": {"logGroupName": "#/._-aZ9" * 64}}}, "the longest name"),
    (CL, {"rooms": [{"arn": ROOM}, {"name": "lobby"}, {"matchTags": {"env": "prod", "team": "a,b {c}"}}]}, "entries"),
    (CL, {"tags": {"team": "a,b {c}"}}, "IVS Chat has no pattern for values"),
    (CL, {"existing": {"arn": CL_ARN}, "deletionPolicy": "Delete"}, "adoption"),
    (ACCOUNT, {}, "nobody may use it yet"),
    (ACCOUNT, {"externalID": "a+=,.@:/-_9", "defaultRegion": "eu-west-1"}, "every sort of character"),
    (ACCOUNT, {"allowedNamespaces": {}}, "all namespaces"),
    (ACCOUNT, {"allowedNamespaces": {"list": ["live"], "selector": {"matchLabels": {"team": "live"}}}}, "both"),
    (
        ACCOUNT,
        {"allowedNamespaces": {"selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}},
        "labels",
    ),
]

DESTINATION = "spec.destinationConfiguration"
EXACTLY_ONE = "exactly one of s3, cloudWatchLogs, firehose must be set; keep one"
ENTRY = "an entry has exactly one of arn, name, matchTags; make one entry for each"

REFUSED: list[tuple[str, dict[str, Any], tuple[str, ...], str]] = [
    # both kinds
    (RC, {"destinationConfiguration": None}, (f"{DESTINATION}: Required value",), "it goes somewhere"),
    (CL, {"destinationConfiguration": None}, (f"{DESTINATION}: Required value",), "it goes somewhere"),
    (RC, {"destinationConfiguration": {}}, (f"{DESTINATION}.s3: Required value",), "AWS records to S3 only"),
    (RC, {"destinationConfiguration": {"s3": {"bucketName": "ab"}}}, ("s3.bucketName", "at least 3"), "bounds of AWS"),
    (RC, {"destinationConfiguration": {"s3": {"bucketName": "b" * 64}}}, ("s3.bucketName", "63"), "bounds of AWS"),
    (RC, {"destinationConfiguration": {"s3": {"bucketName": "My_Vod"}}}, ("s3.bucketName", "should match"), "case"),
    (RC, {"regin": "us-west-2"}, ('unknown field "spec.regin"',), "kubectl asks for strict decoding"),
    (RC, {"region": "Oregon"}, ("spec.region", "should match"), "the code is meant"),
    (RC, {"name": "hello world!/x"}, ("spec.name", "should match"), "AWS's pattern has no anchors, ours has"),
    (RC, {"name": "a.b"}, ("spec.name", "should match"), "IVS takes no dots"),
    (RC, {"name": "n" * 129}, ("spec.name", "128"), "bounds of AWS"),
    (RC, {"deletionPolicy": "Keep"}, ('spec.deletionPolicy: Unsupported value: "Keep"', '"Retain"'), "words"),
    (RC, {"driftPolicy": "Ignore"}, ('spec.driftPolicy: Unsupported value: "Ignore"', '"Report"'), "words"),
    (RC, {"accountRef": {"name": "Prod"}}, ("spec.accountRef.name", "should match"), "names of objects"),
    (RC, {"accountRef": {"name": "p" * 254}}, ("spec.accountRef.name", "253"), "names of objects"),
    (RC, {"accountRef": {}}, ("spec.accountRef.name: Required value",), "a reference to nothing"),
    (RC, {"existing": {"arn": RC_ARN}},
     ("spec.deletionPolicy: Required value: existing adopts", "set deletionPolicy, Retain"), "no silent default"),
    (CL, {"existing": {"arn": CL_ARN}},
     ("spec.deletionPolicy: Required value: existing adopts", "set deletionPolicy, Retain"), "no silent default"),
    (RC, {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain", "region": "us-east-1"},
     ("spec.region: Invalid value:", "region differs from the region in existing.arn; remove region"), "two regions"),
    (CL, {"existing": {"arn": CL_ARN}, "deletionPolicy": "Retain", "region": "us-east-1"},
     ("spec.region: Invalid value:", "region differs from the region in existing.arn; remove region"), "two regions"),
    (RC, {"existing": {"arn": CL_ARN}, "deletionPolicy": "Retain"}, ("spec.existing.arn", "should match"), "kind"),
    (CL, {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain"}, ("spec.existing.arn", "should match"), "kind"),
    (RC, {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain", "replacePolicy": "CreateBeforeDelete"},
     ("spec.replacePolicy: Invalid value:", "would delete the adopted object; set replacePolicy: Never"), "adopted"),
    # tags
    (RC, {"tags": {"": "x"}}, ("spec.tags: Invalid value:", "1 to 128 letters", "rename the key"), "an empty key"),
    (RC, {"tags": {"k" * 129: "x"}}, ("spec.tags: Invalid value:", "1 to 128 letters"), "a long key"),
    (RC, {"tags": {"a,b": "x"}}, ("spec.tags: Invalid value:", "1 to 128 letters"), "a comma in a key"),
    (RC, {"tags": {"aws:team": "x"}}, ("spec.tags: Invalid value:", "reserved", "use another prefix"), "AWS's"),
    (CL, {"tags": {"ivs-operator.dev/owner": "x"}}, ("spec.tags: Invalid value:", "reserved"), "would forge ownership"),
    (CL, {"tags": {"a,b": "x"}}, ("spec.tags: Invalid value:", "1 to 128 letters"), "a comma in a key"),
    (RC, {"tags": {f"k{n}": "v" for n in range(41)}}, ("spec.tags: Too many", "40"), "ten are for the operator"),
    (RC, {"tags": {"team": "v" * 257}}, ("spec.tags.team", "256"), "bounds of AWS"),
    (RC, {"tags": {"team": "a,b"}}, ("spec.tags.team", "should match"), "IVS takes no comma"),
    # channels and rooms
    (RC, {"channels": [{"name": "a"}, {}]}, ("spec.channels[1]: Invalid value:", ENTRY), "an empty entry"),
    (RC, {"channels": [{"name": "a", "arn": CHANNEL}]}, ("spec.channels[0]: Invalid value:", ENTRY), "two forms"),
    (CL, {"rooms": [{"name": "a", "matchTags": {"a": "b"}}]}, ("spec.rooms[0]: Invalid value:", ENTRY), "two forms"),
    (CL, {"rooms": [{}]}, ("spec.rooms[0]: Invalid value:", ENTRY), "an empty entry"),
    (RC, {"channels": [{"matchTags": {}}]}, ("spec.channels[0].matchTags", "at least 1"), "would match everything"),
    (RC, {"channels": [{"name": ""}]}, ("spec.channels[0].name", "at least 1"), "would match the nameless"),
    (RC, {"channels": [{"arn": ROOM}]}, ("spec.channels[0].arn", "should match"), "a room is no channel"),
    (CL, {"rooms": [{"arn": CHANNEL}]}, ("spec.rooms[0].arn", "should match"), "a channel is no room"),
    (CL, {"rooms": [{"arn": f"{ROOM}/x"}]}, ("spec.rooms[0].arn", "should match"), "the pattern's end is anchored"),
    (RC, {"channels": [{"name": "a"}] * 101}, ("spec.channels: Too many", "100"), "bound"),
    # recordings
    (RC, {"thumbnailConfiguration": {"recordingMode": "DISABLED", "targetIntervalSeconds": 60}},
     ("spec.thumbnailConfiguration.targetIntervalSeconds: Forbidden:", "remove it, or set recordingMode: INTERVAL"),
     "an interval of nothing"),
    (RC, {"thumbnailConfiguration": {"targetIntervalSeconds": 61}}, ("targetIntervalSeconds", "60"), "bounds of AWS"),
    (RC, {"thumbnailConfiguration": {"targetIntervalSeconds": 0}}, ("targetIntervalSeconds", "1"), "bounds of AWS"),
    (RC, {"thumbnailConfiguration": {"storage": ["LATEST", "LATEST"]}}, ("storage[1]: Duplicate value",), "a set"),
    (RC, {"thumbnailConfiguration": {"storage": []}}, ("storage", "at least 1"), "stored nowhere"),
    (RC, {"thumbnailConfiguration": {"resolution": "4K"}}, ('resolution: Unsupported value: "4K"',), "words of AWS"),
    (RC, {"renditionConfiguration": {"renditionSelection": "CUSTOM"}},
     ("spec.renditionConfiguration.renditions: Invalid value:", "name at least one with CUSTOM"), "CUSTOM of nothing"),
    (RC, {"renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": []}},
     ("spec.renditionConfiguration.renditions: Invalid value:", "name at least one with CUSTOM"), "CUSTOM of no one"),
    (RC, {"renditionConfiguration": {"renditions": ["HD"]}},
     ("spec.renditionConfiguration.renditions: Invalid value:", "or remove renditions"), "AWS would ignore them"),
    (RC, {"recordingReconnectWindowSeconds": 301}, ("recordingReconnectWindowSeconds", "300"), "bounds of AWS"),
    (RC, {"recordingReconnectWindowSeconds": "60"}, ("recordingReconnectWindowSeconds", "integer"), "text"),
    (RC, {"replacePolicy": "Always"}, ('spec.replacePolicy: Unsupported value: "Always"',), "words"),
    (RC, {"channelConflictPolicy": "Steal"}, ('spec.channelConflictPolicy: Unsupported value: "Steal"',), "words"),
    # chat
    (CL, {"destinationConfiguration": {}}, (f"{DESTINATION}: Invalid value:", EXACTLY_ONE), "none"),
    (CL, {"destinationConfiguration": S3 | FIREHOSE}, (f"{DESTINATION}: Invalid value:", EXACTLY_ONE), "two"),
    (CL, {"destinationConfiguration": S3 | FIREHOSE | LOGS}, (f"{DESTINATION}: Invalid value:", EXACTLY_ONE), "all"),
    (CL, {"destinationConfiguration": {"firehose": {"deliveryStreamName": "a/b"}}},
     ("firehose.deliveryStreamName", "should match"), "a name, not an ARN"),
    (CL, {"destinationConfiguration": {"cloudWatchLogs": {"logGroupName": "g" * 513}}}, ("512",), "bounds of AWS"),
    (CL, {"channels": []}, ('unknown field "spec.channels"',), "the other kind's field"),
    # accounts
    (ACCOUNT, {"roleARN": None}, ("spec.roleARN: Required value",), "the account is reached through its role"),
    (ACCOUNT, {"roleARN": f"{ROLE} "}, ("spec.roleARN", "should match"), "a blank slipped in"),
    (ACCOUNT, {"externalID": "x"}, ("spec.externalID", "at least 2"), "bounds of AWS"),
    (ACCOUNT, {"allowedNamespaces": {"list": []}}, ("spec.allowedNamespaces.list", "at least 1"), "none or all?"),
    (ACCOUNT, {"allowedNamespaces": {"list": ["a", "a"]}}, ("list[1]: Duplicate value",), "a set"),
    (ACCOUNT, {"allowedNamespaces": {"list": ["Live"]}}, ("spec.allowedNamespaces.list[0]", "should match"), "names"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "spec", "why"), TAKEN, ids=[f"{kind}: {why}" for kind, _, why in TAKEN])
def test_taken(user: User, kind: str, spec: dict[str, Any], why: str) -> None:
    created = user.create(written(kind, **spec))
    for member, value in spec.items():
        if isinstance(value, dict):
            assert value.items() <= created["spec"][member].items(), why
        else:
            assert created["spec"][member] == value, why


@pytest.mark.parametrize(
    ("kind", "spec", "words", "why"), REFUSED, ids=[f"{kind}: {words[0]} {why}"[:90] for kind, _, words, why in REFUSED]
)
def test_refused_with_words_that_help(
    user: User, kind: str, spec: dict[str, Any], words: tuple[str, ...], why: str
) -> None:
    said = user.refused("create", written(kind, **spec))
    for word in words:
        assert word in said, why


def test_a_name_that_would_not_fit_the_owner_tag_is_refused(user: User) -> None:
    for kind in (RC, CL):
        assert "choose a shorter one" in user.refused("create", written(kind, "n" * 129))
        user.create(written(kind, "n" * 128))
    user.create(written(ACCOUNT, uuid4().hex.ljust(253, "n")))


def test_an_object_without_spec_is_refused(user: User) -> None:
    for kind in (RC, CL, ACCOUNT):
        manifest = written(kind)
        del manifest["spec"]
        assert "spec: Required value" in user.refused("create", manifest)


def test_every_mistake_is_told_at_once(user: User) -> None:
    said = user.refused("create", written(RC, name="a.b", region="Oregon", channels=[{"arn": "x"}]))
    for field in ("spec.name", "spec.region", "spec.channels[0].arn"):
        assert field in said
