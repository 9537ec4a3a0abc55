"""One world explored further than the tests go, as work for a process of its own."""

import gc
import resource
from dataclasses import replace

from model.explorer import Result, explore
from model.scenarios import SCENARIOS

__all__ = ["explored"]


def explored(work: tuple[int, int, int]) -> tuple[Result, int]:
    """Explore (number of the world, disturbances more, states at most); the result, and the megabytes it took."""
    gc.disable()  # states are tuples of numbers without circles: looking for some takes a seventh of the time
    index, more, limit = work
    scenario = SCENARIOS[index]
    result = explore(replace(scenario, disturbances=scenario.disturbances + more), limit=limit, most=3)
    return result, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
