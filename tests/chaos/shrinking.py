"""A failing schedule made small: whatever is not needed for the failure is left out."""

from collections.abc import Iterator
from dataclasses import replace

from chaos.play import Outcome, played
from chaos.schedule import Schedule
from support.virtual_time import run

__all__ = ["outcome", "shrunk"]

_FIRST = 3  # writes that every object begins with: its finalizer, the intent to create, the Create


def outcome(schedule: Schedule) -> Outcome:
    """What a schedule comes to; an exception of the product is wrong, too."""
    try:
        return run(played(schedule))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told with its schedule
        return Outcome((f"{type(error).__name__}: {error}",), 0, 0, 0, "")


def shrunk(schedule: Schedule) -> Schedule:
    """The smallest schedule found that still fails; in halves first, then one by one, until nothing can go."""
    while True:
        for smaller in _smaller(schedule):
            if outcome(smaller).wrong:
                schedule = smaller
                break
        else:
            return schedule


def _smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Schedules with less in them, the greatest steps first."""
    parts = len(schedule.events)
    while parts:
        for start in range(0, len(schedule.events), parts):
            yield replace(schedule, events=schedule.events[:start] + schedule.events[start + parts :])
        parts //= 2
    for name in ("writes", "reads"):
        troubles = getattr(schedule, name)
        for number in troubles:
            yield replace(schedule, **{name: {key: value for key, value in troubles.items() if key != number}})
    if len(schedule.events) + len(schedule.writes) + len(schedule.reads) > 1:
        yield from _plainest(schedule)
    used = max((event.number for event in schedule.events), default=0) + 1
    for objects in sorted({used, schedule.objects - 1} - {0}):
        if used <= objects < schedule.objects:
            yield replace(schedule, objects=objects)
    if schedule.lag:
        yield replace(schedule, lag=0.0)
    if schedule.watch_delay > Schedule.watch_delay:
        yield replace(schedule, watch_delay=Schedule.watch_delay)


def _plainest(schedule: Schedule) -> Iterator[Schedule]:
    """One trouble alone, at any of the first writes: calls are counted, so that it moves when anything else goes."""
    for trouble in sorted(set(schedule.writes.values())):
        for number in range(_FIRST * schedule.objects):
            yield replace(schedule, writes={number: trouble}, reads={}, events=())
