"""Beyond one process: several releases, each with its share of the objects by a label."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.readings import LONG, Meter, ended, resident
from benchmarks.stage import load, settled, start
from support.deadlines import until
from support.walk import CHAT, RECORDING

if TYPE_CHECKING:
    from benchmarks.stage import Stage
    from support.walk import Walk

__all__ = ["divided"]

_PROCESSES = 4
_LABEL = "shard"
_INTERVAL = 2.0
_SWEEPS = 10  # at least so many of each process; the first and the last of the others are seen in part
_KINDS = 2  # each swept by itself


def divided(stage: Stage, *, objects: int, factor: float) -> dict[str, Any]:
    """So many objects of each kind in one namespace, looked after by four processes."""
    stage.clear()
    first = stage.walk(factor=factor, sweep_interval=_INTERVAL, watch_selector=f"{_LABEL}=0")
    options = {"sweep_interval": _INTERVAL}
    walks = [first] + [
        stage.beside(first.namespace, factor=factor, watch_selector=f"{_LABEL}={number}", **options)
        for number in range(1, _PROCESSES)
    ]
    for walk in walks:
        start(walk)
    for number, walk in enumerate(walks):
        share = range(number, objects, _PROCESSES)
        for plural in (RECORDING, CHAT):
            load(walk, plural, share, labels={_LABEL: str(number)})
    settled(first, RECORDING, CHAT)
    for walk in walks:
        walk.rest(timeout=LONG)
    before = _ended(walks)
    meter = Meter(first)
    until(
        lambda: all(now >= then + _SWEEPS * _KINDS for now, then in zip(_ended(walks), before, strict=True)),
        f"{_SWEEPS} sweeps of each",
        timeout=LONG,
    )
    rest, sweeps = meter.read(), (sum(_ended(walks)) - sum(before)) / _KINDS
    names = Counter(item["name"] for plural in (RECORDING, CHAT) for item in first.configurations(plural))
    told = {
        "processes": _PROCESSES,
        "objects": objects,
        "duplicates": sum(number - 2 for number in names.values()),
        "rest": asdict(rest),
        "sweeps": sweeps,
        "memory": [resident(walk.operator) for walk in walks],
    }
    for walk in walks:
        walk.operator.end()
    return told


def _ended(walks: list[Walk]) -> list[int]:
    return [ended(walk.operator) for walk in walks]
