"""One expensive read for all who need it."""

import asyncio
from itertools import pairwise

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.sharing import Shared
from ivs_operator.domain.failures import CallFailed, FaultClass
from support.situations import fault
from support.virtual_time import START, VirtualClock, in_virtual_time


class Reads:
    """A read of two seconds that may fail."""

    def __init__(self) -> None:
        self.began: list[float] = []
        self.broken: Reason | None = None
        self.speaks_after: float | None = None
        self.shared = Shared(self.read, VirtualClock())

    async def read(self, began: float) -> None:
        self.began.append(began - START)
        if self.speaks_after is not None:
            await asyncio.sleep(self.speaks_after)
            self.shared.answered()
        await asyncio.sleep(2)
        if self.broken is not None:
            raise CallFailed(fault(FaultClass.FAST, self.broken))

    async def ask(self, moment: float) -> str:
        try:
            await self.shared.newer_than(START + moment)
        except CallFailed:
            return "failed"
        return "read"


@in_virtual_time
async def test_many_who_ask_share_one_read() -> None:
    reads = Reads()
    assert set(await asyncio.gather(*(reads.ask(0) for _ in range(100)))) == {"read"}
    assert reads.began == [0]


@in_virtual_time
async def test_a_read_that_began_too_early_does_not_count_and_the_next_is_shared_too() -> None:
    reads = Reads()
    early = asyncio.create_task(reads.ask(0))
    await asyncio.sleep(1)
    late = [asyncio.create_task(reads.ask(1)) for _ in range(50)]
    await asyncio.gather(early, *late)
    assert reads.began == [0, 2], "one read at a time"


@in_virtual_time
async def test_what_is_fresh_enough_is_not_read_again() -> None:
    reads = Reads()
    await reads.ask(0)
    await asyncio.sleep(60)
    await reads.ask(0)
    assert reads.began == [0]
    await reads.ask(30)
    assert reads.began == [0, 62]


@in_virtual_time
async def test_a_failure_is_shared_and_left_alone_for_a_moment() -> None:
    reads = Reads()
    reads.broken = Reason.THROTTLED
    assert set(await asyncio.gather(*(reads.ask(0) for _ in range(100)))) == {"failed"}
    for _ in range(5):
        assert await reads.ask(0) == "failed"
    assert reads.began == [0], "however many ask"
    await asyncio.sleep(1.5)
    reads.broken = None
    assert await reads.ask(0) == "read"
    assert len(reads.began) == 2


@in_virtual_time
async def test_one_failure_after_the_other_is_left_alone_for_longer() -> None:
    reads = Reads()
    reads.broken = Reason.THROTTLED
    while VirtualClock().now() < START + 300:
        await reads.ask(0)
        await asyncio.sleep(0.5)
    gaps = [later - earlier for earlier, later in pairwise(reads.began)]
    assert gaps == sorted(gaps)
    assert gaps[-1] >= 4 * gaps[0]


@in_virtual_time
async def test_while_a_place_does_not_answer_one_waits_for_the_next_attempt_and_the_others_are_told_at_once() -> None:
    """Each that waits holds a worker, for as long as a call is waited for."""
    reads = Reads()
    reads.broken = Reason.UNAVAILABLE
    await reads.ask(0)
    await asyncio.sleep(10)
    first = asyncio.create_task(reads.ask(0))
    await asyncio.sleep(0.1)
    before = VirtualClock().now()
    assert await reads.ask(0) == "failed"
    assert VirtualClock().now() == before
    assert await first == "failed"


@in_virtual_time
async def test_once_the_attempt_gets_answers_all_wait_for_it_again() -> None:
    """A whole pass over many rooms may take minutes; who wants it shall not be told that nobody answers."""
    reads = Reads()
    reads.broken = Reason.UNAVAILABLE
    await reads.ask(0)
    await asyncio.sleep(10)
    reads.broken, reads.speaks_after = None, 0.5
    first = asyncio.create_task(reads.ask(0))
    await asyncio.sleep(1)
    assert [await reads.ask(0), await first] == ["read", "read"]


@in_virtual_time
async def test_who_is_cancelled_takes_the_read_from_nobody() -> None:
    reads = Reads()
    first, second = (asyncio.create_task(reads.ask(0)) for _ in range(2))
    await asyncio.sleep(1)
    first.cancel()
    assert await second == "read"
    assert reads.began == [0]
    with pytest.raises(asyncio.CancelledError):
        await first


def test_what_is_touched_meanwhile_is_told_once() -> None:
    shared = Reads().shared
    shared.touched("before")
    shared.watch()
    shared.touched("a")
    shared.touched("b")
    assert shared.watched() == {"a", "b"}
    shared.touched("after")
    assert shared.watched() == set()
