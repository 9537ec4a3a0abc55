"""What status says of AWS objects that are ours no longer, or soon: it must not be lost, and not stay for ever."""

from dataclasses import replace
from typing import Any

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failed_state import state_failure
from ivs_operator.domain.plan import plan
from ivs_operator.domain.report import status_of
from ivs_operator.domain.times import format_time
from support.objects import arn_of, made_for, resource, room
from support.situations import NOW, ready_status, situation

A, OTHER = arn_of("a"), arn_of("b")
PROD = [{"matchTags": {"env": "prod"}}]


def status(*arguments: Any, **facts: Any) -> dict[str, Any]:
    s = situation(*arguments, **facts)
    return status_of(s, plan(s))


def test_an_object_that_somebody_deletes_is_named_while_rooms_hold_it() -> None:
    """Once it is gone, only this entry tells that the identifier in the rooms was ours."""
    logs = resource(rooms=PROD, status=ready_status(arn=A))
    found = status(logs, [made_for(logs, "a", state="DELETING")], [room("r", A, env="prod")])
    assert found["superseded"] == [{"arn": A, "associated": 1}]


def test_an_entry_that_exists_without_our_owner_tag_is_dropped() -> None:
    """A status may have been edited by hand: whoever uses somebody else's object would keep the entry for ever."""
    logs = resource(rooms=PROD, status=ready_status(arn=A, superseded=[{"arn": OTHER, "associated": 1}]))
    theirs = replace(made_for(logs, "b"), tags={"team": "video"})
    found = status(logs, [made_for(logs, "a"), theirs], [room("r", A, OTHER, env="prod")])
    assert "superseded" not in found


def test_with_report_a_deleted_object_stays_named_or_the_next_look_would_make_another() -> None:
    logs = resource(driftPolicy="Report", status=ready_status(arn=A, id="a"))
    found = status(logs, gone=[A])
    assert (found["arn"], found["id"]) == (A, "a")
    assert "state" not in found


def test_a_state_of_the_same_second_as_the_edit_is_its_answer() -> None:
    """AWS's time is known in whole seconds: cut off, it would look older than the edit that caused it."""
    logs = resource(status=ready_status(arn=A))
    failed = replace(made_for(logs, "a", state="UPDATE_FAILED"), update_time=format_time(NOW))
    s = situation(logs, [failed], None, generation_seen_at=NOW + 0.4, now=NOW + 1)
    asked: Any = {"reason": Reason.UPDATE_FAILED, "message": "failed"}
    assert state_failure(s, failed, "update", since=NOW + 0.4, **asked) is not None
    assert state_failure(s, failed, "update", since=NOW + 1.0, **asked) is None, "the state is from before the edit"
