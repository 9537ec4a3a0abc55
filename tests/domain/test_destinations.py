"""What is said of a destination: only what AWS's answers prove, with a remedy."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.destinations import Destination, EncryptionKey, Facts, Site, site_of
from ivs_operator.domain.destinations_access import Access, grants, inverted, refuses
from ivs_operator.domain.destinations_verdict import DELIVERY, judge
from support.objects import ACCOUNT, CHAT, RECORDING, REGION

BUCKET = Site(CHAT, ACCOUNT, REGION, Destination.BUCKET, "my-logs")
RECORDINGS = replace(BUCKET, kind=RECORDING)
GROUP = Site(CHAT, ACCOUNT, REGION, Destination.LOG_GROUP, "/aws/vendedlogs/chat")
STREAM = Site(CHAT, ACCOUNT, REGION, Destination.STREAM, "chat")
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
HERE = Facts(found=True, region=REGION)


def statement(effect: str = "Allow", *, service: str | None = DELIVERY, **members: Any) -> dict[str, Any]:
    principal = {"Principal": {"Service": service}} if service else {}
    return {"Statement": [{"Effect": effect, **principal, "Action": "s3:PutObject", "Resource": "*", **members}]}


def logs_may(resource: str, **members: Any) -> dict[str, Any]:
    return statement(Action=["logs:CreateLogStream", "logs:PutLogEvents"], Resource=resource, **members)


USED = replace(HERE, in_use=True)
ADDED = statement(
    Resource=f"arn:aws:s3:::my-logs/AWSLogs/{ACCOUNT}/*",
    Condition={
        "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", "aws:SourceAccount": [ACCOUNT]},
        "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{REGION}:{ACCOUNT}:*"]},
    },
)
KMS_MAY = statement(Action="kms:GenerateDataKey*")

GOOD = [
    pytest.param(BUCKET, HERE, id="a bucket in the region"),
    pytest.param(BUCKET, replace(HERE, policies=()), id="no policy yet: AWS adds it"),
    pytest.param(BUCKET, replace(USED, policies=(ADDED,)), id="as AWS has set it up"),
    pytest.param(BUCKET, USED, id="a policy that may not be read says nothing"),
    pytest.param(BUCKET, replace(USED, region="eu-west-1"), id="in another region, and yet active: it works"),
    pytest.param(
        BUCKET,
        replace(USED, policies=(ADDED, statement("Deny", service=None, Principal="*", Condition={"Bool": {"x": "y"}}))),
        id="a Deny with a condition, as for connections without TLS",
    ),
    pytest.param(RECORDINGS, replace(USED, policies=()), id="recording has rights of its own"),
    pytest.param(RECORDINGS, replace(HERE, key=EncryptionKey("aws/s3", aws_managed=True)), id="no rule for recordings"),
    pytest.param(BUCKET, replace(HERE, key=EncryptionKey(KEY, state="Enabled", policy=KMS_MAY)), id="a good key"),
    pytest.param(BUCKET, replace(HERE, key=EncryptionKey(KEY)), id="a key that does not tell"),
    pytest.param(GROUP, replace(HERE, policies=(), region=None), id="no resource policy yet: AWS adds it"),
    pytest.param(
        GROUP,
        replace(USED, policies=(logs_may("arn:aws:logs:*:*:log-group:/aws/vendedlogs/*"),), policy_full=True),
        id="covered by a wildcard, so it does not matter that the policy is full",
    ),
    pytest.param(STREAM, Facts(found=True, state="ACTIVE", tagged=False), id="the tag comes with the set-up"),
    pytest.param(STREAM, Facts(found=True, state="ACTIVE", tagged=True, in_use=True), id="a stream in use"),
]


@pytest.mark.parametrize(("site", "facts"), GOOD)
def test_good(site: Site, facts: Facts) -> None:
    verdict = judge(site, facts)
    assert verdict is not None
    assert (verdict.good, verdict.reason) == (True, Reason.AVAILABLE), verdict.message
    assert site.noun in verdict.message


BAD = [
    pytest.param(BUCKET, Facts(found=False), Reason.DESTINATION_NOT_FOUND, "create it in us-west-2", id="no bucket"),
    pytest.param(GROUP, Facts(found=False), Reason.DESTINATION_NOT_FOUND, GROUP.field, id="no log group"),
    pytest.param(STREAM, Facts(found=False), Reason.DESTINATION_NOT_FOUND, STREAM.field, id="no stream"),
    pytest.param(
        BUCKET,
        Facts(found=True, foreign=True, region="eu-west-1"),
        Reason.DESTINATION_NOT_OWNED,
        "belongs to another AWS account",
        id="somebody else's bucket, wherever it is",
    ),
    pytest.param(
        RECORDINGS,
        Facts(found=True, region="eu-west-1", in_use=True),
        Reason.DESTINATION_WRONG_REGION,
        "is in eu-west-1, but the recording configuration is in us-west-2",
        id="recordings stay in their region",
    ),
    pytest.param(BUCKET, replace(HERE, region="eu-west-1"), Reason.DESTINATION_WRONG_REGION, BUCKET.field, id="region"),
    pytest.param(BUCKET, replace(USED, policies=()), Reason.ACCESS_DENIED, "does not allow", id="policy taken away"),
    pytest.param(
        BUCKET,
        replace(USED, policies=(statement(Resource="arn:aws:s3:::my-logs/AWSLogs/222222222222/*"),)),
        Reason.ACCESS_DENIED,
        f"AWSLogs/{ACCOUNT}/",
        id="policy for another account's logs",
    ),
    pytest.param(
        BUCKET,
        replace(HERE, policies=(statement("Deny", service=None, NotPrincipal={"AWS": "*"}),)),
        Reason.ACCESS_DENIED,
        "NotPrincipal",
        id="AWS can't add to a policy with NotPrincipal",
    ),
    pytest.param(
        BUCKET,
        replace(USED, policies=(ADDED, statement("Deny", service=None, Principal="*", Action="s3:*"))),
        Reason.ACCESS_DENIED,
        "denies",
        id="a Deny for everybody goes before any Allow",
    ),
    pytest.param(
        GROUP, replace(HERE, policies=(), policy_full=True), Reason.QUOTA_EXCEEDED, "smaller", id="no room for a policy"
    ),
    pytest.param(GROUP, replace(USED, policies=()), Reason.ACCESS_DENIED, "log-stream:*", id="resource policy is gone"),
    pytest.param(
        GROUP,
        replace(USED, policies=(logs_may("*", Condition={"StringEquals": {"aws:SourceAccount": "222222222222"}}),)),
        Reason.ACCESS_DENIED,
        DELIVERY,
        id="for another source account",
    ),
    pytest.param(
        STREAM, Facts(found=True, state="CREATING_FAILED"), Reason.UNAVAILABLE, "CREATING_FAILED", id="a broken stream"
    ),
    pytest.param(
        STREAM,
        Facts(found=True, state="DELETING"),
        Reason.UNAVAILABLE,
        f"create it anew, or name another one in {STREAM.field}",
        id="a stream that goes",
    ),
    pytest.param(
        GROUP,
        replace(USED, policies=(statement("Deny", service=None, Principal="*", Action="logs:*"),)),
        Reason.ACCESS_DENIED,
        f"exempt {GROUP.arn}:log-stream:* from the Deny, or name another log group in {GROUP.field}",
        id="a Deny for everybody at a log group",
    ),
    pytest.param(
        STREAM, Facts(found=True, tagged=False, in_use=True), Reason.ACCESS_DENIED, "LogDeliveryEnabled", id="tag gone"
    ),
    pytest.param(
        BUCKET,
        replace(HERE, key=EncryptionKey("aws/s3", aws_managed=True)),
        Reason.ACCESS_DENIED,
        "customer managed",
        id="with the key that AWS manages, chat logs can't be read",
    ),
    pytest.param(BUCKET, replace(HERE, key=EncryptionKey("alias/x")), Reason.ACCESS_DENIED, "ARN", id="an alias"),
    pytest.param(
        RECORDINGS,
        replace(HERE, key=EncryptionKey(KEY, state="PendingDeletion")),
        Reason.UNAVAILABLE,
        "PendingDeletion",
        id="a key that does not work",
    ),
    pytest.param(
        BUCKET,
        replace(HERE, key=EncryptionKey(KEY, policy=statement(service="s3.amazonaws.com", Action="kms:*"))),
        Reason.ACCESS_DENIED,
        "kms:GenerateDataKey*",
        id="a key policy without the log delivery",
    ),
    pytest.param(
        GROUP,
        replace(HERE, key=EncryptionKey(KEY, policy=KMS_MAY)),
        Reason.ACCESS_DENIED,
        f"logs.{REGION}.amazonaws.com",
        id="a log group encrypts as the logs service of its region",
    ),
]


@pytest.mark.parametrize(("site", "facts", "reason", "says"), BAD)
def test_bad(site: Site, facts: Facts, reason: Reason, says: str) -> None:
    verdict = judge(site, facts)
    assert verdict is not None
    assert (verdict.good, verdict.reason) == (False, reason)
    assert says in verdict.message
    assert site.noun in verdict.message


KEYS = [
    ("Disabled", "; enable the key, "),
    ("PendingDeletion", "; cancel the key's deletion and enable it, "),
    ("PendingReplicaDeletion", "; cancel the key's deletion and enable it, "),
    ("Unavailable", "; connect the key's store, "),
]


@pytest.mark.parametrize(("state", "remedy"), KEYS)
def test_a_key_that_does_not_work_is_told_with_what_to_do(state: str, remedy: str) -> None:
    verdict = judge(RECORDINGS, replace(HERE, key=EncryptionKey(KEY, state=state)))
    assert verdict is not None
    assert f"KMS key {KEY}, which is {state}{remedy}" in verdict.message
    assert RECORDINGS.field in verdict.message


@pytest.mark.parametrize("site", [BUCKET, GROUP, STREAM])
def test_what_could_not_be_read_is_not_judged(site: Site) -> None:
    assert judge(site, Facts(in_use=True)) is None


WRITE = Access(DELIVERY, "s3:PutObject", "arn:aws:s3:::b/AWSLogs/1/x", "1", "r")


@pytest.mark.parametrize(
    ("document", "granted"),
    [
        pytest.param(statement(), True, id="plain"),
        pytest.param(statement(Action="S3:put*"), True, id="actions are not case-sensitive"),
        pytest.param(statement(Resource="arn:aws:s3:::b/AWSLogs/?/*"), True, id="one character"),
        pytest.param(statement(Resource="arn:aws:s3:::b/[A]WSLogs/*"), False, id="brackets are no wildcard"),
        pytest.param(statement(service=None, Principal={"AWS": "*"}), True, id="everybody"),
        pytest.param(statement(service="logs.amazonaws.com"), False, id="another service"),
        pytest.param({"Statement": statement()["Statement"][0]}, True, id="one statement without a list"),
        pytest.param(statement(Condition={"ArnLike": {"AWS:SourceArn": "arn:aws:logs:r:2:*"}}), False, id="source"),
        pytest.param(statement(Condition={"DateLessThan": {"aws:CurrentTime": "x"}}), True, id="not understood: met"),
        pytest.param({}, False, id="no statement"),
        pytest.param({"Statement": "nonsense"}, False, id="no policy"),
    ],
)
def test_what_a_policy_grants(document: dict[str, Any], granted: bool) -> None:
    assert grants([document], WRITE) is granted
    assert not refuses([document], WRITE)
    assert not inverted([document])


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"destinationConfiguration": {"s3": {"bucketName": "b"}}}, "S3 bucket b"),
        ({"destinationConfiguration": {"cloudWatchLogs": {"logGroupName": "g"}}}, "log group g"),
        ({"destinationConfiguration": {"firehose": {"deliveryStreamName": "s"}}}, "Firehose delivery stream s"),
        ({"destinationConfiguration": {"s3": {}}}, None),
        ({"destinationConfiguration": None}, None),
        ({}, None),
    ],
)
def test_the_site_that_settings_name(settings: dict[str, Any], name: str | None) -> None:
    site = site_of(CHAT, ACCOUNT, REGION, settings)
    assert (site.noun if site else None) == name
