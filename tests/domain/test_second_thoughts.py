"""Situations in which the first idea would be wrong: each once was."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Associate, Inspect, Tag, Untag
from ivs_operator.domain.conditions import conditions_of, render
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.plan import plan
from support.objects import RECORDING, arn_of, channel, consumer_arn, desired_of, made_for, resource, room
from support.plans import Expect
from support.situations import NOW, failure, ready_status, situation

A, VA, VB = arn_of("a"), arn_of("a", RECORDING), arn_of("b", RECORDING)
LOBBY = [{"name": "lobby"}]
SPEC = "ivs-operator.dev/spec"


def test_an_entry_removed_together_with_a_replacement_lets_go_of_the_predecessor_too() -> None:
    """Else the channel would record with the predecessor for ever, which would never be deleted."""
    vod = resource(RECORDING, replacePolicy="CreateBeforeDelete", status={"associations": {"selectors": LOBBY}})
    old = made_for(vod, "b", tags={SPEC: "v1-other"})
    s = situation(vod, [made_for(vod, "a"), old], [channel("c", "b", name="lobby")])
    (action,) = plan(s).actions
    assert isinstance(action, Associate)
    assert (action.consumer, action.add) == (consumer_arn("c", RECORDING), None)
    assert VB in action.remove


def test_a_live_channel_is_let_go_when_its_stream_ends() -> None:
    """Each try would be refused: a call per channel and minute, for hours."""
    vod = resource(RECORDING, status={"associations": {"selectors": LOBBY}})
    live = channel("c", "a", name="lobby")
    made = plan(situation(vod, [made_for(vod, "a")], [live], live=[live.arn]))
    assert made.actions == ()
    assert [problem.reason for problem in made.associations.problems] == [Reason.CHANNEL_LIVE]


def test_a_tag_that_was_right_before_we_came_is_not_ours_to_remove() -> None:
    adopting = {"existing": {"arn": A}, "deletionPolicy": "Retain"}
    logs = resource(tags={"team": "live", "stage": "prod"}, **adopting)
    there = made_for(logs, "a", tags={"stage": None})  # team is there already
    (action,) = plan(situation(logs, [there])).actions
    assert action.ledger.tag_keys == frozenset({"stage"})  # type: ignore[union-attr]

    later = resource(tags={}, status=ready_status(arn=A, tagKeys=["stage"]), **adopting)
    held = made_for(later, "a", tags={"team": "live", "stage": "prod"})
    assert plan(situation(later, [held])).actions == (Untag(A, ("stage",)),)


@pytest.mark.parametrize("state", ["DELETING", "HIBERNATING"])
def test_only_what_is_active_is_ready(state: str) -> None:
    """Also with a word of AWS's that is not known yet."""
    logs = resource(existing={"arn": A}, deletionPolicy="Retain", status=ready_status(arn=A))
    Expect(reason=Reason.UPDATING, says=(state,)).of(situation(logs, [made_for(logs, "a", state=state)], read_at=NOW))


def test_one_call_without_an_answer_is_no_news_about_a_room_that_is_named() -> None:
    entry = [{"arn": consumer_arn("r")}]
    logs = resource(rooms=entry, status=ready_status(arn=A, associations={"selectors": entry}))
    young = failure(f"inspect:{consumer_arn('r')}", FaultClass.FAST, Reason.UNAVAILABLE, age=1, wait=1)
    old = failure(f"inspect:{consumer_arn('r')}", FaultClass.FAST, Reason.UNAVAILABLE, age=20, wait=1)
    quiet = plan(situation(logs, [made_for(logs, "a")], None, failures=[young]))
    assert quiet.association_finding is not None
    assert quiet.association_finding.blind
    told = plan(situation(logs, [made_for(logs, "a")], None, failures=[old])).association_finding
    assert told is not None
    assert (told.reason, told.blind) == (Reason.UNAVAILABLE, False)


def test_a_restored_object_is_looked_at_before_its_uid_tag_is_rewritten() -> None:
    """A List may still show the owner tag that a Retain has taken off a moment ago."""
    logs = resource()
    there = made_for(logs, "a", tags={"ivs-operator.dev/uid": "of-another-life"})
    Expect(Inspect(A), reason=Reason.UPDATING).of(situation(logs, [there], got=False))
    uid = {"ivs-operator.dev/uid": desired_of(logs).tags["ivs-operator.dev/uid"]}
    Expect(Tag(A, uid), reason=Reason.UPDATING).of(situation(logs, [there], got=True))


def test_a_failed_shell_that_is_in_use_stays() -> None:
    logs = resource(rooms=LOBBY)
    shell = made_for(logs, "a", state="CREATE_FAILED")
    s = situation(logs, [shell], [room("r", "a", name="lobby")], failures=[failure("shell", code=A, wait=-1)])
    Expect(reason=Reason.CREATE_FAILED, says=("uses",)).of(s)


def test_a_condition_that_is_carried_over_keeps_the_generation_it_was_found_out_for() -> None:
    before: Any = ready_status(arn=A)
    before["conditions"].append(
        {"type": "Synced", "status": "True", "reason": "Available", "message": "", "observedGeneration": 1}
    )
    logs = resource(paused=True, generation=5, status=before)
    s = situation(logs, [made_for(logs, "a")])
    rendered = render(conditions_of(s, plan(s)), before["conditions"], 5, NOW)
    generations = {item["type"]: item["observedGeneration"] for item in rendered}
    assert generations == {"Ready": 5, "Synced": 1}
