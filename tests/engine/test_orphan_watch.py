"""Orphans are told once they are sure, once each, and counted; nothing else happens to them."""

import asyncio
from collections.abc import Collection
from typing import Any

from prometheus_client import REGISTRY

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.orphans import Orphan
from ivs_operator.domain.placement import Identity
from ivs_operator.engine.orphan_watch import UNSWEPT, OrphanWatch, words
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import Gone
from support.objects import ACCOUNT, CHAT, CLUSTER, REGION, arn_of, configuration, key_of, resource
from support.virtual_time import VirtualClock, in_virtual_time


class Place:
    """One place as Lists show it."""

    def __init__(self, *objects: Configuration) -> None:
        self.listed_at = 0.0
        self.objects = list(objects)

    def listed(self) -> tuple[Configuration, ...]:
        return tuple(self.objects)

    async def refresh(self, newer_than: float) -> None:
        self.listed_at = newer_than


class Trial:
    def __init__(self, *places: Place, namespaces: frozenset[str] | None = None) -> None:
        self.places = places
        self.resources = ResourceCache()
        self.told: list[Orphan] = []
        self.refuses = False
        self.refused: CallFailed | None = None
        self.clock = VirtualClock()
        self.unswept = [Place(configuration("unswept"))]
        self.watch = OrphanWatch(
            self,  # the methods below
            self.resources,
            CLUSTER,
            namespaces=namespaces,
            clock=self.clock,
            interval=60,
            active=lambda: True,
            tell=self.tell,
            serves=self.serves,
        )
        self.reached: list[tuple[str, Place]] = []
        self.asked: list[tuple[str, set[str]]] = []

    def serves(self, account: str, namespaces: Collection[str]) -> bool:
        self.asked.append((account, set(namespaces)))
        return account == "open"

    def within_reach(self) -> list[tuple[str, Place]]:
        return [*self.reached, *(("", place) for place in self.places)]

    def inventories(self) -> tuple[tuple[str, Place], ...]:
        return tuple((REGION, place) for place in self.places)

    async def identity(self, kind: Kind) -> Identity:
        if self.refused is not None:
            raise self.refused
        return Identity(ACCOUNT, REGION, (REGION,))

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Place:
        assert (account_id, region) == (ACCOUNT, REGION)
        if kind is CHAT and self.unswept[0] not in self.places:
            self.places = (*self.places, self.unswept[0])
        return self.unswept[0]

    async def tell(self, orphan: Orphan) -> None:
        if self.refuses:
            raise Gone("namespaces live not found")
        self.told.append(orphan)

    async def sweeps(self, number: int) -> list[str]:
        """So many Lists, each looked at twice; returns who was told of so far."""
        for _ in range(number):
            for place in self.places:
                place.listed_at += 1
            await self.watch.once()
            await self.watch.once()
        return [orphan.arn for orphan in self.told]


def counted(region: str = REGION) -> float | None:
    return REGISTRY.get_sample_value("ivs_operator_orphans", {"region": region})


def put(trial: Trial, item: dict[str, Any]) -> Key:
    trial.resources.put(key_of(item), item)
    return key_of(item)


async def test_an_orphan_is_told_once_after_three_lists() -> None:
    trial = Trial(Place(configuration("a"), configuration("b")), Place(configuration("c", owner=None)))
    assert await trial.sweeps(2) == []
    assert counted() == 0, "a List may lag behind a delete"
    assert await trial.sweeps(1) == [arn_of("a"), arn_of("b")]
    assert counted() == 2
    assert await trial.sweeps(5) == [arn_of("a"), arn_of("b")]
    message = words(trial.told[0])
    assert "there is no ChatLoggingConfiguration live/vod" in message
    assert "cleanup --orphans" in message


async def test_what_goes_or_finds_its_custom_resource_is_none_any_more() -> None:
    trial = Trial(Place(configuration("a")))
    await trial.sweeps(3)
    key = put(trial, resource(status={"region": REGION}))
    await trial.sweeps(1)
    assert counted() == 0
    trial.resources.remove(key)
    assert await trial.sweeps(2) == [arn_of("a")]
    assert await trial.sweeps(1) == [arn_of("a"), arn_of("a")], "an orphan once more is news"


async def test_a_gap_starts_the_count_anew() -> None:
    place = Place(configuration("a"))
    trial = Trial(place)
    await trial.sweeps(2)
    place.objects.clear()
    await trial.sweeps(1)
    place.objects.append(configuration("a"))
    assert await trial.sweeps(2) == []
    assert await trial.sweeps(1) == [arn_of("a")]


async def test_other_namespaces_are_others() -> None:
    trial = Trial(Place(configuration("a")), namespaces=frozenset({"chat"}))
    assert await trial.sweeps(5) == []


async def test_an_event_that_can_not_be_posted_is_not_tried_again() -> None:
    trial = Trial(Place(configuration("a")))
    trial.refuses = True
    await trial.sweeps(4)
    trial.refuses = False
    assert await trial.sweeps(2) == []
    assert counted() == 1, "the metric says it all the same"


@in_virtual_time
async def test_where_nothing_is_swept_a_list_is_made_now_and_then() -> None:
    trial = Trial()
    task = asyncio.create_task(trial.watch.run())
    await asyncio.sleep(2.5 * UNSWEPT)
    assert (trial.told, counted()) == ([], 0)
    await asyncio.sleep(2 * UNSWEPT)
    assert [orphan.arn for orphan in trial.told] == [arn_of("unswept")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_flood_is_counted_and_not_told_one_by_one() -> None:
    trial = Trial(Place(*(configuration(f"x-{n}") for n in range(100))))
    assert len(await trial.sweeps(4)) == 20
    assert counted() == 100


async def test_two_ways_into_one_account_show_one_orphan() -> None:
    """The operator's own credentials, and an AWSAccount of the same account."""
    trial = Trial(Place(configuration("a")), Place(configuration("a")))
    assert await trial.sweeps(4) == [arn_of("a")]
    assert counted() == 1


@in_virtual_time
async def test_an_account_that_can_not_be_told_does_not_end_the_watch() -> None:
    trial = Trial()
    trial.refused = CallFailed(Fault(FaultClass.FAST, Reason.ACCESS_DENIED, "no usable AWS credentials"))
    put(trial, resource(name="second", accountRef={"name": "open"}))
    trial.reached = [("open", Place())]
    task = asyncio.create_task(trial.watch.run())
    await asyncio.sleep(1.5 * UNSWEPT)
    assert trial.reached[0][1].listed_at > 0, "roles that were assumed already are looked at"
    trial.refused = None
    await asyncio.sleep(5 * UNSWEPT)
    assert [orphan.arn for orphan in trial.told] == [arn_of("unswept")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@in_virtual_time
async def test_nothing_is_listed_through_an_account_that_nobody_may_use() -> None:
    trial = Trial()
    put(trial, resource(accountRef={"name": "open"}))
    put(trial, resource(name="second", namespace="chat", accountRef={"name": "open"}))
    trial.reached = [("open", Place()), ("closed", Place())]
    task = asyncio.create_task(trial.watch.run())
    await asyncio.sleep(1.5 * UNSWEPT)
    assert [place.listed_at > 0 for _, place in trial.reached] == [True, False]
    assert trial.asked == [("open", {"live", "chat"}), ("closed", set())]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
