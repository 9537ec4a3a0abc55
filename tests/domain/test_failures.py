"""How long to wait, and what an owner tag says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Failure, Fault, FaultClass, delay, next_failure
from ivs_operator.domain.identity import Key, Owner, is_own_tag, owner_of
from ivs_operator.domain.times import format_time, parse_time
from support.objects import CHAT
from support.situations import fault

FAST, SLOW, INVALID = FaultClass.FAST, FaultClass.SLOW, FaultClass.INVALID
DELAYS = [
    (FAST, [1, 2, 4, 8, 16, 32, 60, 60]),
    (SLOW, [60, 120, 240, 480, 900, 900]),
]


@pytest.mark.parametrize(("kind", "seconds"), DELAYS)
def test_delays_double_up_to_a_bound(kind: FaultClass, seconds: list[float]) -> None:
    assert [delay(kind, attempt) for attempt in range(1, len(seconds) + 1)] == seconds
    assert delay(kind, 10_000) == seconds[-1]


@given(st.sampled_from([FAST, SLOW]), st.integers(1, 50), st.floats(0, 1))
def test_jitter_only_shortens_and_by_a_fifth_at_most(kind: FaultClass, attempts: int, jitter: float) -> None:
    earlier = Failure("t", fault(kind), 0.0, 5.0, attempts - 1) if attempts > 1 else None
    made = next_failure(earlier, "t", fault(kind), 100.0, jitter)
    full = delay(kind, attempts)
    assert 100 + 0.8 * full - 1e-6 <= made.retry_at <= 100 + full
    assert made.attempts == attempts
    assert made.first_at == (0.0 if earlier else 100.0)


SAME = {"request_id": "abc"}
THROTTLE = {"reason": Reason.THROTTLED}
NEXT: list[Any] = [
    pytest.param(fault(FAST), fault(FAST), 3, 4.0, id="each failed call is an attempt"),
    pytest.param(fault(FAST, **SAME), fault(FAST, **SAME), 2, 2.0, id="one List that failed for several is one"),
    pytest.param(fault(FAST, **SAME), fault(FAST, request_id="def"), 3, 4.0, id="the next List is another"),
    pytest.param(fault(FAST, **THROTTLE), fault(FAST, **THROTTLE), 3, 4.0, id="a throttle doubles like the others"),
]


@pytest.mark.parametrize(("before", "now", "attempts", "wait"), NEXT)
def test_attempts(before: Fault, now: Fault, attempts: int, wait: float) -> None:
    made = next_failure(Failure("t", before, 0.0, 5.0, 2), "t", now, 100.0, 0.0)
    assert (made.attempts, made.retry_at) == (attempts, 100.0 + wait)


def test_a_throttle_waits_a_quarter_of_a_minute_at_most() -> None:
    """The calls are paced already, at half the rate after each throttle."""
    throttled = fault(FAST, Reason.THROTTLED)
    assert next_failure(Failure("t", throttled, 0.0, 5.0, 9), "t", throttled, 100.0, 0.0).retry_at == 115.0


HOLDS = [(FAST, 9.9, True), (FAST, 10.0, False), (SLOW, 11.0, False), (INVALID, 9.9, True), (INVALID, 10.0, False)]


@pytest.mark.parametrize(("kind", "now", "holds"), HOLDS)
def test_a_failure_holds_until_its_time(kind: FaultClass, now: float, holds: bool) -> None:
    assert Failure("t", fault(kind), 0.0, 10.0, 1).holds(now) is holds


OWNERS: list[Any] = [
    ("c/n/o", ("c", "n", "o")),
    ("c/n", None),
    ("c/n/o/x", None),
    ("c//o", None),
    ("", None),
]


@pytest.mark.parametrize(("tag", "parts"), OWNERS)
def test_owner_tags(tag: str, parts: Any) -> None:
    assert owner_of({"ivs-operator.dev/owner": tag}) == parts
    assert owner_of({}) is None


def test_an_owner_is_in_three_tags() -> None:
    tags = Owner("c", "n", "o", "u").tags("v1-x")
    assert tags == {"ivs-operator.dev/owner": "c/n/o", "ivs-operator.dev/uid": "u", "ivs-operator.dev/spec": "v1-x"}
    assert all(is_own_tag(key) for key in tags)
    assert not is_own_tag("team")
    assert str(Key(CHAT, "n", "o")) == "ChatLoggingConfiguration/n/o"


TIMES: list[Any] = [
    ("2023-11-14T22:13:20Z", 1_700_000_000.0),
    ("2023-11-14T23:13:20+01:00", 1_700_000_000.0),
    ("2023-11-14T22:13:20.500000Z", 1_700_000_000.5),
    ("2023-11-14T22:13:20", None),
    ("yesterday", None),
    (None, None),
    (7, None),
]


@pytest.mark.parametrize(("text", "seconds"), TIMES)
def test_times(text: Any, seconds: float | None) -> None:
    assert parse_time(text) == seconds


@given(st.integers(0, 4_000_000_000))
def test_times_there_and_back(seconds: int) -> None:
    assert parse_time(format_time(seconds)) == seconds
