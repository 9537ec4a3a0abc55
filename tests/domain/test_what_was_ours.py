"""What status says of AWS objects that are ours no longer, or soon: it must not be lost, and not stay for ever."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failed_state import state_failure
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.plan import plan
from ivs_operator.domain.report import status_of
from ivs_operator.domain.times import format_time
from support.objects import CHAT, RECORDING, arn_of, configuration, made_for, resource, room
from support.situations import NOW, ready_status, situation
from support.virtual_time import run
from support.world import World

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


AGAIN: list[Any] = [
    pytest.param({"replacePolicy": "CreateBeforeDelete"}, "another", id="replaced by one in another bucket"),
    pytest.param({}, "my-bucket", id="as it is, then deleted"),
]


@pytest.mark.parametrize(("spec", "bucket"), AGAIN)
def test_what_was_adopted_once_is_never_deleted_by_who_did_not_adopt_it(spec: dict[str, Any], bucket: str) -> None:
    """Its tags stay when the adopter goes while nothing may be written; the next object of the name did not ask."""

    async def story() -> None:
        async with World() as world:
            aws = world.aws[RECORDING]
            theirs = configuration("theirs", RECORDING, owner=None, tags={"team": "video"})
            aws.put(theirs)
            adopting: dict[str, Any] = {"existing": {"arn": theirs.arn}, "deletionPolicy": "Retain"}
            key = world.cluster.apply(resource(RECORDING, **adopting))
            await world.until_at_rest()
            world.cluster.apply(resource(RECORDING, paused=True, **adopting))
            await world.for_(5)
            world.cluster.delete(key)
            await world.until_at_rest()
            assert key not in world.cluster.resources

            destination = {"s3": {"bucketName": bucket}}
            world.cluster.apply(resource(RECORDING, uid="new", destinationConfiguration=destination, **spec))
            await world.until_at_rest()
            assert world.cluster.ready(key) == ("True", "Available")
            world.cluster.delete(key)
            await world.until_at_rest()
            assert key not in world.cluster.resources
            assert [(item.arn, item.tags) for item in aws.configurations.values()] == [(theirs.arn, theirs.tags)]

    run(story())


def test_a_twin_that_aws_can_not_delete_is_named_and_tried_slowly() -> None:
    """AWS takes each delete and fails: at full speed that went on for ever, with a status written at each turn."""

    async def story() -> None:
        async with World() as world:
            aws = world.aws[CHAT]
            key = world.cluster.apply(resource())
            await world.until_at_rest()
            twin = made_for(resource(), "zz")
            begin = aws.begin

            def stubborn(item: Configuration, outcome: str) -> Configuration:
                return begin(item, "DELETE_FAILED" if (item.arn, outcome) == (twin.arn, "gone") else outcome)

            aws.begin = stubborn  # type: ignore[method-assign]
            aws.put(twin)
            await world.for_(120)
            _, written = world.writes()
            deleted = aws.count(operation="Delete")
            await world.for_(1200)
            assert aws.count(operation="Delete") - deleted <= 1200 / 60
            assert world.writes()[1] == written, "nothing is news"
            assert world.cluster.status(key)["superseded"] == [{"arn": twin.arn, "associated": 0}]
            assert world.cluster.ready(key) == ("True", "Available"), "nobody waits for it"

    run(story())
