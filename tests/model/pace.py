"""How long one plan takes: the situations that the worlds lead to, planned again against the clock."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ivs_operator.domain.finding import Plan
from ivs_operator.domain.plan import plan
from ivs_operator.domain.subject import Situation
from ivs_operator.engine import reconciler as reconciler_module
from model.explorer import explore
from model.scenario import Scenario

__all__ = ["paces", "summary"]

_REPEATS = 5  # the shortest counts: what is longer is other people's use of the processor


def paces(scenario: Scenario, states: int) -> list[float]:
    """Microseconds that each plan takes which `states` states of a world and their goals ask for, shortest first."""
    with _planned() as situations:
        explore(scenario, limit=states)
    return sorted(min(_timed(situation) for _ in range(_REPEATS)) for situation in situations)


def summary(name: str, found: list[float]) -> str:
    """One line about a world."""
    middle, late = statistics.median(found), found[int(len(found) * 0.99)]
    return f"{name}: {len(found):,} plans, half of them within {middle:.0f} microseconds, 99 of 100 within {late:.0f}"


def _timed(situation: Situation) -> float:
    began = time.perf_counter_ns()
    plan(situation)
    return (time.perf_counter_ns() - began) / 1000


@contextmanager
def _planned() -> Iterator[list[Situation]]:
    """Every situation that is planned in meanwhile. Each has a view of its own: nobody changes it later."""
    found: list[Situation] = []
    original = reconciler_module.make_plan

    def kept(situation: Situation) -> Plan:
        found.append(situation)
        return original(situation)

    reconciler_module.make_plan = kept
    try:
        yield found
    finally:
        reconciler_module.make_plan = original
