"""Notices an event loop that is stuck, and says where: everything here lives on one loop, the probes included."""

import asyncio
import sys
import threading
import time
import traceback
from typing import Final

import structlog

__all__ = ["Heartbeat"]

_BEAT: Final = 0.5  # seconds

log = structlog.get_logger(__name__)


class Heartbeat:
    """A task that beats, and a thread that listens. `start` it on the loop that is to be observed."""

    def __init__(self, limit: float = 10.0) -> None:
        self._limit = limit
        self._beat = time.monotonic()
        self._task: asyncio.Task[None] | None = None
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin to beat and to listen."""
        self._beat = time.monotonic()
        self._task = asyncio.create_task(self._beats(), name="heartbeat")
        listener = threading.Thread(target=self._listen, args=(threading.get_ident(),), name="heartbeat", daemon=True)
        listener.start()

    def stop(self) -> None:
        """Neither beat nor listen any more."""
        self._ended.set()
        if self._task is not None:
            self._task.cancel()

    def ailment(self) -> str | None:
        """What is wrong, or None. A loop that is stuck for good does not answer at all, which says the same."""
        silent = time.monotonic() - self._beat
        return f"the event loop was stuck for {silent:.0f} s" if silent > self._limit else None

    async def _beats(self) -> None:
        while True:
            self._beat = time.monotonic()
            await asyncio.sleep(_BEAT)

    def _listen(self, thread: int) -> None:
        """Say once per stop where the loop is. Two looks at the same beat: a process that was frozen is not stuck."""
        heard = told = 0.0
        while not self._ended.wait(self._limit / 2):
            beat = self._beat
            if beat == heard and beat != told and time.monotonic() - beat > self._limit:
                told = beat
                frame = sys._current_frames().get(thread)  # noqa: SLF001 - the documented way to another thread's stack
                log.error("the event loop is stuck", where="".join(traceback.format_stack(frame)) if frame else "")
            heard = beat
