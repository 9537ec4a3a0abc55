"""How long a trouble that passes by itself keeps quiet, and when to look again."""

from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Failure
from ivs_operator.domain.subject import Situation

__all__ = ["PATIENCE", "earliest", "passing"]

PATIENCE: Final = 10.0
"""Seconds for which a passing trouble (throttle, connection) keeps quiet before the status tells it."""

_PASSING: Final = frozenset({Reason.UNAVAILABLE, Reason.THROTTLED})


def passing(s: Situation, failure: Failure) -> bool:
    """Whether a failure may pass by itself and is too young to be told."""
    return failure.fault.reason in _PASSING and s.now < failure.first_at + PATIENCE


def earliest(*times: float | None) -> float | None:
    """The earliest of the times given; None when there is none."""
    return min((time for time in times if time is not None), default=None)
