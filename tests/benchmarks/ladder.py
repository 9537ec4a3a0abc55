"""One operator with more and more objects: at each rung it rests, is changed, is killed, and is weighed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.copies import copy
from benchmarks.readings import LONG, Meter, Reading, resident
from benchmarks.stage import BUCKET, load, settled, start
from support.deadlines import until
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from benchmarks.stage import Stage
    from support.walk import Walk

__all__ = ["climb"]

_SHORTEST = 1.0  # seconds between sweeps, at rates multiplied
_EACH = 0.002  # the same for each object of a kind, if that is longer: who sweeps all the time is never at rest
_NEVER = 3600.0  # the same where nothing is to be swept but what a start or a change has asked for
_SETTLING = 2  # sweeps until a process that has just begun is at rest
_MADE = 50  # objects of each kind that the operator makes itself at each rung; the rest are copies
_PACE = "IVS_OPERATOR_SWEEP_INTERVAL"
_NAME = "benchmark"  # of all at AWS, so that copies can be exact
_LISTS = ("ListRecordingConfigurations", "ListLoggingConfigurations")

Rung = dict[str, Any]
Report = Callable[[str], None]


def climb(
    stage: Stage,
    sizes: list[int],
    *,
    factor: float,
    sweeps: int,
    runs: int = 1,
    holders: bool = True,
    report: Report = lambda _: None,
) -> list[list[Rung]]:
    """The figures at each size, for each run: so many recording and so many logging configurations, all Ready.

    Objects are made once; each run is of processes of its own. Seconds between sweeps are such that a size comes to
    rest in between. `holders`: look, too, who holds memory at the largest size. `report` is told what is
    done.
    """
    stage.clear()
    walk = stage.walk(factor=factor)
    told: list[list[Rung]] = [[] for _ in range(runs)]
    before = 0
    for size in sorted(sizes):
        report(f"{size:,} + {size:,}: making them")
        made = _filled(walk, before, size)
        for number, rungs in enumerate(told):
            report(f"{size:,} + {size:,}: run {number + 1}")
            rungs.append({**made, **_weighed(walk, size, sweeps, run=number)})
        before = size
    if holders:
        report("who holds memory")
        told[0][-1]["holders"] = _holders(stage, walk)
    walk.operator.end()
    return told


def _filled(walk: Walk, before: int, size: int) -> Rung:
    """What it took to make the rest of them; an operator runs afterwards."""
    made = min(size, before + _MADE)
    _begin(walk, _NEVER)
    meter = Meter(walk)
    for plural in (RECORDING, CHAT):
        load(walk, plural, range(before, made), name=_NAME)
    settled(walk, RECORDING, CHAT)
    told: Rung = {"objects": size, "added": made - before, "load": asdict(meter.read())}
    if size > made:
        told["copies"] = asdict(_copied(walk, range(made, size)))
    return told


def _weighed(walk: Walk, size: int, sweeps: int, *, run: int) -> Rung:
    told: Rung = {}
    if size:  # nothing is swept where there is nothing
        told["rest"] = asdict(_at_rest(walk, sweeps, max(_SHORTEST, _EACH * size)))
    told["restart"] = asdict(_restarted(walk, 1 if size else 0))
    told["memory"] = resident(walk.operator)
    if size:
        told["changes"] = {name: asdict(reading) for name, reading in _changes(walk).items()}
    if size > 1:
        told["edited"] = asdict(_edited_while_down(walk, f"at-{size}-{run}"))
    return told


def _begin(walk: Walk, pace: float) -> Meter:
    """SIGKILL if one runs, and a new process that sweeps at this pace; what is told is since its start."""
    if walk.operator.runs:
        walk.operator.kill()
    walk.operator.environment[_PACE] = str(pace)
    meter = Meter(walk)
    start(walk)
    return meter


def _copied(walk: Walk, numbers: range) -> Reading:
    """The rest of them as copies; what is told is the operator's first look at them."""
    walk.operator.kill()
    for plural in (RECORDING, CHAT):
        copy(walk, plural, numbers)
    meter = _begin(walk, _NEVER)
    _looked(walk, meter, 1)
    settled(walk, RECORDING, CHAT)
    return meter.read()


