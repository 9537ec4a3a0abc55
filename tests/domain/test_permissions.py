"""The IAM policy: what AWS has, what the code calls, and what must not be possible with it."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import boto3
import pytest

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC, TAG_UID
from ivs_operator.commands.policy_formats import LONGEST_POLICY, size_of
from ivs_operator.domain.permissions import (
    DEFAULT_FEATURES,
    ON_BEHALF,
    Feature,
    Scope,
    action_of,
    document,
    statements_for,
)
from support.objects import ACCOUNT, CHAT, RECORDING, arn_of, consumer_arn
from support.permission_audit import Call, breaches
from support.policy_evaluation import allows

AWS = Path(__file__).parents[2] / "operator" / "ivs_operator" / "aws"

# Not the name of an operation: permissions only (vended logs), or an action that stands for several operations.
PERMISSION_ONLY = {
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:UpdateLogDelivery",
    "s3:GetEncryptionConfiguration",
    "s3:ListAllMyBuckets",
    "s3:ListBucket",
}


def actions(features: Iterable[Feature] = tuple(Feature)) -> set[str]:
    return {action for statement in statements_for(features, Scope()) for action in statement.actions}


def test_every_action_is_an_operation_that_botocore_knows() -> None:
    session = boto3.Session()
    for action in sorted(actions() - PERMISSION_ONLY):
        service, _, operation = action.partition(":")
        client = session.client(service, region_name="us-west-2", aws_access_key_id="x", aws_secret_access_key="x")
        assert operation in client.meta.service_model.operation_names, f"{action}: AWS has no such operation"


def called_in_the_code() -> Iterator[str]:
    """Operation names that the sources hand to `Calls`: the first argument of a call, in AWS's spelling."""
    known = {
        operation
        for service in ("ivs", "ivschat", "s3", "logs", "firehose", "kms", "cloudwatch", "sts")
        for operation in boto3.Session().client(service, region_name="us-west-2").meta.service_model.operation_names
    }
    for path in AWS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            if node.args[0].value in known:
                yield str(node.args[0].value)


def test_what_the_code_can_call_is_allowed_and_nothing_else_is() -> None:
    called = set(called_in_the_code())
    named = {action.partition(":")[2] for action in actions() - ON_BEHALF}
    told = {action_of("s3", operation): operation for operation in called}
    known = {(told.get(f"s3:{name}") or name) for name in named}
    assert {"CreateRecordingConfiguration", "GetMetricData", "HeadBucket"} <= called, "the search finds what is there"
    assert known == called - {"GetCallerIdentity"}, "GetCallerIdentity needs no permission"


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([("ivs", "ListChannels", "Boto3/1 ivs-operator")], []),
        ([("ivs", "CreateChannel", "Boto3/1")], []),
        ([("ivs", "CreateChannel", "Boto3/1 ivs-operator")], ["ivs:CreateChannel was called, and iam-policy does not"]),
        ([("sts", "GetCallerIdentity", "Boto3/1 ivs-operator"), ("s3", "HeadBucket", "x ivs-operator")], []),
        ([("monitoring", "GetMetricData", "x ivs-operator")], []),
    ],
)
def test_the_comparison_with_a_run_s_calls(calls: list[Call], found: list[str]) -> None:
    assert [text[: len(start)] for text, start in zip(breaches(calls, whole=False), found, strict=True)] == found
    unused = breaches(calls, whole=True)
    assert any(text.startswith("ivschat:UpdateRoom is allowed") for text in unused), "nobody has called it here"


RC, LC = arn_of("a", RECORDING), arn_of("a", CHAT)
OURS = {TAG_OWNER: "prod-1/live/vod", TAG_UID: "u", TAG_SPEC: "s"}
THEIRS = {TAG_OWNER: "prod-2/live/vod"}


