"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from ivs_sandbox.errors import SandboxError

Found = TypeVar("Found")


def wait_until(
    condition: Callable[[], Found], *, timeout: float = 30.0, interval: float = 0.05, what: str | Callable[[], str] = ""
) -> Found:
    """Ask until the answer is true, and return it; raises SandboxError after `timeout` seconds.

    `what` says what was waited for; as a function it is asked at the end and can show what there is instead.
    """
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > deadline:
            said = what() if callable(what) else what
            raise SandboxError(f"waited {timeout:.0f} s in vain for {said or 'a condition'}")
        time.sleep(interval)
    return found
