"""Objects that the operator can't read, as an older CRD lets them in: told with the field, while others go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.service_account import install_service_account
from support.walk import CHAT, Walk, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

_CRD = "chatloggingconfigurations.ivs-operator.dev"


@pytest.fixture
def lenient(
    own_control_plane: ControlPlane, make_operator: Callable[..., OperatorProcess], emulator: Emulator
) -> Iterator[Walk]:
    """A walk on an API server that accepts any spec."""
    crd: dict[str, Any] = own_control_plane.kubectl("get", "crd", _CRD, "--output=json").json()
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema.pop("x-kubernetes-validations", None)
    schema["properties"]["spec"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    own_control_plane.kubectl("replace", "-f", "-", stdin=json.dumps(crd))
    process = make_operator(install_service_account(own_control_plane), cluster_id="lenient")
    walk = Walk(own_control_plane, "default", emulator, process)
    process.start()
    yield walk
    walk.api.close()


def test_a_spec_that_can_not_be_read_is_told_with_its_field_mended_and_deleted_while_others_go_on(
    lenient: Walk,
) -> None:
    walk = lenient
    bucket = walk.emulator.bucket("logs")
    cases = {
        "two-destinations": ("destinationConfiguration", {**s3(bucket), "cloudWatchLogs": {"logGroupName": "group"}}),
        "no-destination": ("destinationConfiguration", {}),
        "text": ("destinationConfiguration", "a bucket"),
    }
    for name, (_, destination) in cases.items():
        walk.apply(CHAT, name, destinationConfiguration=destination)
    walk.apply(CHAT, "unknown-field", destinationConfiguration=s3(bucket), retention=30)
    walk.apply(CHAT, "good", destinationConfiguration=s3(bucket))

    for name, field in {**{name: field for name, (field, _) in cases.items()}, "unknown-field": "retention"}.items():
        assert field in walk.reason(CHAT, name, "InvalidSpec"), name
        assert condition(walk.get(CHAT, name) or {}, "Stalled")["status"] == "True"
    walk.ready(CHAT, "good")
    assert len(walk.configurations(CHAT)) == 1

    walk.edit(CHAT, "unknown-field", retention=None)
    walk.ready(CHAT, "unknown-field")
    walk.delete(CHAT, "text")
    walk.gone(CHAT, "text")


def test_a_spec_that_becomes_unreadable_leaves_what_is_at_aws_alone_and_its_deletion_works(lenient: Walk) -> None:
    walk = lenient
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]
    since = walk.control.last_sequence()

    walk.edit(CHAT, "logs", rooms="all")
    walk.reason(CHAT, "logs", "InvalidSpec")
    assert walk.status(CHAT, "logs")["arn"] == arn
    assert walk.held_by(room) == [arn]
    assert walk.aws_writes(since) == {}

    walk.edit(CHAT, "logs", deletionPolicy="DetachAndDelete")
    walk.delete(CHAT, "logs")
    walk.gone(CHAT, "logs")
    assert walk.held_by(room) == []
    assert walk.configurations(CHAT) == []
