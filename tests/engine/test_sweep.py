"""The sweep: shared Lists, and only objects with something to do or to say enter the queue."""

from typing import Any

from prometheus_client import REGISTRY

from ivs_operator.domain.identity import Key
from support.objects import CHAT, RECORDING, channel, consumer_arn, made_for, resource, room
from support.virtual_time import in_virtual_time
from support.world import SWEEP, World

PROD = [{"matchTags": {"env": "prod"}}]


async def ready(world: World, count: int = 6, **spec: Any) -> list[Key]:
    keys = [world.cluster.apply(resource(name=f"chat-{n}", **spec)) for n in range(count)]
    await world.until_at_rest()
    assert all(world.cluster.ready(key) == ("True", "Available") for key in keys)
    return keys


def queued(world: World) -> set[Key]:
    assert world.process is not None
    return set(world.process.queue._waiting)


@in_virtual_time
async def test_only_what_has_something_to_do_is_queued() -> None:
    async with World() as world:
        keys = await ready(world)
        process = world.process
        assert process is not None
        await process.workers.stop(1)  # what is queued stays there to be seen
        drifted = made_for(world.cluster.resources[keys[2]], "x", name="by-hand")
        (found,) = [c for c in world.aws[CHAT].owned() if c.tags == drifted.tags]
        world.aws[CHAT].put(made_for(world.cluster.resources[keys[2]], found.arn.rpartition("/")[2], name="by-hand"))
        await process.sweep.once()
        assert queued(world) == {keys[2]}


@in_virtual_time
async def test_a_failed_sweep_changes_nothing_and_the_next_one_goes_on() -> None:
    async with World() as world:
        keys = await ready(world)
        before, statuses = world.writes(), {key: world.cluster.status(key) for key in keys}
        first = world._numbers[False]
        world.reads = {first + n: "unsent" for n in range(12)}
        await world.for_(6 * SWEEP)
        assert world._numbers[False] > first + 4
        assert world.writes() == before
        assert {key: world.cluster.status(key) for key in keys} == statuses
        world.reads = {}
        world.aws[CHAT].drop(world.cluster.status(keys[0])["arn"])
        await world.until_at_rest()
        assert world.aws[CHAT].count(operation="Create") == len(keys) + 1, "what vanished meanwhile is made again"


@in_virtual_time
async def test_rooms_are_only_listed_for_those_who_select_some() -> None:
    async with World() as world:
        await ready(world, 2)
        assert world.aws[CHAT].count(operation="ListConsumers") == 0
        world.cluster.apply(resource(name="selecting", rooms=PROD))
        await world.for_(3 * SWEEP)
        assert world.aws[CHAT].count(operation="ListConsumers") >= 3


@in_virtual_time
async def test_a_room_that_appears_is_found_by_the_next_sweep_and_one_that_goes_too() -> None:
    async with World() as world:
        (key,) = await ready(world, 1, rooms=PROD)
        world.aws[CHAT].put(room("late", env="prod"))
        await world.for_(2 * SWEEP)
        assert world.cluster.status(key)["associations"]["summary"] == "1/1"
        world.aws[CHAT].drop(consumer_arn("late"))
        await world.until_at_rest()
        assert world.cluster.status(key)["associations"]["summary"] == "0/0"


@in_virtual_time
async def test_streams_are_asked_for_only_while_a_live_channel_is_waited_for() -> None:
    async with World() as world:
        aws = world.aws[RECORDING]
        arn = consumer_arn("c", RECORDING)
        aws.put(channel("c", env="prod"))
        aws.live.add(arn)
        key = world.cluster.apply(resource(RECORDING, channels=PROD))
        await world.for_(4 * SWEEP)
        assert world.cluster.status(key)["associations"]["problems"][0]["reason"] == "ChannelLive"
        assert aws.count(operation="ListStreams") > 0
        aws.live.clear()
        await world.until_at_rest()
        assert aws.consumers[arn].configurations != ()
        asked = aws.count(operation="ListStreams")
        await world.for_(5 * SWEEP)
        assert aws.count(operation="ListStreams") == asked


@in_virtual_time
async def test_kinds_are_swept_apart() -> None:
    """Trouble with one service keeps nothing from the other."""
    async with World() as world:
        (chat,) = await ready(world, 1)
        vod = world.cluster.apply(resource(RECORDING, name="vod"))
        await world.until_at_rest()
        gateway = world.process.region(CHAT, "", "").gateway  # type: ignore[union-attr]
        gateway._trouble = lambda *_: "unsent"  # type: ignore[union-attr]
        world.aws[RECORDING].drop(world.cluster.status(vod)["arn"])
        await world.until_at_rest()
        assert world.aws[RECORDING].count(operation="Create") == 2
        assert world.cluster.ready(chat) == ("True", "Available")


def ages(world: World) -> list[float]:
    """What the metric tells of how old the view of AWS is."""
    assert world.process is not None
    world.process.sweep._measure()
    families = [family for family in REGISTRY.collect() if family.name == "ivs_operator_sweep_age_seconds"]
    return [sample.value for family in families for sample in family.samples]


@in_virtual_time
async def test_the_view_of_aws_grows_old_while_it_cant_be_listed() -> None:
    async with World() as world:
        await ready(world, 1)
        await world.for_(5 * SWEEP)
        (fresh,) = ages(world)
        assert fresh <= 2 * SWEEP
        first = world._numbers[False]
        world.reads = {first + n: "unsent" for n in range(100)}
        await world.for_(10 * SWEEP)
        (old,) = ages(world)
        assert old >= 8 * SWEEP, "and an alert would tell"


@in_virtual_time
async def test_a_view_that_never_was_has_an_age_too() -> None:
    """Else an operator that is refused from its start on would never be noticed."""
    async with World() as world:
        world.reads = dict.fromkeys(range(200), "unsent")
        world.cluster.apply(resource(name="chat"))
        await world.for_(10 * SWEEP)
        (age,) = ages(world)
        assert age >= 8 * SWEEP


@in_virtual_time
async def test_where_no_object_lives_any_more_nothing_grows_old() -> None:
    """An object of one kind stays, for the account is still in use."""
    async with World() as world:
        (key,) = await ready(world, 1)
        world.cluster.apply(resource(RECORDING, name="vod"))
        await world.for_(5 * SWEEP)
        world.cluster.delete(key)
        await world.for_(20 * SWEEP)
        (age,) = ages(world)
        assert age <= 2 * SWEEP, "the metric has the older of both kinds"
