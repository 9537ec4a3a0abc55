"""Recording configurations: states, quota, deletion, where the bucket must be."""

from typing import Any

import pytest

from support.aws_errors import refusal
from support.emulator import REGION, Emulator


def create(emulator: Emulator, bucket: str, region: str = REGION, **more: Any) -> dict[str, Any]:
    destination = {"s3": {"bucketName": bucket}}
    reply = emulator.client("ivs", region=region).create_recording_configuration(
        destinationConfiguration=destination, **more
    )
    made: dict[str, Any] = reply["recordingConfiguration"]
    return made


def state_of(emulator: Emulator, arn: str, region: str = REGION) -> str:
    reply = emulator.client("ivs", region=region).get_recording_configuration(arn=arn)
    return str(reply["recordingConfiguration"]["state"])


def test_creation_takes_its_time(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=60)
    made = create(emulator, emulator.bucket("vod"))
    assert made["state"] == "CREATING"
    emulator.control.advance(59)
    assert state_of(emulator, made["arn"]) == "CREATING"
    emulator.control.advance(1)
    assert state_of(emulator, made["arn"]) == "ACTIVE"


@pytest.mark.parametrize(
    ("region", "bucket_region", "outcome"),
    [
        pytest.param("us-west-2", "us-west-2", "ACTIVE", id="same region"),
        pytest.param("us-east-1", "us-east-1", "ACTIVE", id="same region, us-east-1"),
        pytest.param("us-west-2", None, "CREATE_FAILED", id="no such bucket"),
        pytest.param("us-east-1", "us-west-2", "CREATE_FAILED", id="us-east-1 accepts the call and fails later"),
        pytest.param("us-west-2", "us-east-1", "ValidationException", id="elsewhere the call itself fails"),
    ],
)
def test_bucket_decides_the_outcome(emulator: Emulator, region: str, bucket_region: str | None, outcome: str) -> None:
    emulator.control.set(create_seconds=0)
    if bucket_region:
        emulator.bucket("vod", region=bucket_region)
    if outcome == "ValidationException":
        client = emulator.client("ivs", region=region)
        refused = refusal(client.create_recording_configuration, destinationConfiguration={"s3": {"bucketName": "vod"}})
        assert (refused.status, refused.code) == (400, outcome)
        assert not client.list_recording_configurations()["recordingConfigurations"]
    else:
        assert create(emulator, "vod", region)["state"] == outcome


def test_bucket_of_another_account_does_not_serve(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=0)
    emulator.bucket("vod", account="222233334444")
    assert create(emulator, "vod")["state"] == "CREATE_FAILED"


def test_bucket_that_was_deleted_does_not_serve(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=0)
    emulator.bucket("vod")
    emulator.client("s3").delete_bucket(Bucket="vod")
    assert create(emulator, "vod")["state"] == "CREATE_FAILED"


def test_quota_counts_failed_ones_too(emulator: Emulator) -> None:
    emulator.control.set(recording_configurations_quota=2, create_seconds=0)
    create(emulator, emulator.bucket("vod"))
    create(emulator, "missing-bucket")
    client = emulator.client("ivs")
    refused = refusal(client.create_recording_configuration, destinationConfiguration={"s3": {"bucketName": "vod"}})
    assert (refused.status, refused.code) == (402, "ServiceQuotaExceededException")
    assert create(emulator, "vod", "us-east-1")["state"] == "CREATE_FAILED", "the quota is per region"


def test_default_quota_is_twenty(emulator: Emulator) -> None:
    for _ in range(20):
        create(emulator, "vod")
    client = emulator.client("ivs")
    refused = refusal(client.create_recording_configuration, destinationConfiguration={"s3": {"bucketName": "vod"}})
    assert refused.status == 402


def test_deletion_is_refused_while_a_channel_uses_it(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=0)
    client = emulator.client("ivs")
    arn = create(emulator, emulator.bucket("vod"))["arn"]
    channel = client.create_channel(recordingConfigurationArn=arn)["channel"]["arn"]
    refused = refusal(client.delete_recording_configuration, arn=arn)
    assert (refused.status, refused.code) == (409, "ConflictException")
    client.update_channel(arn=channel, recordingConfigurationArn="")
    client.delete_recording_configuration(arn=arn)
    assert refusal(client.get_recording_configuration, arn=arn).code == "ResourceNotFoundException"
    assert refusal(client.delete_recording_configuration, arn=arn).code == "ResourceNotFoundException"


def test_deletion_is_refused_while_creating(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=60)
    arn = create(emulator, emulator.bucket("vod"))["arn"]
    assert refusal(emulator.client("ivs").delete_recording_configuration, arn=arn).status == 409


def test_failed_one_can_be_deleted(emulator: Emulator) -> None:
    emulator.control.set(create_seconds=0)
    arn = create(emulator, "missing-bucket")["arn"]
    emulator.client("ivs").delete_recording_configuration(arn=arn)
    assert not emulator.control.resources("recording-configuration")


def test_deleted_one_may_linger_as_active(emulator: Emulator) -> None:
    """There is no DELETING state: Get goes on showing what was there, but nobody can use it any more."""
    emulator.control.set(create_seconds=0, recording_delete_seconds=60)
    client = emulator.client("ivs")
    arn = create(emulator, emulator.bucket("vod"))["arn"]
    client.delete_recording_configuration(arn=arn)
    assert state_of(emulator, arn) == "ACTIVE"
    assert len(client.list_recording_configurations()["recordingConfigurations"]) == 1
    assert refusal(client.create_channel, recordingConfigurationArn=arn).status == 404
    emulator.control.advance(60)
    assert refusal(client.get_recording_configuration, arn=arn).status == 404
    assert not client.list_recording_configurations()["recordingConfigurations"]


def test_custom_renditions_must_be_named(emulator: Emulator) -> None:
    refused = refusal(
        emulator.client("ivs").create_recording_configuration,
        destinationConfiguration={"s3": {"bucketName": "vod"}},
        renditionConfiguration={"renditionSelection": "CUSTOM"},
    )
    assert refused.code == "ValidationException"
    assert "renditionConfiguration.renditions" in refused.message


def test_destination_without_bucket_is_refused(emulator: Emulator) -> None:
    """The client lets `{}` through, as the model does not mark s3 as required."""
    refused = refusal(emulator.client("ivs").create_recording_configuration, destinationConfiguration={})
    assert refused.code == "ValidationException"
    assert "destinationConfiguration.s3" in refused.message


def test_names_need_not_be_unique(emulator: Emulator) -> None:
    emulator.bucket("vod")
    assert create(emulator, "vod", name="same")["arn"] != create(emulator, "vod", name="same")["arn"]
