"""What can go wrong outside, as values: three classes, one reason each, and how long to wait.

CallFailed            a call to AWS or Kubernetes did not succeed; carries a Fault
  class INVALID       a person must change the spec; tried again hourly, for AWS says so of what passes, too
  class SLOW          a person or time must act (quota, access, missing things): minutes, backed off
  class FAST          passes by itself (throttle, 5xx, conflict, connection): seconds, backed off
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ivs_operator.api.reasons import Reason

__all__ = [
    "CallFailed",
    "Failure",
    "Fault",
    "FaultClass",
    "NotFound",
    "NotWritten",
    "PermitLost",
    "delay",
    "next_failure",
]


class FaultClass(StrEnum):
    """How long to wait before the next attempt, and whether to make one at all."""

    INVALID = "invalid"
    SLOW = "slow"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed call, classified. `message` has no request ids and no times: it ends in a status."""

    kind: FaultClass
    reason: Reason
    message: str
    code: str = ""
    """AWS's error code, for dispatch where one code means different things for different operations."""
    applied: bool | None = False
    """Whether the call may have had its effect: None when no answer came, so that nobody knows."""
    request_id: str = ""
    """For logs only."""


class NotWritten(Exception):
    """A call to Kubernetes did not succeed; `kube.errors` has the kinds of it."""

    retry_after: float = 0.0
    """Seconds that the API server asks us to wait, 0 when it asks for nothing."""

    outdated: bool = False
    """Whether it was refused because the object has changed since it was read: what is known of it is old."""


class PermitLost(Exception):
    """This process may not write any more: it stops, or another one leads. The write was not made."""


class CallFailed(Exception):
    """A call to AWS did not succeed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.reason}: {fault.message}")
        self.fault = fault


class NotFound(CallFailed):
    """The object that the call names does not exist."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault remembered for one target (an action on one object) until it succeeds or the spec changes."""

    target: str
    fault: Fault
    first_at: float
    retry_at: float
    attempts: int

    def holds(self, now: float) -> bool:
        """Whether the target must be left alone for now."""
        return now < self.retry_at


_FIRST_DELAY: Final = {FaultClass.FAST: 1.0, FaultClass.SLOW: 60.0, FaultClass.INVALID: 3600.0}
_LONGEST_DELAY: Final = {FaultClass.FAST: 60.0, FaultClass.SLOW: 900.0, FaultClass.INVALID: 3600.0}
_MOST_DOUBLINGS: Final = 10  # beyond it every class has reached its longest delay


_LONGEST_THROTTLE: Final = 15.0
"""Seconds: the bucket that paces the calls was halved already, so that a longer wait would only waste its tokens."""


def delay(kind: FaultClass, attempts: int) -> float:
    """Seconds until the next attempt after `attempts` failed ones (1 or more), doubling, without jitter."""
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    return float(min(_FIRST_DELAY[kind] * 2**doublings, _LONGEST_DELAY[kind]))


def next_failure(earlier: Failure | None, target: str, fault: Fault, now: float, jitter: float) -> Failure:
    """The failure to remember; `jitter` in 0..1 shortens the delay by up to a fifth so that peers spread out.

    The same failed call told again, as a List that several wait for is, is no further attempt.
    """
    again = earlier is not None and bool(fault.request_id) and earlier.fault.request_id == fault.request_id
    attempts = (earlier.attempts + (0 if again else 1)) if earlier else 1
    longest = _LONGEST_THROTTLE if fault.reason is Reason.THROTTLED else _LONGEST_DELAY[fault.kind]
    wait = min(delay(fault.kind, attempts), longest) * (1 - 0.2 * jitter)
    fresh = Failure(target=target, fault=fault, first_at=now, retry_at=now + wait, attempts=attempts)
    return replace(fresh, first_at=earlier.first_at) if earlier else fresh
