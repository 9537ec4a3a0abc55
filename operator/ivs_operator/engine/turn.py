"""Turns at creating: not more objects at a time than AWS's rate lets through while their intents live.

An intent lives for ten seconds, in which a List must begin and end, and the call have its turn under three calls a
second. With thirty in line most intents would be written in vain, and written anew.
"""

import asyncio

__all__ = ["Turn"]


class Turn:
    """One reconcile's place in such a line, if it has taken one."""

    def __init__(self) -> None:
        self._places: asyncio.Semaphore | None = None

    async def take(self, places: asyncio.Semaphore) -> bool:
        """Take one of these places, unless it has one already. Returns whether it had to wait for it."""
        if self._places is not None:
            return False
        waits = places.locked()
        await places.acquire()
        self._places = places
        return waits

    def end(self) -> None:
        """Give the place back, if there is one."""
        if self._places is not None:
            self._places.release()
            self._places = None
