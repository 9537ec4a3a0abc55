"""Time as a value that is passed in, so that a test can move it instead of waiting for it."""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol

__all__ = ["Clock", "ManualClock", "SystemClock", "timestamp"]


class Clock(Protocol):
    """What the emulator asks of time."""

    def now(self) -> float:
        """Seconds since the epoch; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Return when `seconds` of this clock's time have passed."""

    def advance(self, seconds: float) -> None:
        """Jump ahead by `seconds`, waking sleepers whose time has come."""


class ManualClock:
    """Stands still until `advance` is called."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        with self._moved:
            return self._now

    def sleep(self, seconds: float) -> None:
        """Block until somebody has advanced the clock far enough."""
        with self._moved:
            end = self._now + seconds
            self._moved.wait_for(lambda: self._now >= end)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`, which may not be negative."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        with self._moved:
            self._now += seconds
            self._moved.notify_all()


class SystemClock:
    """The machine's time, plus what `advance` has added."""

    def __init__(self) -> None:
        # Monotonic, so that a step of the machine's clock cannot undo a transition.
        self._offset = time.time() - time.monotonic()
        self._moved = threading.Condition()

    def now(self) -> float:
        """Seconds since the epoch."""
        with self._moved:
            return time.monotonic() + self._offset

    def sleep(self, seconds: float) -> None:
        """Block for `seconds`, less whatever the clock is advanced by meanwhile."""
        end = self.now() + seconds
        with self._moved:
            while (left := end - time.monotonic() - self._offset) > 0:
                self._moved.wait(left)

    def advance(self, seconds: float) -> None:
        """Add `seconds`, which may not be negative, to the machine's time."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back ({seconds} s)")
        with self._moved:
            self._offset += seconds
            self._moved.notify_all()


def timestamp(seconds: float) -> datetime:
    """`seconds` since the epoch as AWS stores them: UTC, milliseconds."""
    return datetime.fromtimestamp(round(seconds, 3), UTC)
