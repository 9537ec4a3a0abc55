"""An event loop whose time costs nothing: when every task waits, the clock jumps to the next thing that is due.

A test of minutes takes milliseconds and always the same way. When all wait and nothing is due, the run ends with an
error instead of hanging.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ivs_operator.clock import Clock

__all__ = ["START", "VirtualClock", "in_virtual_time", "run"]

START = 1_700_000_000.0
"""Wall-clock seconds at which every virtual loop begins."""

_T = TypeVar("_T")


class _Selector(selectors.SelectSelector):
    """Never waits: it reports what is ready, else moves the time on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("every task waits, and nothing is due: this would hang for ever")
        self.now += timeout
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


class VirtualClock(Clock):
    """The clock of the running loop; outside of one it stands at the start."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        try:
            passed = asyncio.get_running_loop().time()
        except RuntimeError:
            passed = 0.0
        return START + self.ahead + passed


def run(main: Coroutine[Any, Any, _T]) -> _T:
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)


def in_virtual_time(test: Callable[..., Coroutine[Any, Any, _T]]) -> Callable[..., _T]:
    """A test function that runs in virtual time."""

    @functools.wraps(test)
    def wrapped(*args: Any, **kwargs: Any) -> _T:
        return run(test(*args, **kwargs))

    return wrapped
