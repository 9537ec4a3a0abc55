"""Workers: what goes wrong with one object never ends a worker, and is tried again."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from ivs_operator.domain.failures import NotWritten
from ivs_operator.domain.identity import Key
from ivs_operator.engine import executor
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.engine.reconciler import Outcome
from ivs_operator.engine.workers import Workers
from ivs_operator.priority import BACKGROUND
from support.objects import CHAT
from support.virtual_time import START, VirtualClock, in_virtual_time

A, B = Key(CHAT, "live", "a"), Key(CHAT, "live", "b")
Behaviour = Callable[[Key], Awaitable[Outcome]]


class Script:
    """A reconciler that does what the test says."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self.looks: list[tuple[Key, float]] = []
        self._clock = VirtualClock()

    async def reconcile(self, key: Key) -> Outcome:
        self.looks.append((key, self._clock.now() - START))
        return await self._behaviour(key)

    def times(self, key: Key) -> list[float]:
        return [time for looked, time in self.looks if looked == key]


def working(behaviour: Behaviour, number: int = 2) -> tuple[WorkQueue, Script, Workers]:
    clock = VirtualClock()
    queue, script = WorkQueue(clock), Script(behaviour)
    reconciler: Any = script
    workers = Workers(queue, reconciler, clock, number=number)
    workers._jitter = random.Random(0)
    workers.start()
    return queue, script, workers


async def done(key: Key) -> Outcome:
    return Outcome()


@in_virtual_time
async def test_an_exception_in_one_object_ends_no_worker_and_is_tried_again_less_and_less_often() -> None:
    async def behaviour(key: Key) -> Outcome:
        if key == A:
            raise ValueError("a bug")
        return Outcome()

    queue, script, workers = working(behaviour, number=1)
    queue.add(A)
    queue.add(B)
    await asyncio.sleep(600)
    assert workers.alive()
    assert script.times(B) == [0.0]
    gaps = [later - earlier for earlier, later in pairwise(script.times(A))]
    assert gaps[0] < 0.5
    assert all(later > earlier for earlier, later in pairwise(gaps[:8]))
    assert 55 < gaps[-1] < 75, "at most every minute or so"
    await workers.stop(1)


@in_virtual_time
async def test_after_a_success_the_next_failure_begins_anew() -> None:
    results: list[Any] = [NotWritten("conflict")] * 4 + [None] + [NotWritten("conflict")] + [None]

    async def behaviour(key: Key) -> Outcome:
        result = results.pop(0)
        if result is not None:
            raise result
        return Outcome()

    queue, script, workers = working(behaviour)
    queue.add(A)
    await asyncio.sleep(60)
    queue.add(A)
    await asyncio.sleep(60)
    assert results == []
    times = script.times(A)
    assert times[6] - times[5] < 0.5
    await workers.stop(1)


@in_virtual_time
async def test_an_object_that_hangs_holds_one_worker_and_not_for_ever() -> None:
    async def behaviour(key: Key) -> Outcome:
        if key == A:
            await asyncio.Event().wait()
        return Outcome()

    queue, script, workers = working(behaviour)
    queue.add(A)
    queue.add(B)
    await asyncio.sleep(1)
    assert script.times(B) == [0.0]
    await asyncio.sleep(900)
    assert len(script.times(A)) >= 2
    assert workers.alive()
    await workers.stop(0.1)


@in_virtual_time
async def test_the_outcome_says_when_to_look_again() -> None:
    async def behaviour(key: Key) -> Outcome:
        return Outcome(again_at=START + 42 if len(script.looks) == 1 else None)

    queue, script, workers = working(behaviour)
    queue.add(A)
    await asyncio.sleep(200)
    assert script.times(A) == [0.0, 42.0]
    await workers.stop(1)


@in_virtual_time
async def test_an_outcome_that_names_a_moment_of_the_past_does_not_hold_the_event_loop() -> None:
    async def behaviour(key: Key) -> Outcome:
        if len(script.looks) > 1000:
            raise AssertionError("nothing else came to its turn")
        return Outcome(again_at=START)

    queue, script, workers = working(behaviour, number=1)
    queue.add(A)
    await asyncio.sleep(1)
    assert 2 <= len(script.times(A)) <= 21
    await workers.stop(1)


@in_virtual_time
async def test_a_process_that_may_not_write_does_not_repeat_itself() -> None:
    async def behaviour(key: Key) -> Outcome:
        raise executor.PermitLost

    queue, script, workers = working(behaviour)
    queue.add(A)
    await asyncio.sleep(200)
    assert script.times(A) == [0.0]
    assert workers.alive()
    await workers.stop(1)


@in_virtual_time
async def test_calls_know_whether_somebody_waits_for_them() -> None:
    seen: list[tuple[Key, bool]] = []

    async def behaviour(key: Key) -> Outcome:
        seen.append((key, BACKGROUND.get()))
        return Outcome()

    queue, _, workers = working(behaviour, number=1)
    queue.add(A, Lane.USER)
    queue.add(B)
    await asyncio.sleep(1)
    assert seen == [(A, False), (B, True)]
    await workers.stop(1)


