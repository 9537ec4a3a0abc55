"""What a process believes may be long past: nothing is taken away at AWS on the strength of it alone."""

import copy

import pytest

from ivs_operator.engine.queue import Lane
from support.objects import resource
from support.virtual_time import in_virtual_time
from support.world import World


@pytest.mark.parametrize("policy", ["Delete", "DetachAndDelete", "Retain"])
@in_virtual_time
async def test_the_deletion_of_a_former_life_is_not_carried_out_on_a_later_one(policy: str) -> None:
    """A replica that takes over with a silent watch sees it so; owner tag and name are the same in both lives."""
    async with World() as world:
        key = world.cluster.apply(resource(deletionPolicy=policy, uid="first-life"))
        await world.until_at_rest()
        past = copy.deepcopy(world.cluster.resources[key])
        past["metadata"]["deletionTimestamp"] = "2023-11-14T23:00:00Z"
        world.cluster.delete(key)
        await world.until_at_rest()
        world.cluster.apply(resource(deletionPolicy=policy, uid="second-life"))
        await world.until_at_rest()
        made, writes = world.cluster.status(key)["arn"], world.writes()

        assert world.process is not None
        world.process.resources.put(key, past)
        world.process.queue.add(key, Lane.USER)
        await world.until_at_rest()

        assert world.writes() == writes, "neither AWS nor Kubernetes was written to"
        assert world.cluster.ready(key) == ("True", "Available")
        assert world.cluster.status(key)["arn"] == made
        (seen,) = [world.process.resources.get(key)]
        assert seen is not None
        assert seen["metadata"]["uid"] == "second-life", "and the view is of now"


@in_virtual_time
async def test_the_deletion_of_what_is_gone_altogether_touches_nothing() -> None:
    async with World() as world:
        key = world.cluster.apply(resource())
        await world.until_at_rest()
        past = copy.deepcopy(world.cluster.resources.pop(key))  # a person has stripped the finalizer
        past["metadata"]["deletionTimestamp"] = "2023-11-14T23:00:00Z"
        writes = world.writes()

        assert world.process is not None
        world.process.resources.put(key, past)
        world.process.queue.add(key, Lane.USER)
        await world.until_at_rest()

        assert world.writes() == writes
        assert world.process.resources.get(key) is None
