"""The page's first table: what was promised, and what was measured at the largest size."""

from __future__ import annotations

from typing import Any

__all__ = ["calls", "summary", "table", "writes_of"]

_READS = ("Get", "List", "BatchGet")
_PER_PAGE = {"ivs.": 100, "ivschat.": 50}
"""Configurations in a page of a List. Source: the largest maxResults of the two APIs."""
_KB = 1024
_BASE_MB, _EACH_KB, _CPU_SHARE = 120, 20, 0.01
_RATE_SHARE, _THROTTLED = 0.95, 0.01


def summary(figures: dict[str, Any]) -> str:
    """Rows for what has been measured, each with its verdict."""
    rows = []
    if "ladder" in figures:
        rows += _of_ladder(figures["ladder"]["rungs"])
    if "throughput" in figures:
        rows += _of_throughput(figures["throughput"])
    if "rivals" in figures:
        killed, kills = figures["rivals"]["ours"]["killed"], figures["rivals"]["kills"]
        rows.append(_row(f"duplicates after {kills} kills", "0", str(killed["duplicates"]), killed["duplicates"] == 0))
    return "## In short\n\n" + table(["what", "target", "measured", ""], rows)


def _of_ladder(rungs: list[dict[str, Any]]) -> list[list[str]]:
    last = rungs[-1]
    if not last["objects"]:
        return []
    size, rest, restart = last["objects"], last["rest"], last["restart"]
    sweeps = max(rest["sweeps"].values())
    pages = [-(-size // per_page) for per_page in _PER_PAGE.values()]
    seen = [calls(rest, service) / sweeps for service in _PER_PAGE]
    written = sum(rest["kube"].values())
    steps = {name: sum(reading["kube"].values()) for name, reading in last["changes"].items()}
    made = max(number for name, number in steps.items() if name.endswith("create"))
    edited = max(number for name, number in steps.items() if name.endswith("edit a tag"))
    begun = max(restart["sweeps"].values(), default=1)
    again = sum(restart["kube"].values())
    both = f"with {size:,} + {size:,} objects"
    return [
        _row(
            f"AWS calls per sweep at rest {both}: ivs / ivschat",
            f"{pages[0]} / {pages[1]}",
            f"{seen[0]:.1f} / {seen[1]:.1f}",
            all(number <= most * 1.05 for number, most in zip(seen, pages, strict=True)),
        ),
        _row(f"Kubernetes writes in {sweeps} sweeps at rest", "0", str(written), written == 0),
        _row("Kubernetes writes to Ready / per edit", "<= 4 / <= 2", f"{made} / {edited}", (made, edited) <= (4, 2)),
        _row(
            f"restart {both}: AWS calls / Kubernetes writes",
            f"{sum(pages)} / 0",
            f"{calls(restart, 'ivs')} in {begun} {'sweep' if begun == 1 else 'sweeps'} / {again}",
            calls(restart, "ivs") <= sum(pages) and again == 0,
        ),
        *_memory(rungs),
        _row(
            f"CPU at rest {both}, a sweep a minute",
            "< 1 % of a core for each 1,000",
            f"{rest['cpu'] / sweeps / 60:.2%}",
            rest["cpu"] / sweeps / 60 < _CPU_SHARE * max(2 * size / 1000, 1),
        ),
    ]


def _memory(rungs: list[dict[str, Any]]) -> list[list[str]]:
    base, last = rungs[0], rungs[-1]
    if base["objects"] or len(rungs) == 1:
        return []
    each = (last["memory"]["now"] - base["memory"]["now"]) / (2 * last["objects"])
    megabytes = base["memory"]["now"] / _KB
    met = megabytes <= _BASE_MB and each <= _EACH_KB
    target = f"<= {_BASE_MB} MB / <= {_EACH_KB} kB"
    return [_row("memory: without objects / per object", target, f"{megabytes:.0f} MB / {each:.1f} kB", met)]


def _of_throughput(part: dict[str, Any]) -> list[list[str]]:
    names = {
        "create recordingconfigurations": f"creating {part['creates']:,} recording configurations",
        "create chatloggingconfigurations": f"creating {part['creates']:,} logging configurations",
        "associate": f"associating {part['rooms']:,} rooms",
    }
    return [_used(what, part[name]) for name, what in names.items()]


def _used(what: str, told: dict[str, Any]) -> list[str]:
    share, throttled = told["achieved"] / told["allowed"], told["reading"]["throttled"] / max(told["calls"], 1)
    return _row(
        f"{what}: share of AWS's rate / throttled calls",
        ">= 95 % / < 1 %",
        f"{share:.1%} / {throttled:.1%}",
        share >= _RATE_SHARE and throttled < _THROTTLED,
    )


def _row(what: str, target: str, measured: str, met: bool) -> list[str]:
    return [what, target, measured, "met" if met else "**missed**"]


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
