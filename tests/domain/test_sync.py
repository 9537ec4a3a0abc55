"""Our AWS object exists: wait for it, mend it, or say what can't be mended."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Delete, Inspect, Ledger, ListUsers, Poll, Tag, Untag, Update, WriteLedger
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.observed import Users
from ivs_operator.domain.plan import plan
from support.objects import RECORDING, arn_of, desired_of, made_for, resource, room
from support.plans import Expect
from support.situations import NOW, failure, ready_status, situation

CHAT_ONE = resource()
VOD = resource(RECORDING)
A, VA = arn_of("a"), arn_of("a", RECORDING)
BUCKET = {"s3": {"bucketName": "other"}}
SPEC = "ivs-operator.dev/spec"
REPORTING = resource(driftPolicy="Report")


def tagged(recorded: list[str], tags: dict[str, str], raw: dict[str, str | None] | None = None, **spec: Any) -> Any:
    wanted = resource(status={"tagKeys": recorded}, tags=tags, **spec)
    return situation(wanted, [made_for(wanted, tags=raw)], None)


WAITING = [
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="CREATING")], read_at=NOW - 0.5, generation_seen_at=NOW - 1),
        Expect(reason=Reason.CREATING, wake=NOW + 0.5),
        id="AWS is at work and was just looked at: come back in a second",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="CREATING")], read_at=NOW - 1, generation_seen_at=NOW - 2),
        Expect(Poll(A), reason=Reason.CREATING, says=("CREATING",)),
        id="AWS is at work: look again",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="UPDATING")], read_at=NOW - 9, generation_seen_at=NOW - 59),
        Expect(reason=Reason.UPDATING, wake=NOW + 1),
        id="the longer it takes the less often it is looked at",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="UPDATING")], read_at=NOW - 15, generation_seen_at=NOW - 9000),
        Expect(Poll(A), reason=Reason.UPDATING),
        id="but every quarter of a minute at least",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="CREATING")], read_at=NOW - 20, failures=[failure(f"get:{A}")]),
        Expect(reason=Reason.ACCESS_DENIED, wake=NOW + 40),
        id="when it can't be looked at, that is said",
    ),
]


@pytest.mark.parametrize(("s", "expected"), WAITING)
def test_while_aws_is_at_work(s: Any, expected: Expect) -> None:
    expected.of(s)


UNUSED = {arn_of("a"): Users(NOW - 1, 2), arn_of("a", RECORDING): Users(NOW - 1, 2)}


def shell(*failures: Any, **changes: Any) -> Any:
    wanted = resource(**changes)
    return situation(wanted, [made_for(CHAT_ONE, state="CREATE_FAILED")], None, failures=failures, users=UNUSED)


def test_a_failed_shell_is_first_left_for_a_while_and_that_is_remembered() -> None:
    made = plan(shell())
    assert made.actions == ()
    assert made.finding is not None
    assert made.finding.reason is Reason.CREATE_FAILED
    assert "my-bucket" in made.finding.message
    assert made.remember is not None
    assert (made.remember.target, made.remember.fault.code, made.remember.attempts) == ("shell", A, 1)
    assert made.wake == made.remember.retry_at == NOW + 60


def test_the_next_shell_waits_longer() -> None:
    made = plan(shell(failure("shell", code=arn_of("the-one-before"), attempts=2)))
    assert made.actions == ()
    assert made.remember is not None
    assert (made.remember.attempts, made.remember.retry_at) == (3, NOW + 240)


SHELLS = [
    pytest.param(
        shell(failure("shell", code=A)),
        Expect(reason=Reason.CREATE_FAILED, wake=NOW + 40, stalled=False),
        id="a shell whose time has not come stays",
    ),
    pytest.param(
        shell(failure("shell", code=A, wait=-1)),
        Expect(Delete(A), reason=Reason.CREATE_FAILED),
        id="a shell whose time has come is deleted, to be made again",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, state="CREATE_FAILED", tags={SPEC: "v1-other"})], None, users=UNUSED),
        Expect(Delete(VA), reason=Reason.CREATE_FAILED),
        id="a shell of an earlier spec is deleted at once: the edit may have mended it",
    ),
    pytest.param(
        situation(
            resource(existing={"arn": A}, deletionPolicy="Retain"),
            [made_for(CHAT_ONE, state="CREATE_FAILED")],
            None,
        ),
        Expect(reason=Reason.CREATE_FAILED, stalled=True, says=("not made again", "without spec.existing")),
        id="an adopted shell is not ours to delete, and is not said to be made again",
    ),
]


@pytest.mark.parametrize(("s", "expected"), SHELLS)
def test_a_failed_creation(s: Any, expected: Expect) -> None:
    expected.of(s)


SETTINGS = [
    pytest.param(situation(CHAT_ONE, [made_for(CHAT_ONE)], None), Expect(reason=None), id="as declared: nothing to do"),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, destinationConfiguration=BUCKET)], None),
        Expect(Update(A, desired_of(CHAT_ONE).settings), reason=Reason.UPDATING, in_sync=False),
        id="a logging configuration is changed in place",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE, state="UPDATE_FAILED")], None),
        Expect(reason=Reason.UPDATE_FAILED, wake=NOW + 60, stalled=False, says=("check the destination",)),
        id="an update that AWS took and failed is named, and waits",
    ),
    pytest.param(
        situation(REPORTING, [made_for(REPORTING, state="UPDATE_FAILED")], None),
        Expect(reason=Reason.UPDATE_FAILED, stalled=True, says=("UPDATE_FAILED", "driftPolicy to Correct")),
        id="a failed state is told, even where nothing may be changed and nothing differs",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, state="LATER_FAILED")], None),
        Expect(reason=Reason.UPDATE_FAILED, stalled=True, says=("LATER_FAILED", "make it again")),
        id="a failed state that AWS may have one day is not called a difference",
    ),
    pytest.param(
        situation(
            CHAT_ONE,
            [made_for(CHAT_ONE, state="UPDATE_FAILED")],
            None,
            failures=[failure(f"update:{A}", reason=Reason.UPDATE_FAILED, wait=-1)],
        ),
        Expect(Update(A, desired_of(CHAT_ONE).settings), reason=Reason.UPDATING, serving=False),
        id="an update that failed is made again",
    ),
    pytest.param(
        situation(
            CHAT_ONE, [made_for(CHAT_ONE, destinationConfiguration=BUCKET)], None, failures=[failure(f"update:{A}")]
        ),
        Expect(reason=Reason.ACCESS_DENIED, wake=NOW + 40),
        id="an update that is refused waits and says why",
    ),
    pytest.param(
        situation(
            CHAT_ONE,
            [made_for(CHAT_ONE, destinationConfiguration=BUCKET)],
            None,
            failures=[failure(f"update:{A}", FaultClass.INVALID, Reason.UPDATE_FAILED)],
        ),
        Expect(reason=Reason.UPDATE_FAILED, stalled=True, wake=NOW + 40),
        id="an update that AWS calls invalid waits for another spec, or an hour",
    ),
    pytest.param(
        situation(REPORTING, [made_for(REPORTING, destinationConfiguration=BUCKET)], None),
        Expect(reason=Reason.DRIFT_DETECTED, stalled=True, says=("destinationConfiguration", "driftPolicy to Correct")),
        id="with Report a difference is told and left",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, renditionConfiguration={"renditionSelection": "NONE"})], None),
        Expect(
            reason=Reason.REPLACEMENT_REQUIRED, stalled=True, says=("renditionConfiguration", "set back in the same")
        ),
        id="a recording configuration can't be changed at AWS, and with Never nothing is made",
    ),
    pytest.param(
        situation(
            resource(RECORDING, replacePolicy="CreateBeforeDelete"),
            [made_for(VOD, renditionConfiguration={"renditionSelection": "NONE"})],
            None,
        ),
        Expect(reason=Reason.REPLACEMENT_REQUIRED, stalled=True, says=("take the tag", "ivs-operator.dev/spec")),
        id="nor when its spec tag says that it is the one that was asked for",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, complete=False)], None),
        Expect(reason=None),
        id="the spec tag vouches for what a List leaves out",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, complete=False, tags={SPEC: "v1-other"})], None),
        Expect(Inspect(VA), reason=Reason.UPDATING, in_sync=None),
        id="without it a Get reads the settings, once",
    ),
    pytest.param(
        situation(VOD, [made_for(VOD, tags={SPEC: "v9-later"})], None),
        Expect(Tag(VA, {SPEC: desired_of(VOD).spec_hash}), reason=Reason.UPDATING),
        id="an unknown spec tag on an object that is as declared is rewritten, never a reason to replace",
    ),
]


@pytest.mark.parametrize(("s", "expected"), SETTINGS)
def test_settings(s: Any, expected: Expect) -> None:
    expected.of(s)


TAGS = [
    pytest.param(
        tagged(["team"], {"team": "live"}, {"theirs": "stays"}),
        Expect(reason=None),
        id="others' tags are no difference",
    ),
    pytest.param(
        tagged([], {"team": "live"}, {"team": None}),
        Expect(WriteLedger(Ledger(tag_keys=frozenset({"team"}))), reason=Reason.UPDATING, serving=True),
        id="a key goes on record before it is set, else nobody would know whose it is",
    ),
    pytest.param(
        tagged(["team"], {"team": "live"}, {"team": "vod"}),
        Expect(Tag(A, {"team": "live"}), reason=Reason.UPDATING),
        id="a changed tag is set back",
    ),
    pytest.param(
        tagged(["team", "old"], {"team": "live"}, {"old": "1"}),
        Expect(Untag(A, ("old",)), reason=Reason.UPDATING),
        id="a key that we had set and that left the spec is removed",
    ),
    pytest.param(
        tagged(
            ["old", "new"], {"new": "1"}, {"new": None, "old": "1"} | {f"theirs{number}": "" for number in range(46)}
        ),
        Expect(Untag(A, ("old",)), reason=Reason.UPDATING),
        id="AWS allows 50: with no room for the new one, the old one goes first",
    ),
    pytest.param(
        tagged(
            ["old", "new"], {"new": "1"}, {"new": None, "old": "1"} | {f"theirs{number}": "" for number in range(45)}
        ),
        Expect(Tag(A, {"new": "1"}), reason=Reason.UPDATING),
        id="with room for both, the new one comes first",
    ),
    pytest.param(
        tagged([], {}, {SPEC: "adopted-v1-x"}),
        Expect(reason=None),
        id="what was there before us stays marked so: a former life of this object had adopted it",
    ),
    pytest.param(
        tagged(["team"], {"team": "live"}, {"old": "1"}),
        Expect(reason=None),
        id="a key that we had not set is somebody's, whatever it is called",
    ),
    pytest.param(
        tagged(["team"], {"team": "live"}, {"team": "vod"}, driftPolicy="Report"),
        Expect(reason=Reason.DRIFT_DETECTED, stalled=True, says=("tags.team",)),
        id="with Report a changed tag is told and left",
    ),
    pytest.param(
        tagged(["old"], {}, {"old": "1"}, driftPolicy="Report"),
        Expect(reason=Reason.DRIFT_DETECTED, stalled=True, says=("tags.old",)),
        id="with Report a stale key is told and left",
    ),
    pytest.param(
        tagged([], {}, {"ivs-operator.dev/uid": None}, driftPolicy="Report"),
        Expect(Tag(A, {"ivs-operator.dev/uid": "uid-vod"}), reason=Reason.UPDATING),
        id="our own tags are set even with Report: without them nothing is ours",
    ),
    pytest.param(
        situation(CHAT_ONE, [made_for(CHAT_ONE)], None, default_tags={"cost": "7"}),
        Expect(WriteLedger(Ledger(tag_keys=frozenset({"cost"}))), reason=Reason.UPDATING),
        id="the operator's default tags are like the user's",
    ),
]


@pytest.mark.parametrize(("s", "expected"), TAGS)
def test_tags(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_drift_names_each_field_with_both_values() -> None:
    made = plan(tagged(["team"], {"team": "live"}, {"team": "vod"}, driftPolicy="Report"))
    assert made.drift == (("tags.team", "live", "vod"),)
    made = plan(situation(REPORTING, [made_for(REPORTING, name="hand-made")], None))
    assert made.drift == (("name", "vod", "hand-made"),)


TEAM = resource(tags={"team": "live"}, status={"tagKeys": ["team"]})


@pytest.mark.parametrize("policy", ["Report", "Correct"])
def test_drift_is_complete_whatever_is_mended_first(policy: str) -> None:
    """Settings go first; who reads the status must not think that the tags are right."""
    both = {**TEAM, "spec": {**TEAM["spec"], "driftPolicy": policy}}
    made = plan(situation(both, [made_for(TEAM, tags={"team": "vod"}, name="hand-made")], None))
    assert made.drift == (("name", "vod", "hand-made"), ("tags.team", "live", "vod"))


def test_drift_names_no_tags_of_our_own() -> None:
    """An adopted object that differs lacks the spec tag under Report, and a user can do nothing about that."""
    adopting = resource(existing={"arn": A}, deletionPolicy="Retain", driftPolicy="Report", tags={"team": "live"})
    lacking = made_for(adopting, destinationConfiguration=BUCKET, tags={SPEC: None, "team": "vod"})
    made = plan(situation(adopting, [lacking], None))
    assert [field for field, _, _ in made.drift] == ["destinationConfiguration", "tags.team"]


def twin(*consumers: Any, users: dict[str, Users] | None = None, **more: Any) -> Any:
    return situation(CHAT_ONE, [made_for(CHAT_ONE, "a"), made_for(CHAT_ONE, "b")], consumers, users=users, **more)


B = arn_of("b")
TWINS = [
    pytest.param(twin(), Expect(ListUsers(B), reason=None), id="who uses the twin is asked, and nobody waits for it"),
    pytest.param(
        twin(users={B: Users(NOW - 0.4, 1)}),
        Expect(reason=None, wake=NOW + 0.6),
        id="one empty answer may lag: ask again a second later",
    ),
    pytest.param(twin(users={B: Users(NOW - 1, 1)}), Expect(ListUsers(B), reason=None), id="ask the second time"),
    pytest.param(twin(users={B: Users(NOW - 1, 2)}), Expect(Delete(B), reason=None), id="two empty answers: it goes"),
    pytest.param(
        twin(users={B: Users(NOW - 9, 2)}, generation_seen_at=NOW - 5),
        Expect(ListUsers(B), reason=None),
        id="answers from before the present generation do not count",
    ),
    pytest.param(
        situation(
            CHAT_ONE,
            [made_for(CHAT_ONE, "a"), made_for(CHAT_ONE, "b", state="DELETE_FAILED")],
            users={B: Users(NOW - 1, 2)},
        ),
        Expect(reason=None, wake=NOW + 60),
        id="AWS could not delete it: asking at once again would go on for ever",
    ),
    pytest.param(
        twin(room("r", "b"), room("q", "a"), users={B: Users(NOW - 1, 0)}),
        Expect(reason=None),
        id="a twin that somebody else's room uses is left: it can't be let go",
    ),
    pytest.param(
        twin(users={B: Users(NOW - 1, 2)}, failures=[failure(f"delete:{B}")]),
        Expect(reason=None, wake=NOW + 40),
        id="a twin that can't be deleted is tried again",
    ),
]


@pytest.mark.parametrize(("s", "expected"), TWINS)
def test_twins(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_an_object_that_was_ready_says_nothing_new_while_a_tag_is_corrected() -> None:
    wanted = resource(status=ready_status(tagKeys=["team"]), tags={"team": "live"})
    made = plan(situation(wanted, [made_for(wanted, tags={"team": None})], None))
    assert made.finding is not None
    assert made.finding.serving, "rooms go on being associated meanwhile"
