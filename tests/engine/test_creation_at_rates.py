"""Many objects at once under AWS's own rates, and Lists that take longer than an intent lives: each is made, once.

An intent may be acted on for ten seconds. Whoever waits longer, for a List or for the turn of the call, must neither
take the turns of others nor begin from nothing again and again.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.rates import RATES, Limiter
from ivs_operator.domain.creation import INTENT_LIFETIME
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.priority import BACKGROUND
from support.fake_aws import FakeGateway
from support.objects import CHAT, resource
from support.virtual_time import VirtualClock, run
from support.world import World

CREATE, LIST = "CreateLoggingConfiguration", "ListLoggingConfigurations"


class Rated:
    """A gateway under AWS's rates; `slow` seconds more for each List."""

    def __init__(self, gateway: FakeGateway, *, slow: float, slower: int) -> None:
        self._gateway = gateway
        self._limiter = Limiter(VirtualClock())
        self._slow = slow
        self.late = 0
        for _ in range(slower):
            self._limiter.bucket(CREATE).throttled()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gateway, name)

    async def create(self, *arguments: Any) -> Any:
        if not await self._limiter.take(CREATE, background=BACKGROUND.get()):
            self.late += 1
            raise CallFailed(Fault(FaultClass.FAST, Reason.THROTTLED, "too late"))
        return await self._gateway.create(*arguments)

    async def configurations(self) -> AsyncIterator[Any]:
        await self._limiter.take(LIST, background=BACKGROUND.get())
        await asyncio.sleep(self._slow)
        async for page in self._gateway.configurations():
            yield page


def story(objects: int, *, workers: int, slow: float = 0.0, slower: int = 0) -> tuple[float, World, int]:
    """So many objects made at once; seconds until all were, the world then, and calls that came too late."""
    ways: list[Rated] = []

    def rated(gateway: FakeGateway) -> Rated:
        ways.append(Rated(gateway, slow=slow, slower=slower))
        return ways[-1]

    world = World(workers=workers, way=rated)

    async def lived() -> float:
        async with world:
            keys = [world.cluster.apply(resource(CHAT, name=f"one-{number}")) for number in range(objects)]
            began = world.clock.now()
            while not all(world.cluster.ready(key) == ("True", "Available") for key in keys):
                assert world.clock.now() - began < 3600, f"{len(world.aws[CHAT].made)} of {objects} made in an hour"
                await asyncio.sleep(1)
            return world.clock.now() - began

    return run(lived()), world, sum(way.late for way in ways)


@pytest.mark.parametrize("workers", [1, 8, 64])
def test_a_hundred_at_once_use_the_whole_rate_and_none_waits_in_vain(workers: int) -> None:
    seconds, world, late = story(100, workers=workers)
    assert world.breaches == []
    assert len(world.aws[CHAT].made) == 100
    assert late == 0, "no call waited for its turn until its intent had grown old"
    if workers > 1:
        assert seconds < 100 / RATES[CREATE] * 1.1 + 10
    writes = Counter(name for _, name in world.cluster.writes)
    assert max(writes.values()) <= 4


def test_where_aws_slows_us_down_each_is_made_in_the_end() -> None:
    """At a tenth of the rate nobody's turn comes within ten seconds but the first three's."""
    seconds, world, late = story(40, workers=8, slower=4)
    assert world.breaches == []
    assert len(world.aws[CHAT].made) == 40
    assert late > 0, "or this tests nothing"
    assert seconds < 120


@pytest.mark.parametrize("slow", [INTENT_LIFETIME + 1, 4 * INTENT_LIFETIME])
def test_where_a_list_takes_longer_than_an_intent_lives_each_is_made_all_the_same(slow: float) -> None:
    """Some thousands of configurations in one region: fifty a page, three pages a second."""
    seconds, world, _ = story(20, workers=8, slow=slow)
    assert world.breaches == []
    assert len(world.aws[CHAT].made) == 20
    assert seconds < 6 * slow
