"""One operator with more and more objects: at each rung it rests, is changed, is killed, and is weighed."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.copies import copy
from benchmarks.readings import LONG, Meter, Reading, resident
from benchmarks.stage import BUCKET, load, settled, start
from support.deadlines import until
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.stage import Stage
    from support.walk import Walk

__all__ = ["climb"]

_SHORTEST = 5.0  # seconds between sweeps; one of a thousand objects of each kind fits in, at rates multiplied
_EACH = 0.004  # the same for each object of a kind, if that is longer: who sweeps all the time is never at rest
_MADE = 50  # objects of each kind that the operator makes itself at each rung; the rest are copies
_PACE = "IVS_OPERATOR_SWEEP_INTERVAL"
_NAME = "benchmark"  # of all at AWS, so that copies can be exact
_SWEEP_OF = {RECORDING: "ListRecordingConfigurations", CHAT: "ListLoggingConfigurations"}


def climb(
    stage: Stage,
    sizes: list[int],
    *,
    factor: float,
    sweeps: int,
    interval: float | None = None,
) -> list[dict[str, Any]]:
    """The figures at each size: so many recording and so many logging configurations, all Ready.

    Seconds between sweeps are such that the largest size comes to rest in between, unless `interval` says them.
    """
    stage.clear()
    interval = interval or max(_SHORTEST, _EACH * max(sizes))
    walk = stage.walk(factor=factor)
    walk.operator.environment[_PACE] = str(interval)
    start(walk)
    rungs: list[dict[str, Any]] = []
    before = 0
    for size in sorted(sizes):
        rungs.append(_rung(walk, before, size, sweeps))
        before = size
    rungs[-1]["holders"] = _holders(stage, walk)
    walk.operator.end()
    return rungs


def _rung(walk: Walk, before: int, size: int, sweeps: int) -> dict[str, Any]:
    made = min(size, before + _MADE)
    meter = Meter(walk)
    for plural in (RECORDING, CHAT):
        load(walk, plural, range(before, made), name=_NAME)
    settled(walk, RECORDING, CHAT)
    told: dict[str, Any] = {"objects": size, "added": made - before, "load": asdict(meter.read())}
    if size > made:
        told["copies"] = asdict(_copied(walk, range(made, size)))
    if size:  # nothing is swept where there is nothing
        told["rest"] = asdict(at_rest(walk, sweeps))
        told["changes"] = {name: asdict(reading) for name, reading in _changes(walk).items()}
    with _usual_pace(walk):
        told["restart"] = asdict(_restarted(walk, 1 if size else 0))
        told["memory"] = resident(walk.operator)
        if size > 1:
            told["edited"] = asdict(_edited_while_down(walk, size))
    return told


@contextmanager
def _usual_pace(walk: Walk) -> Iterator[None]:
    """Processes that start meanwhile sweep as they do by default: a sweep more is nothing that a restart has cost."""
    pace = walk.operator.environment.pop(_PACE)
    yield
    walk.rest(timeout=LONG)
    walk.operator.kill()
    walk.operator.environment[_PACE] = pace
    start(walk)


def _copied(walk: Walk, numbers: range) -> Reading:
    """The rest of them as copies; what is told is the operator's first look at them."""
    walk.operator.kill()
    for plural in (RECORDING, CHAT):
        copy(walk, plural, numbers)
    meter = Meter(walk)
    start(walk)
    _sweep(walk, meter, 1)
    settled(walk, RECORDING, CHAT)
    return meter.read()


def at_rest(walk: Walk, sweeps: int) -> Reading:
    """So many whole sweeps with nobody doing anything."""
    _sweep(walk, Meter(walk), 2)  # what the last change has still to do
    meter = Meter(walk)
    _sweep(walk, meter, sweeps)
    return meter.read()


def _sweep(walk: Walk, meter: Meter, sweeps: int) -> None:
    def swept() -> bool:
        return all(meter.first_pages(operation) >= sweeps for operation in _SWEEP_OF.values())

    until(swept, f"{sweeps} sweeps", timeout=LONG, last=walk.operator.tail)


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
    walk.operator.kill()
    meter = Meter(walk)
    start(walk)
    _sweep(walk, meter, sweeps)
    settled(walk, RECORDING, CHAT)
    return meter.read()


def _edited_while_down(walk: Walk, size: int) -> Reading:
    """How much a person's edit has to wait for at a start; each rung's own tag makes it one."""
    walk.rest(timeout=LONG)
    walk.operator.kill()
    meter = Meter(walk)
    walk.edit(CHAT, "one-1", tags={"edited": f"at-{size}"})
    start(walk)
    walk.ready(CHAT, "one-1", timeout=LONG)
    return meter.read()


def _holders(stage: Stage, walk: Walk) -> list[dict[str, Any]]:
    """Who has allocated what the process holds, by file, the largest first; at the last rung."""
    target = stage.folder / "memory.json"
    walk.operator.kill()
    walk.operator.environment["IVS_BENCHMARK_TRACE"] = str(target)
    start(walk)
    _sweep(walk, Meter(walk), 1)
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
