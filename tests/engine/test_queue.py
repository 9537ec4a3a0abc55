"""The work queue: one worker per key, people first, namespaces in turn, and later means later."""

import asyncio

import pytest

from ivs_operator.domain.identity import Key
from ivs_operator.engine.queue import Lane, WorkQueue
from support.objects import CHAT
from support.virtual_time import START, VirtualClock, in_virtual_time

A, B, C = (Key(CHAT, "live", name) for name in "abc")


async def taken(queue: WorkQueue, count: int) -> list[Key]:
    found = []
    for _ in range(count):
        key = await queue.take()
        assert key is not None
        queue.done(key)
        found.append(key)
    return found


@in_virtual_time
async def test_a_key_waits_at_most_once() -> None:
    queue = WorkQueue(VirtualClock())
    for _ in range(5):
        queue.add(A)
        queue.add(B)
    assert len(queue) == 2
    assert await taken(queue, 2) == [A, B]
    assert len(queue) == 0


@in_virtual_time
async def test_a_key_is_with_one_worker_at_a_time_and_comes_again_if_it_was_added_meanwhile() -> None:
    queue = WorkQueue(VirtualClock())
    queue.add(A)
    assert await queue.take() == A
    queue.add(A)
    queue.add(A, Lane.USER)
    other = asyncio.create_task(queue.take())
    await asyncio.sleep(60)
    assert not other.done()
    queue.done(A)
    assert await other == A
    assert queue.lane_of(A) is Lane.USER, "the more urgent of the two requests counts"
    queue.done(A)
    assert len(queue) == 0


@in_virtual_time
async def test_an_edit_goes_before_background_work_that_waits_already() -> None:
    queue = WorkQueue(VirtualClock())
    queue.add(A)
    queue.add(B)
    queue.add(B, Lane.USER)
    queue.add(C, Lane.USER)
    assert await taken(queue, 3) == [B, C, A]


@in_virtual_time
async def test_background_work_does_not_starve() -> None:
    queue = WorkQueue(VirtualClock())
    queue.add(A)
    for n in range(20):
        queue.add(Key(CHAT, "live", f"edit-{n}"), Lane.USER)
    assert A in await taken(queue, 4)


@in_virtual_time
async def test_namespaces_take_turns() -> None:
    queue = WorkQueue(VirtualClock())
    for n in range(100):
        queue.add(Key(CHAT, "crowd", f"{n:03}"))
    queue.add(Key(CHAT, "lone", "one"))
    queue.add(Key(CHAT, "lone", "two"))
    order = [f"{key.namespace}/{key.name}" for key in await taken(queue, 5)]
    assert order == ["crowd/000", "lone/one", "crowd/001", "lone/two", "crowd/002"]


@in_virtual_time
async def test_later_comes_at_its_time_and_in_order() -> None:
    queue = WorkQueue(VirtualClock())
    clock = VirtualClock()
    queue.add_at(A, START + 30)
    queue.add_at(B, START + 10)
    seen = []
    for _ in range(2):
        key = await queue.take()
        assert key is not None
        seen.append((key, clock.now() - START))
        queue.done(key)
    assert seen == [(B, 10.0), (A, 30.0)]


@in_virtual_time
async def test_of_two_times_the_earlier_counts_and_only_once() -> None:
    queue = WorkQueue(VirtualClock())
    clock = VirtualClock()
    for time in (30, 10, 20):
        queue.add_at(A, START + time)
    assert await taken(queue, 1) == [A]
    assert clock.now() == START + 10
    late = asyncio.create_task(queue.take())
    await asyncio.sleep(100)
    assert not late.done()
    queue.close()
    assert await late is None


@in_virtual_time
async def test_a_look_now_makes_the_later_one_unnecessary() -> None:
    queue = WorkQueue(VirtualClock())
    queue.add_at(A, START + 5)
    queue.add(A)
    assert await taken(queue, 1) == [A]
    late = asyncio.create_task(queue.take())
    await asyncio.sleep(60)
    assert not late.done(), "whoever has looked will say when to look again"
    queue.close()
    await late


@in_virtual_time
async def test_a_waiting_worker_wakes_for_a_new_key_and_for_an_earlier_time() -> None:
    queue, clock = WorkQueue(VirtualClock()), VirtualClock()
    queue.add_at(A, START + 1000)
    worker = asyncio.create_task(queue.take())
    await asyncio.sleep(1)
    queue.add_at(B, START + 4)
    assert await worker == B
    assert clock.now() == START + 4


@in_virtual_time
async def test_closed_it_hands_out_nothing_to_anybody() -> None:
    queue = WorkQueue(VirtualClock())
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(1)
    queue.close()
    assert await asyncio.gather(*workers) == [None, None, None]
    queue.add(A)
    assert await queue.take() is None


@in_virtual_time
async def test_many_workers_share_without_doubling() -> None:
    queue = WorkQueue(VirtualClock())
    inside: set[Key] = set()
    done: list[Key] = []

    async def work() -> None:
        while (key := await queue.take()) is not None:
            assert key not in inside
            inside.add(key)
            await asyncio.sleep(0.5)
            inside.remove(key)
            done.append(key)
            queue.done(key)

    workers = [asyncio.create_task(work()) for _ in range(4)]
    for n in range(40):
        queue.add(Key(CHAT, "live", f"{n % 10}"))
        await asyncio.sleep(0.1)
    await asyncio.sleep(60)
    queue.close()
    await asyncio.gather(*workers)
    assert len(set(done)) == 10
    assert 10 <= len(done) <= 40


def test_who_asked_is_known_only_while_it_is_worked_on() -> None:
    with pytest.raises(KeyError):
        WorkQueue(VirtualClock()).lane_of(A)


@in_virtual_time
async def test_later_comes_in_the_lane_that_was_asked_for() -> None:
    queue = WorkQueue(VirtualClock())
    queue.add_at(A, START + 10)
    queue.add_at(B, START + 10, Lane.USER)
    await asyncio.sleep(20)
    lanes = []
    for _ in range(2):
        key = await queue.take()
        assert key is not None
        lanes.append((key, queue.lane_of(key)))
        queue.done(key)
    assert lanes == [(B, Lane.USER), (A, Lane.BACKGROUND)]