@in_virtual_time
async def test_a_stop_finishes_what_is_in_hand_and_takes_no_more() -> None:
    finished = []

    async def behaviour(key: Key) -> Outcome:
        await asyncio.sleep(5)
        finished.append(key)
        return Outcome()

    queue, script, workers = working(behaviour, number=1)
    queue.add(A)
    queue.add(B)
    await asyncio.sleep(0.1)
    await workers.stop(10)
    assert finished == [A]
    assert not script.times(B)
    assert not workers.alive()


@in_virtual_time
async def test_a_stop_does_not_wait_longer_than_its_grace() -> None:
    async def behaviour(key: Key) -> Outcome:
        await asyncio.Event().wait()
        return Outcome()

    queue, _, workers = working(behaviour)
    queue.add(A)
    await asyncio.sleep(1)
    clock, began = VirtualClock(), VirtualClock().now()
    await workers.stop(20)
    assert clock.now() - began == 20


@in_virtual_time
async def test_two_thousand_bad_objects_do_not_keep_a_good_one_waiting() -> None:
    """Each of the bad ones costs a worker a moment, and they come again and again."""

    async def behaviour(key: Key) -> Outcome:
        await asyncio.sleep(0.01)
        if key.namespace == "garbage":
            raise ValueError("bad")
        return Outcome()

    queue, script, workers = working(behaviour, number=8)
    for n in range(2000):
        queue.add(Key(CHAT, "garbage", f"{n}"))
    queue.add(A)
    await asyncio.sleep(8)
    assert script.times(A)[0] < 0.1
    assert Counter(key.namespace for key, _ in script.looks)["garbage"] > 2000
    began = VirtualClock().now() - START
    queue.add(B, Lane.USER)
    await asyncio.sleep(1)
    assert script.times(B)[0] - began < 0.1
    await workers.stop(1)


@in_virtual_time
async def test_objects_that_hang_take_no_worker_from_others() -> None:
    """A region that does not answer would hold every worker, and with them the objects of all other regions."""
    good = [Key(CHAT, "live", f"good-{number}") for number in range(20)]
    hangs = {Key(CHAT, "live", f"hangs-{number}") for number in range(5)}

    async def behaviour(key: Key) -> Outcome:
        await asyncio.sleep(60 if key in hangs else 0.1)
        return Outcome()

    queue, script, workers = working(behaviour, number=2)
    for key in [*hangs, *good]:
        queue.add(key)
    await asyncio.sleep(10)
    assert all(script.times(key) for key in good)
    await workers.stop(1)


@in_virtual_time
async def test_objects_that_wait_for_a_shared_list_are_not_the_limit() -> None:
    """A create waits up to a second for a List newer than its intent; AWS's rates are to be the limit, not that."""
    ended = 0

    async def behaviour(key: Key) -> Outcome:
        nonlocal ended
        await asyncio.sleep(1)
        ended += 1
        return Outcome()

    queue, _, workers = working(behaviour, number=2)
    for number in range(60):
        queue.add(Key(CHAT, "live", f"new-{number}"))
    await asyncio.sleep(10)
    assert ended >= 60, "two workers with three stand-ins each are eight at once, not two"
    await workers.stop(1)


@in_virtual_time
async def test_stand_ins_are_limited_and_go_when_nobody_waits_any_more() -> None:
    at_once, most = 0, 0
    hanging = True

    async def behaviour(key: Key) -> Outcome:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(600 if hanging else 0.1)
        at_once -= 1
        return Outcome()

    queue, _, workers = working(behaviour, number=2)
    for number in range(100):
        queue.add(Key(CHAT, "live", f"hangs-{number}"))
    await asyncio.sleep(60)
    assert most == 8, "two workers, and three stand-ins for each"
    hanging = False
    await asyncio.sleep(700)
    for number in range(20):
        queue.add(Key(CHAT, "live", f"later-{number}"))
    await asyncio.sleep(60)
    assert not workers._stand_ins
    assert workers.alive()
    await workers.stop(1)


@in_virtual_time
async def test_an_edit_stays_one_through_failures_that_pass_and_no_longer() -> None:
    """A conflict must not put a person behind all background work; what fails on and on is nobody's edit any more."""
    background: list[bool] = []

    async def behaviour(key: Key) -> Outcome:
        background.append(BACKGROUND.get())
        if len(background) == 4:
            return Outcome()
        raise NotWritten("somebody else has written")

    queue, _, workers = working(behaviour)
    queue.add(A, Lane.USER)
    await asyncio.sleep(10)
    assert background == [False] * 4
    background[:] = [False] * 10
    queue.add(A, Lane.USER)
    await asyncio.sleep(600)
    del background[:10]
    assert background[:5] == [False] * 5
    assert len(background) > 8
    assert all(background[5:])
    background.clear()
    queue.add(B)
    await asyncio.sleep(1)
    assert all(background), "and what began in the background stays there"
    await workers.stop(0)
