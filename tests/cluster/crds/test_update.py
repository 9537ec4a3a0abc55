"""Updates: what may change, what may not, and what the user is told."""

from typing import Any, NamedTuple

import pytest

from cluster.crds.conftest import User
from cluster.crds.objects import ACCOUNT, CL, CL_ARN, RC, RC_ARN, written

Spec = dict[str, Any]


class Update(NamedTuple):
    """`region` is written to status in between, if any; no `words`: the update is taken."""

    kind: str
    before: Spec
    region: str
    after: Spec
    words: tuple[str, ...]
    why: str


REGION = ("spec.region: Forbidden: region can't be changed or removed once set", "create another object")
ACCOUNT_REF = ("spec.accountRef: Forbidden: accountRef can't be added, changed or removed", "create another object")
EXISTING = ("spec.existing: Forbidden: existing can't be added, changed or removed", "deletionPolicy: Retain")
NAME = ("spec.name: Forbidden: AWS can't change the name", "replacePolicy: CreateBeforeDelete")
ADOPTED = {"existing": {"arn": RC_ARN}, "deletionPolicy": "Retain"}
ADOPTED_CHAT = {"existing": {"arn": CL_ARN}, "deletionPolicy": "Retain"}
OTHER_BUCKET = {"destinationConfiguration": {"s3": {"bucketName": "other"}}}
BOLD = {"replacePolicy": "CreateBeforeDelete"}
DISABLED = {"recordingMode": "DISABLED"}
HD_ONLY = {"renditionSelection": "CUSTOM", "renditions": ["HD"]}


def frozen(field: str) -> tuple[str, str]:
    return (f"spec.{field}: Forbidden: AWS can't change {field}", "replacePolicy: CreateBeforeDelete")


