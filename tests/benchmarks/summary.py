"""The page's first table: what was promised, and what was measured at the promised size, over all runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.spread import by_size, merged

__all__ = ["calls", "summary", "table", "writes_of"]

_READS = ("Get", "List", "BatchGet")
_PER_PAGE = {"ivs.": 100, "ivschat.": 50}
"""Configurations in a page of a List. Source: the largest maxResults of the two APIs."""
_KB = 1024
_PROMISED = 1000  # objects of each kind that the targets speak of
_BASE_MB, _EACH_KB, _CPU_SHARE = 120, 20, 0.01
_RATE_SHARE, _THROTTLED = 0.95, 0.01


@dataclass(frozen=True, slots=True)
class _Row:
    """What is promised, and what one run has shown."""

    what: str
    target: str
    measured: str
    met: bool


def summary(figures: dict[str, Any]) -> str:
    """Rows for what has been measured; a target is met when each run has met it."""
    rows = []
    if "ladder" in figures:
        rows += _over_runs(_of_rung(rung) for rung in _promised(figures["ladder"]["runs"]))
        rows += _over_runs(_memory(run["rungs"]) for run in figures["ladder"]["runs"])
    for part, of_run in (("creates", _of_creates), ("rooms", _of_rooms)):
        if part in figures:
            rows += _over_runs(map(of_run, figures[part]["runs"]))
    if "kills" in figures:
        rows += _over_runs(_of_kills(run) for run in figures["kills"]["runs"])
    return "## In short\n\n" + table(["what", "target", "measured", ""], rows)


def _over_runs(runs: Any) -> list[list[str]]:
    merged_rows = []
    for rows in zip(*runs, strict=True):
        verdict = "met" if all(row.met for row in rows) else "**missed**"
        merged_rows.append([rows[0].what, rows[0].target, merged([row.measured for row in rows]), verdict])
    return merged_rows


def _promised(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rungs of the promised size; of the largest size where that was not measured."""
    sizes = {size: rungs for size, rungs in by_size(runs).items() if size}
    chosen: list[Any] = sizes.get(_PROMISED) or (sizes[max(sizes)] if sizes else [])
    return chosen


def _of_rung(rung: dict[str, Any]) -> list[_Row]:
    size, rest, restart = rung["objects"], rung["rest"], rung["restart"]
    sweeps = max(rest["sweeps"].values())
    pages = [-(-size // per_page) for per_page in _PER_PAGE.values()]
    seen = [calls(rest, service) / sweeps for service in _PER_PAGE]
    written = sum(rest["kube"].values())
    steps = {name: sum(reading["kube"].values()) for name, reading in rung["changes"].items()}
    made = max(number for name, number in steps.items() if name.endswith("create"))
    edited = max(number for name, number in steps.items() if name.endswith("edit a tag"))
    again = sum(restart["kube"].values())
    both = f"with {size:,} + {size:,} objects"
    cpu = rest["cpu"] / sweeps / 60
    return [
        _Row(
            f"AWS calls per sweep at rest {both}: ivs / ivschat",
            f"{pages[0]} / {pages[1]}",
            f"{seen[0]:.1f} / {seen[1]:.1f}",
            all(number <= most for number, most in zip(seen, pages, strict=True)),
        ),
        _Row(f"Kubernetes writes in {sweeps} sweeps at rest", "0", str(written), written == 0),
        _Row("Kubernetes writes to Ready / per edit", "<= 4 / <= 2", f"{made} / {edited}", made <= 4 and edited <= 2),
        _Row(
            f"restart {both}: AWS calls / Kubernetes writes",
            f"{sum(pages)} / 0",
            f"{calls(restart, 'ivs')} / {again}",
            calls(restart, "ivs") <= sum(pages) and again == 0,
        ),
        _Row(
            f"CPU at rest {both}, a sweep a minute",
            "< 1 % of a core for each 1,000",
            f"{cpu:.2%}",
            cpu < _CPU_SHARE * max(2 * size / 1000, 1),
        ),
    ]


def _memory(rungs: list[dict[str, Any]]) -> list[_Row]:
    base, last = rungs[0], rungs[-1]
    if base["objects"] or len(rungs) == 1:
        return []
    each = (last["memory"]["now"] - base["memory"]["now"]) / (2 * last["objects"])
    megabytes = base["memory"]["now"] / _KB
    met = megabytes <= _BASE_MB and each <= _EACH_KB
    target = f"<= {_BASE_MB} MB / <= {_EACH_KB} kB"
    what = f"memory: without objects / per object of {last['objects']:,} + {last['objects']:,}"
    return [_Row(what, target, f"{megabytes:.0f} MB / {each:.1f} kB", met)]


def _of_creates(run: dict[str, Any]) -> list[_Row]:
    names = {
        "create recordingconfigurations": "recording configurations",
        "create chatloggingconfigurations": "logging configurations",
    }
    return [_used(f"creating {run['objects']:,} {what}", run[name]) for name, what in names.items()]


def _of_rooms(run: dict[str, Any]) -> list[_Row]:
    return [_used(f"associating {run['rooms']:,} rooms", run["associate"])]


def _used(what: str, told: dict[str, Any]) -> _Row:
    share, throttled = told["achieved"] / told["allowed"], told["reading"]["throttled"] / max(told["calls"], 1)
    return _Row(
        f"{what}: share of AWS's rate / throttled calls",
        ">= 95 % / < 1 %",
        f"{share:.1%} / {throttled:.1%}",
        share >= _RATE_SHARE and throttled < _THROTTLED,
    )


def _of_kills(run: dict[str, Any]) -> list[_Row]:
    twice = run["ours"]["duplicates"]
    return [_Row(f"duplicates after {run['kills']} kills", "0", str(twice), twice == 0)]


def calls(reading: dict[str, Any], beginning: str) -> int:
    """Calls of the operations whose names begin so."""
    return sum(number for name, number in reading["aws"].items() if name.startswith(beginning))


def writes_of(reading: dict[str, Any]) -> int:
    """Writes to IVS and IVS Chat."""
    return sum(
        number
        for name, number in reading["aws"].items()
        if name.startswith("ivs") and not name.partition(".")[2].startswith(_READS)
    )


def table(title: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(title)} |", "|" + "---|" * len(title)]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n"
