"""Time as a value that is passed in, so that a test can move it instead of waiting for it."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "timestamp"]


class Clock(Protocol):
    """What the emulator asks of time."""

    def now(self) -> float:
        """Seconds since the epoch; never goes back but by `restart`."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock's time have passed."""

    def advance(self, seconds: float) -> None:
        """Jump ahead by `seconds`, waking sleepers whose time has come."""

    def restart(self) -> None:
        """Show what would be shown if nobody had called `advance`, waking all sleepers."""


class ManualClock:
    """Stands still until `advance` is called."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._start = self._now = start
        self._lives = 0
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        with self._moved:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Block until somebody has advanced the clock far enough."""
        with self._moved:
            end, life = self._now + seconds, self._lives
            self._moved.wait_for(lambda: self._now >= end or self._lives != life)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, which may not be negative."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def restart(self) -> None:
        """Back to the start."""
        with self._moved:
            self._now = self._start
            self._lives += 1
            self._moved.notify_all()


class SystemClock:
    """The machine's time, plus what `advance` has added."""

    def __init__(self) -> None:
        # Monotonic, so that a step of the machine's clock cannot undo a transition.
        self._start = self._offset = time.time() - time.monotonic()
        self._lives = 0
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        with self._moved:
            return time.monotonic() + self._offset

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`, less whatever the clock is advanced by meanwhile."""
        with self._moved:
            end, life = time.monotonic() + self._offset + seconds, self._lives
            while self._lives == life and (left := end - time.monotonic() - self._offset) > 0:
                self._moved.wait(left)

    def advance(self, seconds: float) -> None:
        """Add `seconds`, which may not be negative, to the machine's time."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        with self._moved:
            self._offset += seconds
            self._moved.notify_all()

    def restart(self) -> None:
        """Back to the machine's time."""
        with self._moved:
            self._offset = self._start
            self._lives += 1
            self._moved.notify_all()


def timestamp(seconds: float) -> datetime:
    """`seconds` since the epoch as AWS stores them: UTC, milliseconds."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
