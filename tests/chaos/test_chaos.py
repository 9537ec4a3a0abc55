"""Many objects, much trouble, virtual time: whatever happens, everything ends as it should, and a seed replays exactly.

CHAOS_SCHEDULES sets how many schedules are played, CHAOS_SEED where they begin; `make chaos` plays thousands.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaos.further import objects_of
from chaos.schedule import Event, Schedule, drawn
from chaos.shrinking import outcome, shrunk
from model.mutants import MUTANTS
from support.world import REGIONS

_FIRST = int(os.environ.get("CHAOS_SEED", "1"))
_COUNT = int(os.environ.get("CHAOS_SCHEDULES", "48"))
_BATCHES = 4
_TESTS = Path(__file__).parents[1]
_DIGEST = "from chaos.schedule import drawn; from chaos.shrinking import outcome; print(outcome(drawn({}, {})).digest)"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(_BATCHES))
def test_everything_ends_as_it_should(batch: int) -> None:
    for seed in range(_FIRST + batch, _FIRST + _COUNT, _BATCHES):
        schedule = drawn(seed, objects_of(seed))
        found = outcome(schedule)
        if found.wrong:
            smaller = shrunk(schedule)
            raise AssertionError(f"seed {seed}: {outcome(smaller).wrong}\nsmallest: {smaller}")


ONCE = [
    pytest.param(
        Schedule(970, 14, 7.0, 0.2, {13: "lost", 75: "killed-before", 40: "killed-before"},
                 {64: "lost", 74: "lost", 52: "killed-before"}, (Event(6.325377761630879, "edit bucket", 3, 52729),)),
        id="a Get that fails after a restart, and a successor that no List shows yet, was made a second time",
    ),
    pytest.param(
        Schedule(40308, 14, 7.0, 3.0, reads={5: "killed-before", 31: "unsent", 34: "killed-after"}),
        id="the intent left the record before the ARN came into it, since a List missed the object and a Get failed",
    ),
    pytest.param(
        Schedule(88, 16, events=(Event(71.73220624270775, "edit entries", 6, 21379),)),
        id="an older object in another account wanted the same tags, and the channel stayed free",
    ),
]  # fmt: skip


@pytest.mark.parametrize("schedule", ONCE)
def test_what_once_failed_does_not_any_more(schedule: Schedule) -> None:
    assert outcome(schedule).wrong == ()


@pytest.mark.timeout(900)
def test_hundreds_of_objects_in_all_regions() -> None:
    found = outcome(drawn(_FIRST, objects=200))
    assert found.wrong == ()
    assert found.kills, "it is no chaos without"
    assert found.calls > 200 * len(REGIONS)


def test_a_seed_replays_exactly_in_another_process() -> None:
    """Every call and every write, in order; sets of strings come in another order there."""
    told = subprocess.run(
        [sys.executable, "-c", _DIGEST.format(9, 15)],
        env={**os.environ, "PYTHONPATH": f"{_TESTS}:{_TESTS.parent / 'operator'}", "PYTHONHASHSEED": "12345"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout.splitlines()[-1] == outcome(drawn(9, 15)).digest
    assert outcome(drawn(8, 15)).digest != outcome(drawn(9, 15)).digest


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "name",
    [
        "a Create is tried again at once when no answer comes",
        "a room keeps only ours",
        "what stands in a full room is pushed out",
    ],
)
def test_a_fault_in_the_product_is_found_and_made_small(name: str) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with mutant.applied():
        failing = next((plan for plan in (drawn(seed, 8) for seed in range(1, 60)) if outcome(plan).wrong), None)
        assert failing is not None, "nobody noticed"
        smallest = shrunk(failing)
        print(outcome(smallest).wrong, smallest)
        assert outcome(smallest).wrong
    assert not outcome(smallest).wrong, "it was the fault, and nothing else"
    assert len(smallest.events) + len(smallest.writes) + len(smallest.reads) <= 5


def test_events_are_played_in_the_order_of_their_time() -> None:
    events = drawn(_FIRST, 12).events
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(isinstance(event, Event) for event in events)
