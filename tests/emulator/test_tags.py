"""Tags of every kind of resource: added and overwritten, removed, limited."""

import pytest

from support.aws_errors import refusal
from support.emulator import Emulator


def resource(emulator: Emulator, kind: str) -> tuple[str, str]:
    made = emulator.control.seed(rooms=1, channels=1, recording_configurations=1, logging_configurations=1)
    service = "ivschat" if kind in {"rooms", "loggingConfigurations"} else "ivs"
    return service, made[kind][0]


KINDS = ["rooms", "channels", "recordingConfigurations", "loggingConfigurations"]


@pytest.mark.parametrize("kind", KINDS)
def test_tags_are_added_overwritten_and_removed(emulator: Emulator, kind: str) -> None:
    service, arn = resource(emulator, kind)
    client = emulator.client(service)
    client.tag_resource(resourceArn=arn, tags={"a": "1", "ivs-operator.dev/owner": "c/ns/n"})
    client.tag_resource(resourceArn=arn, tags={"a": "2", "b c": ""})
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {
        "a": "2",
        "b c": "",
        "ivs-operator.dev/owner": "c/ns/n",
    }
    client.untag_resource(resourceArn=arn, tagKeys=["ivs-operator.dev/owner", "b c", "never there"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "2"}


@pytest.mark.parametrize("kind", KINDS)
def test_at_most_fifty_tags(emulator: Emulator, kind: str) -> None:
    service, arn = resource(emulator, kind)
    client = emulator.client(service)
    client.tag_resource(resourceArn=arn, tags={f"k{number}": "" for number in range(50)})
    client.tag_resource(resourceArn=arn, tags={"k0": "overwriting is not one more"})
    assert refusal(client.tag_resource, resourceArn=arn, tags={"one": "more"}).code == "ValidationException"
    assert refusal(client.tag_resource, resourceArn=arn, tags={f"k{n}": "" for n in range(51)}).status == 400
    assert len(client.list_tags_for_resource(resourceArn=arn)["tags"]) == 50


@pytest.mark.parametrize(
    ("key", "value", "ivs_takes_it"),
    [
        ("team", "live video", True),
        ("ivs-operator.dev/spec", "v1-abc_d.e:f/g=h+i@j", True),
        ("größe", "日本語 ٣", True),
        ("json", '{"a": 1}', False),
        ("list", "a,b", False),
        ("hash#", "v", False),
        ("k" * 129, "v", False),
        ("k", "v" * 257, False),
    ],
)
def test_ivs_has_a_tag_pattern(emulator: Emulator, key: str, value: str, ivs_takes_it: bool) -> None:
    _, arn = resource(emulator, "channels")
    ivs = emulator.client("ivs")
    if ivs_takes_it:
        ivs.tag_resource(resourceArn=arn, tags={key: value})
        assert ivs.list_tags_for_resource(resourceArn=arn)["tags"] == {key: value}
        ivs.untag_resource(resourceArn=arn, tagKeys=[key])
        assert ivs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    else:
        refused = refusal(ivs.tag_resource, resourceArn=arn, tags={key: value})
        assert (refused.status, refused.code) == (400, "ValidationException")


def test_ivschat_has_no_tag_pattern(emulator: Emulator) -> None:
    _, arn = resource(emulator, "rooms")
    emulator.client("ivschat").tag_resource(resourceArn=arn, tags={"json": '{"a": 1}'})


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_service_does_not_know_the_arn(emulator: Emulator, kind: str) -> None:
    service, arn = resource(emulator, kind)
    other = emulator.client("ivs" if service == "ivschat" else "ivschat")
    for operation, arguments in [
        (other.list_tags_for_resource, {}),
        (other.tag_resource, {"tags": {"a": "b"}}),
        (other.untag_resource, {"tagKeys": ["a"]}),
    ]:
        assert refusal(operation, resourceArn=arn, **arguments).code == "ResourceNotFoundException"
