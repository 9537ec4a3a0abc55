"""What AWS does to a destination of chat logs, and whose bucket may be looked at."""

import json
from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import ACCOUNT, Emulator

OTHER = "222233334444"


def make(emulator: Emulator, destination: dict[str, Any]) -> str:
    """The state that a logging configuration ends in."""
    emulator.control.set(create_seconds=0)
    made = emulator.client("ivschat").create_logging_configuration(destinationConfiguration=destination)
    return str(emulator.client("ivschat").get_logging_configuration(identifier=made["arn"])["state"])


def test_a_bucket_gets_two_statements_beside_those_that_it_has_once(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    bucket = emulator.bucket("logs")
    own = {"Sid": "own", "Effect": "Deny", "Principal": "*", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": own}))
    for _ in range(2):
        assert make(emulator, {"s3": {"bucketName": bucket}}) == "ACTIVE"
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert [item["Sid"] for item in policy["Statement"]] == ["own", "AWSLogDeliveryWrite", "AWSLogDeliveryAclCheck"]


def test_a_bucket_policy_that_nothing_can_be_added_to_fails_the_creation(emulator: Emulator) -> None:
    bucket = emulator.bucket("logs")
    odd = {"Effect": "Deny", "NotPrincipal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}
    emulator.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [odd]}))
    assert make(emulator, {"s3": {"bucketName": bucket}}) == "CREATE_FAILED"


def test_log_groups_share_a_resource_policy_until_it_is_full(emulator: Emulator) -> None:
    logs = emulator.client("logs")
    for name in ("one", "two"):
        assert make(emulator, {"cloudWatchLogs": {"logGroupName": emulator.log_group(name)}}) == "ACTIVE"
    (policy,) = logs.describe_resource_policies()["resourcePolicies"]
    document = json.loads(policy["policyDocument"])
    assert [item["Sid"] for item in document["Statement"]] == ["AWSLogDeliveryWrite-one", "AWSLogDeliveryWrite-two"]
    document["Statement"][0]["Sid"] = "x" * 50_500
    logs.put_resource_policy(policyName=policy["policyName"], policyDocument=json.dumps(document))
    assert make(emulator, {"cloudWatchLogs": {"logGroupName": emulator.log_group("three")}}) == "CREATE_FAILED"


def test_a_delivery_stream_gets_a_tag(emulator: Emulator) -> None:
    stream = emulator.delivery_stream("chat", emulator.bucket("end"))
    assert make(emulator, {"firehose": {"deliveryStreamName": stream}}) == "ACTIVE"
    tags = emulator.client("firehose").list_tags_for_delivery_stream(DeliveryStreamName=stream)["Tags"]
    assert tags == [{"Key": "LogDeliveryEnabled", "Value": "true"}]


@pytest.mark.parametrize(
    ("caller", "expected", "status"),
    [
        pytest.param(ACCOUNT, ACCOUNT, 200, id="the owner, who expects itself"),
        pytest.param(ACCOUNT, OTHER, 403, id="the owner, who expects another"),
        pytest.param(OTHER, OTHER, 403, id="a stranger, who expects itself"),
        pytest.param(OTHER, None, 403, id="a stranger"),
    ],
)
def test_a_bucket_is_shown_to_its_owner(emulator: Emulator, caller: str, expected: str | None, status: int) -> None:
    emulator.bucket("vod", region="eu-west-1")
    s3 = emulator.client("s3", account=caller)
    owner = {} if expected is None else {"ExpectedBucketOwner": expected}
    if status == 200:
        assert s3.head_bucket(Bucket="vod", **owner)["BucketRegion"] == "eu-west-1"
        return
    refused = refusal(s3.head_bucket, Bucket="vod", **owner)
    assert refused.status == status
    assert refusal(s3.get_bucket_policy, Bucket="vod", **owner).code == "AccessDenied"
