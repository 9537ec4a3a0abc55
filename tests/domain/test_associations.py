"""Which rooms and channels are joined and let go, in what order, and what is said of those in the way."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action, Associate, InspectConsumer, Ledger, RefreshConsumers, WriteLedger
from ivs_operator.domain.associations import describe
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Users
from ivs_operator.domain.plan import plan
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Rival
from support.objects import (
    CHAT,
    CLUSTER,
    RECORDING,
    arn_of,
    channel,
    configuration,
    consumer_arn,
    made_for,
    resource,
    room,
)
from support.situations import NOW, failure, ready_status, situation

A, B = arn_of("a"), arn_of("b")
VA, VX = arn_of("a", RECORDING), arn_of("x", RECORDING)
PROD = {"matchTags": {"env": "prod"}}
BY_TAG = Selector(match_tags=(("env", "prod"),))
LOBBY = Selector(name="lobby")
R = consumer_arn("r")
OTHERS = configuration("x", RECORDING, owner=f"{CLUSTER}/live/other")


def chat(*consumers: Any, rooms: Any = (PROD,), recorded: Any = None, ready: bool = False, **facts: Any) -> Any:
    """An object in sync whose selectors are `rooms`, all on record unless `recorded` says otherwise."""
    selectors = list(rooms if recorded is None else recorded)
    members = {"associations": {"selectors": selectors}, "arn": A}
    status = ready_status(**members) if ready else members
    if ready:
        status["conditions"].append({"type": "Associated", "status": "True", "reason": "Available", "message": ""})
    wanted = resource(rooms=list(rooms), status=status)
    listed = None if consumers == (None,) else consumers
    return situation(wanted, [made_for(wanted), *facts.pop("others", ())], listed, **facts)


def vod(*consumers: Any, policy: str = "Keep", others: Any = (), **facts: Any) -> Any:
    entries = [{"name": "lobby"}]
    wanted = resource(
        RECORDING, channels=entries, channelConflictPolicy=policy, status={"associations": {"selectors": entries}}
    )
    return situation(wanted, [made_for(wanted), *others], consumers, **facts)


def join(consumer: str = R, *entries: Selector, arn: str = A, **more: Any) -> Associate:
    return Associate(consumer=consumer, add=arn, wanted_by=entries or (BY_TAG,), **more)


ACTIONS = [
    pytest.param(chat(room("r", env="prod")), (join(),), id="a room with the tags is joined"),
    pytest.param(chat(room("r", env="test")), (), id="a room with other tags is not"),
    pytest.param(chat(room("r", "a", env="prod")), (), id="a room that is joined already is left"),
    pytest.param(chat(room("r", "x", "y", env="prod")), (join(),), id="a room with one free slot is joined"),
    pytest.param(
        chat(room("s", env="prod"), room("r", env="prod")),
        (join(R), join(consumer_arn("s"))),
        id="rooms are joined in the order of their ARNs",
    ),
    pytest.param(
        chat(room("r", name="lobby", env="prod"), rooms=({"name": "lobby"}, PROD)),
        (join(R, LOBBY, BY_TAG),),
        id="a room that two entries mean is joined once",
    ),
    pytest.param(
        chat(room("r", env="prod"), recorded=()),
        (WriteLedger(Ledger(selectors=(BY_TAG,))),),
        id="selectors go on record before the first call that attaches",
    ),
    pytest.param(chat(None), (RefreshConsumers(newer_than=0.0),), id="without any pass the rooms are listed first"),
    pytest.param(
        chat(room("r", "a", env="prod"), consumers_at=NOW - 9, generation_seen_at=NOW - 5, ready=True, recorded=()),
        (RefreshConsumers(newer_than=NOW - 5),),
        id="an edit that brings an entry asks for a pass newer than the edit",
    ),
    pytest.param(
        chat(room("r", "a", env="prod"), consumers_at=NOW - 9, generation_seen_at=NOW - 5),
        (RefreshConsumers(newer_than=NOW - 5),),
        id="and so does a new object, whose entries are on record with the intent already",
    ),
    pytest.param(
        chat(room("r", "a", env="prod"), consumers_at=NOW - 9, generation_seen_at=NOW - 5, ready=True),
        (),
        id="any other edit is served by the pass of the latest sweep",
    ),
    pytest.param(
        chat(None, rooms=({"arn": R},)),
        (InspectConsumer(R),),
        id="entries by ARN need one Get each, no pass over ten thousand rooms",
    ),
    pytest.param(
        chat(None, rooms=({"arn": R},), failures=[failure(f"inspect:{R}")]),
        (),
        id="a Get that is refused is not repeated before its time",
    ),
    pytest.param(
        chat(None, failures=[failure("list-consumers")]), (), id="a List that is refused is not repeated either"
    ),
    pytest.param(
        chat(room("r", "a", env="prod"), rooms=(), recorded=(PROD,)),
        (Associate(consumer=R, remove=frozenset({A})),),
        id="an entry that left the spec: what only it meant is let go",
    ),
    pytest.param(
        chat(room("r", "a", name="lobby", env="prod"), rooms=({"name": "lobby"},), recorded=({"name": "lobby"}, PROD)),
        (),
        id="unless another entry means it too",
    ),
    pytest.param(
        chat(room("r", "a", env="test"), rooms=(PROD,)), (), id="a room whose tags changed stays: it counts as foreign"
    ),
    pytest.param(chat(room("r", "x", "y", "z", env="prod")), (), id="a full room is not called"),
    pytest.param(
        chat(room("r", env="prod"), failures=[failure(f"associate:{R}")]), (), id="a refused room waits for its time"
    ),
    pytest.param(
        chat(room("r", env="prod"), room("s", env="prod"), failures=[failure(f"associate:{R}")]),
        (join(consumer_arn("s")),),
        id="one refused room does not hold the others back",
    ),
    pytest.param(
        vod(channel("c", name="lobby")),
        (join(consumer_arn("c", RECORDING), LOBBY, arn=VA),),
        id="a channel without configuration is joined",
    ),
    pytest.param(vod(channel("c", "x", name="lobby")), (), id="with Keep a channel that records otherwise is left"),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace"),
        (),
        id="with Replace one that no List has shown yet is left: it may carry an owner tag",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[configuration("x", RECORDING, owner=None)]),
        (
            join(
                consumer_arn("c", RECORDING),
                LOBBY,
                arn=VA,
                replaceable=frozenset({VX}),
            ),
        ),
        id="with Replace somebody's unmarked configuration is taken off",
    ),
    pytest.param(
        vod(
            channel("c", "x", name="lobby"),
            policy="Replace",
            others=[configuration("x", RECORDING, owner="cluster-2/a/b")],
        ),
        (),
        id="but never another cluster's",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[OTHERS], wanting={"live/other": (BY_TAG,)}),
        (join(consumer_arn("c", RECORDING), LOBBY, arn=VA, replaceable=frozenset({VX})),),
        id="one of our own cluster, whose object does not want the channel (any more)",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[OTHERS], wanting={"live/other": (LOBBY,)}),
        (),
        id="not when its object wants the channel: the two would fight for ever",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[OTHERS]),
        (),
        id="nor when its object is not seen here: another operator of this cluster may see to it",
    ),
    pytest.param(vod(channel("c", name="lobby"), live=[consumer_arn("c", RECORDING)]), (), id="a live channel waits"),
]


@pytest.mark.parametrize(("s", "actions"), ACTIONS)
def test_actions(s: Any, actions: tuple[Action, ...]) -> None:
    assert plan(s).actions == actions


def test_a_twin_is_replaced_in_place_in_the_rooms_that_use_it() -> None:
    wanted = resource(rooms=[PROD], status={"associations": {"selectors": [PROD]}})
    pair = [made_for(wanted, "a"), made_for(wanted, "b")]
    s = situation(wanted, pair, [room("q", "a", env="prod"), room("r", "x", "b", "y", env="prod")])
    assert plan(s).actions == (join(remove=frozenset({B})),), "a full room too: no free slot is needed"


RIVAL = Rival(B, (BY_TAG,))
SLOTS = [
    pytest.param(chat(room("r", "x", "y", env="prod"), rivals=(RIVAL,)), 0, id="the last slot is the oldest object's"),
    pytest.param(chat(room("r", "x", env="prod"), rivals=(RIVAL,)), 1, id="two free slots are enough for two"),
    pytest.param(
        chat(room("r", "x", "b", env="prod"), rivals=(RIVAL,)), 1, id="a rival that has its slot wants no other"
    ),
    pytest.param(
        chat(room("r", "x", "y", env="prod"), rivals=(Rival(B, (LOBBY,)),)), 1, id="a rival that means other rooms"
    ),
    pytest.param(
        chat(room("r", "x", env="prod"), rivals=(RIVAL, Rival(arn_of("c"), (BY_TAG,)))), 0, id="two rivals, two slots"
    ),
]


@pytest.mark.parametrize(("s", "joins"), SLOTS)
def test_the_last_slot_goes_to_the_oldest(s: Any, joins: int) -> None:
    made = plan(s)
    assert len(made.actions) == joins
    if not joins:
        (problem,) = made.associations.problems
        assert problem.reason is Reason.ROOM_FULL
        assert "older" in problem.message


PROBLEMS = [
    pytest.param(
        chat(room("r", "x", "y", "z", name="lobby", env="prod")),
        (R, Reason.ROOM_FULL, False),
        ("room lobby", arn_of("x"), arn_of("y"), arn_of("z"), "as soon as one of them is taken off"),
        id="a full room is named with its holders",
    ),
    pytest.param(
        chat(room("r", "x", "y", "z", name="lobby"), rooms=({"name": "lobby"},)),
        (R, Reason.ROOM_FULL, True),
        (),
        id="a full room that is named by the spec keeps Ready from True",
    ),
    pytest.param(
        chat(rooms=({"name": "lobby"},)),
        ("lobby", Reason.ROOM_NOT_FOUND, True),
        ("no room is named lobby in us-west-2", "when one appears"),
        id="a name that matches nothing",
    ),
    pytest.param(
        chat(
            rooms=({"arn": R},),
            failures=[failure(f"inspect:{R}", reason=Reason.ROOM_NOT_FOUND, message="does not exist in us-west-2")],
        ),
        (R, Reason.ROOM_NOT_FOUND, True),
        ("does not exist in us-west-2",),
        id="an ARN that matches nothing",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), others=[configuration("x", RECORDING, owner=None)]),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        ("records with", VX, "channelConflictPolicy to Replace"),
        id="a taken channel, with the remedy",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[configuration("x", RECORDING, owner="k/a/b")]),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "k/a/b in another cluster", "never replaced", "let it go there"),
        id="a channel that another cluster has",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), others=[configuration("x", RECORDING, owner="k/a/b")]),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "k/a/b in another cluster", "never replaced", "let it go there"),
        id="with Keep, too: Replace would not help",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), others=[OTHERS], wanting={"live/other": (LOBBY,)}),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "of live/other, whose entries match this channel, too", "one of the two"),
        id="a channel that two of our objects want",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), others=[OTHERS], wanting={"live/other": ()}),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "of live/other;", "channelConflictPolicy to Replace"),
        id="a channel that another of our objects has and does not want",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace", others=[OTHERS]),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "of live/other, an object that this operator does not see", "take it off"),
        id="a channel of an object that is not watched, or gone",
    ),
    pytest.param(
        vod(channel("c", "x", name="lobby"), policy="Replace"),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_TAKEN, True),
        (VX, "no List shows", "take it off"),
        id="a channel with a configuration that is dead or brand new: nobody's as far as can be told",
    ),
    pytest.param(
        vod(channel("c", name="lobby"), live=[consumer_arn("c", RECORDING)]),
        (consumer_arn("c", RECORDING), Reason.CHANNEL_LIVE, True),
        ("is live", "when its stream ends"),
        id="a live channel",
    ),
    pytest.param(
        chat(room("r", env="prod"), failures=[failure(f"associate:{R}", message="no right")]),
        (R, Reason.ACCESS_DENIED, False),
        ("no right",),
        id="a refused room, with AWS's words",
    ),
]


@pytest.mark.parametrize(("s", "expected", "says"), PROBLEMS)
def test_problems(s: Any, expected: Any, says: tuple[str, ...]) -> None:
    (problem,) = plan(s).associations.problems
    assert (problem.arn, problem.reason, problem.blocks_ready) == expected
    for part in says:
        assert part in problem.message


READY = [
    pytest.param(chat(room("r", "a", env="prod")), None, id="all joined"),
    pytest.param(chat(), None, id="tags that match nothing are no error"),
    pytest.param(chat(None), Reason.UPDATING, id="not before the first pass"),
    pytest.param(chat(room("r", env="prod")), Reason.UPDATING, id="the first pass of a generation counts"),
    pytest.param(
        chat(room("r", env="prod"), ready=True), None, id="after it a new room by tags shows in Associated only"
    ),
    pytest.param(
        chat(room("r", name="lobby"), rooms=({"name": "lobby"},), ready=True),
        Reason.UPDATING,
        id="a name always counts",
    ),
    pytest.param(
        chat(room("r", "x", "y", "z", env="prod")), None, id="one full room among many by tags does not matter to Ready"
    ),
    pytest.param(
        chat(rooms=({"name": "lobby"},), ready=True), Reason.ROOM_NOT_FOUND, id="a named room that vanished matters"
    ),
    pytest.param(
        chat(None, failures=[failure("list-consumers", FaultClass.FAST, Reason.UNAVAILABLE)]),
        Reason.UNAVAILABLE,
        id="rooms can't be listed: that is the reason",
    ),
    pytest.param(
        chat(None, failures=[failure("list-consumers")], ready=True),
        Reason.ACCESS_DENIED,
        id="what can't be known is not all right",
    ),
]


@pytest.mark.parametrize(("s", "reason"), READY)
def test_what_of_it_keeps_ready_from_true(s: Any, reason: Reason | None) -> None:
    made = plan(s)
    assert made.finding is None
    found = made.association_finding
    assert (found.reason if found else None) == reason
    assert made.ready is (reason is None)


def test_a_list_that_was_refused_is_tried_again_at_its_time() -> None:
    assert plan(chat(None, failures=[failure("list-consumers", wait=7)])).wake == NOW + 7


def test_counts() -> None:
    made = plan(
        chat(
            room("1", "a", env="prod"),
            room("2", env="prod"),
            room("3", "x", "y", "z", env="prod"),
            room("4", "a"),
            room("5", "a", name="old"),
            recorded=(PROD, {"name": "old"}),
        )
    ).associations
    assert (made.matched, made.associated, made.pending, made.releasing) == (3, 1, 2, 1)
    assert [item.arn for item in made.foreign] == [consumer_arn("4")]
    assert made.selectors == (BY_TAG, Selector(name="old")), "an entry stays on record while something only it meant is"


def test_an_entry_that_left_the_spec_leaves_the_record_once_nothing_it_meant_is_associated() -> None:
    made = plan(chat(room("r", "b", name="old"), recorded=(PROD, {"name": "old"}))).associations
    assert made.selectors == (BY_TAG,)


@pytest.mark.parametrize(
    "situated",
    [
        pytest.param({"generation_seen_at": NOW - 5}, id="the edit is so young that the List may lag behind a join"),
        pytest.param({"met_at": NOW - 5}, id="so is the process: one before it may have joined somebody"),
        pytest.param({"consumers_at": 0.0}, id="nobody has looked"),
        pytest.param({"deletion_seen_at": NOW - 50}, id="a deletion takes it along"),
    ],
)
def test_an_entry_that_left_the_spec_stays_while_a_join_may_not_show(situated: dict[str, float]) -> None:
    old = {"name": "old"}
    status = {"associations": {"selectors": [PROD, old]}}
    wanted = resource(rooms=[PROD], status=status, deleting="deletion_seen_at" in situated)
    users = {arn_of("a"): Users(NOW - 1, 0)}
    made = plan(situation(wanted, [made_for(wanted)], [room("r", "a", env="prod")], users=users, **situated))
    assert Selector(name="old") in made.associations.selectors


def test_nobody_is_joined_to_what_is_not_active() -> None:
    wanted = resource(rooms=[PROD], status={"associations": {"selectors": [PROD]}})
    made = plan(situation(wanted, [made_for(wanted, state="CREATING")], [room("r", env="prod")]))
    assert not any(isinstance(action, Associate) for action in made.actions)


def test_more_problems_than_one_are_counted_in_the_message_of_ready() -> None:
    full = [room(id_, "x", "y", "z", name="lobby") for id_ in ("r", "s", "t")]
    found = plan(chat(*full, rooms=({"name": "lobby"},))).association_finding
    assert found is not None
    assert "(and 2 more in status.associations.problems)" in found.message


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, f"1 room ({consumer_arn('r0')})"),
        (2, f"2 rooms ({consumer_arn('r0')}, {consumer_arn('r1')})"),
        (7, "and 2 more)"),
    ],
)
def test_description_of_many(count: int, text: str) -> None:
    assert text in describe([room(f"r{n}") for n in reversed(range(count))], TRAITS[CHAT])
