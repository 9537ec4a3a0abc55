"""When something happens next, and what a person can do to have it happen at once."""

from dataclasses import dataclass
from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.transitions import UNDER_WAY

__all__ = ["Timing", "timing_of"]

_FAST: Final = frozenset({Reason.THROTTLED, Reason.UNAVAILABLE})
"""Failures after which the next attempt comes within seconds, at most a minute; see `failures.delay`."""

_WATCHED: Final = frozenset(
    {
        Reason.ROOM_FULL,
        Reason.CHANNEL_TAKEN,
        Reason.CHANNEL_LIVE,
        Reason.DELETION_BLOCKED,
        Reason.DRIFT_DETECTED,
        Reason.EXISTING_NOT_FOUND,
    }
)
"""What somebody else must change at AWS; the sweep notices."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When the operator acts next."""

    text: str
    at: float | None = None
    """Seconds since the epoch, when it is known."""
    can_hurry: bool = False
    """Whether the annotation `reconcile-at` makes it happen at once."""


_STALLED: Final = Timing("nothing by itself: the spec, or what the message names, must change first")
_INVALID: Final = Timing("AWS has called it invalid: tried again by itself once an hour", can_hurry=True)


def timing_of(
    *,
    reason: str,
    stalled: bool,
    refused: bool,
    steps: bool,
    paused: bool,
    wake: float | None,
    now: float,
    sweep_interval: float,
) -> Timing:
    """When the operator acts next, given why the object is not Ready (`reason`) and whether there are steps to do.

    `refused`: AWS has called a step invalid that the operator would take; it says so of what passes, too.
    """
    look = f"the operator looks every {sweep_interval:g} s"
    if paused:
        return Timing("nothing, until the annotation ivs-operator.dev/paused is removed")
    if stalled or refused:
        return _INVALID if refused else _STALLED
    if reason in _WATCHED and not steps:
        return Timing(f"as soon as that changes at AWS; {look}")
    if reason in _FAST:
        return Timing("tried again by itself within a minute", can_hurry=True)
    if reason and reason not in {*UNDER_WAY, *_WATCHED, Reason.AVAILABLE}:
        text = "tried again by itself: after a minute at first, then less often, at least every 15 minutes"
        return Timing(text, can_hurry=True)
    if steps:
        return Timing("at once, if an operator runs")
    if wake is not None:
        return Timing(f"in {max(wake - now, 0):.0f} s", at=wake)
    return Timing(f"nothing is to be done; {look}")
