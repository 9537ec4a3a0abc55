"""Many objects, much trouble, virtual time: whatever happens, everything ends as it should, and a seed replays exactly.

CHAOS_SCHEDULES sets how many schedules are played (more than in a normal run: 1000), CHAOS_SEED where they begin.
"""

import os
from dataclasses import replace

import pytest

from chaos.schedule import Schedule, drawn, played
from support.virtual_time import run

_FIRST = int(os.environ.get("CHAOS_SEED", "1"))
_COUNT = int(os.environ.get("CHAOS_SCHEDULES", "24"))
_BATCHES = 4


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(_BATCHES))
def test_everything_ends_as_it_should(batch: int) -> None:
    for seed in range(_FIRST + batch, _FIRST + _COUNT, _BATCHES):
        schedule = drawn(seed, objects=6 + seed % 7)
        found = run(played(schedule))
        if found:
            smaller = _shrunk(schedule)
            raise AssertionError(f"CHAOS_SEED={seed} CHAOS_SCHEDULES=1: {run(played(smaller))}\nsmallest: {smaller}")


@pytest.mark.timeout(900)
def test_hundreds_of_objects() -> None:
    assert run(played(drawn(_FIRST, objects=200))) == []


def test_a_seed_replays_exactly() -> None:
    assert drawn(7, 8) == drawn(7, 8)
    assert drawn(7, 8) != drawn(8, 8)


def _shrunk(schedule: Schedule) -> Schedule:
    """Leave out, one by one, whatever is not needed for the failure."""
    for name in ("writes", "reads"):
        for number in tuple(getattr(schedule, name)):
            rest = {key: value for key, value in getattr(schedule, name).items() if key != number}
            smaller = replace(schedule, **{name: rest})
            schedule = smaller if run(played(smaller)) else schedule
    for event in schedule.events:
        smaller = replace(schedule, events=tuple(other for other in schedule.events if other != event))
        schedule = smaller if run(played(smaller)) else schedule
    return schedule
