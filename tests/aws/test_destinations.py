"""Reading destinations: against moto's services, with the refusals that real accounts give."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.calls import Calls, LazyClient
from ivs_operator.aws.destinations import DestinationReader
from ivs_operator.aws.rates import Limiter
from ivs_operator.clock import Clock
from ivs_operator.domain.destinations import DESTINATION_ACTIONS, Destination, Facts, Site
from ivs_operator.domain.destinations_verdict import judge
from ivs_operator.domain.failures import CallFailed
from support.emulator import ACCOUNT, REGION, Emulator
from support.objects import CHAT, RECORDING

OTHER = "222222222222"
POLICY = {"Version": "2012-10-17", "Statement": []}

# The IAM action that allows an operation, where it is not called like it. Source: service authorization reference.
ACTION_OF = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
}


@pytest.fixture
def reader(emulator: Emulator) -> Iterator[DestinationReader]:
    with ThreadPoolExecutor(4) as threads:

        def calls(service: str, account_id: str, region: str, account: str) -> Calls:
            client = emulator.client(service, region=region, account=account_id, as_operator=True)
            return Calls(service, LazyClient(lambda: client), Limiter(Clock()), threads)

        yield DestinationReader(calls)


def bucket(name: str, **members: Any) -> Site:
    return Site(members.pop("kind", CHAT), ACCOUNT, REGION, Destination.BUCKET, name)


GROUP = Site(CHAT, ACCOUNT, REGION, Destination.LOG_GROUP, "/aws/vendedlogs/chat")
STREAM = Site(CHAT, ACCOUNT, REGION, Destination.STREAM, "chat")


def encrypt(emulator: Emulator, name: str, **default: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": default}
    emulator.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})


async def test_a_bucket_with_its_policy(emulator: Emulator, reader: DestinationReader) -> None:
    assert await reader.look(bucket("nowhere")) == Facts(found=False)
    emulator.bucket("logs")
    assert await reader.look(bucket("logs")) == Facts(found=True, region=REGION, policies=())
    assert await reader.look(bucket("logs", kind=RECORDING)) == Facts(found=True, region=REGION)
    emulator.client("s3").put_bucket_policy(Bucket="logs", Policy=json.dumps(POLICY))
    assert (await reader.look(bucket("logs"))).policies == (POLICY,)


async def test_a_bucket_of_another_region_or_account(emulator: Emulator, reader: DestinationReader) -> None:
    emulator.bucket("far", region="eu-west-1")
    assert (await reader.look(bucket("far"))).region == "eu-west-1"
    emulator.bucket("theirs", region="eu-west-1", account=OTHER)
    assert await reader.look(bucket("theirs")) == Facts(found=True, foreign=True, region="eu-west-1")


@pytest.mark.parametrize(
    ("denied", "expected"),
    [
        pytest.param(("HeadBucket",), Facts(found=True, region=REGION), id="the list of buckets tells all the same"),
        pytest.param(("HeadBucket", "ListBuckets"), Facts(), id="nothing may be read, so nothing is known"),
        pytest.param(("GetBucketPolicy",), Facts(found=True, region=REGION), id="no policy"),
        pytest.param(("GetBucketEncryption",), Facts(found=True, region=REGION, policies=()), id="no encryption"),
    ],
)
async def test_a_refusal_leaves_out_what_it_refuses(
    emulator: Emulator, reader: DestinationReader, denied: tuple[str, ...], expected: Facts
) -> None:
    emulator.bucket("logs")
    for operation in denied:
        code = "403" if operation == "HeadBucket" else "AccessDenied"
        emulator.control.add_fault(service="s3", operation=operation, error={"code": code, "status": 403})
    facts = await reader.look(bucket("logs"))
    assert (facts.found, facts.policies, facts.key) == (expected.found, expected.policies, None)


async def test_another_trouble_is_no_answer(emulator: Emulator, reader: DestinationReader) -> None:
    emulator.bucket("logs")
    emulator.control.add_fault(service="s3", operation="GetBucketPolicy", error={"code": "SlowDown", "status": 503})
    with pytest.raises(CallFailed):
        await reader.look(bucket("logs"))


async def test_the_key_of_a_bucket(emulator: Emulator, reader: DestinationReader) -> None:
    kms = emulator.client("kms")
    key = kms.create_key(Policy=json.dumps(POLICY))["KeyMetadata"]
    emulator.bucket("logs")
    encrypt(emulator, "logs", SSEAlgorithm="AES256")
    assert (await reader.look(bucket("logs"))).key is None
    encrypt(emulator, "logs", SSEAlgorithm="aws:kms")
    managed = (await reader.look(bucket("logs"))).key
    assert managed is not None
    assert managed.aws_managed
    encrypt(emulator, "logs", SSEAlgorithm="aws:kms", KMSMasterKeyID=key["Arn"])
    own = (await reader.look(bucket("logs"))).key
    assert own is not None
    assert (own.key, own.state, own.policy) == (key["Arn"], "Enabled", POLICY)
    kms.disable_key(KeyId=key["KeyId"])
    verdict = judge(bucket("logs"), await reader.look(bucket("logs")))
    assert verdict is not None
    assert verdict.reason is Reason.UNAVAILABLE
    encrypt(emulator, "logs", SSEAlgorithm="aws:kms", KMSMasterKeyID=key["Arn"].replace(key["KeyId"], "gone"))
    missing = (await reader.look(bucket("logs"))).key
    assert missing is not None
    assert (missing.state, missing.policy) == ("", None), "another account's key does not tell"


async def test_a_log_group(emulator: Emulator, reader: DestinationReader) -> None:
    emulator.log_group(GROUP.name + "-more")
    assert await reader.look(GROUP) == Facts(found=False), "another one begins with the same name"
    emulator.log_group(GROUP.name)
    assert await reader.look(GROUP) == Facts(found=True, policies=())
    large = {"Version": "2012-10-17", "Statement": [], "Id": "x" * 51_000}
    emulator.client("logs").put_resource_policy(policyName="p", policyDocument=json.dumps(large))
    facts = await reader.look(GROUP)
    assert facts.policy_full
    assert facts.policies is not None
    assert large in facts.policies
    emulator.control.add_fault(
        service="logs", operation="DescribeResourcePolicies", error={"code": "AccessDeniedException", "status": 400}
    )
    assert await reader.look(GROUP) == Facts(found=True)
    emulator.control.add_fault(
        service="logs", operation="DescribeLogGroups", error={"code": "AccessDeniedException", "status": 400}
    )
    assert await reader.look(GROUP) == Facts()


async def test_a_delivery_stream(emulator: Emulator, reader: DestinationReader) -> None:
    assert await reader.look(STREAM) == Facts(found=False)
    emulator.delivery_stream(STREAM.name, emulator.bucket("end"))
    assert await reader.look(STREAM) == Facts(found=True, state="ACTIVE", tagged=False)
    emulator.client("firehose").tag_delivery_stream(
        DeliveryStreamName=STREAM.name, Tags=[{"Key": "LogDeliveryEnabled", "Value": "true"}]
    )
    assert (await reader.look(STREAM)).tagged
    emulator.control.add_fault(
        service="firehose",
        operation="ListTagsForDeliveryStream",
        error={"code": "AccessDeniedException", "status": 400},
    )
    assert await reader.look(STREAM) == Facts(found=True, state="ACTIVE")


async def test_every_call_is_a_read_that_a_listed_action_allows(emulator: Emulator, reader: DestinationReader) -> None:
    key = emulator.client("kms").create_key(Policy=json.dumps(POLICY))["KeyMetadata"]["Arn"]
    emulator.bucket("logs")
    encrypt(emulator, "logs", SSEAlgorithm="aws:kms", KMSMasterKeyID=key)
    emulator.bucket("theirs", account=OTHER)
    emulator.log_group(GROUP.name)
    emulator.delivery_stream(STREAM.name, "logs")
    emulator.control.clear_requests()
    for site in (bucket("logs"), bucket("theirs"), GROUP, STREAM):
        await reader.look(site)
    asked = {f"{entry['service']}:{entry['operation']}" for entry in emulator.control.requests()}
    listed = {action for actions in DESTINATION_ACTIONS.values() for action in actions}
    assert {ACTION_OF.get(name, name) for name in asked} == listed
