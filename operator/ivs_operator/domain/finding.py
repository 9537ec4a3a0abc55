"""What one check of a plan found: why the object is not as wanted, and what to do about it."""

from dataclasses import dataclass, replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action
from ivs_operator.domain.associations import Associations
from ivs_operator.domain.failures import Failure, FaultClass
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.patience import earliest, passing
from ivs_operator.domain.subject import Situation

__all__ = ["Finding", "Plan", "act", "held"]


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
    """Whether this is no step of ordinary work, so that nothing else may speak before it."""
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
    if passing(s, failure):
        return replace(finding, actions=(), wake=earliest(failure.retry_at, finding.wake))
    invalid = failure.fault.kind is FaultClass.INVALID
    return replace(
        finding,
        reason=failure.fault.reason,
        message=failure.fault.message,
        actions=(),
        stalled=invalid,
        wake=earliest(failure.retry_at, finding.wake),
        trouble=True,
    )
