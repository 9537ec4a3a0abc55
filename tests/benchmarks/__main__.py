"""Measure the operator: `python -m benchmarks`, with the tests on the path. `make bench` runs it.

Figures go to docs/benchmarks/figures.json, part by part, and from there to docs/benchmarks.md and its plots.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import described

if TYPE_CHECKING:
    from benchmarks.stage import Stage

Report = Callable[[str], None]

_DOCS = Path(__file__).parents[2] / "docs"
_PARTS = ("imports", "ladder", "heights", "creates", "rooms", "rivals", "kills", "limits")
_ONCE = ("heights", "rooms", "kills", "limits")  # what takes long, or tells counts alone
_FEW = 3  # sweeps at rest of what takes long


def main() -> None:
    chosen = _options()
    target: Path = chosen.output / "benchmarks" / "figures.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = json.loads(target.read_text()) if target.exists() else {}
    figures = {part: told for part, told in figures.items() if part in _PARTS}
    for part in chosen.parts:
        began = time.monotonic()
        report = partial(_report, part, began)
        runs: list[dict[str, Any]] = []
        for told in _measured(part, chosen, 1 if part in _ONCE else chosen.runs, report):
            runs.append(told)
            figures[part] = {"machine": described(shared=chosen.shared), "runs": runs}
            target.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
        report("measured")
    from benchmarks.page import write

    write(figures, chosen.output)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__.partition("\n")[0])
    parser.add_argument("--parts", nargs="*", choices=_PARTS, default=_PARTS, help="what to measure; none: only render")
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 100, 1000], help="objects of each kind")
    parser.add_argument("--heights", type=int, nargs="+", default=[5000], help="the same, once: it takes long")
    parser.add_argument("--runs", type=int, default=3, help="how often (3); heights, rooms, kills, limits: once")
    parser.add_argument("--sweeps", type=int, default=10, help="sweeps at rest (10)")
    parser.add_argument("--rooms", type=int, default=10_000, help="rooms to associate (10000)")
    parser.add_argument("--creates", type=int, default=300, help="objects created at once at AWS's rates (300)")
    parser.add_argument("--factor", type=float, default=50.0, help="AWS's rates times this, for bulk (50)")
    parser.add_argument("--rate-factor", type=float, default=24.0, help="AWS's rates times this, for rooms (24)")
    parser.add_argument("--create-factor", type=float, default=4.0, help="AWS's rates times this, for creates (4)")
    parser.add_argument("--rival-objects", type=int, default=100, help="objects for the textbook's comparison (100)")
    parser.add_argument("--rival-sweeps", type=int, default=3, help="looks at everything in that comparison (3)")
    parser.add_argument("--kills", type=int, default=20, help="SIGKILLs in the textbook's comparison (20)")
    parser.add_argument("--shared", action="store_true", help="say that other work went on on the machine")
    parser.add_argument("--output", type=Path, default=_DOCS, help="folder of benchmarks.md (docs)")
    return parser.parse_args()


def _report(part: str, began: float, what: str) -> None:
    print(f"{time.monotonic() - began:6.0f} s  {part}: {what}", flush=True)


def _measured(part: str, chosen: argparse.Namespace, runs: int, report: Report) -> Iterator[dict[str, Any]]:
    """What each run has told, as soon as it has."""
    if part == "imports":
        from benchmarks.imports import imported

        yield from (imported() for _ in range(runs))
        return
    from benchmarks.stage import opened

    with opened() as stage:
        if part in ("ladder", "heights"):
            from benchmarks.ladder import climb

            sizes, sweeps = (chosen.sizes, chosen.sweeps) if part == "ladder" else (chosen.heights, _FEW)
            holders = part == "heights" or "heights" not in chosen.parts  # that takes long; the largest size tells most
            climbed = climb(
                stage, sizes, factor=chosen.factor, sweeps=sweeps, runs=runs, holders=holders, report=report
            )
            yield from ({"rungs": rungs, "factor": chosen.factor} for rungs in climbed)
            return
        for number in range(runs):
            report(f"run {number + 1}")
            yield _once(part, stage, chosen)


def _once(part: str, stage: "Stage", chosen: argparse.Namespace) -> dict[str, Any]:
    if part in ("creates", "rooms"):
        from benchmarks.throughput import associated, created

        if part == "creates":
            return created(stage, objects=chosen.creates, factor=chosen.create_factor)
        return associated(stage, rooms=chosen.rooms, factor=chosen.rate_factor)
    if part == "limits":
        from benchmarks.limits import divided

        return divided(stage, objects=chosen.rival_objects, factor=chosen.factor)
    from benchmarks.rivals import compared, killed

    if part == "kills":
        return killed(stage, kills=chosen.kills)
    return compared(stage, objects=chosen.rival_objects, sweeps=chosen.rival_sweeps)


if __name__ == "__main__":
    main()
