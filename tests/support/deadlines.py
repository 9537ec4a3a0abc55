"""Waiting for something to become true: with a deadline, and with the last state in the failure."""

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["TIMEOUT", "until"]

TIMEOUT = 60.0
"""Seconds. What is waited for takes one to five on an idle machine; this only ends what will never come."""

_POLL_SECONDS = 0.05
_T = TypeVar("_T")


def until(look: Callable[[], _T | None], what: str, *, timeout: float = TIMEOUT, last: Callable[[], str] = str) -> _T:
    """The first answer of `look` that is neither None nor False; fails with `what` and the `last` state."""
    deadline = time.monotonic() + timeout
    while True:
        answer = look()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:.0f} s: {what}\n{last()}")
        time.sleep(_POLL_SECONDS)
