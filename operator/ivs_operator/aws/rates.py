"""Token buckets at AWS's documented rates, per operation: we slow ourselves down before AWS does.

Rates are per account and region and not adjustable. A throttle halves a bucket's rate; it recovers slowly, since other
tools in the account share the quota. User edits go before background work, but for one token in eight while both wait:
an association of thousands must not blind the sweeps for an hour, and an edit waits hardly longer.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Final, Protocol

from ivs_operator.priority import NOT_AFTER

__all__ = ["CREATIONS", "RATES", "Bucket", "Limiter"]

RATES: Final[Mapping[str, float]] = {
    # Calls per second. Source: IVS and IVS Chat service quotas. Tag operations 10, configurations 3, all else 5.
    **dict.fromkeys(("TagResource", "UntagResource", "ListTagsForResource"), 10.0),
    **dict.fromkeys(
        (
            "CreateRecordingConfiguration",
            "GetRecordingConfiguration",
            "ListRecordingConfigurations",
            "DeleteRecordingConfiguration",
            "CreateLoggingConfiguration",
            "GetLoggingConfiguration",
            "ListLoggingConfigurations",
            "UpdateLoggingConfiguration",
            "DeleteLoggingConfiguration",
        ),
        3.0,
    ),
}
_OTHERS: Final = 5.0

CREATIONS: Final = 12
"""Objects of one kind, account and region that may be about to create: at 3 calls a second the last waits 4 seconds, of
the ten for which an intent lives."""

_RECOVERY: Final = 0.05  # share of the full rate that comes back per second without a throttle
_FLOOR: Final = 0.1  # share of the full rate that is never gone below
_SAFETY: Final = 0.98  # AWS's clock and ours differ; this keeps us below its rate in the long run
_SAVED: Final = 0.6
"""Seconds' worth of tokens that are saved up. AWS saves a second's: calls that leave a little apart may arrive
together, and the difference is how much later than the next one a call may arrive without being one too many."""

_TICK: Final = 0.001  # seconds slept at least: the clock, a float of seconds since 1970, does not tell much less apart

_SHARED: Final = 8
"""One token in so many is the background's while people's calls wait, too."""


class _Clock(Protocol):
    def now(self) -> float: ...


class Bucket:
    """One operation's tokens."""

    def __init__(self, rate: float, clock: _Clock) -> None:
        self._full = rate * _SAFETY
        self._rate = self._full
        self._clock = clock
        self._capacity = max(rate * _SAVED, 1.0)
        self._tokens = self._capacity
        self._at = clock.now()
        self._people: deque[asyncio.Future[None]] = deque()
        self._background: deque[asyncio.Future[None]] = deque()
        self._ahead = 0  # calls of people since the background last had its turn, or did not wait
        self._pump: asyncio.Task[None] | None = None

    @property
    def rate(self) -> float:
        """Tokens per second now."""
        return self._rate

    async def take(self, *, background: bool = False) -> None:
        """Wait for a token; seven calls of people go before one of the background, else the first comes first."""
        self._refill()
        if not self._people and not self._background and self._tokens >= 1:
            self._tokens -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        (self._background if background else self._people).append(turn)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._serve())
        await turn

    def throttled(self) -> None:
        """AWS refused a call for its rate."""
        self._refill()
        self._rate = max(self._rate / 2, self._full * _FLOOR)
        self._tokens = min(self._tokens, 0.0)

    async def _serve(self) -> None:
        while self._waiting():
            self._refill()
            if self._tokens < 1:
                await asyncio.sleep(max((1 - self._tokens) / self._rate, _TICK))
                continue
            self._tokens -= 1
            self._next().popleft().set_result(None)

    def _waiting(self) -> bool:
        """Whether anybody waits; cancelled ones take no token, and no turn from others."""
        for waiters in (self._people, self._background):
            while waiters and waiters[0].done():
                waiters.popleft()
        return bool(self._people or self._background)

    def _next(self) -> deque[asyncio.Future[None]]:
        """Who has the next turn, when somebody waits."""
        if self._people and (not self._background or self._ahead < _SHARED - 1):
            self._ahead = self._ahead + 1 if self._background else 0
            return self._people
        self._ahead = 0
        return self._background

    def _refill(self) -> None:
        now = self._clock.now()
        passed = max(now - self._at, 0.0)
        self._at = now
        self._tokens = min(self._tokens + passed * self._rate, self._capacity)
        self._rate = min(self._rate + passed * self._full * _RECOVERY, self._full)


class Limiter:
    """The buckets of one account and region, made as operations are first called."""

    def __init__(self, clock: _Clock) -> None:
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self.creations = asyncio.Semaphore(CREATIONS)
        """The places of those that are about to create: as few as the rate is, whoever's role leads there."""

    def bucket(self, operation: str) -> Bucket:
        """The bucket of one operation."""
        if operation not in self._buckets:
            self._buckets[operation] = Bucket(RATES.get(operation, _OTHERS), self._clock)
        return self._buckets[operation]

    async def take(self, operation: str, *, background: bool) -> bool:
        """Wait for a token. False once it is too late for the present task's call to leave: that takes no token."""
        not_after = NOT_AFTER.get()
        left = None if not_after is None else not_after - self._clock.now()
        if left is not None and left <= 0:
            return False
        try:
            async with asyncio.timeout(left):
                await self.bucket(operation).take(background=background)
        except TimeoutError:
            return False
        return not_after is None or self._clock.now() < not_after
