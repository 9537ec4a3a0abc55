"""Whether one service in one region answers. One that hangs must not hold the workers that others wait for.

After some calls in a row that got no answer, further ones are refused here at once, but for one attempt now and then.
"""

from typing import Final, Protocol

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass

__all__ = ["Reach"]

_TOLERATED: Final = 2  # unanswered calls in a row; a reply that is lost now and then says nothing about the region
_FIRST_WAIT: Final = 1.0  # seconds until the next attempt, doubled with each that fails
_LONGEST_WAIT: Final = 15.0  # at least what one call may take


class _Clock(Protocol):
    def now(self) -> float: ...


class Reach:
    """Ask `admit` before each call, and tell what became of it."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._unanswered = 0
        self._next = 0.0
        self._cause = ""

    def admit(self, operation: str) -> None:
        """Return if a call may be made.

        Raises:
            CallFailed: the place does not answer; the call has not been made.
        """
        if self._unanswered <= _TOLERATED:
            return
        now = self._clock.now()
        if now >= self._next:
            self._next = now + _LONGEST_WAIT  # this one tries; the others wait for what becomes of it
            return
        # The same words as of a call that was made: a status that told both in turn would be written for ever.
        message = f"{operation}: {self._cause}"
        raise CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, message, code="NotCalled"))

    def answered(self) -> None:
        """A call was answered, be it with a refusal."""
        self._unanswered = 0

    def unanswered(self, cause: str) -> None:
        """A call was not answered; `cause` in words that do not differ from one call to the next."""
        self._unanswered += 1
        self._cause = cause
        self._next = self._clock.now() + self._wait()

    def _wait(self) -> float:
        doublings = min(max(self._unanswered - _TOLERATED - 1, 0), 10)
        return float(min(_FIRST_WAIT * 2**doublings, _LONGEST_WAIT))
