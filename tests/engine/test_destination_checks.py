"""Looks at destinations: shared, few, beside the reconciles, and told only when they bring something new."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.destinations import Destination, Facts, Site
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.domain.identity import Key
from ivs_operator.engine.destination_checks import AGAIN, INTERVAL, DestinationChecks
from support.objects import ACCOUNT, CHAT, REGION
from support.virtual_time import VirtualClock, in_virtual_time

SITE = Site(CHAT, ACCOUNT, REGION, Destination.BUCKET, "logs")
FAR = replace(SITE, region="eu-west-1")
HERE, GONE = Facts(found=True, region=REGION), Facts(found=False)
BROKEN = CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, "no answer"))


def key(number: int = 0) -> Key:
    return Key(CHAT, "live", f"chat-{number}")


class Place:
    """AWS as the looks see it: what a site is like, what it fails with, or that it hangs."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.facts: dict[Site, Facts | CallFailed] = {}
        self.hangs: set[Site] = set()
        self.looks: Counter[Site] = Counter()
        self.at_once = self.most_at_once = 0
        self.news: list[Key] = []
        self.mended: list[Key] = []
        self.active = True
        self.checks = DestinationChecks(
            self, self.clock, active=lambda: self.active, on_news=self.news.append, on_mended=self.mended.append
        )

    async def look(self, site: Site) -> Facts:
        self.looks[site] += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await (asyncio.Event().wait() if site in self.hangs else asyncio.sleep(0.1))
        finally:
            self.at_once -= 1
        found = self.facts.get(site, HERE)
        if isinstance(found, CallFailed):
            raise found
        return found

    def known(self, number: int = 0, site: Site = SITE, *, used: bool = True, told: bool = False) -> Facts | None:
        return self.checks.facts(key(number), site, used=used, told=told)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    found = Place()
    task = asyncio.create_task(found.checks.run())
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@in_virtual_time
async def test_a_destination_is_looked_at_once_for_all_and_then_seldom() -> None:
    async with place() as p:
        assert [p.known(number) for number in range(100)] == [None] * 100, "asking never waits"
        await asyncio.sleep(1)
        assert p.known(7) == HERE
        assert p.looks == {SITE: 1}
        assert sorted(p.news) == sorted(key(number) for number in range(100)), "all of them are planned anew"
        p.news.clear()
        await asyncio.sleep(10 * INTERVAL)
        assert 9 <= p.looks[SITE] <= 12
        assert p.news == [], "the same again is no news"


@in_virtual_time
async def test_who_comes_during_a_look_takes_nothing_from_later_ones() -> None:
    async with place() as p:
        p.known(1)
        await asyncio.sleep(0.05)
        assert p.at_once == 1
        p.known(2)
        await asyncio.sleep(3 * INTERVAL)
        assert p.looks[SITE] >= 3


@in_virtual_time
async def test_trouble_is_looked_at_more_often_and_its_end_is_told() -> None:
    async with place() as p:
        p.facts[SITE] = GONE
        p.known()
        await asyncio.sleep(1)
        assert p.known() == GONE
        await asyncio.sleep(300)
        assert 5 <= p.looks[SITE] <= 7, "once a minute"
        assert (p.news, p.mended) == ([key()], [])
        p.facts[SITE] = HERE
        await asyncio.sleep(AGAIN + 1)
        assert (p.news, p.mended) == ([key(), key()], [key()])


@in_virtual_time
async def test_only_what_has_been_in_use_for_a_while_is_called_so() -> None:
    async with place() as p:
        p.known(used=False)
        await asyncio.sleep(1)
        p.known(used=True)
        found = p.known()
        assert found is not None
        assert not found.in_use, "a policy that lacks something may not have been set up yet"
        await asyncio.sleep(2.2 * INTERVAL)
        found = p.known()
        assert found is not None
        assert found.in_use


