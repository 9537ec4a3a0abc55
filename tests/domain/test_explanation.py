"""Why an object is as it is, in tables: the steps are the planner's own, the words say when and who."""

from typing import Any

import pytest

from ivs_operator.domain import actions as do
from ivs_operator.domain.actions import Ledger, PendingCreate
from ivs_operator.domain.associations import Associations
from ivs_operator.domain.conditions import verdict
from ivs_operator.domain.explanation import MOST, Blocker, Explanation, PastFailure, explain, past_failures
from ivs_operator.domain.explanation_steps import steps_of
from ivs_operator.domain.explanation_timing import timing_of
from ivs_operator.domain.finding import Plan
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.plan import plan
from support.objects import RECORDING, arn_of, channel, consumer_arn, made_for, resource, room
from support.situations import NOW, failure, ready_status, situation

PLAIN = resource()
A = arn_of("a")


def refused(reason: str = "AccessDenied", message: str = "denied", generation: int = 1) -> dict[str, Any]:
    """The status of an object that the operator could not bring in line."""
    condition = {"type": "Ready", "status": "False", "reason": reason, "message": message}
    return ready_status() | {"conditions": [{**condition, "observedGeneration": generation}]}


def explained(res: dict[str, Any], *arguments: Any, asked: str | None = None, **facts: Any) -> Explanation:
    s = situation(res, *arguments, **facts)
    return explain(res, s, plan(s), asked=asked, sweep_interval=60.0)


def calls(found: Explanation) -> list[str]:
    return [step.call for step in found.steps]


STEPS = [
    pytest.param(resource(status=ready_status(arn=A)), [made_for(PLAIN)], [], id="as wanted: none"),
    pytest.param(PLAIN, [], ["patch status", "ivschat:CreateLoggingConfiguration"], id="the intent, then the call"),
    pytest.param(
        resource(finalizers=()),
        [],
        ["patch metadata.finalizers", "patch status", "ivschat:CreateLoggingConfiguration"],
        id="the finalizer goes before what leaves traces",
    ),
    pytest.param(
        resource(status=ready_status(arn=A)),
        [made_for(PLAIN, destinationConfiguration={"s3": {"bucketName": "other"}})],
        ["ivschat:UpdateLoggingConfiguration"],
        id="drift is mended in place",
    ),
    pytest.param(
        resource(status=ready_status(arn=A), tags={"team": "live"}),
        [made_for(PLAIN)],
        ["patch status"],
        id="a tag: first on record that it is ours",
    ),
]


@pytest.mark.parametrize(("res", "objects", "expected"), STEPS)
def test_what_comes_next(res: dict[str, Any], objects: list[Any], expected: list[str]) -> None:
    assert calls(explained(res, objects, None)) == expected


CHAT_SITUATION = situation(PLAIN)
RECORDING_SITUATION = situation(resource(RECORDING))
ACTIONS = [
    pytest.param(CHAT_SITUATION, do.Create({}, {}), "create the logging configuration in us-west-2",
                 "ivschat:CreateLoggingConfiguration", id="create"),
    pytest.param(RECORDING_SITUATION, do.Create({}, {}), "create the recording configuration in us-west-2",
                 "ivs:CreateRecordingConfiguration", id="of the other kind"),
    pytest.param(CHAT_SITUATION, do.Update(A, {"name": "x"}), f"change name of {A} in place",
                 "ivschat:UpdateLoggingConfiguration", id="update"),
    pytest.param(CHAT_SITUATION, do.Tag(A, {"b": "2", "a": "1"}), f"tag {A} with a=1, b=2",
                 "ivschat:TagResource", id="tag"),
    pytest.param(CHAT_SITUATION, do.Untag(A, ("a",)), f"take the tags a off {A}", "ivschat:UntagResource", id="untag"),
    pytest.param(CHAT_SITUATION, do.Delete(A), f"delete the logging configuration {A}",
                 "ivschat:DeleteLoggingConfiguration", id="delete"),
    pytest.param(CHAT_SITUATION, do.ReleaseFinalizer(), "take the finalizer off, so that Kubernetes removes the object",
                 "patch metadata.finalizers", id="let go"),
    pytest.param(CHAT_SITUATION, do.WriteLedger(Ledger()), "put the entries of spec.rooms on record before they take "
                 "effect", "patch status", id="the ledger"),
    pytest.param(CHAT_SITUATION, do.Refresh(0.0), "list the logging configurations",
                 "ivschat:ListLoggingConfigurations", id="list"),
    pytest.param(RECORDING_SITUATION, do.RefreshConsumers(0.0), "list the channels", "ivs:ListChannels", id="a pass"),
    pytest.param(CHAT_SITUATION, do.ListUsers(A), f"list the rooms that use {A}", "ivschat:ListRooms", id="users"),
    pytest.param(CHAT_SITUATION, do.InspectConsumer("r"), "look at room r", "ivschat:GetRoom", id="a room"),
    pytest.param(CHAT_SITUATION, do.Poll(A), f"look at {A}", "ivschat:GetLoggingConfiguration", id="poll"),
    pytest.param(CHAT_SITUATION, do.Inspect(A), f"look at {A}", "ivschat:GetLoggingConfiguration", id="get"),
    pytest.param(RECORDING_SITUATION, do.Associate("c", remove=frozenset({A})), "let go channel c",
                 "ivs:UpdateChannel", id="let a channel go"),
]  # fmt: skip


