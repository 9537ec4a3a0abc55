"""moto's services on the same port, and accounts across both."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from support.aws_errors import refusal
from support.emulator import Emulator

OTHER = "222233334444"


def test_s3_keeps_objects(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    emulator.bucket("vod", region="eu-west-1")
    emulator.client("s3", region="eu-west-1").put_object(Bucket="vod", Key="a/ü.txt", Body=b"x" * 3_000_000)
    assert len(s3.get_object(Bucket="vod", Key="a/ü.txt")["Body"].read()) == 3_000_000
    assert s3.get_bucket_location(Bucket="vod")["LocationConstraint"] == "eu-west-1"
    assert refusal(s3.head_bucket, Bucket="missing-bucket").status == 404


def test_cloudwatch_logs_firehose_and_metrics_answer(emulator: Emulator) -> None:
    emulator.log_group("/aws/vendedlogs/chat")
    groups = emulator.client("logs").describe_log_groups(logGroupNamePrefix="/aws/")["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["/aws/vendedlogs/chat"]
    emulator.delivery_stream("chat", emulator.bucket("chat-logs"))
    assert emulator.client("firehose").list_delivery_streams()["DeliveryStreamNames"] == ["chat"]
    cloudwatch = emulator.client("cloudwatch")
    dimensions = [{"Name": "LoggingConfiguration", "Value": "AbCdEfGh1234"}]
    now = datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace="AWS/IVSChat",
        MetricData=[{"MetricName": "LogDestinationErrors", "Dimensions": dimensions, "Value": 3, "Timestamp": now}],
    )
    statistics = cloudwatch.get_metric_statistics(
        Namespace="AWS/IVSChat",
        MetricName="LogDestinationErrors",
        Dimensions=dimensions,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=60,
        Statistics=["Sum"],
    )
    assert sum(point["Sum"] for point in statistics["Datapoints"]) == 3
    operations = emulator.control.counts().operations
    assert operations["monitoring.PutMetricData"] == 1
    assert operations["logs.DescribeLogGroups"] == 1


@pytest.mark.parametrize("account", ["123456789012", OTHER])
def test_twelve_digit_key_is_its_account_everywhere(emulator: Emulator, account: str) -> None:
    assert emulator.client("sts", account=account).get_caller_identity()["Account"] == account
    room = emulator.client("ivschat", account=account).create_room()["arn"]
    assert room.split(":")[4] == account
    emulator.bucket("vod", account=account)
    stranger = OTHER if account != OTHER else "123456789012"
    assert emulator.client("s3", account=stranger).list_buckets()["Buckets"] == []
    emulator.log_group("group", account=account)
    assert emulator.client("logs", account=stranger).describe_log_groups()["logGroups"] == []


def test_other_keys_are_the_default_accounts(emulator: Emulator) -> None:
    assert emulator.client("sts", account="AKIAIOSFODNN7EXAMPLE").get_caller_identity()["Account"] == "123456789012"
    room = emulator.client("ivschat", account="test").create_room()["arn"]
    assert room.split(":")[4] == "123456789012"


def test_assumed_role_acts_in_its_account(emulator: Emulator) -> None:
    sts = emulator.client("sts")
    credentials = sts.assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/ivs-operator", RoleSessionName="session")[
        "Credentials"
    ]

    def client(service: str) -> object:
        return boto3.client(
            service,
            endpoint_url=emulator.url,
            region_name="us-west-2",
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        )

    assert client("sts").get_caller_identity()["Account"] == OTHER  # type: ignore[attr-defined]
    room = client("ivschat").create_room()["arn"]  # type: ignore[attr-defined]
    assert room.split(":")[4] == OTHER
    assert emulator.client("ivschat").list_rooms()["rooms"] == []
    assert len(emulator.client("ivschat", account=OTHER).list_rooms()["rooms"]) == 1


def test_accounts_and_regions_are_apart(emulator: Emulator) -> None:
    chat = emulator.client("ivschat")
    room = chat.create_room()["arn"]
    for stranger in (emulator.client("ivschat", region="us-east-1"), emulator.client("ivschat", account=OTHER)):
        assert stranger.list_rooms()["rooms"] == []
    elsewhere = refusal(emulator.client("ivschat", region="us-east-1").get_room, identifier=room)
    assert (elsewhere.status, elsewhere.code) == (404, "ResourceNotFoundException")
    foreign = refusal(emulator.client("ivschat", account=OTHER).delete_room, identifier=room)
    assert (foreign.status, foreign.code) == (403, "AccessDeniedException")
    assert OTHER in foreign.message


def test_reset_empties_motos_services_each_time(emulator: Emulator) -> None:
    for _ in range(3):
        emulator.bucket("vod")
        emulator.log_group("group")
        emulator.control.reset()
        assert emulator.client("s3").list_buckets()["Buckets"] == []
        assert emulator.client("logs").describe_log_groups()["logGroups"] == []
        emulator.control.set(create_seconds=0)
        made = emulator.client("ivs").create_recording_configuration(
            destinationConfiguration={"s3": {"bucketName": "vod"}}
        )
        assert made["recordingConfiguration"]["state"] == "CREATE_FAILED"


def test_presigned_and_unsigned_requests_reach_s3(emulator: Emulator) -> None:
    from urllib.request import urlopen

    s3 = emulator.client("s3")
    emulator.bucket("vod")
    s3.put_object(Bucket="vod", Key="k", Body=b"recorded", ACL="public-read")
    signed = s3.generate_presigned_url("get_object", Params={"Bucket": "vod", "Key": "k"})
    for url in (signed, f"{emulator.url}/vod/k"):
        with urlopen(url, timeout=30) as reply:
            assert reply.read() == b"recorded"


def test_bucket_policy_survives_the_trip(emulator: Emulator) -> None:
    s3 = emulator.client("s3")
    emulator.bucket("vod")
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    s3.put_bucket_policy(Bucket="vod", Policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket="vod")["Policy"]) == json.loads(policy)
    assert [entry["operation"] for entry in emulator.control.requests(service="s3")][-2:] == [
        "PutBucketPolicy",
        "GetBucketPolicy",
    ]
