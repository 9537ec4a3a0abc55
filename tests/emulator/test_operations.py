"""Every operation that is served, through boto3: the reply is what the service model says."""

import json
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from ivs_emulator.models import SERVICES, service_api
from ivs_emulator.rates import RATES
from ivs_emulator.service import HANDLERS
from support.emulator import ACCOUNT, REGION, Emulator


def everything(emulator: Emulator) -> dict[str, str]:
    """One resource of every kind; returns what operations take as arguments."""
    emulator.control.set(create_seconds=0, update_seconds=0, delete_seconds=0)
    bucket = emulator.bucket("archive")
    ivs, chat = emulator.client("ivs"), emulator.client("ivschat")
    s3 = {"s3": {"bucketName": bucket}}
    recording = ivs.create_recording_configuration(name="rec", destinationConfiguration=s3, tags={"a": "b"})
    channel = ivs.create_channel(name="lobby", tags={"a": "b"})
    live = ivs.create_channel(name="live", recordingConfigurationArn=recording["recordingConfiguration"]["arn"])
    emulator.control.go_live(live["channel"]["arn"])
    logging = chat.create_logging_configuration(name="log", destinationConfiguration=s3, tags={"a": "b"})
    spare = chat.create_logging_configuration(name="spare", destinationConfiguration=s3)
    unused = ivs.create_recording_configuration(name="unused", destinationConfiguration=s3)
    room = chat.create_room(name="room", tags={"a": "b"}, loggingConfigurationIdentifiers=[logging["arn"]])
    bare = ivs.create_channel(name="bare")
    ivs.delete_stream_key(arn=bare["streamKey"]["arn"])
    return {
        "recording": unused["recordingConfiguration"]["arn"],
        "used_recording": recording["recordingConfiguration"]["arn"],
        "channel": channel["channel"]["arn"],
        "bare": bare["channel"]["arn"],
        "key": channel["streamKey"]["arn"],
        "live": live["channel"]["arn"],
        "logging": spare["arn"],
        "used_logging": logging["arn"],
        "room": room["arn"],
    }