@pytest.mark.parametrize(("s", "action", "what", "call"), ACTIONS)
def test_every_action_has_words_and_a_call(s: Any, action: do.Action, what: str, call: str) -> None:
    made = Plan((action,), None, None, (), Associations(known=False), None)
    (step,) = steps_of(s, made)
    assert (step.what, step.call) == (what, call)


def test_no_action_is_without_words() -> None:
    """A new one must have a row above."""
    tried = {type(row.values[1]) for row in ACTIONS}
    assert tried | {do.WriteLedger} == set(do.Action.__args__)


def test_many_rooms_are_counted_and_few_are_named() -> None:
    prod = [{"matchTags": {"env": "prod"}}]
    res = resource(rooms=prod, status=ready_status(arn=A, associations={"selectors": prod}))
    few = explained(res, [made_for(PLAIN)], [room("r", name="lobby", env="prod")])
    many = explained(res, [made_for(PLAIN)], [room(f"r{number:02}-", env="prod") for number in range(30)])
    assert [step.what for step in few.steps] == [f"attach room lobby {consumer_arn('r')}"]
    assert [step.what for step in many.steps] == ["attach 30 rooms"]


TIMES = [
    pytest.param({}, "nothing is to be done; the operator looks every 60 s", False, id="at rest"),
    pytest.param({"paused": True, "steps": True}, "nothing, until the annotation", False, id="paused goes before all"),
    pytest.param({"reason": "InvalidSpec", "stalled": True}, "nothing by itself", False, id="a person must act"),
    pytest.param({"reason": "CreateFailed", "refused": True, "steps": True}, "once an hour", True, id="AWS said no"),
    pytest.param({"reason": "RoomFull"}, "as soon as that changes at AWS", False, id="somebody else must act"),
    pytest.param({"reason": "RoomFull", "steps": True}, "at once", False, id="somebody has acted already"),
    pytest.param({"reason": "Throttled", "steps": True}, "within a minute", True, id="passes by itself"),
    pytest.param({"reason": "AccessDenied", "steps": True}, "at least every 15 minutes", True, id="retried slowly"),
    pytest.param({"reason": "Creating", "steps": True}, "at once", False, id="work under way"),
    pytest.param({"reason": "Creating", "wake": NOW + 12}, "in 12 s", False, id="a time that is known"),
    pytest.param({"reason": "Available"}, "nothing is to be done", False, id="Ready"),
]


@pytest.mark.parametrize(("facts", "says", "can_hurry"), TIMES)
def test_when(facts: dict[str, Any], says: str, can_hurry: bool) -> None:
    usual: dict[str, Any] = {
        "reason": "",
        "stalled": False,
        "refused": False,
        "steps": False,
        "paused": False,
        "wake": None,
    }
    found = timing_of(**{**usual, **facts}, now=NOW, sweep_interval=60.0)
    assert says in found.text
    assert found.can_hurry is can_hurry
    assert found.at == facts.get("wake")


def test_a_refused_create_is_told_and_tried_again() -> None:
    found = explained(resource(status=refused()))
    assert (found.told.ready, found.told.reason, found.found.reason) == (False, "AccessDenied", "Creating")
    assert "ivschat:CreateLoggingConfiguration" in calls(found)
    assert "15 minutes" in found.timing.text


CALLED_INVALID = [
    pytest.param("CreateFailed", 1, "once an hour", id="AWS has refused the step"),
    pytest.param("CreateFailed", 2, "at once", id="it was edited since"),
    pytest.param("OwnedElsewhere", 1, "15 minutes", id="stalled for another reason, which is gone"),
]


@pytest.mark.parametrize(("reason", "generation", "says"), CALLED_INVALID)
def test_what_aws_has_called_invalid_is_told_as_such_and_nothing_else_is(
    reason: str, generation: int, says: str
) -> None:
    status = refused(reason, "no")
    stalled = {"type": "Stalled", "status": "True", "reason": reason, "observedGeneration": 1}
    status["conditions"].append(stalled)
    found = explained(resource(generation=generation, status=status))
    assert found.steps
    assert says in found.timing.text


