"""What must hold whatever goes wrong: the whole operator in virtual time, with trouble drawn by hypothesis.

Each example is minutes of an operator's life. A failing one prints the troubles that it took, and hypothesis its blob.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.engine.status_writer import TAGS_STAY
from support.objects import (
    CHAT,
    OWNER_TAGS,
    RECORDING,
    REGION,
    arn_of,
    channel,
    configuration,
    consumer_arn,
    resource,
    room,
)
from support.virtual_time import in_virtual_time, run
from support.world import GRACE, SWEEP, World

bounded = settings(
    deadline=None, max_examples=40, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

KINDS = st.sampled_from([CHAT, RECORDING])
TROUBLE = st.sampled_from(["unsent", "lost", "throttled", "killed-before", "killed-after"])
TROUBLES = st.dictionaries(st.integers(0, 9), TROUBLE, max_size=4)
READ_TROUBLES = st.dictionaries(st.integers(0, 25), TROUBLE, max_size=2)
# Up to the grace: a List that lags longer is beyond what can be promised.
LAGS = st.sampled_from([0.0, 1.0, 7.0, GRACE])
PROD = [{"matchTags": {"env": "prod"}}]


def selecting(kind: Any, entries: Any) -> dict[str, Any]:
    return {"rooms" if kind is CHAT else "channels": entries}


@bounded
@given(kind=KINDS, lag=LAGS, troubles=TROUBLES, reads=READ_TROUBLES)
def test_exactly_one_object_is_made_whatever_is_lost_and_whenever_the_process_dies(
    kind: Any, lag: float, troubles: Any, reads: Any
) -> None:
    async def story() -> None:
        async with World(lag, troubles, reads) as world:
            key = world.cluster.apply(resource(kind, tags={"team": "live"}))
            await world.until_at_rest()
            assert world.cluster.ready(key) == ("True", "Available")
            assert len(world.aws[kind].made) == 1
            (made,) = world.aws[kind].owned()
            assert world.cluster.status(key)["arn"] == made.arn
            assert "pendingCreate" not in world.cluster.status(key)
            assert world.breaches == []

    run(story())


ROOMS = st.lists(
    st.tuples(st.sampled_from(["", "x", "xy", "xyz"]), st.sampled_from(["prod", "test"])), min_size=1, max_size=5
)


@bounded
@given(rooms=ROOMS, lag=st.sampled_from([0.0, 1.0, 7.0]), troubles=TROUBLES, reads=READ_TROUBLES)
def test_rooms_are_joined_and_nothing_foreign_is_lost(rooms: Any, lag: float, troubles: Any, reads: Any) -> None:
    async def story() -> None:
        async with World(lag, troubles, reads) as world:
            aws = world.aws[CHAT]
            aws.put(*(configuration(id_, owner=None) for id_ in "xyz"))
            aws.put(*(room(f"r{n}", *held, env=env) for n, (held, env) in enumerate(rooms)))
            key = world.cluster.apply(resource(rooms=PROD))
            await world.until_at_rest()
            (made,) = aws.owned()
            for n, (held, env) in enumerate(rooms):
                wanted = [arn_of(id_) for id_ in held]
                wanted += [made.arn] if env == "prod" and len(held) < 3 else []
                assert list(aws.consumers[consumer_arn(f"r{n}")].configurations) == wanted
            full = sum(env == "prod" and len(held) == 3 for held, env in rooms)
            matched = sum(env == "prod" for _, env in rooms)
            found = world.cluster.status(key)["associations"]
            assert (found["matched"], found["associated"], found["pending"]) == (matched, matched - full, full)
            assert world.cluster.ready(key) == ("True", "Available")
            assert world.breaches == []

    run(story())


@bounded
@given(
    edits=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["", "x", "xy", "xyz"])), max_size=6),
    entries=st.lists(st.sampled_from(["prod", "test", "none"]), max_size=4),
    gap=st.sampled_from([0.3, 4.0, 25.0]),
)
def test_others_write_at_the_same_time_and_the_spec_changes(edits: Any, entries: Any, gap: float) -> None:
    """What was changed between our Get and our write is lost to anyone; what the Get showed never is."""

    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            aws.put(*(configuration(id_, owner=None) for id_ in "xyz"))
            aws.put(*(room(f"r{n}", env="prod" if n else "test") for n in range(3)))
            world.cluster.apply(resource(rooms=PROD))
            for step in range(max(len(edits), len(entries))):
                await world.for_(gap)
                if step < len(edits):
                    number, held = edits[step]
                    aws.put(room(f"r{number}", *held, env="prod" if number else "test"))
                if step < len(entries):
                    world.cluster.apply(resource(rooms=[{"matchTags": {"env": entries[step]}}]))
            await world.until_at_rest()
            last = entries[-1] if entries else "prod"
            (made,) = aws.owned()
            for item in aws.consumers.values():
                foreign = [arn for arn in item.configurations if arn != made.arn]
                wanted = item.tags["env"] == last and len(foreign) < 3
                assert (made.arn in item.configurations) == wanted
            assert world.breaches == []

    run(story())


@bounded
@given(
    kind=KINDS,
    policy=st.sampled_from(["Delete", "DetachAndDelete", "Retain"]),
    after=st.sampled_from([0.05, 0.5, 2.5, 40.0]),
    held=st.booleans(),
    lag=st.sampled_from([0.0, 3.0]),
    troubles=TROUBLES,
)
def test_deletion_ends_as_its_policy_says(  # noqa: PLR0917 - what is drawn
    kind: Any, policy: str, after: float, held: bool, lag: float, troubles: Any
) -> None:
    """`held`: somebody else has attached a room or channel of their own."""

    async def story() -> None:
        async with World(lag, troubles) as world:
            aws = world.aws[kind]
            ours, theirs = consumer_arn("ours", kind), consumer_arn("theirs", kind)
            make = room if kind is CHAT else channel
            aws.put(make("ours", env="prod"), make("theirs"))
            spec = selecting(kind, PROD)
            key = world.cluster.apply(resource(kind, deletionPolicy=policy, **spec))
            await world.for_(after)
            if held:
                await world.until_at_rest()
                (made,) = aws.owned()
                aws.put(make("theirs", made.id or made.arn.rpartition("/")[2]))
            world.cluster.delete(key)
            await world.until_at_rest()
            if policy == "Retain":
                assert key not in world.cluster.resources
                # One bounded attempt: with no trouble our tags are off, the object and its associations stay.
                assert troubles or all(not OWNER_TAGS & set(c.tags) for c in aws.configurations.values())
            elif held:
                assert world.cluster.ready(key) == ("False", "DeletionBlocked")
                blocked = world.cluster.status(key)["conditions"][0]["message"]
                assert theirs in blocked
                assert (ours in blocked) == (policy == "Delete")
                aws.put(make("theirs"))
                world.cluster.apply(resource(kind, deletionPolicy="DetachAndDelete", **spec))
                await world.until_at_rest()
            if policy == "Delete" and not held and key in world.cluster.resources:
                assert aws.users(aws.owned()[0].arn) == [ours]
                world.cluster.apply(resource(kind, deletionPolicy="Delete"))  # the entry is taken out
                await world.until_at_rest()
            assert key not in world.cluster.resources
            if policy != "Retain":
                assert aws.configurations == {}, "nothing leaks"
                assert aws.consumers[ours].configurations == ()
            assert world.breaches == []

    run(story())


@bounded
@given(kind=KINDS, after=st.sampled_from([0.0, 0.1, 0.4, 3.0, 60.0]), deleting=st.booleans())
def test_nothing_is_written_to_aws_while_paused(kind: Any, after: float, deleting: bool) -> None:
    async def story() -> None:
        async with World() as world:
            spec = selecting(kind, PROD)
            key = world.cluster.apply(resource(kind, **spec))
            await world.for_(after)
            world.cluster.apply(resource(kind, paused=True, **spec))
            await world.for_(2)  # what was in flight is finished
            writes = world.aws[kind].count(writes=True)
            world.aws[kind].put((room if kind is CHAT else channel)("late", env="prod"))
            for item in world.aws[kind].owned():
                world.aws[kind].put(
                    configuration(item.arn.rpartition("/")[2], kind, name="drifted", tags=dict(item.tags))
                )
            if deleting:
                world.cluster.delete(key)
            await world.until_at_rest()
            assert world.aws[kind].count(writes=True) == writes
            if key in world.cluster.resources:
                assert world.cluster.ready(key) == ("False", "Paused")
            else:
                assert world.aws[kind].made == [], "only what made nothing may go"
            assert world.breaches == []

    run(story())


def test_retain_while_paused_writes_nothing_to_aws_and_names_the_tags_that_stay() -> None:
    async def story() -> None:
        async with World() as world:
            key = world.cluster.apply(resource(CHAT))
            await world.until_at_rest()
            (made,) = world.aws[CHAT].owned()
            world.cluster.apply(resource(CHAT, paused=True))
            await world.until_at_rest()
            written = world.aws[CHAT].count(writes=True)
            world.cluster.delete(key)
            await world.until_at_rest()
            world.cluster.apply(resource(CHAT, paused=True, deletionPolicy="Retain"))
            await world.until_at_rest()
            assert key not in world.cluster.resources
            assert world.aws[CHAT].count(writes=True) == written
            told = [
                message for type_, reason, message in world.cluster.events if (type_, reason) == ("Warning", TAGS_STAY)
            ]
            assert len(told) == 1
            assert f"untag-resource --region {REGION}" in told[0]
            assert made.arn in told[0]

    run(story())


def test_at_rest_a_sweep_lists_and_writes_nothing() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            for n in range(5):
                world.cluster.apply(resource(name=f"chat-{n}"))
                world.cluster.apply(resource(RECORDING, name=f"vod-{n}", tags={"team": "live"}))
            await world.until_at_rest()
            before = world.writes()
            starts = {kind: len(aws.calls) for kind, aws in world.aws.items()}
            await world.for_(10 * SWEEP)
            assert world.writes() == before
            for kind, aws in world.aws.items():
                since = [call.operation for call in aws.calls[starts[kind] :]]
                assert set(since) == {"ListConfigurations"}
                assert 8 <= len(since) <= 12, "one List each sweep, whatever the number of objects"

    story()


@pytest.mark.parametrize("kind", [CHAT, RECORDING])
def test_one_object_takes_three_writes_to_kubernetes_and_one_to_aws(kind: Any) -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            world.cluster.apply(resource(kind))
            await world.until_at_rest()
            assert world.writes() == (1, 3), "finalizer, intent, Ready"
            assert [event[:2] for event in world.cluster.events] == [("Normal", "Available")]

    story()


def test_a_restart_at_rest_writes_nothing() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            aws.put(room("r", env="prod"))
            world.cluster.apply(resource(rooms=PROD))
            world.cluster.apply(resource(RECORDING, name="vod", recordingReconnectWindowSeconds=60))
            await world.until_at_rest()
            before = world.writes()
            assert world.process is not None
            world.process.killed.set()
            await world.until_at_rest()
            assert world.writes() == before

    story()


def test_a_status_that_was_wiped_is_written_again_and_nothing_else() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            key = world.cluster.apply(resource(tags={"team": "live"}))
            await world.until_at_rest()
            good = world.cluster.status(key)
            wiped = dict(world.cluster.resources[key])
            wiped["status"] = {"observedGeneration": -1}
            world.cluster._store("MODIFIED", key, wiped)
            await world.until_at_rest()
            again = world.cluster.status(key)
            assert world.aws[CHAT].count(operation="Create") == 1
            assert again["arn"] == good["arn"]
            assert world.cluster.ready(key) == ("True", "Available")
            assert world.breaches == []

    story()


def test_a_room_that_becomes_free_is_taken_and_an_object_deleted_by_others_is_made_again() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            aws.put(*(configuration(id_, owner=None) for id_ in "xyz"), room("r", "x", "y", "z", env="prod"))
            key = world.cluster.apply(resource(rooms=PROD))
            await world.until_at_rest()
            (first,) = aws.owned()
            assert world.cluster.status(key)["associations"]["summary"] == "0/1"
            aws.put(room("r", "x", "z", env="prod"))
            await world.until_at_rest()
            assert aws.consumers[consumer_arn("r")].configurations == (arn_of("x"), arn_of("z"), first.arn)
            aws.drop(first.arn)
            await world.until_at_rest()
            (second,) = aws.owned()
            assert second.arn != first.arn
            assert aws.consumers[consumer_arn("r")].configurations == (arn_of("x"), arn_of("z"), second.arn)
            assert world.breaches == []

    story()


def test_twins_become_one_and_their_rooms_follow() -> None:
    """A twin as a lost reply beyond every grace would leave it."""

    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            key = world.cluster.apply(resource(rooms=PROD))
            await world.until_at_rest()
            (first,) = aws.owned()
            twin = configuration("zz-twin", tags=dict(first.tags))
            aws.put(twin, room("r", "zz-twin", env="prod"))
            await world.until_at_rest()
            (left,) = aws.owned()
            assert aws.consumers[consumer_arn("r")].configurations == (left.arn,)
            assert world.cluster.status(key)["arn"] == left.arn
            assert world.breaches == []

    story()


def test_an_edit_replaces_a_recording_configuration_and_no_channel_is_without_one() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[RECORDING]
            aws.put(channel("c", env="prod"))
            spec = {"channels": PROD, "replacePolicy": "CreateBeforeDelete"}
            key = world.cluster.apply(resource(RECORDING, **spec))
            await world.until_at_rest()
            (first,) = aws.owned()
            since = len(aws._past)
            world.cluster.apply(resource(RECORDING, recordingReconnectWindowSeconds=60, **spec))
            await world.until_at_rest()
            (second,) = aws.owned()
            assert second.arn != first.arn
            assert second.settings["recordingReconnectWindowSeconds"] == 60
            assert world.cluster.status(key)["arn"] == second.arn
            seen = {past[2][consumer_arn("c", RECORDING)].configurations for past in aws._past[since:]}
            assert seen == {(first.arn,), (second.arn,)}
            assert first.arn not in aws.configurations
            assert world.breaches == []

    story()


def test_two_objects_that_want_the_last_slot_the_oldest_has_it() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            aws.put(*(configuration(id_, owner=None) for id_ in "xy"))
            young = resource(name="a-young", rooms=PROD, created=1_600_000_000)
            old = resource(name="b-old", rooms=PROD, created=1_500_000_000)
            keys = {"young": world.cluster.apply(young), "old": world.cluster.apply(old)}
            await world.until_at_rest()
            aws.put(room("r", "x", "y", env="prod"))
            await world.until_at_rest()
            holder = world.cluster.status(keys["old"])["arn"]
            assert aws.consumers[consumer_arn("r")].configurations[-1] == holder
            problem = world.cluster.status(keys["young"])["associations"]["problems"][0]
            assert problem["reason"] == "RoomFull"
            assert holder in problem["message"]
            assert world.breaches == []

    story()


def test_the_owner_tag_alone_says_what_is_ours() -> None:
    @in_virtual_time
    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            aws.put(configuration("hand-made", owner=None), configuration("other", owner="cluster-2/live/vod"))
            world.cluster.apply(resource())
            await world.until_at_rest()
            assert len(aws.made) == 1
            assert TAG_OWNER not in aws.configurations[arn_of("hand-made")].tags
            world.cluster.delete(next(iter(world.cluster.resources)))
            await world.until_at_rest()
            assert set(aws.configurations) == {arn_of("hand-made"), arn_of("other")}

    story()


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("patience", [0.5, 3.0, 40.0])
def test_what_is_adopted_and_let_go_at_once_keeps_no_tag_of_ours_whichever_answer_is_lost(
    number: int, patience: float
) -> None:
    """The tagging may be done and not known of: only a look tells that there is something to take off."""

    @in_virtual_time
    async def story() -> None:
        async with World(troubles={number: "lost"}) as world:
            aws = world.aws[CHAT]
            aws.put(configuration("x", owner=None, tags={"team": "theirs"}))
            key = world.cluster.apply(resource(existing={"arn": arn_of("x")}, deletionPolicy="Retain"))
            await world.for_(patience)
            world.cluster.delete(key)
            await world.until_at_rest()
            assert world.cluster.resources == {}
            (left,) = aws.configurations.values()
            assert left.tags == {"team": "theirs"}
            assert world.breaches == []

    story()
