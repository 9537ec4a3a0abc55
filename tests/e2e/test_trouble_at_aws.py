"""What AWS refuses or fails to answer: each state says what is wrong, and heals when the cause is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.operator_process import OperatorProcess
    from support.walk import Walk


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_a_missing_bucket_is_told_and_heals_when_the_bucket_is_there(walk: Walk, plural: str) -> None:
    walk.apply(plural, "vod", destinationConfiguration=s3("not-yet-there"))

    message = walk.reason(plural, "vod", "CreateFailed")
    assert "not-yet-there" in message
    assert not condition(walk.get(plural, "vod") or {}, "Stalled"), "it goes on by itself, slowly"

    walk.emulator.bucket("not-yet-there")
    walk.annotate(plural, "vod", "reconcile-at=bucket-made")
    status = walk.ready(plural, "vod")
    assert [item["arn"] for item in walk.configurations(plural)] == [status["arn"]], "the failed shell is gone"


def test_a_failed_shell_is_made_again_at_once_when_the_spec_names_another_bucket(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3("first"), name="chat")
    walk.control.add_fault(operation="CreateLoggingConfiguration", force_state="CREATE_FAILED", count=1)
    bucket = walk.emulator.bucket("second")
    walk.wait(CHAT, "logs", lambda item: condition(item, "Ready").get("status") == "False", "is in trouble")

    walk.edit(CHAT, "logs", destinationConfiguration=s3(bucket))

    status = walk.ready(CHAT, "logs")
    assert [item["arn"] for item in walk.configurations(CHAT)] == [status["arn"]]


def test_a_full_quota_is_told_and_heals_when_there_is_room(walk: Walk) -> None:
    walk.control.set(logging_configurations_quota=1)
    holder = walk.foreign(CHAT, "holder")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))

    assert "raise the quota in Service Quotas or delete one" in walk.reason(CHAT, "logs", "QuotaExceeded")
    assert ("Warning", "QuotaExceeded") in walk.events("logs")
    assert not condition(walk.get(CHAT, "logs") or {}, "Stalled")

    walk.chat.delete_logging_configuration(identifier=holder)
    until(lambda: not walk.configurations(CHAT), "the holder is gone")
    walk.annotate(CHAT, "logs", "reconcile-at=quota-free")
    walk.ready(CHAT, "logs")


@pytest.mark.parametrize(
    ("operation", "needs_room"),
    [("CreateLoggingConfiguration", False), ("ListLoggingConfigurations", False), ("UpdateRoom", True)],
)
def test_access_denied_is_told_with_the_operation_and_heals(walk: Walk, operation: str, needs_room: bool) -> None:
    denied = f"User is not authorized to perform ivschat:{operation}"
    fault = walk.control.add_fault(operation=operation, error={"code": "AccessDeniedException", "message": denied})
    rooms = [{"arn": walk.room("lobby")}] if needs_room else []
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")), rooms=rooms)

    assert f"{denied}; ivs-operator iam-policy prints what must be" in walk.reason(CHAT, "logs", "AccessDenied")

    walk.control.remove_fault(fault)
    walk.annotate(CHAT, "logs", "reconcile-at=allowed")
    walk.ready(CHAT, "logs")
    assert len(walk.configurations(CHAT)) == 1


def test_throttling_delays_and_harms_nothing(walk: Walk) -> None:
    room, bucket = walk.room("lobby", env="prod"), walk.emulator.bucket("logs")
    walk.control.add_fault(throttle=True, probability=0.5, seed=7)
    for number in range(3):
        rooms = [{"matchTags": {"env": "prod"}}] if not number else []
        walk.apply(CHAT, f"logs-{number}", destinationConfiguration=s3(bucket), rooms=rooms)

    arns = [walk.ready(CHAT, f"logs-{number}", timeout=120)["arn"] for number in range(3)]

    assert sorted(item["arn"] for item in walk.configurations(CHAT)) == sorted(arns)
    walk.control.clear_faults()
    until(lambda: walk.held_by(room) == [arns[0]], "the room is joined, by its tags and so perhaps after Ready")
    assert walk.control.counts().errors.get("ThrottlingException", 0) > 0, "it was tried"


def test_aws_out_of_reach_says_unavailable_and_goes_on_by_itself(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "fine", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "fine")
    fault = walk.control.add_fault(service="ivschat", drop="before")
    mark = walk.mark()

    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    walk.reason(CHAT, "logs", "Unavailable")
    fine = walk.get(CHAT, "fine") or {}
    assert condition(fine, "Ready")["status"] == "True", "without pending work nothing changes"
    assert [entry.name for entry in walk.kube_writes(mark) if entry.name == "fine"] == []

    walk.control.remove_fault(fault)
    walk.ready(CHAT, "logs", timeout=90)
    assert len(walk.configurations(CHAT)) == 2


def test_a_region_without_ivs_is_named_with_those_that_have_it(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3("anything"), region="eu-north-1")

    message = walk.reason(CHAT, "logs", "UnsupportedRegion")

    assert "eu-north-1" in message
    assert "eu-west-1" in message
    assert condition(walk.get(CHAT, "logs") or {}, "Stalled")["status"] == "True"


def test_no_credentials_are_told_in_the_object_and_heal_when_a_process_has_some(
    make_operator: Callable[..., OperatorProcess], begin: Callable[..., Walk]
) -> None:
    walk = begin(environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))

    assert "credentials" in walk.reason(CHAT, "logs", "AccessDenied")

    walk.operator.stop()
    walk.operator.environment |= walk.emulator.environment()
    walk.operator.start()
    walk.ready(CHAT, "logs")


def test_the_reply_to_a_create_is_lost_and_its_object_is_found_and_not_made_twice(walk: Walk) -> None:
    walk.control.add_fault(operation="CreateLoggingConfiguration", drop="after", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))

    status = walk.ready(CHAT, "logs")

    assert [item["arn"] for item in walk.configurations(CHAT)] == [status["arn"]]
    assert "pendingCreate" not in status
    assert walk.aws_writes()["ivschat.CreateLoggingConfiguration"] == 1


def test_a_create_that_never_reached_aws_is_called_again(walk: Walk) -> None:
    walk.control.add_fault(operation="CreateRecordingConfiguration", drop="before", count=1)
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("vod")))

    status = walk.ready(RECORDING, "vod")

    assert [item["arn"] for item in walk.configurations(RECORDING)] == [status["arn"]]
