"""The whole operator with checks beside it: they cost no write but their news, and nobody waits for them."""

import asyncio
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.destinations import Facts, Site
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.identity import Key
from ivs_operator.domain.observed import View
from ivs_operator.domain.subject import Placement
from ivs_operator.engine.destination_checks import INTERVAL, DestinationChecks
from ivs_operator.engine.outlook import Outlook
from support.objects import ACCOUNT, REGION, arn_of, configuration, resource, subject_of
from support.situations import situation
from support.virtual_time import in_virtual_time
from support.world import World


class Looker:
    def __init__(self) -> None:
        self.facts = Facts(found=True, region=REGION)
        self.hangs = False
        self.sites: set[str] = set()

    async def look(self, site: Site) -> Facts:
        self.sites.add(site.name)
        await (asyncio.Event().wait() if self.hangs else asyncio.sleep(0.2))
        return self.facts


def beside(world: World, looker: Looker) -> asyncio.Task[None]:
    """Checks as the wiring makes them."""
    process = world.process
    assert process is not None
    checks = DestinationChecks(
        looker,
        world.clock,
        active=lambda: True,
        on_news=process.queue.add,
        on_mended=process.memories.relent,
    )
    process.reconciler._outlook = Outlook(checks, None)
    return asyncio.create_task(checks.run())


def told(status: Any) -> str | None:
    found = [item["status"] for item in status["conditions"] if item["type"] == "DestinationReady"]
    return found[0] if found else None


@in_virtual_time
async def test_news_of_a_destination_cost_one_write_and_nothing_at_aws() -> None:
    async with World() as world:
        looker = Looker()
        task = beside(world, looker)
        key = world.cluster.apply(resource())
        await world.until_at_rest()
        assert world.cluster.ready(key) == ("True", "Available")
        assert told(world.cluster.status(key)) == "True"
        at_aws, at_kubernetes = world.writes()
        assert at_kubernetes <= 4, "the check is told along with the rest"

        for number, (facts, status) in enumerate(
            [(Facts(found=False), "False"), (Facts(found=True), "True"), (Facts(), None)], start=1
        ):
            looker.facts = facts
            await world.for_(1.2 * INTERVAL)
            assert told(world.cluster.status(key)) == status
            assert world.cluster.ready(key) == ("True", "Available")
            assert world.writes() == (at_aws, at_kubernetes + number)
        assert world.breaches == []
        task.cancel()


@in_virtual_time
async def test_checks_that_hang_hold_up_neither_a_creation_nor_a_deletion() -> None:
    async with World() as world:
        looker = Looker()
        looker.hangs = True
        task = beside(world, looker)
        key = world.cluster.apply(resource())
        await world.until_at_rest()
        assert world.cluster.ready(key) == ("True", "Available")
        assert told(world.cluster.status(key)) is None
        world.cluster.delete(key)
        await world.until_at_rest()
        assert key not in world.cluster.resources
        task.cancel()


def test_what_is_switched_off_says_that_nothing_can_be_told() -> None:
    s = situation(resource())
    around = Outlook(None, None).around(subject_of(resource()), Placement(ACCOUNT, REGION), s.view)
    assert (around.destination, around.delivery) == (Facts(), DeliveryFacts(readable=False))


WITHDRAWN = (Reason.ACCOUNT_NOT_ALLOWED, Reason.ACCOUNT_NOT_FOUND, Reason.ACCOUNT_CHANGED)


class Noted:
    """Both watches: who is looked at."""

    def __init__(self) -> None:
        self.keys: set[Key] = set()

    def facts(self, key: Key, *_: Any, **__: Any) -> None:
        self.keys.add(key)

    def forget(self, key: Key) -> None:
        self.keys.discard(key)


@pytest.mark.parametrize("reason", [*WITHDRAWN, Reason.UNAVAILABLE, Reason.ACCESS_DENIED])
def test_who_may_not_use_its_account_is_looked_at_no_more(reason: Reason) -> None:
    """The status says that nothing is called; a fault that passes by itself ends no look."""
    destinations, delivery = Noted(), Noted()
    outlook = Outlook(destinations, delivery)  # type: ignore[arg-type]
    item = resource(status={"arn": arn_of("a")})
    subject = subject_of(item)
    outlook.around(subject, Placement(ACCOUNT, REGION, account="prod"), View(owned=(configuration("a"),)))
    assert destinations.keys == delivery.keys == {subject.key}
    outlook.around(subject, Placement(fault=Fault(FaultClass.SLOW, reason, "no")), View())
    assert destinations.keys == delivery.keys == (set() if reason in WITHDRAWN else {subject.key})


@in_virtual_time
async def test_who_leads_anew_does_not_look_at_what_has_gone_while_it_stood_by() -> None:
    async with World() as world:
        looker = Looker()
        task = beside(world, looker)
        key = world.cluster.apply(resource())
        stays = world.cluster.apply(resource(name="stays", destinationConfiguration={"s3": {"bucketName": "other"}}))
        await world.until_at_rest()
        assert looker.sites == {"my-bucket", "other"}
        process = world.process
        assert process is not None
        process.queue.pause()
        process.resources.remove(key)  # the watch tells; nobody reconciles here
        looker.sites.clear()
        process.reconciler.forget_all()
        process.queue.resume()
        process.queue.add(stays)
        await asyncio.sleep(5 * INTERVAL)
        assert looker.sites == {"other"}
        assert set(process.reconciler._intake._readings) == {stays}
        task.cancel()
