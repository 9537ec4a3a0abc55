"""What comes before anything else is planned."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import ReleaseFinalizer
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.plan import plan
from ivs_operator.domain.subject import Placement
from support.objects import arn_of, configuration, made_for, resource, room
from support.plans import Expect
from support.situations import NOW, failure, fault, situation

BROKEN = resource(destinationConfiguration={"s3": {"bucketName": "UPPER"}})
DRIFTED = [made_for(resource(), name="drifted")]


def nowhere(age: float = 60, *, passing: bool = True, stalled: bool = False) -> Placement:
    return Placement(
        region="us-west-2",
        fault=fault(FaultClass.FAST, Reason.UNAVAILABLE, "no answer from STS"),
        fault_since=NOW - age,
        stalled=stalled,
        retry_at=NOW + 4 if passing else None,
    )


CASES = [
    pytest.param(
        situation(BROKEN, DRIFTED),
        Expect(reason=Reason.INVALID_SPEC, stalled=True, says=("spec.destinationConfiguration.s3.bucketName",)),
        id="a spec that can't be read names the field and nothing is done",
    ),
    pytest.param(
        situation(resource(paused=True), DRIFTED),
        Expect(reason=Reason.PAUSED, stalled=False, says=("ivs-operator.dev/paused",), in_sync=None),
        id="paused: nothing is done, whatever differs",
    ),
    pytest.param(
        situation(resource(paused=True)), Expect(reason=Reason.PAUSED), id="paused: nothing is created either"
    ),
    pytest.param(
        situation(resource(paused=True), placement=nowhere(passing=False, stalled=True)),
        Expect(reason=Reason.UNAVAILABLE, stalled=True),
        id="where it is not known comes before paused",
    ),
    pytest.param(
        situation(resource(), placement=nowhere(age=9)),
        Expect(reason=Reason.CREATING, blind=True, wake=NOW + 4, trouble=False),
        id="an account that can't be told yet keeps quiet for ten seconds",
    ),
    pytest.param(
        situation(resource(), placement=nowhere(age=11)),
        Expect(reason=Reason.UNAVAILABLE, blind=True, wake=NOW + 4, trouble=True, says=("no answer from STS",)),
        id="then it is told",
    ),
    pytest.param(
        situation(resource(), placement=nowhere(passing=False, stalled=True)),
        Expect(reason=Reason.UNAVAILABLE, stalled=True, wake=None),
        id="what only a person can change is not looked at again by itself",
    ),
    pytest.param(
        situation(resource(), listed_at=0.0, failures=[failure("list")]),
        Expect(reason=Reason.ACCESS_DENIED, blind=True, wake=NOW + 40),
        id="the first List fails: the reason is told",
    ),
    pytest.param(
        situation(BROKEN, placement=nowhere()),
        Expect(reason=Reason.INVALID_SPEC),
        id="a spec that can't be read is told first: it is what a person can mend",
    ),
]


@pytest.mark.parametrize(("s", "expected"), CASES)
def test_preconditions(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_a_paused_object_is_still_recognised_for_its_status() -> None:
    held = resource(paused=True, status={"arn": arn_of("a")})
    made = plan(situation(held, [made_for(held)]))
    assert made.current is not None


def test_another_objects_configuration_is_not_recognised() -> None:
    held = resource(paused=True, status={"arn": arn_of("a")})
    assert plan(situation(held, [configuration("a", owner="cluster-1/live/other")])).current is None


def test_while_the_object_differs_its_rooms_are_served_all_the_same() -> None:
    reporting = resource(
        driftPolicy="Report",
        rooms=[{"name": "lobby"}],
        status={"associations": {"selectors": [{"name": "lobby"}]}},
    )
    made = plan(situation(reporting, [made_for(reporting, name="by-hand")], [room("r", name="lobby")]))
    assert made.finding is not None
    assert made.finding.reason is Reason.DRIFT_DETECTED
    assert len(made.actions) == 1


def test_no_plan_lets_an_object_go_that_is_not_being_deleted() -> None:
    for s in (case.values[0] for case in CASES):
        assert not any(isinstance(action, ReleaseFinalizer) for action in plan(s).actions)  # type: ignore[arg-type]
