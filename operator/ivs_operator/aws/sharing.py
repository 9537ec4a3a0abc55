"""One expensive read, shared by all who need one that began after some moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import CallFailed, delay

__all__ = ["Shared", "retrieved"]

_LONGEST_QUIET: Final = 10.0
"""Seconds. One call for everybody is cheap, and when a refusal ends (a policy is mended) all of them wait for it."""


class _Clock(Protocol):
    def now(self) -> float: ...


class Shared:
    """Runs `read(began)` one at a time. After a failure it is left alone for a moment, however many ask.

    While a place does not answer, one who asks waits for the next attempt; the others are told at once, lest all that
    concerns a place that hangs held the workers which others need. Once the attempt is `answered` they wait as well.
    """

    def __init__(self, read: Callable[[float], Awaitable[None]], clock: _Clock) -> None:
        self._read = read
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self._running_since = 0.0
        self._began = 0.0
        self._failures = 0
        self._failure: CallFailed | None = None
        self._hopeless = False
        self._quiet_until = 0.0
        self._touched: set[str] | None = None

    @property
    def running(self) -> bool:
        """Whether a read is under way."""
        return self._running is not None

    async def newer_than(self, moment: float) -> None:
        """Return once a read that began at `moment` or later is complete.

        Raises:
            CallFailed: the read failed, now or a moment ago.
        """
        while self._began == 0.0 or self._began < moment:
            if self._running is None:
                self._start()
            elif self._hopeless and self._failure is not None:
                raise self._failure
            running, since = self._running, self._running_since
            assert running is not None  # noqa: S101 - just started, or running
            # Shielded: whoever is cancelled while waiting must not take the read from the others.
            await asyncio.shield(running)
            if since >= moment and self._began >= since:
                return

    def answered(self) -> None:
        """The read under way gets answers."""
        self._hopeless = False

    def watch(self) -> None:
        """From now on, remember what is touched: it is newer than what the running read saw."""
        self._touched = set()

    def touched(self, name: str) -> None:
        """Something was read or written apart from the shared read."""
        if self._touched is not None:
            self._touched.add(name)

    def watched(self) -> frozenset[str]:
        """What was touched since `watch`."""
        names, self._touched = frozenset(self._touched or ()), None
        return names

    def _start(self) -> None:
        now = self._clock.now()
        if self._failure is not None and now < self._quiet_until:
            raise self._failure
        self._running_since = now
        self._running = asyncio.create_task(self._run(now))
        self._running.add_done_callback(retrieved)  # those who waited may all have been cancelled

    async def _run(self, began: float) -> None:
        try:
            await self._read(began)
        except CallFailed as error:
            self._failures += 1
            self._failure = error
            self._hopeless = error.fault.reason is Reason.UNAVAILABLE
            self._quiet_until = self._clock.now() + min(delay(error.fault.kind, self._failures), _LONGEST_QUIET)
            raise
        else:
            self._began, self._failures, self._failure, self._hopeless = began, 0, None, False
        finally:
            self._running = None


def retrieved(task: asyncio.Task[None]) -> None:
    """Take note of how a task ended that nobody may wait for any more; else asyncio complains of it."""
    if not task.cancelled():
        task.exception()
