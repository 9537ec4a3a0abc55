"""One clock for everything: wall-clock seconds that never go backwards."""

import time

__all__ = ["Clock", "steady"]


def steady() -> float:
    """Seconds on a clock that is never set, and that goes on while the machine sleeps (where there is such a clock)."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


class Clock:
    """Seconds since the epoch as of the start, advanced by the monotonic clock.

    A step of the machine's clock must neither expire what is young nor revive what is old; a few seconds of offset do
    no harm, for the grace periods that status carries are longer. After a start with a wrong clock the offset stays,
    be it hours: a moment that somebody else names, such as the end of credentials, is reckoned from their present.
    """

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """The present."""
        return self._offset + time.monotonic()
