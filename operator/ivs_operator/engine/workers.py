"""Workers take keys from the queue and reconcile them; what goes wrong on the way is retried, never fatal."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context
from typing import Any, Final, Protocol

import structlog

from ivs_operator import metrics
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import NotWritten, PermitLost
from ivs_operator.domain.identity import AnyKey
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.engine.reconciler import Outcome
from ivs_operator.priority import BACKGROUND

__all__ = ["Workers"]

_DEADLINE: Final = 300.0
"""Seconds for one reconcile. Every call has a time-out of its own; this is for what nobody has thought of."""

_LONGEST: Final = 60.0  # seconds between retries of what failed unexpectedly

_PASSING: Final = 2.0  # seconds until a retry up to which a failure counts as one that passes: four in a row

_ERROR: Final = "error"

_BREATH: Final = 0.05
"""Seconds until a key is looked at again at the soonest. A look may end without having waited for anything: one that
asks for the next look at a moment that has passed would hold the event loop for ever."""

_PATIENCE: Final = 0.25
"""Seconds at one key after which a worker gets a stand-in: it waits for a List that is shared, for its turn at AWS's
rates, or for a region that hangs. A look that waits for nothing takes milliseconds."""

_STAND_INS: Final = 3  # for each worker at most

log = structlog.get_logger(__name__)


class _Reconciles(Protocol):
    async def reconcile(self, key: Any, /) -> Outcome: ...


class Workers:
    """Tasks over one queue: a fixed number, and as many stand-ins as there are workers that have to wait long."""

    def __init__(self, queue: WorkQueue, reconciler: _Reconciles, clock: Clock, *, number: int) -> None:
        self._queue = queue
        self._reconciler = reconciler
        self._clock = clock
        self._number = number
        self._failures: dict[AnyKey, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._stand_ins: set[asyncio.Task[None]] = set()
        self._waiting = 0
        self._stopping = False
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._beat = clock.now()

    def start(self) -> None:
        """Begin to work."""
        self._tasks = [asyncio.create_task(self._work(), name=f"worker {n}") for n in range(self._number)]

    def forget_all(self) -> None:
        """Drop what is remembered of failures, of every key."""
        self._failures.clear()

    async def stop(self, grace: float) -> None:
        """Finish what is in hand within `grace` seconds; what is not finished then is cancelled."""
        self._stopping = True
        self._queue.close()
        tasks = [*self._tasks, *self._stand_ins]
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def alive(self) -> bool:
        """Whether all workers run."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    async def _work(self) -> None:
        while (key := await self._queue.take()) is not None:
            structlog.contextvars.bind_contextvars(object=str(key))
            lane = self._queue.lane_of(key)
            BACKGROUND.set(lane is Lane.BACKGROUND)
            try:
                with self._stood_in():
                    outcome = await self._reconcile(key)
            finally:
                structlog.contextvars.unbind_contextvars("object")
                self._queue.done(key)
            if outcome.again_at is not None:
                self._come_back(key, lane, outcome.again_at, failed=outcome.result == _ERROR)
            if asyncio.current_task() in self._stand_ins and len(self._stand_ins) > self._waiting:
                return

    def _come_back(self, key: AnyKey, lane: Lane, again_at: float, *, failed: bool) -> None:
        """A person who waits goes on doing so when a look has failed, a conflict, say: for the first attempts."""
        now = self._clock.now()
        keeps = failed and again_at - now <= _PASSING
        self._queue.add_at(key, max(again_at, now + _BREATH), lane if keeps else Lane.BACKGROUND)

    @contextmanager
    def _stood_in(self) -> Iterator[None]:
        """Whoever is busy for long inside has a stand-in meanwhile, so that the others' share of workers stays."""
        waits = False

        def wait_longer() -> None:
            nonlocal waits
            waits = True
            self._waiting += 1
            if len(self._stand_ins) < min(self._waiting, _STAND_INS * self._number) and not self._stopping:
                task = asyncio.create_task(self._work(), name="stand-in", context=Context())
                self._stand_ins.add(task)
                task.add_done_callback(self._stand_ins.discard)

        timer = asyncio.get_running_loop().call_later(_PATIENCE, wait_longer)
        try:
            yield
        finally:
            timer.cancel()
            self._waiting -= waits

    async def _reconcile(self, key: AnyKey) -> Outcome:
        started = self._clock.now()
        try:
            async with asyncio.timeout(_DEADLINE):
                outcome = await self._reconciler.reconcile(key)
        except asyncio.CancelledError:
            raise
        except PermitLost:
            outcome = Outcome(result="stopped")
        except Exception as error:  # noqa: BLE001 - one bad object must not end the worker
            outcome = self._failed(key, error)
        else:
            self._failures.pop(key, None)
        metrics.RECONCILES.labels(kind=str(key.kind), result=outcome.result).inc()
        metrics.RECONCILE_SECONDS.labels(kind=str(key.kind)).observe(self._clock.now() - started)
        return outcome

    def _failed(self, key: AnyKey, error: Exception) -> Outcome:
        """Retry with growing delay."""
        failures = self._failures.get(key, 0) + 1
        self._failures[key] = failures
        wait = min(0.2 * 2 ** min(failures - 1, 10), _LONGEST) * (1 + 0.2 * self._jitter.random())
        if isinstance(error, NotWritten):
            wait = max(wait, error.retry_after)
        passing = isinstance(error, NotWritten) and failures == 1
        report = log.debug if passing else log.warning
        report("reconcile did not finish", error=f"{type(error).__name__}: {error}", retry_in=round(wait, 1))
        log.debug("where it happened", exc_info=None if isinstance(error, NotWritten) else error)
        return Outcome(again_at=self._clock.now() + wait, result=_ERROR)
