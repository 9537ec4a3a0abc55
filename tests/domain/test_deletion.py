"""The custom resource is being deleted: what is let go, what is deleted, and who is named as being in the way."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Associate, Delete, Inspect, ListUsers, Poll, Refresh, ReleaseFinalizer, Untag
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.observed import Users
from ivs_operator.domain.plan import plan
from ivs_operator.domain.subject import Placement
from ivs_operator.domain.surplus import OWN_TAGS
from ivs_operator.domain.times import format_time
from support.objects import RECORDING, arn_of, channel, consumer_arn, made_for, resource, room
from support.plans import Expect
from support.situations import NOW, failure, fault, situation

A = arn_of("a")
ROOM = consumer_arn("r")
FREE = {A: Users(NOW - 1, 2)}
ASKED = {A: Users(NOW - 1, 0)}
NOWHERE = Placement(fault=fault(message="account is another"), stalled=True)
LET_GO = Associate(consumer=ROOM, remove=frozenset({A}))
LOBBY = [{"matchTags": {"env": "prod"}}]
RECORDED = {"arn": A, "associations": {"selectors": LOBBY}}


def going(
    policy: str = "Delete",
    consumers: Any = (),
    *,
    state: str | None = "ACTIVE",
    status: Any = None,
    deletion_seen_at: float = NOW - 5,
    spec: Any = None,
    **facts: Any,
) -> Any:
    """An object in deletion, seen 5 s ago, Lists newer; its AWS object is in `state` (None: there is none)."""
    metadata = {key: spec.pop(key) for key in ("paused", "finalizers") if spec and key in spec}
    wanted = resource(deleting=True, deletionPolicy=policy, status=status or {"arn": A}, **metadata, **(spec or {}))
    objects = [made_for(wanted, state=state)] if state else []
    return situation(wanted, objects, consumers, deletion_seen_at=deletion_seen_at, **facts)


MARK = {"ivs-operator.dev/spec": "adopted-v1-x"}
THEIRS = made_for(resource(), tags=MARK)


def marked(**spec: Any) -> Any:
    wanted = resource(deleting=True, deletionPolicy="Delete", status={"arn": A}, **spec)
    return situation(wanted, [THEIRS], (), deletion_seen_at=NOW - 5, users=FREE)


DELETE = [
    pytest.param(
        marked(),
        Expect(Untag(A, OWN_TAGS), reason=Reason.DELETING),
        id="what was there before us, and only a former life of this object had adopted, is let go and stays",
    ),
    pytest.param(
        marked(existing={"arn": A}),
        Expect(Delete(A), reason=Reason.DELETING),
        id="who adopts it and asks for Delete has it deleted",
    ),
    pytest.param(
        going(users=FREE),
        Expect(Delete(A), reason=Reason.DELETING, trouble=False),
        id="two filtered Lists showed nobody: it goes",
    ),
    pytest.param(going(), Expect(ListUsers(A), reason=Reason.DELETING), id="first it is asked who uses it"),
    pytest.param(
        going(users={A: Users(NOW - 0.5, 0)}),
        Expect(reason=Reason.DELETING, wake=NOW + 0.5),
        id="who was shown a moment ago has been let go: a List that lags would show them again at once",
    ),
    pytest.param(
        going(users={A: Users(NOW - 0.5, 1)}),
        Expect(reason=Reason.DELETING, wake=NOW + 0.5),
        id="one empty List may lag",
    ),
    pytest.param(
        going(users={A: Users(NOW - 2, 1)}), Expect(ListUsers(A), reason=Reason.DELETING), id="so there is a second"
    ),
    pytest.param(
        going(users={A: Users(NOW - 61, 2)}, deletion_seen_at=NOW - 600),
        Expect(ListUsers(A), reason=Reason.DELETING),
        id="answers of long ago do not count: the delete was held back, and somebody may have joined since",
    ),
    pytest.param(
        going(users={A: Users(NOW - 9, 2)}),
        Expect(ListUsers(A), reason=Reason.DELETING),
        id="answers from before the deletion do not count",
    ),
    pytest.param(
        going(consumers=[room("r", "a", name="lobby")], users=ASKED),
        Expect(
            reason=Reason.DELETION_BLOCKED,
            says=("1 room (lobby ", ROOM, "still logs to it", "take it off at AWS", "Retain"),
            trouble=True,
            stalled=False,
        ),
        id="a room that others attached blocks, and is named with the ways out",
    ),
    pytest.param(
        going(
            consumers=[room("r", "a", env="prod"), room("s", "a", env="prod")],
            users=ASKED,
            status=RECORDED,
            spec={"rooms": LOBBY},
        ),
        Expect(reason=Reason.DELETION_BLOCKED, says=("2 rooms", "DetachAndDelete", "spec.rooms", "take them off")),
        id="our own associations block too with Delete, and the message says how to have them let go",
    ),
    pytest.param(
        going(consumers=[room("r", "a", env="prod")], users=ASKED, status=RECORDED),
        Expect(LET_GO, reason=Reason.DELETING, says=("letting its rooms go",)),
        id="entries taken out of the spec while the deletion waits take effect at once",
    ),
    pytest.param(
        going(consumers=[room(f"r{n}", "a") for n in range(7)], users=ASKED),
        Expect(reason=Reason.DELETION_BLOCKED, says=("7 rooms", "and 2 more", "still log to it")),
        id="of many only the first five are named",
    ),
    pytest.param(
        going(state="DELETING", read_at=NOW - 20),
        Expect(Poll(A), reason=Reason.DELETING, says=("DELETING",)),
        id="on its way out: looked at until it is really gone",
    ),
    pytest.param(
        going(state="CREATING", read_at=NOW - 20),
        Expect(Poll(A), reason=Reason.DELETING),
        id="what AWS is at work on can't be deleted yet",
    ),
    pytest.param(
        going(state=None, gone=[A]), Expect(ReleaseFinalizer(), reason=Reason.DELETING), id="gone: the finalizer goes"
    ),
    pytest.param(
        going(state=None),
        Expect(Inspect(A), reason=Reason.UPDATING),
        id="the object that status names and no List shows is asked for before it counts as gone",
    ),
    pytest.param(
        going(state=None, unlisted=[A]),
        Expect(Inspect(A), reason=Reason.UPDATING),
        id="missing from a List is not gone",
    ),
    pytest.param(
        going(state=None, status={"region": "us-west-2"}),
        Expect(ReleaseFinalizer(), reason=Reason.DELETING),
        id="nothing was ever made",
    ),
    pytest.param(
        going(state=None, status={"pendingCreate": {"specHash": "v1-x", "since": format_time(NOW - 3)}}),
        Expect(reason=Reason.CREATING, wake=NOW + 37, says=("earlier create",)),
        id="an intent of unknown outcome is waited for: what it made must be removed",
    ),
    pytest.param(
        going(state=None, status={"pendingCreate": {"specHash": "v1-x", "since": format_time(NOW - 50)}}),
        Expect(ReleaseFinalizer(), reason=Reason.DELETING),
        id="after the grace and a newer List there is nothing to remove",
    ),
    pytest.param(
        going(users=FREE, failures=[failure(f"delete:{A}", reason=Reason.ACCESS_DENIED)]),
        Expect(reason=Reason.ACCESS_DENIED, trouble=True, wake=NOW + 40),
        id="a delete that is refused says why",
    ),
    pytest.param(
        going(users=FREE, failures=[failure(f"delete:{A}", FaultClass.FAST, Reason.UNAVAILABLE, age=3, wait=2)]),
        Expect(reason=Reason.DELETING, wake=NOW + 2, trouble=False),
        id="a passing trouble keeps quiet",
    ),
    pytest.param(
        going(state="DELETE_FAILED", users=FREE),
        Expect(reason=Reason.DELETE_FAILED, trouble=True, wake=NOW + 60),
        id="a delete that AWS took and failed is named, and waits",
    ),
    pytest.param(
        going(state="DELETE_FAILED", users=FREE, failures=[failure(f"delete:{A}", wait=-1)]),
        Expect(Delete(A), reason=Reason.DELETING),
        id="when its time has come it is tried again",
    ),
    pytest.param(
        going(users=FREE, crd_deleting=True),
        Expect(reason=Reason.DELETION_BLOCKED, says=("CustomResourceDefinition", "Retain")),
        id="the CRD goes: that is no wish to delete anything at AWS",
    ),
    pytest.param(
        going(spec={"finalizers": ("other/thing",)}, users=FREE),
        Expect(reason=Reason.DELETING, says=("other finalizers",)),
        id="without our finalizer there is nothing left for us to do",
    ),
    pytest.param(
        going(spec={"paused": True}, users=FREE),
        Expect(reason=Reason.PAUSED, says=("paused", "Retain", "owner tags", "orphan")),
        id="paused: not even a deletion is carried out, and the way out is named",
    ),
    pytest.param(
        going(placement=NOWHERE),
        Expect(reason=Reason.ACCESS_DENIED, stalled=True, says=("account is another", "Retain", "owner tags")),
        id="account or region unknown: nothing can be deleted, Retain lets go",
    ),
    pytest.param(
        going(placement=NOWHERE, state=None, status={"region": "us-west-2"}),
        Expect(ReleaseFinalizer(), reason=Reason.DELETING),
        id="account unknown and nothing ever made: no reason to keep it",
    ),
    pytest.param(
        going(placement=NOWHERE, state=None, status={"pendingCreate": {"specHash": "v1-x", "since": format_time(NOW)}}),
        Expect(reason=Reason.ACCESS_DENIED),
        id="account unknown and an intent open: something may have been made",
    ),
]


@pytest.mark.parametrize(("s", "expected"), DELETE)
def test_delete(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_a_list_from_before_the_deletion_is_too_old_to_decide_by() -> None:
    assert plan(going(listed_at=NOW - 6)).actions == (Refresh(newer_than=NOW - 5),)


DETACH = [
    pytest.param(
        going("DetachAndDelete", [room("r", "a", "b", env="prod")], users=ASKED, status=RECORDED),
        Expect(LET_GO, reason=Reason.DELETING),
        id="what a recorded selector matches is let go",
    ),
    pytest.param(
        going("DetachAndDelete", [room("r", "a", env="prod")], users=ASKED, status=RECORDED, spec={"rooms": LOBBY}),
        Expect(LET_GO, reason=Reason.DELETING),
        id="also while the entry is still in the spec",
    ),
    pytest.param(
        going("DetachAndDelete", [room("r", "a", env="test")], users=ASKED, status=RECORDED),
        Expect(reason=Reason.DELETION_BLOCKED, says=("1 room", ROOM, "take it off")),
        id="what no recorded selector matches is somebody's, and blocks",
    ),
    pytest.param(
        going("DetachAndDelete", [room("r", "b", env="prod")], users=FREE, status=RECORDED),
        Expect(Delete(A), reason=Reason.DELETING),
        id="rooms that no longer use it are not touched",
    ),
    pytest.param(
        going(
            "DetachAndDelete",
            [room("r", "a", env="prod")],
            users=ASKED,
            status=RECORDED,
            failures=[failure(f"associate:{ROOM}", message="no right to UpdateRoom")],
        ),
        Expect(reason=Reason.DELETION_BLOCKED, says=("no right to UpdateRoom",), wake=NOW + 40),
        id="a room that can't be let go is named with the reason",
    ),
]


@pytest.mark.parametrize(("s", "expected"), DETACH)
def test_detach_and_delete(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_a_live_channel_holds_a_detaching_deletion_back_by_its_own_failure() -> None:
    vod = resource(RECORDING, deleting=True, deletionPolicy="DetachAndDelete")
    arn = arn_of("a", RECORDING)
    vod["status"] = {"arn": arn, "associations": {"selectors": [{"name": "lobby"}]}}
    lobby = channel("c", "a", name="lobby")
    waiting = failure(f"associate:{lobby.arn}", FaultClass.FAST, Reason.CHANNEL_LIVE, message="channel is live", wait=9)
    s = situation(
        vod, [made_for(vod)], [lobby], users={arn: Users(NOW - 1, 0)}, deletion_seen_at=NOW - 5, failures=[waiting]
    )
    Expect(reason=Reason.DELETION_BLOCKED, says=("channel is live",), wake=NOW + 9).of(s)


RETAIN = [
    pytest.param(going("Retain"), "untag", id="our tags come off, once"),
    pytest.param(going("Retain", untag_tried=True), "release", id="whatever came of that, the finalizer goes"),
    pytest.param(going("Retain", [room("r", "a")]), "untag", id="associations stay and block nothing"),
    pytest.param(
        going("Retain", spec={"paused": True}), "release", id="paused: no AWS write, and Retain is the way out"
    ),
    pytest.param(going("Retain", crd_deleting=True), "untag", id="the CRD goes: Retain lets go all the same"),
    pytest.param(going("Retain", placement=NOWHERE), "release", id="unreachable: no attempt"),
    pytest.param(going("Retain", listed_at=0.0, state=None), "list", id="what status names may be somebody else's"),
    pytest.param(going("Retain", state=None), "inspect", id="a List may lag, so a Get decides"),
    pytest.param(going("Retain", unlisted=[A]), "inspect", id="or a call without an answer may have changed its tags"),
    pytest.param(going("Retain", state=None, gone=[A]), "release", id="and what is gone needs nothing"),
    pytest.param(
        going("Retain", state=None, status={"region": "us-west-2"}), "release", id="nothing was made: nothing to untag"
    ),
]


@pytest.mark.parametrize(("s", "step"), RETAIN)
def test_retain(s: Any, step: str) -> None:
    made = plan(s)
    (action,) = made.actions
    kinds = {"untag": Untag, "release": ReleaseFinalizer, "list": Refresh, "inspect": Inspect}
    assert isinstance(action, kinds[step])
    if isinstance(action, Untag):
        assert action.arn == A
        assert set(action.keys) == {f"ivs-operator.dev/{name}" for name in ("owner", "uid", "spec")}


UNTAG = f"untag:{A}"
REMEDY = ("aws ivschat untag-resource --region us-west-2", f"--resource-arn {A}", "ivs-operator.dev/owner")
DENIED = failure(UNTAG, reason=Reason.ACCESS_DENIED, message="no right to UntagResource")
GONE = replace(DENIED, fault=replace(DENIED.fault, code="ResourceNotFoundException"))


@pytest.mark.parametrize(
    ("s", "says"),
    [
        pytest.param(going("Retain", untag_tried=True, state=None), (), id="they came off"),
        pytest.param(
            going("Retain", untag_tried=True, failures=[DENIED]), (*REMEDY, "no right to UntagResource"), id="refused"
        ),
        pytest.param(going("Retain", untag_tried=True, failures=[GONE]), (), id="gone meanwhile"),
        pytest.param(going("Retain", spec={"paused": True}), (*REMEDY, "paused"), id="paused: no write"),
        pytest.param(
            going("Retain", spec={"paused": True}, state=None, listed_at=0.0), REMEDY, id="paused, not looked yet"
        ),
        pytest.param(going("Retain", spec={"paused": True}, state=None, gone=[A]), (), id="paused, and gone"),
        pytest.param(
            going("Retain", placement=NOWHERE, state=None),
            (f"--resource-arn {A}", "account is another"),
            id="no account",
        ),
        pytest.param(
            going("Retain", placement=NOWHERE, state=None, status={"region": "us-west-2"}), (), id="nothing was made"
        ),
        pytest.param(
            going("Retain", state=None, listed_at=0.0, failures=[failure("list", reason=Reason.ACCESS_DENIED)]),
            REMEDY,
            id="Lists are refused: nobody knows",
        ),
    ],
)
def test_owner_tags_that_stay_are_told_with_the_remedy(s: Any, says: tuple[str, ...]) -> None:
    (action,) = plan(s).actions
    assert isinstance(action, ReleaseFinalizer), "whatever the result, the finalizer goes"
    assert [part for part in says if part not in action.warning] == []
    assert says or not action.warning


def test_an_object_whose_spec_can_not_be_read_is_deleted_all_the_same() -> None:
    broken = resource(deleting=True, destinationConfiguration={"s3": {}}, status={"arn": A})
    s = situation(broken, [made_for(resource())], users=FREE, deletion_seen_at=NOW - 5)
    assert s.subject.invalid is not None
    assert plan(s).actions == (Delete(A),)


def test_every_object_of_ours_goes_not_only_the_one_in_status() -> None:
    wanted = resource(deleting=True, status={"arn": A})
    pair = [made_for(wanted, "a"), made_for(wanted, "b")]
    b = arn_of("b")
    s = situation(wanted, pair, users={A: Users(NOW - 1, 2), b: Users(NOW - 1, 2)}, deletion_seen_at=NOW - 5)
    assert plan(s).actions == (Delete(A),)
    left = situation(wanted, [pair[1]], gone=[A], users={b: Users(NOW - 1, 2)}, deletion_seen_at=NOW - 5)
    assert plan(left).actions == (Delete(b),)
