"""Which changes of state deserve an Event."""

from typing import Any

import pytest

from ivs_operator.domain.transitions import announcement


def ready(status: str, reason: str, message: str = "m", *, generation: int = 1) -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "reason": reason, "message": message}
    return {"conditions": [{**condition, "observedGeneration": generation}]}


CASES = [
    pytest.param({}, ready("True", "Available"), ("Normal", "Available", "m"), id="Ready"),
    pytest.param(ready("True", "Available"), ready("True", "Available", "other words"), None, id="only words differ"),
    pytest.param({}, ready("False", "Creating"), None, id="work that goes as it should"),
    pytest.param(ready("True", "Available"), ready("False", "Updating"), None, id="an update under way"),
    pytest.param(
        ready("False", "Updating", generation=2), ready("True", "Available", generation=2), None, id="an edit done"
    ),
    pytest.param(
        ready("False", "Updating"),
        ready("True", "Available"),
        ("Normal", "Available", "m"),
        id="Ready for the first time",
    ),
    pytest.param(
        ready("False", "Creating"), ready("False", "QuotaExceeded"), ("Warning", "QuotaExceeded", "m"), id="trouble"
    ),
    pytest.param(
        ready("False", "QuotaExceeded"),
        ready("False", "AccessDenied"),
        ("Warning", "AccessDenied", "m"),
        id="other trouble",
    ),
    pytest.param(
        ready("True", "Available"), ready("False", "Paused"), ("Normal", "Paused", "m"), id="a person's pause"
    ),
    pytest.param(ready("True", "Available"), {}, None, id="nothing to say"),
    pytest.param(
        {"conditions": "garbage"}, ready("True", "Available"), ("Normal", "Available", "m"), id="garbage before"
    ),
]


@pytest.mark.parametrize(("before", "after", "event"), CASES)
def test_announcement(before: Any, after: Any, event: Any) -> None:
    assert announcement(before, after) == event
