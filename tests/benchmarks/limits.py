"""Beyond one process: several releases, each with its share of the objects by a label."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.ladder import at_rest
from benchmarks.readings import LONG, resident
from benchmarks.stage import load, settled, start
from support.walk import CHAT, RECORDING

if TYPE_CHECKING:
    from benchmarks.stage import Stage

__all__ = ["divided"]

_PROCESSES = 4
_LABEL = "shard"
_INTERVAL = 5.0


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
    rest = at_rest(first, 3 * _PROCESSES)
    names = Counter(item["name"] for plural in (RECORDING, CHAT) for item in first.configurations(plural))
    told = {
        "processes": _PROCESSES,
        "objects": objects,
        "duplicates": sum(number - 2 for number in names.values()),
        "rest": asdict(rest),
        "memory": [resident(walk.operator) for walk in walks],
    }
    for walk in walks:
        walk.operator.end()
    return told
