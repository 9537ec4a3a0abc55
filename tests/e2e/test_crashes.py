"""SIGKILL at the worst moments: nothing is made twice, nothing is left behind, work goes on. See also `test_kills`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk

_CREATES = {CHAT: "CreateLoggingConfiguration", RECORDING: "CreateRecordingConfiguration"}


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_in_the_middle_of_a_create_exactly_one_object_is_there_in_the_end(
    begin: Callable[..., Walk], plural: str, moment: str
) -> None:
    """Lists lag as they may: what the killed process has made shows after the restart, but within the grace period."""
    walk = begin(create_grace=6)
    walk.control.set(list_lag_seconds=4.5)
    held = walk.control.add_fault(operation=_CREATES[plural], hold=moment, count=1)
    walk.apply(plural, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.control.wait_held(held)
    assert walk.status(plural, "vod")["pendingCreate"]["specHash"], "the intent was on record before the call"

    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    assert len(walk.configurations(plural)) == (1 if moment == "after" else 0), "the kill was where it was meant to be"
    walk.operator.start()
    status = walk.ready(plural, "vod")

    assert [item["arn"] for item in walk.configurations(plural)] == [status["arn"]]
    assert "pendingCreate" not in status
    assert sum(count for name, count in walk.aws_writes().items() if _CREATES[plural] in name) == 1


def test_a_create_that_aws_carries_out_only_after_the_kill_makes_no_twin_that_stays(walk: Walk) -> None:
    held = walk.control.add_fault(operation="CreateLoggingConfiguration", hold="before", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.operator.start()
    walk.control.remove_fault(held)  # the request of the dead process is carried out now
    walk.ready(CHAT, "logs")
    walk.sweeps(CHAT, 2)

    assert len(walk.configurations(CHAT)) == 1


def test_a_killed_leader_is_missed_for_its_lease_and_its_create_is_not_repeated(begin: Callable[..., Walk]) -> None:
    walk = begin(leader_elect="on", lease_duration=3, create_grace=3)
    held = walk.control.add_fault(operation="CreateLoggingConfiguration", hold="after", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    walk.operator.start()
    walk.ready(CHAT, "logs")

    assert len(walk.configurations(CHAT)) == 1


def test_killed_while_associating_the_rest_is_done_after_the_restart(walk: Walk) -> None:
    rooms = [walk.room(f"room-{number}", env="prod") for number in range(6)]
    held = walk.control.add_fault(operation="UpdateRoom", hold="after", skip=2)
    walk.apply(
        CHAT,
        "logs",
        destinationConfiguration=s3(walk.emulator.bucket("archive")),
        rooms=[{"matchTags": {"env": "prod"}}],
    )
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    walk.operator.start()
    arn = walk.ready(CHAT, "logs")["arn"]

    assert [walk.held_by(room) for room in rooms] == [[arn]] * 6


def test_killed_in_the_middle_of_a_delete_the_deletion_is_finished(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.ready(CHAT, "logs")
    held = walk.control.add_fault(operation="DeleteLoggingConfiguration", hold="after", count=1)
    walk.delete(CHAT, "logs")
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    walk.operator.start()

    walk.gone(CHAT, "logs")
    assert walk.configurations(CHAT) == []


def test_sigterm_finishes_the_create_in_flight_and_writes_its_result(walk: Walk) -> None:
    held = walk.control.add_fault(operation="CreateRecordingConfiguration", hold="before", count=1)
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.control.wait_held(held)

    walk.operator.begin_stop()
    walk.control.remove_fault(held)
    assert walk.operator.wait() == 0, walk.operator.tail()

    made = walk.configurations(RECORDING)
    status = walk.status(RECORDING, "vod")
    assert [item["arn"] for item in made] == [status.get("arn")], (
        "written before the end, so nothing must be looked for"
    )
    assert "pendingCreate" not in status
    walk.operator.start()
    assert walk.ready(RECORDING, "vod")["arn"] == made[0]["arn"]
