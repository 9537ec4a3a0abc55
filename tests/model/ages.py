"""Time as an explorer needs it: how old something is matters in classes, and which of two moments came first.

A state is always looked at from the same moment. Everything that happened since time last passed lies within its last
second; `MOMENT` moves it past the short waits (a poll, the gap between two Lists, the first retry), `LONG` past every
deadline there is. So two histories that differ in nothing but seconds are one state.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from ivs_operator.clock import Clock
from support.virtual_time import START

__all__ = ["LONG", "MOMENT", "NOW", "PASSED", "Ticking", "age_class", "held_until", "ranked"]

NOW: Final = START
MOMENT: Final = 3.0
LONG: Final = 5000.0
PASSED: Final = 1000.0  # older than this is older than every deadline

_TICK: Final = 0.0005  # between two looks at the clock within a step
_RANK: Final = 0.001


class Ticking(Clock):
    """Each look is a little later than the one before, so that what happened first is told apart."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        self.at += _TICK
        return self.at


def age_class(moment: float, passes: float = 0.0) -> float:
    """The moment that stands for all of the same age class; 0.0 (never) stays."""
    if moment == 0.0:
        return 0.0
    age = NOW - moment + passes
    if age > PASSED:
        return NOW - LONG
    return NOW - MOMENT * max(0, round(age / MOMENT))


def ranked(moments: Iterable[float], passes: float = 0.0) -> Mapping[float, float]:
    """What stands for each of several moments of which it matters which came first."""
    found: dict[float, float] = {0.0: 0.0}
    ranks: dict[float, int] = {}
    for moment in sorted(set(moments) - {0.0}, reverse=True):
        base = age_class(moment, passes)
        ranks[base] = ranks.get(base, 0) + 1
        found[moment] = base - _RANK * ranks[base]
    return found


def held_until(moment: float, passes: float = 0.0) -> float:
    """What stands for a moment in the future: over, soon (a moment ends it), or far (only a long time does)."""
    left = moment - NOW - passes
    if left <= 0:
        return NOW - LONG
    return NOW + 2.0 if left <= MOMENT else NOW + 100.0
