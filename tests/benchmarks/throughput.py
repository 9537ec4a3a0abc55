"""Under AWS's own rates, times a stated factor that the emulator enforces, too: how much of them is used."""

from __future__ import annotations

import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks.readings import LONG, Meter, Reading
from benchmarks.stage import BUCKET, load, settled, start
from support.deadlines import until
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from benchmarks.stage import Stage
    from support.walk import Walk

__all__ = ["associated", "created"]

_TOGETHER = 25  # of one kind that are applied before as many of the other
_TAGS = {"env": "prod"}
_CREATES, _UPDATES = 3.0, 5.0  # calls per second that AWS documents
_CREATE_OF = {RECORDING: "CreateRecordingConfiguration", CHAT: "CreateLoggingConfiguration"}


def created(stage: Stage, *, objects: int, factor: float) -> dict[str, Any]:
    """So many objects of each of both kinds at once: each service has rates of its own.

    An object that is made takes four writes to Kubernetes and as many calls more: the factor is such that AWS's rates
    are the limit, and not the machine, which runs an API server and the emulator, too.
    """
    walk = _pressed(stage, factor)
    meter = Meter(walk)
    since = walk.control.last_sequence()
    for number in range(0, objects, _TOGETHER):
        for plural in _CREATE_OF:
            load(walk, plural, range(number, min(number + _TOGETHER, objects)))
    settled(walk, *_CREATE_OF)
    told = {
        f"create {plural}": _told(walk, meter.read(of=plural), since, operation, _CREATES * factor)
        for plural, operation in _CREATE_OF.items()
    }
    writes = meter.read().kube_writes
    walk.operator.end()
    return {"factor": factor, "objects": objects, "writes for each": writes / (len(_CREATE_OF) * objects), **told}


def associated(stage: Stage, *, rooms: int, factor: float) -> dict[str, Any]:
    """So many rooms for one object, two calls each, with an edit of another by a person in the midst of them."""
    walk = _pressed(stage, factor)
    load(walk, CHAT, range(1))
    settled(walk, CHAT)
    walk.control.seed(rooms=rooms, tags=_TAGS)
    meter, since = Meter(walk), walk.control.last_sequence()
    walk.apply(CHAT, "all", destinationConfiguration=s3(BUCKET), rooms=[{"matchTags": _TAGS}])
    _updated(walk, since, rooms // 4)
    before = _updates(walk, since)
    walk.edit(CHAT, "one-0", tags={"edited": "meanwhile"})
    walk.ready(CHAT, "one-0", timeout=LONG)
    after = _updates(walk, since)
    _updated(walk, since, rooms)
    settled(walk, CHAT)
    reading = meter.read()
    walk.operator.end()
    edit = {"left when the edit came": rooms - before, "associated during the edit": after - before}
    told = _told(walk, reading, since, "UpdateRoom", _UPDATES * factor)
    return {"factor": factor, "rooms": rooms, "associate": {**told, **edit}}


def _pressed(stage: Stage, factor: float) -> Walk:
    """An operator that runs, and an AWS that enforces its rates."""
    stage.clear()
    walk = stage.walk(factor=factor, sweep_interval=10)
    start(walk)
    walk.control.set(enforce_rates=True, rate_factor=factor)
    return walk


def _told(walk: Walk, reading: Reading, since: int, operation: str, allowed: float) -> dict[str, Any]:
    times = [float(entry["time"]) for entry in walk.control.requests(since, operation=operation, status=200)]
    seconds = max(times) - min(times)
    return {
        "allowed": allowed,
        "achieved": round((len(times) - 1) / seconds, 3) if seconds else allowed,
        "calls": sum(reading.aws.values()),
        "reading": asdict(reading),
    }


def _updates(walk: Walk, since: int) -> int:
    return walk.control.counts(since, operation="UpdateRoom", status=200).total


def _updated(walk: Walk, since: int, number: int) -> None:
    pause = threading.Event()

    def enough() -> bool:
        pause.wait(0.5)  # a look goes through the whole log: it must not compete with what it looks at
        return _updates(walk, since) >= number

    until(enough, f"{number} rooms are associated", timeout=LONG, last=walk.operator.tail)
