"""SIGKILL at every AWS write of a replacement: one object in the end, and no channel without one at any time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deadlines import until
from support.replacements import ENDLESS, change_bucket, made_later, moves, replaceable
from support.walk import RECORDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(
    ("operation", "skip"),
    [
        ("CreateRecordingConfiguration", 0),
        ("UpdateChannel", 0),
        ("UpdateChannel", 1),  # one channel has moved, one has not
        ("DeleteRecordingConfiguration", 0),
    ],
)
def test_killed_at_a_write_of_a_replacement_one_object_is_there_in_the_end(
    walk: Walk, operation: str, skip: int, moment: str
) -> None:
    channels = [walk.channel("one"), walk.channel("two")]
    old = replaceable(walk, channels)
    held = walk.control.add_fault(operation=operation, hold=moment, skip=skip)
    since = walk.control.last_sequence()
    change_bucket(walk, "new")
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    walk.operator.start()
    new = walk.ready(RECORDING, "vod")["arn"]
    until(lambda: len(walk.configurations(RECORDING)) == 1, "one is left", last=walk.operator.tail)

    assert [item["arn"] for item in walk.configurations(RECORDING)] == [new]
    assert new != old
    assert moves(walk, since) == {channel: [new] for channel in channels}, "from the old one straight to the new, once"
    walk.wait(RECORDING, "vod", lambda item: "superseded" not in item["status"], "has nothing left over")


def test_a_create_that_arrives_after_the_kill_is_found_and_used(begin: Callable[..., Walk]) -> None:
    walk = begin(create_grace=8)
    channel = walk.channel("one")
    replaceable(walk, [channel])
    held = walk.control.add_fault(operation="CreateRecordingConfiguration", hold="before", count=1)
    since = walk.control.last_sequence()
    change_bucket(walk, "new")
    walk.control.wait_held(held)

    walk.operator.kill()
    walk.operator.start()
    walk.control.remove_fault(held)  # the request of the dead process is carried out now
    new = walk.ready(RECORDING, "vod")["arn"]
    until(lambda: len(walk.configurations(RECORDING)) == 1, "the old one is deleted", last=walk.operator.tail)

    assert walk.aws_writes(since)["ivs.CreateRecordingConfiguration"] == 1
    assert moves(walk, since) == {channel: [new]}


def test_killed_after_the_get_of_a_successor_that_no_list_shows_no_other_is_made(
    begin: Callable[..., Walk],
) -> None:
    """Only the status knows of it then. A process that has read its answer and written nothing leaves it so."""
    walk = begin(create_grace=3)
    channel = walk.channel("one")
    old = replaceable(walk, [channel])
    walk.control.set(create_seconds=ENDLESS, list_lag_seconds=ENDLESS)
    since = walk.control.last_sequence()
    change_bucket(walk, "new")
    new = made_later(walk, [old])
    walk.wait(RECORDING, "vod", lambda item: item["status"]["arn"] == new, "names the successor")
    walk.operator.kill()
    walk.control.set_state(new, "ACTIVE")

    held = walk.control.add_fault(operation="GetRecordingConfiguration", hold="after", count=1)
    walk.operator.launch()
    walk.control.wait_held(held)
    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)
    walk.operator.start()
    assert walk.ready(RECORDING, "vod")["arn"] == new
    walk.control.advance(ENDLESS)
    until(lambda: len(walk.configurations(RECORDING)) == 1, "the old one is deleted", last=walk.operator.tail)

    assert walk.aws_writes(since)["ivs.CreateRecordingConfiguration"] == 1
    assert moves(walk, since) == {channel: [new]}
