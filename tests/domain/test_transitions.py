"""Which changes of state deserve an Event, and which a line of the log alone."""

from typing import Any

import pytest

from ivs_operator.domain.transitions import announcement, changed_details, request_id_in


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


def detail(status: str, reason: str, message: str = "m", *, type_: str = "DeliveryHealthy") -> dict[str, Any]:
    condition = {"type": type_, "status": status, "reason": reason, "message": message}
    return {"conditions": [*ready("True", "Available")["conditions"], condition]}


LOST = ("DeliveryHealthy", "AccessDenied", "m")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(
            detail("True", "Available"), detail("False", "AccessDenied"), [LOST], id="logs are lost from now on"
        ),
        pytest.param({}, detail("False", "AccessDenied"), [LOST], id="lost when they are first looked for"),
        pytest.param(
            detail("False", "Unavailable"), detail("False", "AccessDenied"), [LOST], id="lost for another reason"
        ),
        pytest.param(
            detail("False", "AccessDenied"),
            detail("True", "Available"),
            [("DeliveryHealthy", "Available", "m")],
            id="they arrive again",
        ),
        pytest.param(
            {},
            detail("False", "DestinationNotFound", type_="DestinationReady"),
            [("DestinationReady", "DestinationNotFound", "m")],
            id="no bucket",
        ),
        pytest.param(detail("False", "AccessDenied"), detail("False", "AccessDenied", "n"), [], id="only words differ"),
        pytest.param({}, detail("True", "Available"), [], id="what is well from the first look on is no news"),
        pytest.param(detail("False", "AccessDenied"), ready("True", "Available"), [], id="nobody looks any more"),
        pytest.param({}, detail("False", "AccessDenied", type_="Synced"), [], id="another condition: Ready says it"),
        pytest.param({"conditions": "garbage"}, {"conditions": ["garbage"]}, [], id="garbage"),
    ],
)
def test_what_the_log_tells_beside_ready(before: Any, after: Any, told: Any) -> None:
    assert list(changed_details(before, after)) == told


TROUBLE = ready("False", "AccessDenied", "not authorised")


@pytest.mark.parametrize(
    ("after", "note"),
    [
        pytest.param(TROUBLE, "not authorised (AWS request id 1-a)", id="a failed call is named for AWS's support"),
        pytest.param(ready("True", "Available"), "m", id="what goes well needs none"),
        pytest.param(
            ready("False", "AccessDenied", "x" * 2000), "x" * 1003 + " (AWS request id 1-a)", id="the API takes 1,024"
        ),
    ],
)
def test_the_request_id_ends_the_note(after: Any, note: str) -> None:
    event = announcement({}, after, "1-a")
    assert event is not None
    assert event[2] == note
    assert len(event[2]) <= 1024


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("not authorised (AWS request id 1-a)", ("not authorised", "1-a")),
        ("not authorised", ("not authorised", "")),
        ("(AWS request id 1-a) is what it said", ("(AWS request id 1-a) is what it said", "")),
    ],
)
def test_the_request_id_is_read_again(note: str, found: tuple[str, str]) -> None:
    assert request_id_in(note) == found
