"""One schedule of chaos: who does what when, and what goes wrong with which call; everything follows from a seed."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from chaos.people import EVENTS

__all__ = ["Event", "Schedule", "drawn"]

_TROUBLES = ("unsent", "lost", "throttled", "killed-before", "killed-after")
_SECONDS = 150.0


@dataclass(frozen=True, order=True)
class Event:
    """What somebody does, `at` seconds after the start, to the object of this number; `roll` decides its details."""

    at: float
    what: str
    number: int
    roll: int


@dataclass(frozen=True)
class Schedule:
    """What happens. `writes` and `reads` say which trouble strikes the call of a number, over all lives."""

    seed: int
    objects: int
    lag: float = 0.0
    watch_delay: float = 0.2
    writes: Mapping[int, str] = field(default_factory=dict)
    reads: Mapping[int, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()


def drawn(seed: int, objects: int) -> Schedule:
    """The schedule of a seed."""
    dice = random.Random(seed)
    names = sorted(EVENTS)
    events = [
        Event(dice.uniform(0, _SECONDS), dice.choice(names), dice.randrange(objects), dice.randrange(2**16))
        for _ in range(objects * 3)
    ]
    return Schedule(
        seed=seed,
        objects=objects,
        lag=dice.choice([0.0, 1.0, 7.0]),
        watch_delay=dice.choice([0.2, 0.2, 3.0]),
        writes={dice.randrange(objects * 10): dice.choice(_TROUBLES) for _ in range(dice.randrange(objects))},
        reads={dice.randrange(objects * 12): dice.choice(_TROUBLES) for _ in range(dice.randrange(objects))},
        events=tuple(sorted(events)),
    )