def _at_rest(walk: Walk, sweeps: int, pace: float) -> Reading:
    """So many sweeps with nobody doing anything: from the beginning of one to that of another.

    Kinds are swept each at its own moment. So their pages are counted in sweeps that are whole, and all else, CPU
    and writes, in the time between.
    """
    since_start = _begin(walk, pace)
    _looked(walk, since_start, _SETTLING)
    meter = Meter(walk, settle=False)
    _looked(walk, meter, sweeps)  # asks AWS's own record: to ask the operator would be work for it
    reading = meter.read()
    _looked(walk, meter, sweeps + 1)
    return replace(reading, aws={**reading.aws, **meter.whole_lists(sweeps)}, sweeps=dict.fromkeys(_LISTS, sweeps))


def _looked(walk: Walk, meter: Meter, times: int) -> None:
    """Return when all of AWS has been listed so often, or at least the last time has begun."""

    def begun() -> bool:
        return all(meter.first_pages(operation) >= times for operation in _LISTS)

    until(begun, f"{times} Lists of each kind", timeout=LONG, last=walk.operator.tail)


def _changes(walk: Walk) -> dict[str, Reading]:
    """The life of one more object of each kind, step by step."""
    readings: dict[str, Reading] = {}
    for plural, what in ((RECORDING, "recording"), (CHAT, "logging")):
        spec = {"destinationConfiguration": s3(BUCKET)}
        name = "changed"
        consumer = walk.channel("lobby") if plural == RECORDING else walk.room("lobby")
        entries = {"channels" if plural == RECORDING else "rooms": [{"arn": consumer}]}
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("create", lambda: walk.apply(plural, name, **spec)),  # noqa: B023 - called at once
            ("edit a tag", lambda: walk.edit(plural, name, tags={"team": "live"})),  # noqa: B023
            ("associate", lambda: walk.edit(plural, name, **entries)),  # noqa: B023
            ("release", lambda: walk.edit(plural, name, **{key: [] for key in entries})),  # noqa: B023
        )
        for step, act in steps:
            readings[f"{what}: {step}"] = _step(walk, act, lambda: settled(walk, plural))  # noqa: B023
        gone = _step(walk, lambda: walk.delete(plural, name), lambda: walk.gone(plural, name, timeout=LONG))  # noqa: B023
        readings[f"{what}: delete"] = gone
        walk.ivs.delete_channel(arn=consumer) if plural == RECORDING else walk.chat.delete_room(identifier=consumer)
    return readings


def _step(walk: Walk, act: Callable[[], object], done: Callable[[], object]) -> Reading:
    meter = Meter(walk)
    act()
    done()
    return meter.read()


def _restarted(walk: Walk, sweeps: int) -> Reading:
    """SIGKILL, a new process, and everything looked at."""
    walk.rest(timeout=LONG)
    meter = _begin(walk, _NEVER)
    _looked(walk, meter, sweeps)
    settled(walk, RECORDING, CHAT)
    return meter.read()


def _edited_while_down(walk: Walk, tag: str) -> Reading:
    """How much a person's edit has to wait for at a start; a tag that was not there before makes it one."""
    walk.rest(timeout=LONG)
    walk.operator.kill()
    walk.edit(CHAT, "one-1", tags={"edited": tag})
    meter = _begin(walk, _NEVER)
    walk.ready(CHAT, "one-1", timeout=LONG)
    return meter.read()


def _holders(stage: Stage, walk: Walk) -> list[dict[str, Any]]:
    """Who has allocated what the process holds, by file, the largest first; at the last rung."""
    target = stage.folder / "memory.json"
    walk.operator.environment["IVS_BENCHMARK_TRACE"] = str(target)
    _looked(walk, _begin(walk, _NEVER), 1)
    walk.rest(timeout=LONG)
    walk.operator.signal(signal.SIGUSR1)
    text = until(lambda: target.read_text() if target.exists() else None, "the traced memory", timeout=LONG)
    del walk.operator.environment["IVS_BENCHMARK_TRACE"]
    return _by_place(text)


def _by_place(text: str) -> list[dict[str, Any]]:
    import json

    sums: dict[str, int] = {}
    for item in json.loads(text):
        parts = Path(item["file"]).parts
        place = "/".join(parts[-3:])
        sums[f"{place}:{item['line']}"] = sums.get(f"{place}:{item['line']}", 0) + int(item["bytes"])
    largest = sorted(sums.items(), key=lambda pair: -pair[1])[:12]
    return [{"place": place, "kilobytes": size // 1024} for place, size in largest]
