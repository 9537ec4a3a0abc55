"""The setting `adoption`: what may be adopted, and that no edit gets around it."""

from typing import Any

import pytest

from ivs_operator.api.managed import DeletionPolicy
from ivs_operator.domain.adoption import Adoption
from ivs_operator.domain.intake import Intake
from support.objects import CHAT, CLUSTER, key_of, resource

ARN = "arn:aws:ivschat:us-west-2:123456789012:logging-configuration/abcdefghijkl"
EXISTING: dict[str, Any] = {"existing": {"arn": ARN}}
RETAIN, DELETE = DeletionPolicy.RETAIN, DeletionPolicy.DELETE

TABLE = [
    pytest.param("on", EXISTING | {"deletionPolicy": "Delete"}, None, DELETE, id="on: anything goes"),
    pytest.param("retain-only", EXISTING | {"deletionPolicy": "Retain"}, None, RETAIN, id="retain-only: to leave it"),
    pytest.param(
        "retain-only",
        EXISTING | {"deletionPolicy": "Delete"},
        "adopts only with deletionPolicy Retain",
        RETAIN,
        id="retain-only: not to delete it, and a deletion keeps it",
    ),
    pytest.param(
        "retain-only",
        EXISTING | {"deletionPolicy": "DetachAndDelete"},
        "adopts only with deletionPolicy Retain",
        RETAIN,
        id="retain-only: nor to take its rooms off",
    ),
    pytest.param(
        "off", EXISTING | {"deletionPolicy": "Retain"}, "adopts nothing", RETAIN, id="off: not even to leave it alone"
    ),
    pytest.param("off", EXISTING | {"deletionPolicy": "Delete"}, "adopts nothing", RETAIN, id="off: nor to delete it"),
    pytest.param("off", {"deletionPolicy": "Delete"}, None, DELETE, id="off: what is made anew is not concerned"),
]


@pytest.mark.parametrize(("setting", "spec", "says", "policy"), TABLE)
def test_what_may_be_adopted(setting: str, spec: dict[str, Any], says: str | None, policy: DeletionPolicy) -> None:
    raw = resource(CHAT, accountRef={"name": "prod"}, **spec)
    subject, reading = Intake(CLUSTER, {}, adoption=Adoption(setting)).read(key_of(raw), raw)
    assert (subject.invalid is None) is (says is None)
    assert says is None or says in str(subject.invalid)
    assert (subject.desired is None) is (says is not None), "what is refused is not planned for, and claims nothing"
    assert subject.deletion_policy is policy
    assert reading.account_ref == "prod"


def test_the_account_of_what_can_not_be_read_is_known_all_the_same() -> None:
    """Else it would be looked for, and deleted, with the operator's own credentials."""
    raw = resource(CHAT, accountRef={"name": "prod"}, destinationConfiguration="nonsense")
    subject, reading = Intake(CLUSTER, {}).read(key_of(raw), raw)
    assert subject.desired is None
    assert reading.account_ref == "prod"
