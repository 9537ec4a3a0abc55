"""Ours and the textbook's operator on the same work: made, edited, at rest, restarted, and killed again and again."""

from __future__ import annotations

import random
import sys
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.readings import LONG, Meter, Reading, resident
from benchmarks.stage import load
from support.api_server import custom
from support.deadlines import until
from support.walk import CHAT, RECORDING, is_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.stage import Stage
    from support.walk import Walk

__all__ = ["compared", "killed"]

_AFTER = 1.0  # seconds in which what the last call leads to is written
_INTERVAL = 4.0  # seconds between looks for drift at rest, for both
_NEVER = 3600.0  # the same while something else is measured
_KILLED_PACE = 10.0  # the same while operators are killed
_PACES = ("IVS_OPERATOR_SWEEP_INTERVAL", "TEXTBOOK_INTERVAL")
_SEED = 20
_PER_KILL = 2  # objects that are applied before each kill
_LATENCY = 0.2  # seconds that AWS takes for a call while operators are killed; real ones take about so long
_KINDS = (RECORDING, CHAT)
_TEXTBOOK = Path(__file__).parent / "textbook" / "handlers.py"


def compared(stage: Stage, *, objects: int, sweeps: int) -> dict[str, Any]:
    """What the same work costs both, by name."""
    told: dict[str, Any] = {"objects": objects, "interval": _INTERVAL, "sweeps": sweeps}
    for name, make in _BOTH.items():
        stage.clear()
        told[name] = _life(make(stage), objects, sweeps)
    return told


def killed(stage: Stage, *, kills: int) -> dict[str, Any]:
    """What both have made twice, or lost, after so many SIGKILLs, by name."""
    told: dict[str, Any] = {"kills": kills}
    for name, make in _BOTH.items():
        stage.clear()
        told[name] = _killed(make(stage), kills)
    return told


def _ours(stage: Stage) -> Walk:
    return stage.walk(factor=50)


def _textbook(stage: Stage) -> Walk:
    """A kopf process with every right, and kopf's own command line."""
    walk = stage.walk(factor=1)
    namespace = walk.namespace
    stage.cluster.kubectl("create", "serviceaccount", "textbook", f"--namespace={namespace}")
    stage.cluster.kubectl(
        "create", "clusterrolebinding", namespace, "--clusterrole=cluster-admin",
        f"--serviceaccount={namespace}:textbook",
    )  # fmt: skip
    process = walk.operator
    process.environment["KUBECONFIG"] = str(stage.cluster.service_account_kubeconfig(namespace, "textbook"))
    process.program = [sys.executable, "-m", "kopf"]
    process._arguments = [str(_TEXTBOOK), f"--namespace={namespace}", "--standalone"]
    return walk


_BOTH: dict[str, Callable[[Stage], Walk]] = {"ours": _ours, "textbook": _textbook}


def _life(walk: Walk, objects: int, sweeps: int) -> dict[str, Any]:
    """What each step has cost, all objects together."""
    _begin(walk, _NEVER)
    told: dict[str, Any] = {}
    meter = Meter(walk, settle=False)
    for plural in _KINDS:
        load(walk, plural, range(objects))
    _await_ready(walk, objects)
    told["create"] = asdict(meter.read())
    told["edit"] = asdict(_edited(walk, objects))
    walk.operator.kill()
    meter = _begin(walk, _INTERVAL)
    _looks(walk, meter, 2, objects)  # a start, and what it has still to do
    meter = Meter(walk, settle=False)
    _looks(walk, meter, sweeps, objects)
    told["rest"] = asdict(meter.read())
    told["memory"] = resident(walk.operator)
    walk.operator.kill()
    meter = _begin(walk, _NEVER)
    _looks(walk, meter, 1, objects)
    threading.Event().wait(_AFTER)
    told["restart"] = asdict(meter.read())
    walk.operator.end()
    return told


def _begin(walk: Walk, pace: float) -> Meter:
    meter = Meter(walk, settle=False)
    walk.operator.environment |= dict.fromkeys(_PACES, str(pace))
    walk.operator.launch()
    return meter


def _edited(walk: Walk, objects: int) -> Reading:
    meter = Meter(walk, settle=False)
    for plural in _KINDS:
        for number in range(objects):
            walk.api.merge(custom(plural, walk.namespace, f"one-{number}"), {"spec": {"tags": {"team": "live"}}})
    _await_ready(walk, objects)
    return meter.read()


def _await_ready(walk: Walk, objects: int) -> None:
    def ready() -> bool:
        found = [walk.api.call("GET", custom(plural, walk.namespace))["items"] for plural in _KINDS]
        return all(len(items) >= objects and all(is_ready(item) for item in items) for items in found)

    until(ready, "all are Ready", timeout=LONG, last=walk.operator.tail)


def _looks(walk: Walk, meter: Meter, number: int, objects: int) -> None:
    """So many looks at everything: a List of each kind, or a Get of each object."""

    def looked() -> bool:
        calls = meter.calls()
        listed = min(calls.get("ListRecordingConfigurations", 0), calls.get("ListLoggingConfigurations", 0))
        asked = min(calls.get("GetRecordingConfiguration", 0), calls.get("GetLoggingConfiguration", 0))
        return listed >= number or asked >= number * objects

    until(looked, f"{number} looks at everything", timeout=LONG, last=walk.operator.tail)


def _killed(walk: Walk, kills: int) -> dict[str, Any]:
    """Killed after so many calls that chance decides; at last nothing may be there twice."""
    chance = random.Random(_SEED)
    walk.operator.environment |= dict.fromkeys(_PACES, str(_KILLED_PACE))
    walk.control.add_fault(latency=_LATENCY)
    for number in range(kills):
        since = walk.control.last_sequence()
        for plural in _KINDS:
            load(walk, plural, range(number * _PER_KILL, (number + 1) * _PER_KILL))
        walk.operator.launch()
        _await_calls(walk, since, chance.randint(1, 12))
        walk.operator.kill()
    walk.control.clear_faults()
    walk.operator.launch()
    _await_ready(walk, kills * _PER_KILL)
    made = {plural: Counter(item["name"] for item in walk.configurations(plural)) for plural in _KINDS}
    walk.operator.end()
    return {
        "objects": kills * _PER_KILL * len(_KINDS),
        "duplicates": sum(number - 1 for names in made.values() for number in names.values()),
        "lost": sum(kills * _PER_KILL - len(names) for names in made.values()),
    }


def _await_calls(walk: Walk, since: int, number: int) -> None:
    def enough() -> bool:
        return len(walk.control.requests(since)) >= number

    _until_or_idle(enough, walk)


def _until_or_idle(test: Callable[[], bool], walk: Walk) -> None:
    """An operator that has nothing more to ask is killed as well."""
    patience = 5.0
    try:
        until(test, "so many calls", timeout=patience, last=walk.operator.tail)
    except AssertionError:
        return
