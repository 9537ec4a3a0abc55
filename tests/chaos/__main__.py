"""Play many schedules of chaos: `python -m chaos`, with the tests on the path. `make chaos` runs it.

Exit code 1 means that a schedule has failed; it is printed in its smallest form, with the seed that replays it.
"""

import argparse
import multiprocessing
import sys
import time

from chaos.further import played_apart, quiet


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--schedules", type=int, default=2000, help="how many (2000)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first; the others follow (1)")
    parser.add_argument("--objects", type=int, default=0, help="custom resources in each (0: 6 to 18)")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count(), help="processes side by side")
    chosen = parser.parse_args()
    began = time.monotonic()
    work = [(seed, chosen.objects) for seed in range(chosen.seed, chosen.seed + chosen.schedules)]
    done, kills, calls, failed, memory = 0, 0, 0, 0, 0
    with multiprocessing.get_context("spawn").Pool(chosen.workers, quiet, maxtasksperchild=200) as pool:
        for seed, result, smallest, megabytes in pool.imap_unordered(played_apart, work, chunksize=1):
            done, kills, calls = done + 1, kills + result.kills, calls + result.calls
            failed, memory = failed + bool(smallest), max(memory, megabytes)
            if smallest:
                print("\n  ".join([f"seed {seed}:", *result.wrong, f"smallest: {smallest}"]), flush=True)
            if done % 100 == 0 or done == len(work):
                seconds = time.monotonic() - began
                told = f"{done:,} schedules, {kills:,} kills, {calls:,} AWS calls, {failed} failed"
                print(f"{told}, {seconds:.0f} s, at most {memory} MB in one process", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
