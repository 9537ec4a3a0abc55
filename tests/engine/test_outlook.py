"""The whole operator with checks beside it: they cost no write but their news, and nobody waits for them."""

import asyncio
from typing import Any

from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.destinations import Facts, Site
from ivs_operator.domain.subject import Placement
from ivs_operator.engine.destination_checks import INTERVAL, DestinationChecks
from ivs_operator.engine.outlook import Outlook
from support.objects import ACCOUNT, REGION, resource, subject_of
from support.situations import situation
from support.virtual_time import in_virtual_time
from support.world import World


class Looker:
    def __init__(self) -> None:
        self.facts = Facts(found=True, region=REGION)
        self.hangs = False

    async def look(self, site: Site) -> Facts:
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
