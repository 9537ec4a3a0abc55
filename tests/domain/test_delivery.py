"""Whether logs arrive: slow to say no, and slower to say yes again."""

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.delivery import WINDOW, DeliveryFacts, judge_delivery


def periods(text: str) -> tuple[bool, ...]:
    """Newest first; x: errors."""
    assert len(text) == WINDOW
    return tuple(letter == "x" for letter in text)


@pytest.mark.parametrize(
    ("shown", "before", "after"),
    [
        pytest.param("", False, None, id="no data: nothing is said"),
        pytest.param("......", False, True, id="data without errors"),
        pytest.param("x.....", False, True, id="one period may be a hiccup"),
        pytest.param("x..x..", False, True, id="one of the latest three"),
        pytest.param("x.x...", False, False, id="two of the latest three"),
        pytest.param("...xxx", False, True, id="it was, while nobody looked"),
        pytest.param("...xxx", True, False, id="not yet well again"),
        pytest.param(".....x", True, False, id="nearly"),
        pytest.param("......", True, True, id="a whole window without errors"),
        pytest.param("", True, True, id="no data lately: no errors either"),
    ],
)
def test_hysteresis(shown: str, before: bool, after: bool | None) -> None:
    facts = DeliveryFacts(failing=periods(shown) if shown else ())
    verdict = judge_delivery("S3 bucket b", facts, unhealthy=before)
    assert (verdict.good if verdict else None) is after
    if verdict is not None:
        again = judge_delivery("S3 bucket b", facts, unhealthy=not verdict.good)
        assert again in (None, verdict), "the same facts say the same once more: no condition flaps between two looks"


@pytest.mark.parametrize(
    ("denied", "missing", "reason", "says"),
    [
        (True, False, Reason.ACCESS_DENIED, "LogDestinationAccessDeniedError"),
        (False, True, Reason.DESTINATION_NOT_FOUND, "LogDestinationResourceNotFoundErrors"),
        (True, True, Reason.DESTINATION_NOT_FOUND, "make it again"),
        (False, False, Reason.UNAVAILABLE, "LogDestinationErrors"),
    ],
)
def test_the_cause_is_named_with_its_metric(denied: bool, missing: bool, reason: Reason, says: str) -> None:
    facts = DeliveryFacts(failing=periods("xx...."), denied=denied, missing=missing)
    verdict = judge_delivery("S3 bucket b", facts, unhealthy=False)
    assert verdict is not None
    assert verdict.reason is reason
    assert says in verdict.message
    assert "S3 bucket b" in verdict.message