@pytest.mark.parametrize(
    ("action", "resource", "request_tags", "resource_tags", "allowed", "why"),
    [
        ("ivs:CreateRecordingConfiguration", RC, OURS, {}, True, "what we make carries our owner tag"),
        ("ivs:CreateRecordingConfiguration", RC, {"team": "live"}, {}, False, "nothing is made without it"),
        ("ivs:CreateRecordingConfiguration", RC, THEIRS, {}, False, "nor in another cluster's name"),
        ("ivs:TagResource", RC, OURS, {}, True, "the tags of a Create are authorised as TagResource"),
        ("ivs:TagResource", RC, {TAG_OWNER: OURS[TAG_OWNER], TAG_UID: "u"}, {"team": "live"}, True, "adoption"),
        ("ivs:TagResource", RC, OURS, THEIRS, False, "what another cluster owns is not taken from it"),
        ("ivs:TagResource", RC, {"team": "live"}, OURS, True, "the tags of what is ours"),
        ("ivs:TagResource", RC, {TAG_UID: "new"}, OURS, True, "a restored object"),
        ("ivs:TagResource", RC, {"team": "live"}, {}, False, "the tags of what is nobody's"),
        ("ivs:UntagResource", RC, {}, OURS, True, "Retain takes our tags off"),
        ("ivs:UntagResource", RC, {}, THEIRS, False, "and not those of others"),
        ("ivs:DeleteRecordingConfiguration", RC, {}, OURS, True, "our own"),
        ("ivs:DeleteRecordingConfiguration", RC, {}, THEIRS, False, "another cluster's"),
        ("ivs:DeleteRecordingConfiguration", RC, {}, {"team": "live"}, False, "nobody's"),
        ("ivschat:UpdateLoggingConfiguration", LC, {}, OURS, True, "our own"),
        ("ivschat:UpdateLoggingConfiguration", LC, {}, {}, False, "nobody's"),
        ("ivschat:DeleteLoggingConfiguration", LC, {}, THEIRS, False, "another cluster's"),
        ("ivschat:UpdateRoom", consumer_arn("r"), {}, {"live": "yes"}, True, "a room with the tag"),
        ("ivschat:UpdateRoom", consumer_arn("r"), {}, {}, False, "any other room"),
        ("ivs:UpdateChannel", consumer_arn("c", RECORDING), {}, {"live": "yes"}, True, "a channel with the tag"),
        ("ivs:UpdateChannel", RC, {}, {"live": "yes"}, False, "a recording configuration is no channel"),
        ("ivs:DeleteChannel", consumer_arn("c", RECORDING), {}, {"live": "yes"}, False, "channels are others'"),
        ("ivs:GetRecordingConfiguration", RC.replace(ACCOUNT, "999999999999"), {}, {}, False, "another account's"),
        ("s3:GetBucketPolicy", "arn:aws:s3:::logs", {}, {}, True, "a named bucket"),
        ("s3:GetBucketPolicy", "arn:aws:s3:::other", {}, {}, False, "any other bucket"),
        ("s3:PutObject", "arn:aws:s3:::logs/x", {}, {}, False, "AWS writes, with a role of its own"),
        ("ivs:ListChannels", "*", {}, {}, True, "Lists can't be limited"),
    ],
)
def test_what_can_be_done_with_it(
    *, action: str, resource: str, request_tags: dict[str, str], resource_tags: dict[str, str], allowed: bool, why: str
) -> None:
    scope = Scope(
        account_id=ACCOUNT,
        regions=("us-west-2",),
        cluster_id="prod-1",
        buckets=("logs",),
        consumer_tags=(("live", "yes"),),
    )
    policy = document(statements_for(DEFAULT_FEATURES, scope))
    assert allows(policy, action, resource, request_tags=request_tags, resource_tags=resource_tags) is allowed, why


def test_regions_limit_lists_too() -> None:
    policy = document(statements_for(DEFAULT_FEATURES, Scope(regions=("us-west-2", "eu-west-1"))))
    assert allows(policy, "ivschat:ListRooms", "*", region="eu-west-1")
    assert not allows(policy, "ivschat:ListRooms", "*", region="us-east-1")


def test_without_a_cluster_id_any_owner_will_do_but_none_will_not() -> None:
    policy = document(statements_for(DEFAULT_FEATURES, Scope()))
    assert allows(policy, "ivs:DeleteRecordingConfiguration", RC, resource_tags=THEIRS)
    assert not allows(policy, "ivs:DeleteRecordingConfiguration", RC, resource_tags={"team": "live"})


@pytest.mark.parametrize("feature", [Feature.INVENTORY, Feature.WHY])
def test_who_only_looks_changes_nothing(feature: Feature) -> None:
    assert all(action.partition(":")[2].startswith(("List", "Get")) for action in actions([feature]))
    assert actions([feature]) <= actions(DEFAULT_FEATURES), "the operator's own role can do it, too"
    assert feature not in DEFAULT_FEATURES


def test_everything_fits_a_managed_policy() -> None:
    scope = Scope(
        account_id=ACCOUNT, regions=("us-west-2", "eu-west-1"), cluster_id="c" * 63, buckets=("b" * 63, "c" * 63)
    )
    assert size_of(document(statements_for(tuple(Feature), scope))) < LONGEST_POLICY


def test_statement_ids_are_what_iam_takes() -> None:
    sids = [statement.sid for statement in statements_for(tuple(Feature), Scope())]
    assert all(sid.isalnum() for sid in sids)
    assert len(sids) == len(set(sids))
