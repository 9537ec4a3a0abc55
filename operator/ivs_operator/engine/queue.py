"""The work queue: which keys need a look, who goes first, and when.

Invariants: a key is worked on by one worker at a time; a key that is added while it is worked on is worked on again
afterwards; a key waits at most once. A person's edit goes before background work, but one take in `_FAIRNESS` serves
the background, so that neither starves. Within a lane namespaces take turns: one team's thousand objects do not keep
another's single one waiting.
"""

import asyncio
import heapq
from collections import deque
from enum import IntEnum

from ivs_operator import metrics
from ivs_operator.clock import Clock
from ivs_operator.domain.identity import AnyKey

__all__ = ["Lane", "WorkQueue"]

_FAIRNESS = 4  # every fourth take looks at the background first


class Lane(IntEnum):
    """Who asked: a person (an edit, an annotation, a deletion) or the operator itself."""

    USER = 0
    BACKGROUND = 1


class _Turns:
    """Keys of one lane; namespaces take turns, within a namespace the first comes first."""

    def __init__(self) -> None:
        self._namespaces: deque[str] = deque()
        self._keys: dict[str, deque[AnyKey]] = {}

    def __bool__(self) -> bool:
        return bool(self._namespaces)

    def append(self, key: AnyKey) -> None:
        if key.namespace not in self._keys:
            self._keys[key.namespace] = deque()
            self._namespaces.append(key.namespace)
        self._keys[key.namespace].append(key)

    def discard(self, key: AnyKey) -> None:
        keys = self._keys[key.namespace]
        keys.remove(key)
        self._drop_if_empty(key.namespace)

    def take(self) -> AnyKey:
        namespace = self._namespaces[0]
        key = self._keys[namespace].popleft()
        self._namespaces.rotate(-1)
        self._drop_if_empty(namespace)
        return key

    def _drop_if_empty(self, namespace: str) -> None:
        if not self._keys[namespace]:
            del self._keys[namespace]
            self._namespaces.remove(namespace)


class WorkQueue:
    """Keys that wait, now or later. All methods belong to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lanes = {lane: _Turns() for lane in Lane}
        self._waiting: dict[AnyKey, Lane] = {}
        self._working: dict[AnyKey, Lane] = {}
        self._again: dict[AnyKey, Lane] = {}
        self._later: list[tuple[float, int, AnyKey]] = []
        self._due: dict[AnyKey, tuple[float, Lane]] = {}
        self._sequence = 0
        self._takes = 0
        self._changed = asyncio.Event()
        self._closed = False
        self._paused = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._again)

    def add(self, key: AnyKey, lane: Lane = Lane.BACKGROUND) -> None:
        """Have `key` looked at as soon as a worker is free."""
        if self._paused:
            return
        self._due.pop(key, None)
        if key in self._working:
            self._again[key] = min(lane, self._again.get(key, lane))
            return
        known = self._waiting.get(key)
        if known is not None and known <= lane:
            return
        if known is not None:
            self._lanes[known].discard(key)
        self._waiting[key] = lane
        self._lanes[lane].append(key)
        self._notify()

    def add_at(self, key: AnyKey, time: float, lane: Lane = Lane.BACKGROUND) -> None:
        """Have `key` looked at at `time`, unless an earlier look is due anyway."""
        if self._paused or key in self._waiting or key in self._again:
            return
        known = self._due.get(key)
        if known is not None and known[0] <= time:
            return
        self._due[key] = time, lane
        self._sequence += 1
        heapq.heappush(self._later, (time, self._sequence, key))
        self._notify()

    def forget(self, key: AnyKey) -> None:
        """Drop a look that is due later."""
        self._due.pop(key, None)

    async def take(self) -> AnyKey | None:
        """The next key; it stays in the taker's hands until `done`. None once the queue is closed."""
        while not self._closed:
            self._ripen()
            key = self._next()
            if key is not None:
                self._measure()
                return key
            self._changed.clear()
            await self._wait()
        return None

    def lane_of(self, key: AnyKey) -> Lane:
        """Who asked for a key that is being worked on."""
        return self._working[key]

    def done(self, key: AnyKey) -> None:
        """The taker has finished with `key`."""
        self._working.pop(key, None)
        metrics.ACTIVE_WORKERS.set(len(self._working))
        lane = self._again.pop(key, None)
        if lane is not None:
            self.add(key, lane)

    @property
    def idle(self) -> bool:
        """Whether no key is worked on."""
        return not self._working

    def pause(self) -> None:
        """Drop every key, and take none before `resume`: whoever resumes adds all that matter."""
        self._paused = True
        self._lanes = {lane: _Turns() for lane in Lane}
        for table in (self._waiting, self._again, self._due):
            table.clear()
        self._later.clear()
        self._measure()

    def resume(self) -> None:
        """Take keys again."""
        self._paused = False

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True
        self._notify()

    def _next(self) -> AnyKey | None:
        self._takes += 1
        order = (Lane.USER, Lane.BACKGROUND) if self._takes % _FAIRNESS else (Lane.BACKGROUND, Lane.USER)
        for lane in order:
            if self._lanes[lane]:
                key = self._lanes[lane].take()
                del self._waiting[key]
                self._working[key] = lane
                metrics.ACTIVE_WORKERS.set(len(self._working))
                return key
        return None

    def _ripen(self) -> None:
        now = self._clock.now()
        while self._later and self._later[0][0] <= now:
            time, _, key = heapq.heappop(self._later)
            due = self._due.get(key)
            if due is not None and due[0] == time:
                self.add(key, due[1])

    async def _wait(self) -> None:
        delay = max(self._later[0][0] - self._clock.now(), 0.0) if self._later else None
        try:
            async with asyncio.timeout(delay):
                await self._changed.wait()
        except TimeoutError:
            return

    def _notify(self) -> None:
        self._measure()
        self._changed.set()

    def _measure(self) -> None:
        metrics.QUEUE_DEPTH.set(len(self))
