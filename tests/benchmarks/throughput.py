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

__all__ = ["pressed"]

_TAGS = {"env": "prod"}
_CREATES, _UPDATES = 3.0, 5.0  # calls per second that AWS documents
_CREATE_OF = {RECORDING: "CreateRecordingConfiguration", CHAT: "CreateLoggingConfiguration"}


def pressed(stage: Stage, *, rooms: int, creates: int, factor: float, create_factor: float) -> dict[str, Any]:
    """So many objects at once, then so many rooms, with an edit by a person in the midst of them.

    An object that is made takes four writes to Kubernetes and as many calls more, a room two calls: the factors are
    such that AWS's rates are the limit, and not the machine, which runs an API server and the emulator, too.
    """
    stage.clear()
    told: dict[str, Any] = {"factor": factor, "create factor": create_factor, "rooms": rooms, "creates": creates}
    walk = stage.walk(factor=create_factor, sweep_interval=10)
    start(walk)
    walk.control.set(enforce_rates=True, rate_factor=create_factor)
    told |= _created(walk, creates, create_factor)
    walk.operator.end()
    walk = stage.beside(walk.namespace, factor=factor, sweep_interval=10)
    walk.control.set(enforce_rates=True, rate_factor=factor)
    start(walk)
    told["associate"] = _associated(walk, rooms, factor)
    walk.operator.end()
    return told


def _created(walk: Walk, number: int, factor: float) -> dict[str, Any]:
    """Both kinds at once: each service has rates of its own."""
    meter, since = Meter(walk), walk.control.last_sequence()
    for plural in _CREATE_OF:
        load(walk, plural, range(number))
    settled(walk, *_CREATE_OF)
    reading = meter.read()
    allowed = _CREATES * factor
    return {
        f"create {plural}": _told(walk, reading, since, operation, allowed) for plural, operation in _CREATE_OF.items()
    }


def _associated(walk: Walk, rooms: int, factor: float) -> dict[str, Any]:
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
    told = _told(walk, meter.read(), since, "UpdateRoom", _UPDATES * factor)
    return {**told, "left when the edit came": rooms - before, "associated during the edit": after - before}


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
