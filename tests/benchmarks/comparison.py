# ruff: noqa: E501 - rows of a table can't be broken
"""The page's sections on others: the textbook's operator, measured here, and what other projects have published."""

from __future__ import annotations

from typing import Any

from benchmarks.spread import merged_rows
from benchmarks.summary import table

__all__ = ["comparison", "published"]

_READS = ("Get", "List", "BatchGet")
_STEPS = {"create": "to Ready", "edit": "one tag edited in each", "rest": "at rest", "restart": "SIGKILL and start"}

_TITLE = ["what", "ours: Kubernetes writes / AWS writes / AWS reads / CPU s", "textbook: the same"]

_INTRODUCTION = """[The textbook's](../tests/benchmarks/textbook/handlers.py) has change handlers, a timer for each object, and one Get per
object and interval. Both do the same work in the same run: {number:,} objects of each kind. At rest: {sweeps} looks at everything,
which take {sweeps} minutes at the usual interval.
"""

_PUBLISHED = """## What others have published

Read in their documentation in August to November 2026; other objects, other machines: for the order of magnitude.

| project | figure | source |
|---|---|---|
| Crossplane (upjet 1.0, provider-aws 0.44) | 10,000 UserPolicyAttachments, 500 workers, poll 10 m, m5.2xlarge: 775 MiB on average and 1,186 MiB at most, CPU 15 % on average | release notes of upjet v1.0.0 |
| Crossplane, sizing | 10 core-seconds per create, 2 to 3 per reconcile | Upbound's deployment requirements |
| Crossplane, community | 4,000 Route 53 records: 1 h 30 min to Ready, 15 API calls a second, about 20 min per full poll | orange-cloudfoundry/crossplane-benchmark |
| ACK | resync each 10 h; begin with 10 to 20 workers, 50 to 200 for thousands of objects | ACK's performance page; a formula, not a measurement |
| Azure Service Operator | requests an hour = objects x 60 / period in minutes | its documentation, #2577 |
| Terraform | none for IVS | |

None of them publishes AWS calls per object at rest, writes at rest, the cost of a restart, or duplicates after kills.
"""


def published() -> str:
    """Other projects' own figures."""
    return _PUBLISHED


def comparison(runs: list[dict[str, Any]], kills: list[dict[str, Any]]) -> str:
    """Ours and the textbook's operator on the same work."""
    first = runs[0]
    lines = [
        "## Against the textbook's operator\n",
        _INTRODUCTION.format(number=first["objects"], sweeps=first["sweeps"]),
        table(_TITLE, merged_rows([_rows(run) for run in runs]) + [_killed(run) for run in kills]),
    ]
    return "\n".join(lines)


def _rows(run: dict[str, Any]) -> list[list[str]]:
    both = [run["ours"], run["textbook"]]
    return [
        *([text, *(_step(each[step]) for each in both)] for step, text in _STEPS.items()),
        ["memory at rest", *(f"{each['memory']['now'] / 1024:.0f} MB" for each in both)],
    ]


def _killed(run: dict[str, Any]) -> list[str]:
    both = [run["ours"], run["textbook"]]
    title = f"duplicates after {run['kills']} SIGKILLs, {run['ours']['objects']} objects"
    return [title, *(str(each["duplicates"]) for each in both)]


def _step(reading: dict[str, Any]) -> str:
    calls = {name: number for name, number in reading["aws"].items() if name.startswith("ivs")}
    writes = sum(number for name, number in calls.items() if not name.partition(".")[2].startswith(_READS))
    kube = sum(reading["kube"].values())
    return f"{kube:,} / {writes:,} / {sum(calls.values()) - writes:,} / {reading['cpu']:.1f}"
