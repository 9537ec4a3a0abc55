"""One schedule played, and made small if it fails, as work for a process of its own."""

import logging
import resource

import structlog

from chaos.play import Outcome
from chaos.schedule import drawn
from chaos.shrinking import outcome, shrunk

__all__ = ["objects_of", "played_apart", "quiet"]


def objects_of(seed: int) -> int:
    """Schedules differ in size, so that both crowds and close encounters come about."""
    return 6 + seed % 13


def quiet() -> None:
    """The product's own log would drown what is to be told."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def played_apart(work: tuple[int, int]) -> tuple[int, Outcome, str, int]:
    """Play (seed, objects; 0: as the seed says); seed, outcome, the smallest failing schedule, and megabytes used."""
    seed, objects = work
    schedule = drawn(seed, objects or objects_of(seed))
    result = outcome(schedule)
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return seed, result, str(shrunk(schedule)) if result.wrong else "", megabytes
