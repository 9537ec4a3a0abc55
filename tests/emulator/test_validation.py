"""What the service refuses although the client library lets it through: upper bounds, enums, patterns."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from ivs_emulator.errors import ApiError
from ivs_emulator.models import service_api
from ivs_emulator.validation import validate
from support.aws_errors import refusal
from support.emulator import Emulator

REC = "arn:aws:ivs:us-west-2:123456789012:recording-configuration/AbCdEfGh1234"
LOG = "arn:aws:ivschat:us-west-2:123456789012:logging-configuration/AbCdEfGh1234"
ROOM = "arn:aws:ivschat:us-west-2:123456789012:room/AbCdEfGh1234"
S3 = {"s3": {"bucketName": "vod"}}

REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    ("ivs", "CreateRecordingConfiguration", {}, "destinationConfiguration"),
    ("ivs", "CreateRecordingConfiguration", {"destinationConfiguration": None}, "destinationConfiguration"),
    ("ivs", "CreateRecordingConfiguration", {"destinationConfiguration": S3, "name": "a.b"}, "name"),
    ("ivs", "CreateRecordingConfiguration", {"destinationConfiguration": S3, "name": "a\n"}, "name"),
    ("ivs", "CreateRecordingConfiguration", {"destinationConfiguration": S3, "name": "x" * 129}, "name"),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": {"s3": {"bucketName": "UPPER"}}},
        "destinationConfiguration.s3.bucketName",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": {"s3": {"bucketName": "ab"}}},
        "destinationConfiguration.s3.bucketName",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": {"s3": {}}},
        "destinationConfiguration.s3.bucketName",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": S3, "recordingReconnectWindowSeconds": 301},
        "recordingReconnectWindowSeconds",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": S3, "thumbnailConfiguration": {"targetIntervalSeconds": 61}},
        "thumbnailConfiguration.targetIntervalSeconds",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": S3, "thumbnailConfiguration": {"storage": ["LATEST", "NEWEST"]}},
        "thumbnailConfiguration.storage.2.member",
    ),
    (
        "ivs",
        "CreateRecordingConfiguration",
        {"destinationConfiguration": S3, "renditionConfiguration": {"renditionSelection": "SOME"}},
        "renditionConfiguration.renditionSelection",
    ),
    ("ivs", "CreateChannel", {"latencyMode": "ULTRA"}, "latencyMode"),
    ("ivs", "CreateChannel", {"recordingConfigurationArn": "x"}, "recordingConfigurationArn"),
    ("ivs", "CreateChannel", {"recordingConfigurationArn": REC + "\n"}, "recordingConfigurationArn"),
    ("ivs", "GetRecordingConfiguration", {"arn": "prefix-" + REC}, "arn"),
    ("ivs", "GetRecordingConfiguration", {"arn": REC + "/suffix"}, "arn"),
    ("ivs", "GetRecordingConfiguration", {"arn": ""}, "arn"),
    ("ivs", "ListChannels", {"maxResults": 101}, "maxResults"),
    ("ivs", "ListChannels", {"maxResults": 0}, "maxResults"),
    ("ivs", "ListRecordingConfigurations", {"nextToken": "not our token!"}, "nextToken"),
    ("ivs", "BatchGetChannel", {"arns": []}, "arns"),
    ("ivs", "BatchGetChannel", {"arns": [REC.replace("recording-configuration", "channel")] * 51}, "arns"),
    ("ivs", "ListStreams", {"filterBy": {"health": "SICK"}}, "filterBy.health"),
    ("ivschat", "CreateLoggingConfiguration", {"destinationConfiguration": {}}, "destinationConfiguration"),
    (
        "ivschat",
        "CreateLoggingConfiguration",
        {"destinationConfiguration": {**S3, "firehose": {"deliveryStreamName": "f"}}},
        "destinationConfiguration",
    ),
    (
        "ivschat",
        "CreateLoggingConfiguration",
        {"destinationConfiguration": {"cloudWatchLogs": {"logGroupName": "with space"}}},
        "destinationConfiguration.cloudWatchLogs.logGroupName",
    ),
    (
        "ivschat",
        "CreateLoggingConfiguration",
        {"destinationConfiguration": {"firehose": {"deliveryStreamName": "f" * 65}}},
        "destinationConfiguration.firehose.deliveryStreamName",
    ),
    ("ivschat", "CreateRoom", {"maximumMessageRatePerSecond": 101}, "maximumMessageRatePerSecond"),
    ("ivschat", "CreateRoom", {"maximumMessageLength": 501}, "maximumMessageLength"),
    ("ivschat", "CreateRoom", {"loggingConfigurationIdentifiers": [LOG] * 4}, "loggingConfigurationIdentifiers"),
    (
        "ivschat",
        "CreateRoom",
        {"loggingConfigurationIdentifiers": ["AbCdEfGh1234"]},
        "loggingConfigurationIdentifiers.1.member",
    ),
    ("ivschat", "CreateRoom", {"messageReviewHandler": {"uri": "http://x"}}, "messageReviewHandler.uri"),
    (
        "ivschat",
        "CreateRoom",
        {"messageReviewHandler": {"fallbackResult": "MAYBE"}},
        "messageReviewHandler.fallbackResult",
    ),
    ("ivschat", "ListRooms", {"maxResults": 51}, "maxResults"),
    ("ivschat", "ListLoggingConfigurations", {"nextToken": "x" * 1025}, "nextToken"),
    ("ivschat", "GetRoom", {"identifier": LOG}, "identifier"),
    ("ivschat", "UpdateRoom", {"identifier": ROOM, "name": "a b"}, "name"),
]

WRONG_TYPES: list[tuple[str, str, dict[str, Any], str]] = [
    ("ivs", "ListChannels", {"maxResults": "5"}, "maxResults"),
    ("ivs", "ListChannels", {"maxResults": 5.0}, "maxResults"),
    ("ivs", "ListChannels", {"maxResults": True}, "maxResults"),
    ("ivs", "CreateChannel", {"authorized": "yes"}, "authorized"),
    ("ivs", "CreateChannel", {"authorized": 1}, "authorized"),
    ("ivs", "CreateChannel", {"name": 5}, "name"),
    ("ivs", "CreateChannel", {"tags": []}, "tags"),
    ("ivs", "CreateChannel", {"tags": {"a": 1}}, "tags.a"),
    ("ivschat", "CreateRoom", {"loggingConfigurationIdentifiers": LOG}, "loggingConfigurationIdentifiers"),
    ("ivschat", "CreateRoom", {"loggingConfigurationIdentifiers": [None]}, "loggingConfigurationIdentifiers.1.member"),
    ("ivschat", "CreateLoggingConfiguration", {"destinationConfiguration": "s3"}, "destinationConfiguration"),
]


def check(service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return validate(service_api(service).operation(operation).input_shape, params)


def case_ids(cases: list[tuple[str, str, dict[str, Any], str]]) -> list[str]:
    return [f"{operation}-{field}-{number}" for number, (_, operation, _, field) in enumerate(cases)]


@pytest.mark.parametrize(("service", "operation", "params", "field"), REFUSED, ids=case_ids(REFUSED))
def test_out_of_bounds_names_the_field(service: str, operation: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(service, operation, params)
    assert caught.value.code == "ValidationException"
    assert list(caught.value.fields) == [field]
    assert f"Value at '{field}' failed to satisfy constraint" in caught.value.message


@pytest.mark.parametrize(("service", "operation", "params", "field"), WRONG_TYPES, ids=case_ids(WRONG_TYPES))
def test_wrong_type_names_the_field(service: str, operation: str, params: dict[str, Any], field: str) -> None:
    with pytest.raises(ApiError) as caught:
        check(service, operation, params)
    assert caught.value.code == "SerializationException"
    assert caught.value.message.startswith(f"{field} must be of type ")


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        (
            "ivs",
            "CreateRecordingConfiguration",
            {"destinationConfiguration": {"s3": {"bucketName": "a.b-9"}}, "name": ""},
        ),
        ("ivs", "CreateChannel", {"recordingConfigurationArn": ""}),
        ("ivs", "CreateChannel", {"recordingConfigurationArn": REC}),
        ("ivschat", "CreateRoom", {"messageReviewHandler": {"uri": ""}}),
        ("ivschat", "CreateRoom", {"loggingConfigurationIdentifiers": []}),
        ("ivschat", "CreateRoom", {"maximumMessageRatePerSecond": 100, "maximumMessageLength": 500}),
        ("ivschat", "TagResource", {"resourceArn": ROOM, "tags": {"any thing": "{,}"}}),
    ],
)
def test_edges_that_are_allowed(service: str, operation: str, params: dict[str, Any]) -> None:
    assert check(service, operation, params) == params


def test_unknown_members_and_nulls_are_left_out() -> None:
    assert check("ivs", "ListChannels", {"surprise": 1, "filterByName": None, "maxResults": 3}) == {"maxResults": 3}


def test_every_violation_is_counted() -> None:
    with pytest.raises(ApiError, match="2 validation errors detected") as caught:
        check("ivschat", "CreateRoom", {"name": "a b", "maximumMessageLength": 0})
    assert set(caught.value.fields) == {"name", "maximumMessageLength"}


def test_every_pattern_of_both_models_compiles() -> None:
    from ivs_emulator.validation import _compiled

    patterns = {
        shape.metadata["pattern"]
        for service in ("ivs", "ivschat")
        for shape in map(service_api(service).model.shape_for, service_api(service).model.shape_names)
        if "pattern" in shape.metadata
    }
    assert len(patterns) > 20
    for pattern in patterns:
        _compiled(pattern)


def test_over_the_wire_each_service_answers_in_its_own_shape(emulator: Emulator) -> None:
    def client(service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=emulator.url,
            region_name="us-west-2",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(parameter_validation=False),
        )

    chat = refusal(client("ivschat").create_logging_configuration, destinationConfiguration={})
    assert chat.response["reason"] == "FIELD_VALIDATION_FAILED"
    assert [item["name"] for item in chat.response["fieldList"]] == ["destinationConfiguration"]
    ivs = refusal(client("ivs").create_recording_configuration)
    assert ivs.response["exceptionMessage"] == ivs.message