UPDATES: list[tuple[str, Spec, str, Spec, tuple[str, ...], str]] = [
    # region
    (RC, {"region": "us-west-2"}, "", {"region": "eu-west-1"}, REGION, "the AWS object can't move"),
    (RC, {"region": "us-west-2"}, "", {}, REGION, "removal first, another region next: the same move in two steps"),
    (RC, {"region": "us-west-2"}, "us-west-2", {}, REGION, "removal, although status still knows it"),
    (RC, {}, "", {"region": "us-west-2"}, REGION, "nobody knows yet what was resolved"),
    (RC, {}, "us-west-2", {"region": "us-west-2"}, (), "pinning what was resolved"),
    (RC, {}, "us-west-2", {"region": "eu-west-1"}, REGION, "pinning anything else"),
    (RC, BOLD, "us-west-2", BOLD | {"region": "eu-west-1"}, REGION, "a replacement does not move either"),
    (CL, {"region": "us-west-2"}, "", {"region": "eu-west-1"}, REGION, "the AWS object can't move"),
    (CL, {"region": "us-west-2"}, "", {}, REGION, "removal"),
    (CL, {}, "", {"region": "us-west-2"}, REGION, "nobody knows yet what was resolved"),
    (CL, {}, "eu-west-1", {"region": "eu-west-1"}, (), "pinning what was resolved"),
    (CL, {}, "eu-west-1", {"region": "us-west-2"}, REGION, "pinning anything else"),
    # accountRef
    (RC, {"accountRef": {"name": "a"}}, "", {"accountRef": {"name": "b"}}, ACCOUNT_REF, "change"),
    (RC, {"accountRef": {"name": "a"}}, "", {}, ACCOUNT_REF, "removal"),
    (RC, {}, "", {"accountRef": {"name": "a"}}, ACCOUNT_REF, "addition"),
    (CL, {"accountRef": {"name": "a"}}, "", {"accountRef": {"name": "b"}}, ACCOUNT_REF, "change"),
    (CL, {"accountRef": {"name": "a"}}, "", {}, ACCOUNT_REF, "removal"),
    (CL, {}, "", {"accountRef": {"name": "a"}}, ACCOUNT_REF, "addition"),
    # existing
    (RC, ADOPTED, "", ADOPTED | {"existing": {"arn": f"{RC_ARN}x"}}, EXISTING, "change"),
    (RC, ADOPTED, "", {"deletionPolicy": "Retain"}, EXISTING, "removal"),
    (RC, {"deletionPolicy": "Retain"}, "", ADOPTED, EXISTING, "addition"),
    (RC, ADOPTED, "", {"existing": {"arn": RC_ARN}}, ("spec.deletionPolicy: Required value",), "the choice taken back"),
    (RC, ADOPTED, "", ADOPTED | {"deletionPolicy": "Delete"}, (), "another choice"),
    (RC, ADOPTED, "", ADOPTED | BOLD, ("spec.replacePolicy: Invalid value", "replacePolicy: Never"), "adopted"),
    (CL, ADOPTED_CHAT, "", {"deletionPolicy": "Retain"}, EXISTING, "removal"),
    (CL, {"deletionPolicy": "Retain"}, "", ADOPTED_CHAT, EXISTING, "addition"),
    (CL, ADOPTED_CHAT, "", ADOPTED_CHAT | {"existing": {"arn": f"{CL_ARN}x"}}, EXISTING, "change"),
    # what AWS can't change, under Never
    (RC, {}, "", OTHER_BUCKET, frozen("destinationConfiguration"), "change"),
    (RC, {}, "", {"thumbnailConfiguration": DISABLED}, frozen("thumbnailConfiguration"), "the default changed"),
    (RC, {"thumbnailConfiguration": DISABLED}, "", {}, frozen("thumbnailConfiguration"), "removal means the default"),
    (RC, {}, "", {"thumbnailConfiguration": {"targetIntervalSeconds": 60}},
     (*frozen("thumbnailConfiguration"), "writing out a default that was left unset"), "equal at AWS"),
    (RC, {}, "", {"thumbnailConfiguration": {"storage": ["SEQUENTIAL"]}}, (), "half of the default written out"),
    (RC, {}, "", {"thumbnailConfiguration": {"recordingMode": "INTERVAL"}}, (), "the other half"),
    (RC, {}, "", {"thumbnailConfiguration": {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL"]}}, (), "all of it"),
    (RC, {}, "", {"renditionConfiguration": HD_ONLY}, frozen("renditionConfiguration"), "the default changed"),
    (RC, {"renditionConfiguration": HD_ONLY}, "", {}, frozen("renditionConfiguration"), "removal means the default"),
    (RC, {}, "", {"renditionConfiguration": {"renditionSelection": "ALL"}}, (), "the default written out"),
    (RC, {}, "", {"recordingReconnectWindowSeconds": 60}, frozen("recordingReconnectWindowSeconds"), "change"),
    (RC, {"recordingReconnectWindowSeconds": 60}, "", {}, frozen("recordingReconnectWindowSeconds"), "removal"),
    (RC, {}, "", {"recordingReconnectWindowSeconds": 0}, (), "the default written out"),
    (RC, {"name": "a"}, "", {"name": "b"}, NAME, "change"),
    (RC, {"name": "a"}, "", {}, NAME, "removal means the object's name"),
    (RC, {}, "", {"name": "b"}, NAME, "addition of another name"),
    (RC, {"replacePolicy": "Never"}, "", {}, (), "the default left out"),
    # the same with a replacement
    (RC, BOLD, "", BOLD | OTHER_BUCKET, (), "a replacement"),
    (RC, BOLD, "", BOLD | {"thumbnailConfiguration": DISABLED, "renditionConfiguration": HD_ONLY}, (), "a replacement"),
    (RC, BOLD, "", BOLD | {"recordingReconnectWindowSeconds": 60, "name": "b"}, (), "a replacement"),
    (RC, {}, "", BOLD | {"name": "b"}, (), "policy and edit at once, as the message says"),
    (RC, BOLD, "", {"name": "b"}, NAME, "the policy is taken back with the edit"),
    # what may always change
    (RC, {"tags": {"a": "b"}}, "", {"tags": {"c": "d"}, "channels": [{"name": "x"}]}, (), "in place"),
    (RC, {}, "", {"channelConflictPolicy": "Replace", "driftPolicy": "Report"}, (), "policies"),
    (RC, {}, "", {"deletionPolicy": "Retain"}, (), "also once it is being deleted"),
    (CL, {}, "", {"name": "b", "destinationConfiguration": {"firehose": {"deliveryStreamName": "c"}}}, (), "in place"),
    (CL, {}, "", {"destinationConfiguration": {}}, ("exactly one of s3, cloudWatchLogs, firehose",), "still one"),
    (ACCOUNT, {}, "", {"roleARN": "arn:aws:iam::222233334444:role/other", "externalID": "xy"}, (), "an account's role"),
]  # fmt: skip


@pytest.mark.parametrize(
    "case",
    [Update(*update) for update in UPDATES],
    ids=[f"{u[0]}: {u[4][0][:40] if u[4] else 'taken'} {u[5]}" for u in UPDATES],
)
def test_update(user: User, case: Update) -> None:
    first = written(case.kind, **case.before)
    user.create(first)
    if case.region:
        user.write_status(first, {"region": case.region})
    second = written(case.kind, first["metadata"]["name"], **case.after)
    if not case.words:
        assert user.replace(second)["metadata"]["name"] == first["metadata"]["name"], case.why
        return
    said = user.refused("replace", second)
    for word in case.words:
        assert word in said, case.why


def test_the_default_name_may_be_written_out_dots_and_all(user: User) -> None:
    """Without spec.name AWS sees metadata.name with dashes for dots; saying just that changes nothing."""
    user.create(written(RC, "vod.live.eu"))
    user.replace(written(RC, "vod.live.eu", name="vod-live-eu"))
    user.replace(written(RC, "vod.live.eu"))
    assert NAME[0] in user.refused("replace", written(RC, "vod.live.eu", name="vod-live"))


def test_reordering_a_set_under_never_is_taken(user: User) -> None:
    """CEL compares sets without regard to order: the edit passes and raises the generation; to AWS it is no change."""
    first = written(RC, thumbnailConfiguration={"storage": ["SEQUENTIAL", "LATEST"]})
    created = user.create(first)
    second = written(RC, first["metadata"]["name"], thumbnailConfiguration={"storage": ["LATEST", "SEQUENTIAL"]})
    assert user.replace(second)["metadata"]["generation"] == created["metadata"]["generation"] + 1


def test_a_terminating_object_can_be_edited_out_of_its_wait(user: User) -> None:
    """The way out of DeletionBlocked is an edit while deletion waits."""
    first = written(CL, rooms=[{"name": "a"}])
    first["metadata"]["finalizers"] = ["ivs-operator.dev/aws-cleanup"]
    user.create(first)
    user.run("delete", "ivscl", first["metadata"]["name"], "--wait=false")
    second = written(CL, first["metadata"]["name"], deletionPolicy="Retain")
    second["metadata"]["finalizers"] = ["ivs-operator.dev/aws-cleanup"]
    edited = user.replace(second)
    assert edited["metadata"]["deletionTimestamp"]
    assert edited["spec"]["deletionPolicy"] == "Retain"
    del second["metadata"]["finalizers"]
    user.run("patch", "ivscl", second["metadata"]["name"], "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    assert "NotFound" in user.run("get", "ivscl", second["metadata"]["name"], check=False).stderr