@in_virtual_time
async def test_a_place_that_hangs_or_fails_keeps_nothing_from_the_others() -> None:
    async with place() as p:
        p.hangs.update(replace(FAR, name=f"hangs-{n}") for n in range(50))
        for number, site in enumerate(sorted(p.hangs)):
            p.known(number, site)
        p.facts[replace(SITE, name="fails")] = BROKEN
        p.known(98, replace(SITE, name="fails"))
        p.known(99)
        await asyncio.sleep(1)
        assert p.known(99) == HERE
        assert p.at_once == 2, "of a place that hangs only two looks wait"
        assert p.known(98, replace(SITE, name="fails")) is None


@in_virtual_time
async def test_a_look_that_fails_leaves_what_is_known() -> None:
    async with place() as p:
        p.known()
        await asyncio.sleep(1)
        p.facts[SITE] = BROKEN
        await asyncio.sleep(1.2 * INTERVAL)
        assert p.looks[SITE] >= 2
        assert p.known() is not None
        assert p.news == [key()]


@in_virtual_time
async def test_a_restart_spreads_the_looks_at_what_is_told_already() -> None:
    async with place() as p:
        sites = [replace(SITE, name=f"bucket-{n}") for n in range(200)]
        for number, site in enumerate(sites):
            p.known(number, site, told=True)
        await asyncio.sleep(INTERVAL / 10)
        assert sum(p.looks.values()) < 50
        await asyncio.sleep(2 * INTERVAL)
        assert all(p.looks[site] for site in sites)


@in_virtual_time
async def test_a_thousand_buckets_of_one_place_are_ten_looks_a_minute() -> None:
    async with place() as p:
        for number in range(1000):
            p.known(number, replace(SITE, name=f"bucket-{number}"))
        p.known(1000, replace(FAR, name="alone"))
        await asyncio.sleep(INTERVAL)
        assert len(p.looks) == 1001, "the first looks come at once"
        p.looks.clear()
        await asyncio.sleep(60 * 60)
        assert 400 <= sum(p.looks.values()) <= 700
        assert p.looks[replace(FAR, name="alone")] >= 5, "others are not slowed"


@in_virtual_time
async def test_a_person_who_asks_has_a_look_at_once() -> None:
    async with place() as p:
        p.known()
        await asyncio.sleep(1)
        p.facts[SITE] = GONE
        p.checks.facts(key(), SITE, used=True, told=True, asked_at=p.clock.now())
        await asyncio.sleep(1)
        assert p.known() == GONE
        p.checks.facts(key(), SITE, used=True, told=True, asked_at=p.clock.now() - 10)
        await asyncio.sleep(1)
        assert p.looks[SITE] == 2, "one wish, one look"


@in_virtual_time
async def test_what_nobody_names_any_more_is_not_looked_at() -> None:
    async with place() as p:
        p.known()
        await asyncio.sleep(1)
        p.known(0, replace(SITE, name="other"))
        p.checks.forget(key())
        p.checks.forget(key())
        p.looks.clear()
        await asyncio.sleep(5 * INTERVAL)
        assert not p.looks


@in_virtual_time
async def test_a_replica_that_stands_by_looks_at_nothing() -> None:
    async with place() as p:
        p.active = False
        p.known()
        await asyncio.sleep(100)
        assert not p.looks
        p.active = True
        await asyncio.sleep(2)
        assert p.looks[SITE] == 1


@in_virtual_time
async def test_a_look_that_waits_for_its_turn_is_not_made_for_who_may_not_ask_any_more() -> None:
    async with place() as p:
        p.hangs.update(replace(SITE, name=f"hangs-{n}") for n in range(2))
        for number, site in enumerate(sorted(p.hangs)):
            p.known(number, site)
        await asyncio.sleep(1)
        p.known(9)
        await asyncio.sleep(1)
        p.checks.forget(key(9))
        for task in [task for task in p.checks._tasks if "logs" not in task.get_name()]:
            task.cancel()
        await asyncio.sleep(5 * INTERVAL)
        assert p.looks[SITE] == 0
