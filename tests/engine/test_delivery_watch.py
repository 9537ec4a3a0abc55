"""The watch over delivery: one look per place, and nothing told without data."""

import asyncio
from collections.abc import Collection, Mapping

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.domain.identity import Key
from ivs_operator.domain.subject import Placement
from ivs_operator.engine.delivery_watch import INTERVAL, DeliveryWatch
from support.objects import ACCOUNT, CHAT, REGION, arn_of
from support.virtual_time import VirtualClock, in_virtual_time

HERE, THERE = Placement(ACCOUNT, REGION), Placement(ACCOUNT, "eu-west-1")
FAILING = DeliveryFacts(failing=(True,) * 6)
FINE = DeliveryFacts(failing=(False,) * 6)


def key(number: int) -> Key:
    return Key(CHAT, "live", f"chat-{number}")


class Metrics:
    """What CloudWatch would tell; None: it may not be read."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.facts: dict[str, DeliveryFacts] = {}
        self.denied: set[str] = set()
        self.broken: set[str] = set()
        self.reads: list[tuple[str, int]] = []
        self.news: list[Key] = []
        self.watch = DeliveryWatch(self, self.clock, active=lambda: True, on_news=self.news.append)

    async def read(
        self, account_id: str, region: str, account: str, arns: Collection[str], now: float
    ) -> Mapping[str, DeliveryFacts] | None:
        self.reads.append((region, len(arns)))
        if region in self.broken:
            raise CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, "no answer"))
        if region in self.denied:
            return None
        return {arn: self.facts.get(arn, DeliveryFacts()) for arn in arns}


@in_virtual_time
async def test_all_objects_of_a_place_share_a_look_and_no_data_is_no_news() -> None:
    m = Metrics()
    for number in range(50):
        assert m.watch.facts(key(number), HERE if number else THERE, arn_of(str(number))) is None
    await m.watch.once()
    assert sorted(m.reads) == [("eu-west-1", 1), (REGION, 49)]
    assert m.news == []
    assert m.watch.facts(key(1), HERE, arn_of("1")) == DeliveryFacts()
    m.facts[arn_of("1")] = FAILING
    await m.watch.once()
    await m.watch.once()
    assert m.news == [key(1)], "once"
    m.facts[arn_of("1")] = FINE
    await m.watch.once()
    assert m.news == [key(1), key(1)]


@in_virtual_time
async def test_a_refusal_is_told_once_and_asked_about_seldom() -> None:
    m = Metrics()
    m.denied.add(REGION)
    m.watch.facts(key(1), HERE, arn_of("1"))
    m.watch.facts(key(2), THERE, arn_of("2"))
    task = asyncio.create_task(m.watch.run())
    await asyncio.sleep(24.5 * INTERVAL)
    asked = [region for region, _ in m.reads]
    assert asked.count("eu-west-1") in range(22, 28)
    assert asked.count(REGION) == 2, "once in an hour"
    assert m.news == [key(1)], "its condition goes"
    assert m.watch.facts(key(1), HERE, arn_of("1")) == DeliveryFacts(readable=False)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@in_virtual_time
async def test_a_look_that_fails_leaves_what_is_known_and_the_others_alone() -> None:
    m = Metrics()
    m.facts |= {arn_of("1"): FAILING, arn_of("2"): FAILING}
    m.watch.facts(key(1), HERE, arn_of("1"))
    m.watch.facts(key(2), THERE, arn_of("2"))
    await m.watch.once()
    m.broken.add(REGION)
    m.facts[arn_of("2")] = FINE
    await m.watch.once()
    assert m.watch.facts(key(1), HERE, arn_of("1")) == FAILING
    assert m.watch.facts(key(2), THERE, arn_of("2")) == FINE


@in_virtual_time
async def test_another_aws_object_starts_without_a_past() -> None:
    m = Metrics()
    m.facts[arn_of("1")] = FAILING
    m.watch.facts(key(1), HERE, arn_of("1"))
    await m.watch.once()
    assert m.watch.facts(key(1), HERE, arn_of("new")) is None
    m.watch.forget(key(1))
    m.reads.clear()
    await m.watch.once()
    assert m.reads == []


@in_virtual_time
async def test_after_a_time_standing_by_nothing_is_looked_at_before_somebody_asks() -> None:
    m = Metrics()
    m.facts[arn_of("1")] = FAILING
    m.watch.facts(key(1), HERE, arn_of("1"))
    await m.watch.once()
    m.watch.forget_all()
    await m.watch.once()
    assert len(m.reads) == 1
    assert m.watch.facts(key(1), HERE, arn_of("1")) is None, "what was known is old"
