"""Explore the small worlds as far as wanted: `python -m model`, with the tests on the path. `make model` runs it.

Each world is explored in a process of its own, which gives its memory back; exit code 1 means a counterexample.
"""

import argparse
import multiprocessing
import sys

from model.further import explored
from model.pace import paces, summary
from model.scenario import Scenario
from model.scenarios import SCENARIOS

_PACED = 300  # states of each world whose successors are all planned for


def main() -> int:
    parser = argparse.ArgumentParser(prog="model", description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="PART", help="worlds whose name has this in it")
    parser.add_argument("--more", type=int, default=1, help="disturbances on a path beyond those of the tests (1)")
    parser.add_argument("--limit", type=int, default=150_000, help="states of a world that are explored (150000)")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count(), help="processes side by side")
    parser.add_argument(
        "--pace", action="store_true", help="tell how long a plan takes instead, in a few thousand states"
    )
    chosen = parser.parse_args()
    if chosen.pace:
        return _tell_pace([scenario for scenario in SCENARIOS if chosen.only in scenario.name])
    worlds = [index for index, scenario in enumerate(SCENARIOS) if chosen.only in scenario.name]
    work = [(index, chosen.more, chosen.limit) for index in worlds]
    total, memory, failed = 0, 0, 0
    with multiprocessing.get_context("spawn").Pool(chosen.workers, maxtasksperchild=1) as pool:
        for result, megabytes in pool.imap_unordered(explored, work, chunksize=1):
            print(f"{result}, {megabytes} MB", flush=True)
            for story in result.counterexamples:
                print(story, flush=True)
            total, memory, failed = total + result.states, max(memory, megabytes), failed + len(result.counterexamples)
    print(f"{total:,} states, at most {memory} MB in one process, {failed} counterexamples")
    return 1 if failed else 0


def _tell_pace(scenarios: list[Scenario]) -> int:
    every: list[float] = []
    for scenario in scenarios:
        found = paces(scenario, _PACED)
        print(summary(scenario.name, found), flush=True)
        every = sorted([*every, *found])
    print(summary("all of them", every))
    return 0


if __name__ == "__main__":
    sys.exit(main())
