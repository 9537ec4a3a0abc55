"""Failures that AWS tells by a state and not by an answer: UPDATE_FAILED, DELETE_FAILED."""

import math

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Failure, Fault, FaultClass, delay
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.times import parse_time

__all__ = ["state_failure"]


def state_failure(
    s: Situation, item: Configuration, target: str, *, reason: Reason, message: str, since: float
) -> Failure | None:
    """The failure to remember before `target` is tried again; None when it may be tried now.

    A state that is older than `since` (the edit or deletion that asks for the next try) is no answer to it. Otherwise
    each time the state shows, the next try waits as after any slow fault: AWS gives no reason, and asking faster than
    it can act would only repeat it.
    """
    known = s.memory.failures.get(target)
    if known is not None:
        return known if known.holds(s.now) else None
    changed_at = parse_time(item.update_time)
    if changed_at is not None and changed_at < math.floor(since):  # AWS's time has whole seconds here
        return None
    fault = Fault(FaultClass.SLOW, reason, message, code=item.state)
    return Failure(target, fault, first_at=s.now, retry_at=s.now + delay(FaultClass.SLOW, 1), attempts=1)
