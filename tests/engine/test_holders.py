"""Two objects of one cluster and one channel: `Replace` takes what the other has no claim to, and nobody fights."""

from dataclasses import replace

from support.objects import RECORDING, channel, consumer_arn, resource
from support.virtual_time import in_virtual_time
from support.world import SWEEP, World

LOBBY = consumer_arn("lobby", RECORDING)
PROD, TEST = [{"matchTags": {"env": "prod"}}], [{"matchTags": {"env": "test"}}]


@in_virtual_time
async def test_a_channel_that_the_other_matches_no_more_changes_over() -> None:
    """It stays with the first when its tags change; the second has it by Keep never, and by Replace at once."""
    async with World() as world:
        aws = world.at(RECORDING)
        aws.put(channel("lobby", name="lobby", env="prod"))
        first = world.cluster.apply(resource(RECORDING, "first", channels=PROD))
        second = world.cluster.apply(resource(RECORDING, "second", channels=TEST))
        await world.until_at_rest()
        before = aws.consumers[LOBBY]
        assert before.configurations == (world.cluster.status(first)["arn"],)

        aws.put(replace(before, tags={"env": "test"}))
        await world.until_at_rest()
        assert aws.consumers[LOBBY].configurations == before.configurations
        (problem,) = world.cluster.status(second)["associations"]["problems"]
        assert problem["reason"] == "ChannelTaken"
        assert "of live/first; take it off, or set spec.channelConflictPolicy to Replace" in problem["message"]

        world.cluster.apply(resource(RECORDING, "second", channels=TEST, channelConflictPolicy="Replace"))
        await world.until_at_rest()
        assert aws.consumers[LOBBY].configurations == (world.cluster.status(second)["arn"],)
        assert world.breaches == []


@in_virtual_time
async def test_two_that_want_the_same_channel_do_not_fight() -> None:
    async with World() as world:
        aws = world.at(RECORDING)
        aws.put(channel("lobby", name="lobby", env="prod"))
        for name in ("first", "second"):
            world.cluster.apply(resource(RECORDING, name, channels=PROD, channelConflictPolicy="Replace"))
            await world.until_at_rest()
        held = aws.consumers[LOBBY].configurations
        writes = world.writes()
        await world.for_(10 * SWEEP)
        assert (aws.consumers[LOBBY].configurations, world.writes()) == (held, writes)
        assert world.breaches == []
