"""What lies outside of IVS shows in conditions of detail, and changes neither Ready nor what is done."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.domain.conditions import conditions_of
from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.destinations import Facts
from ivs_operator.domain.plan import plan
from ivs_operator.domain.surroundings import Surroundings
from support.objects import CHAT, RECORDING, arn_of, made_for, resource
from support.situations import ready_status, situation

BROKEN = Surroundings(Facts(found=False), DeliveryFacts(failing=(True, True, True, True, True, True)))
FINE = Surroundings(Facts(found=True), DeliveryFacts(failing=(False,) * 6))
SILENT = Surroundings(Facts(), DeliveryFacts(readable=False))
UNSEEN = Surroundings()
NO_DATA = Surroundings(Facts(found=True), DeliveryFacts())

BEFORE = [
    {"type": "DestinationReady", "status": "False", "reason": "DestinationNotFound", "observedGeneration": 1},
    {"type": "DeliveryHealthy", "status": "False", "reason": "AccessDenied", "observedGeneration": 1},
]
SAME = {"destinationConfiguration": {"s3": {"bucketName": "my-bucket"}}}
OTHER = {"destinationConfiguration": {"s3": {"bucketName": "old-bucket"}}}


def details(kind: Any, around: Surroundings, **status: Any) -> dict[str, tuple[str, str]]:
    wanted = resource(kind, status=status or None)
    s = replace(situation(wanted, [made_for(wanted)], None), around=around)
    found = conditions_of(s, plan(s))
    told = {str(item.type): (item.status, str(item.reason)) for item in found}
    assert told.pop("Ready") == ("True", "Available"), "Ready does not depend on it"
    assert told.pop("Synced") == ("True", "Available")
    return told


@pytest.mark.parametrize(
    ("kind", "around", "status", "told"),
    [
        pytest.param(CHAT, UNSEEN, {}, {}, id="not looked at yet"),
        pytest.param(
            CHAT,
            FINE,
            {},
            {"DestinationReady": ("True", "Available"), "DeliveryHealthy": ("True", "Available")},
            id="all is well",
        ),
        pytest.param(RECORDING, FINE, {}, {"DestinationReady": ("True", "Available")}, id="recordings have no metric"),
        pytest.param(
            CHAT,
            BROKEN,
            {},
            {"DestinationReady": ("False", "DestinationNotFound"), "DeliveryHealthy": ("False", "Unavailable")},
            id="nothing arrives",
        ),
        pytest.param(CHAT, SILENT, {"conditions": BEFORE}, {}, id="what may not be read any more is not told"),
        pytest.param(CHAT, NO_DATA, {}, {"DestinationReady": ("True", "Available")}, id="no data is no news"),
        pytest.param(
            CHAT,
            NO_DATA,
            {"conditions": BEFORE},
            {"DestinationReady": ("True", "Available"), "DeliveryHealthy": ("True", "Available")},
            id="and without errors for a window logs may arrive again",
        ),
        pytest.param(
            CHAT,
            UNSEEN,
            {"conditions": BEFORE, "observed": SAME},
            {"DestinationReady": ("False", "DestinationNotFound"), "DeliveryHealthy": ("False", "AccessDenied")},
            id="after a restart what was said stands until there has been a look",
        ),
        pytest.param(
            CHAT,
            UNSEEN,
            {"conditions": BEFORE, "observed": OTHER},
            {"DeliveryHealthy": ("False", "AccessDenied")},
            id="of a destination that the spec does not name any more nothing is said",
        ),
    ],
)
def test_details(kind: Any, around: Surroundings, status: dict[str, Any], told: dict[str, tuple[str, str]]) -> None:
    assert details(kind, around, **status) == told


@pytest.mark.parametrize("around", [UNSEEN, FINE, BROKEN, SILENT])
@pytest.mark.parametrize(
    "objects",
    [
        pytest.param(lambda _: [], id="to be made"),
        pytest.param(lambda item: [made_for(item)], id="as wanted"),
        pytest.param(lambda item: [made_for(item, name="by-hand")], id="drifted"),
        pytest.param(lambda item: [made_for(item, state="CREATE_FAILED")], id="failed"),
        pytest.param(lambda item: [made_for(item), made_for(item, "b")], id="twins"),
    ],
)
def test_no_action_depends_on_it(around: Surroundings, objects: Any) -> None:
    for wanted in (resource(), resource(deleting=True, status=ready_status(arn=arn_of("a")))):
        s = situation(wanted, objects(wanted), None)
        told = replace(s, around=around)
        assert (plan(told).actions, plan(told).wake) == (plan(s).actions, plan(s).wake)


def test_a_failed_creation_names_the_cause() -> None:
    wanted = resource()
    s = situation(wanted, [made_for(wanted, state="CREATE_FAILED")], None)
    finding = plan(s).finding
    assert finding is not None
    assert "carries no reason): check that S3 bucket my-bucket exists" in finding.message
    finding = plan(replace(s, around=BROKEN)).finding
    assert finding is not None
    assert "CREATE_FAILED): S3 bucket my-bucket does not exist; create it in us-west-2" in finding.message


def test_a_failed_update_names_the_cause() -> None:
    wanted = resource()
    s = situation(wanted, [made_for(wanted, state="UPDATE_FAILED", name="old")], None)
    for around, says in ((UNSEEN, "without a reason; check"), (BROKEN, "does not exist; create it")):
        finding = plan(replace(s, around=around)).finding
        assert finding is not None
        assert says in finding.message