S3 = {"s3": {"bucketName": "archive"}}
ARGUMENTS: dict[tuple[str, str], Any] = {
    ("ivs", "CreateRecordingConfiguration"): lambda _: {
        "name": "n",
        "destinationConfiguration": S3,
        "tags": {"k": "v"},
    },
    ("ivs", "GetRecordingConfiguration"): lambda have: {"arn": have["used_recording"]},
    ("ivs", "ListRecordingConfigurations"): lambda _: {},
    ("ivs", "DeleteRecordingConfiguration"): lambda have: {"arn": have["recording"]},
    ("ivs", "CreateChannel"): lambda have: {
        "name": "n",
        "type": "ADVANCED_HD",
        "tags": {"k": "v"},
        "recordingConfigurationArn": have["used_recording"],
        "multitrackInputConfiguration": {"enabled": True, "policy": "ALLOW", "maximumResolution": "HD"},
        "containerFormat": "FRAGMENTED_MP4",
    },
    ("ivs", "GetChannel"): lambda have: {"arn": have["channel"]},
    ("ivs", "BatchGetChannel"): lambda have: {"arns": [have["channel"], have["channel"][:-1] + "0"]},
    ("ivs", "UpdateChannel"): lambda have: {"arn": have["channel"], "recordingConfigurationArn": have["recording"]},
    ("ivs", "ListChannels"): lambda _: {},
    ("ivs", "DeleteChannel"): lambda have: {"arn": have["channel"]},
    ("ivs", "GetStream"): lambda have: {"channelArn": have["live"]},
    ("ivs", "ListStreams"): lambda _: {},
    ("ivs", "StopStream"): lambda have: {"channelArn": have["live"]},
    ("ivs", "ListStreamSessions"): lambda have: {"channelArn": have["live"]},
    ("ivs", "GetStreamSession"): lambda have: {"channelArn": have["live"]},
    ("ivs", "PutMetadata"): lambda have: {"channelArn": have["live"], "metadata": "goal"},
    ("ivs", "CreateStreamKey"): lambda have: {"channelArn": have["bare"], "tags": {"k": "v"}},
    ("ivs", "GetStreamKey"): lambda have: {"arn": have["key"]},
    ("ivs", "ListStreamKeys"): lambda have: {"channelArn": have["channel"]},
    ("ivs", "DeleteStreamKey"): lambda have: {"arn": have["key"]},
    ("ivs", "TagResource"): lambda have: {"resourceArn": have["channel"], "tags": {"k": "v"}},
    ("ivs", "UntagResource"): lambda have: {"resourceArn": have["channel"], "tagKeys": ["a", "x:y/z"]},
    ("ivs", "ListTagsForResource"): lambda have: {"resourceArn": have["channel"]},
    ("ivschat", "CreateLoggingConfiguration"): lambda _: {
        "name": "n",
        "destinationConfiguration": S3,
        "tags": {"k": "v"},
    },
    ("ivschat", "GetLoggingConfiguration"): lambda have: {"identifier": have["used_logging"]},
    ("ivschat", "ListLoggingConfigurations"): lambda _: {},
    ("ivschat", "UpdateLoggingConfiguration"): lambda have: {"identifier": have["logging"], "name": "other"},
    ("ivschat", "DeleteLoggingConfiguration"): lambda have: {"identifier": have["logging"]},
    ("ivschat", "CreateRoom"): lambda have: {
        "name": "n",
        "tags": {"k": "v"},
        "loggingConfigurationIdentifiers": [have["logging"]],
        "messageReviewHandler": {"uri": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f", "fallbackResult": "DENY"},
    },
    ("ivschat", "GetRoom"): lambda have: {"identifier": have["room"]},
    ("ivschat", "UpdateRoom"): lambda have: {"identifier": have["room"], "maximumMessageLength": 100},
    ("ivschat", "ListRooms"): lambda _: {},
    ("ivschat", "DeleteRoom"): lambda have: {"identifier": have["room"]},
    ("ivschat", "CreateChatToken"): lambda have: {
        "roomIdentifier": have["room"],
        "userId": "ann",
        "capabilities": ["SEND_MESSAGE"],
        "attributes": {"color": "red"},
    },
    ("ivschat", "SendEvent"): lambda have: {"roomIdentifier": have["room"], "eventName": "poll", "attributes": {}},
    ("ivschat", "DeleteMessage"): lambda have: {"roomIdentifier": have["room"], "id": "abcdefghijkl", "reason": "rude"},
    ("ivschat", "DisconnectUser"): lambda have: {"roomIdentifier": have["room"], "userId": "ann"},
    ("ivschat", "TagResource"): lambda have: {"resourceArn": have["room"], "tags": {"k": "v"}},
    ("ivschat", "UntagResource"): lambda have: {"resourceArn": have["room"], "tagKeys": ["a"]},
    ("ivschat", "ListTagsForResource"): lambda have: {"resourceArn": have["room"]},
}
SERVED = sorted((service, name) for service, handlers in HANDLERS.items() for name in handlers)


def test_every_operation_served_is_in_the_table_and_has_a_rate() -> None:
    assert sorted(ARGUMENTS) == SERVED
    assert sorted(RATES) == SERVED


@pytest.mark.parametrize(("service", "name"), SERVED, ids=[f"{service}.{name}" for service, name in SERVED])
def test_reply_is_what_the_model_declares(emulator: Emulator, service: str, name: str) -> None:
    have = everything(emulator)
    reply = getattr(emulator.client(service), xform_name(name))(**ARGUMENTS[service, name](have))

    model = service_api(service).operation(name)
    metadata = reply.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == model.http["responseCode"]
    assert len(metadata["RequestId"]) == 36
    if model.output_shape is None:
        assert not reply
    else:
        assert_conforms(model.output_shape, reply, name)
        raw = emulator.control.requests(service=service, operation=name)[-1]
        assert raw["status"] == model.http["responseCode"]


def assert_conforms(shape: Any, value: Any, path: str) -> None:
    """All members are in the model (boto3 drops what is not), required ones are there, and bounds hold."""
    if shape.type_name == "structure":
        assert set(shape.required_members) <= set(value), path
        for name, item in value.items():
            assert_conforms(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list":
        for item in value:
            assert_conforms(shape.member, item, f"{path}[]")
    elif shape.type_name == "string" and "pattern" in shape.metadata and shape.name != "ResourceArn":
        assert shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", 10_000), f"{path}: {value}"


def test_raw_replies_hold_nothing_that_the_model_does_not_know(emulator: Emulator) -> None:
    """boto3 would hide a stray member, so the bytes on the wire are compared with what it parsed."""
    have = everything(emulator)
    for service, operation, arguments in [
        ("ivs", "ListChannels", {}),
        ("ivs", "ListRecordingConfigurations", {}),
        ("ivschat", "ListRooms", {}),
        ("ivschat", "GetRoom", {"identifier": have["room"]}),
    ]:
        wire: list[bytes] = []
        client = emulator.client(service)
        event = f"after-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"

        def keep(http_response: Any, wire: list[bytes] = wire, **_: Any) -> None:
            wire.append(http_response.content)

        client.meta.events.register(event, keep)
        parsed = getattr(client, xform_name(operation))(**arguments)
        client.meta.events.unregister(event, keep)
        parsed.pop("ResponseMetadata")
        assert keys_of(json.loads(wire[0])) == keys_of(parsed)


def keys_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: keys_of(item) for key, item in value.items()}
    return [keys_of(item) for item in value] if isinstance(value, list) else None


@pytest.mark.parametrize(
    ("kind", "operation", "wrapper", "only_in_get"),
    [
        ("used_recording", "list_recording_configurations", "recordingConfigurations", "thumbnailConfiguration"),
        ("channel", "list_channels", "channels", "playbackUrl"),
        ("room", "list_rooms", "rooms", "maximumMessageLength"),
    ],
)
def test_summaries_carry_tags_but_not_what_only_get_shows(
    emulator: Emulator, kind: str, operation: str, wrapper: str, only_in_get: str
) -> None:
    have = everything(emulator)
    service = "ivschat" if kind == "room" else "ivs"
    shown = getattr(emulator.client(service), operation)()[wrapper]
    summary = next(item for item in shown if item["arn"] == have[kind])
    assert summary["tags"] == {"a": "b"}
    assert only_in_get not in summary


def test_operations_outside_the_emulator_are_named(emulator: Emulator) -> None:
    with pytest.raises(ClientError) as caught:
        emulator.client("ivs").create_playback_restriction_policy()
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"
    assert "CreatePlaybackRestrictionPolicy is not part of this emulator" in caught.value.response["Error"]["Message"]


def test_the_models_of_both_services_are_the_installed_ones() -> None:
    assert [service_api(name).model.api_version for name in SERVICES] == ["2020-07-14", "2020-07-14"]


def test_recording_configuration_shows_the_documented_defaults(emulator: Emulator) -> None:
    emulator.bucket("archive")
    made = emulator.client("ivs").create_recording_configuration(destinationConfiguration=S3)["recordingConfiguration"]
    assert made["thumbnailConfiguration"] == {
        "recordingMode": "INTERVAL",
        "targetIntervalSeconds": 60,
        "storage": ["SEQUENTIAL"],
    }
    assert made["renditionConfiguration"] == {"renditionSelection": "ALL"}
    assert made["recordingReconnectWindowSeconds"] == 0


def test_timestamps_are_in_utc_and_aware(emulator: Emulator) -> None:
    room = emulator.client("ivschat").create_room()
    assert room["createTime"].utcoffset() is not None
    assert room["createTime"] == room["updateTime"]