def test_a_status_of_an_earlier_generation_says_nothing_of_the_present_one() -> None:
    found = explained(resource(generation=2, status=refused(generation=1)))
    assert "15 minutes" not in found.timing.text, "the edit is tried at once"


def test_what_differs_at_aws() -> None:
    there = made_for(PLAIN, destinationConfiguration={"s3": {"bucketName": "other"}}, tags={"team": "chat"})
    found = explained(resource(status=ready_status(arn=A), tags={"team": "live"}), [there], None)
    assert [difference[0] for difference in found.aws.differences] == ["destinationConfiguration", "tags.team"]
    assert (found.aws.arn, found.aws.state) == (A, "ACTIVE")


def test_a_room_that_is_full_is_in_the_way_with_its_holders() -> None:
    entry = {"arn": consumer_arn("r")}
    res = resource(rooms=[entry], status=ready_status(arn=A, associations={"selectors": [entry]}))
    found = explained(res, [made_for(PLAIN)], [room("r", "x", "y", "z")])
    (blocker,) = found.blockers
    assert (blocker.arn, blocker.reason) == (consumer_arn("r"), "RoomFull")
    assert arn_of("x") in blocker.message


def test_who_holds_a_deletion_back() -> None:
    res = resource(RECORDING, deleting=True, status=ready_status(arn=arn_of("a", RECORDING)))
    s = situation(res, [made_for(resource(RECORDING))], [channel("c", "a", name="lobby")], deletion_seen_at=NOW - 5)
    found = explain(res, s, plan(s), asked=None, sweep_interval=60.0)
    assert found.blockers == (Blocker(consumer_arn("c", Kind.RECORDING), "InUse", "channel lobby records with it"),)
    assert found.deleting


def test_failed_checks_are_in_the_way_too() -> None:
    checks = [
        {"type": "DestinationReady", "status": "False", "reason": "DestinationNotFound", "message": "no bucket"},
        {"type": "DeliveryHealthy", "status": "True", "reason": "Available", "message": ""},
    ]
    status = ready_status(arn=A)
    found = explained(
        resource(status=status | {"conditions": [*status["conditions"], *checks]}), [made_for(PLAIN)], None
    )
    assert found.blockers == (Blocker("DestinationReady", "DestinationNotFound", "no bucket"),)


def test_where_aws_was_not_asked_the_status_speaks() -> None:
    problems = [{"arn": "r", "reason": "RoomFull", "message": "full"}]
    associations = {"problems": problems, "matched": 2, "associated": 1, "foreign": 0}
    res = resource(status=refused("RoomFull") | {"arn": A, "state": "ACTIVE", "associations": associations})
    found = explained(res, asked="no credentials")
    assert found.aws.trouble == "no credentials"
    assert (found.aws.arn, found.aws.matched, found.aws.associated) == (A, 2, 1)
    assert found.blockers == (Blocker("r", "RoomFull", "full"),)
    assert found.steps == (), "a plan without a look would be a guess"
    assert found.agreed


def test_what_the_look_itself_has_met_is_among_the_failures() -> None:
    found = explained(PLAIN, failures=[failure("list", message="ListLoggingConfigurations: denied")])
    assert [(item.at, item.message) for item in found.failures] == [("now", "ListLoggingConfigurations: denied")]


def test_past_failures_are_the_warnings_newest_first() -> None:
    def event(time: str, type_: str = "Warning", note: str = "no (AWS request id 1-a)") -> dict[str, Any]:
        return {"eventTime": time, "type": type_, "reason": "AccessDenied", "note": note}

    events = [event("2026-01-01"), event("2026-01-03", "Normal"), event("2026-01-02", note="no id")]
    assert past_failures(events) == (
        PastFailure("2026-01-02", "AccessDenied", "no id"),
        PastFailure("2026-01-01", "AccessDenied", "no", "1-a"),
    )
    assert len(past_failures([event("2026-01-01")] * 50)) == MOST


def test_the_intent_that_is_on_record_is_waited_for() -> None:
    status = {"pendingCreate": {"specHash": "v1-x", "since": "2023-11-14T22:13:18Z"}}
    res = resource(status=status)
    s = situation(res, met_at=NOW)
    pending = s.subject.recorded.ledger.pending
    assert isinstance(pending, PendingCreate)
    found = explain(res, s, plan(s), asked=None, sweep_interval=60.0)
    assert verdict(plan(s)) is not None
    assert found.timing.at is not None, "when the outcome of the earlier create can be trusted"
