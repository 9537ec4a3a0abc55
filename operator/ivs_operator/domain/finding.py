"""What one check of a plan found: why the object is not as wanted, and what to do about it."""

from dataclasses import dataclass, replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action
from ivs_operator.domain.associations import Associations
from ivs_operator.domain.failures import Failure, FaultClass
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.subject import Situation

__all__ = ["PATIENCE", "Finding", "Plan", "act", "earliest", "held"]

PATIENCE = 10.0
"""Seconds for which a passing trouble (throttle, connection) keeps quiet before the status tells it."""

_PASSING = frozenset({Reason.UNAVAILABLE, Reason.THROTTLED})


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that keeps an object from being as wanted."""

    reason: Reason
    message: str
    actions: tuple[Action, ...] = ()
    stalled: bool = False
    wake: float | None = None
    """When to look again if nothing happens before."""
    trouble: bool = False
    """Whether somebody should be told: an Event of type Warning."""
    serving: bool = False
    """Whether the AWS object is usable all the same, so that associations go on."""
    in_sync: bool | None = False
    """What this says about the AWS object matching the spec; None: nothing."""
    blind: bool = False
    """Whether AWS could not be asked, so that this is no news about an object that was fine."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, and what to say."""

    actions: tuple[Action, ...]
    finding: Finding | None
    """None: the object is as wanted."""
    current: Configuration | None
    surplus: tuple[Configuration, ...]
    associations: Associations
    association_finding: Finding | None
    drift: tuple[tuple[str, str, str], ...] = ()
    wake: float | None = None
    remember: Failure | None = None
    """A failure that AWS told by a state and not by an answer, to be remembered like the others."""

    @property
    def ready(self) -> bool:
        """Whether everything that Ready speaks of is as wanted."""
        return self.finding is None and self.association_finding is None and self.current is not None


def act(s: Situation, finding: Finding) -> Finding:
    """The finding with its actions, unless a failure holds the first of them back: then the failure speaks."""
    for action in finding.actions:
        failure = s.failure(action.target)
        if failure is not None:
            return held(s, failure, finding)
    return finding


def held(s: Situation, failure: Failure, finding: Finding) -> Finding:
    """The finding while `failure` holds its actions back."""
    quiet_until = failure.first_at + PATIENCE
    if failure.fault.reason in _PASSING and s.now < quiet_until:
        return replace(finding, actions=(), wake=earliest(failure.retry_at, finding.wake))
    invalid = failure.fault.kind is FaultClass.INVALID
    return replace(
        finding,
        reason=failure.fault.reason,
        message=failure.fault.message,
        actions=(),
        stalled=invalid,
        wake=None if invalid else earliest(failure.retry_at, finding.wake),
        trouble=True,
    )


def earliest(*times: float | None) -> float | None:
    """The earliest of the times given; None when there is none."""
    return min((time for time in times if time is not None), default=None)
