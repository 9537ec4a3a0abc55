"""Looks at destinations beside the reconciles: a distinct one is looked at once for all objects that name it.

Nobody waits for a look. A reconcile takes what is known at its moment; when a look brings something new, the objects
that it concerns are planned again. At rest a destination costs a few reads each interval, and no write.
"""

import asyncio
import heapq
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import structlog

from ivs_operator.clock import Clock
from ivs_operator.domain.destinations import Facts, Site
from ivs_operator.domain.destinations_verdict import judge
from ivs_operator.domain.failures import CallFailed
from ivs_operator.domain.identity import Key
from ivs_operator.priority import BACKGROUND

__all__ = ["AGAIN", "INTERVAL", "DestinationChecks"]

INTERVAL: Final = 600.0
"""Seconds between looks at a destination that is well: what people do to buckets they do seldom."""

AGAIN: Final = 60.0
"""Seconds until the next look while something is wrong, or AWS could not be asked: a remedy shows soon."""

_ESTABLISHED: Final = 60.0
"""Seconds of use after which AWS has set a destination up for sure: a policy that lacks it was changed since."""

_CROWD: Final = 100
"""Destinations at one service in one account and region beyond which the interval grows with their number, so that a
place costs ten looks a minute at most however many buckets it has."""

_PARALLEL: Final = 2  # looks at one service in one account and region; each makes up to five calls
_JITTER: Final = 0.1  # share of the interval by which looks are spread

log = structlog.get_logger(__name__)


class _Looker(Protocol):
    async def look(self, site: Site) -> Facts: ...


@dataclass(slots=True)
class _Entry:
    due: float
    keys: set[Key] = field(default_factory=set)
    facts: Facts | None = None
    read_at: float = 0.0
    used_since: float | None = None
    looking: bool = False
    trouble: str = ""


class DestinationChecks:
    """Run it as a task.

    `on_news` is told of objects that there is something new about, `on_mended` of those whose destination had something
    wrong with it and is well now.
    """

    def __init__(
        self,
        looker: _Looker,
        clock: Clock,
        *,
        interval: float = INTERVAL,
        active: Callable[[], bool],
        on_news: Callable[[Key], None],
        on_mended: Callable[[Key], None],
    ) -> None:
        self._looker = looker
        self._clock = clock
        self._interval = interval
        self._active = active
        self._on_news = on_news
        self._on_mended = on_mended
        self._entries: dict[Site, _Entry] = {}
        self._sites: dict[Key, Site] = {}
        self._crowds: Counter[tuple[str, ...]] = Counter()
        self._later: list[tuple[float, int, Site]] = []
        self._sequence = 0
        self._gates: dict[tuple[str, ...], asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    def facts(self, key: Key, site: Site, *, used: bool, told: bool, asked_at: float = 0.0) -> Facts | None:
        """What is known of the destination that `key` names now; None: nothing yet. Never a call: it takes note.

        `used`: an active AWS object uses it. `told`: the status speaks of it already, so that a look is not urgent.
        `asked_at`: when a person last asked for a look.
        """
        entry = self._entry(key, site, told=told)
        if used and entry.used_since is None:
            entry.used_since = self._clock.now()
        if asked_at > entry.read_at and entry.read_at and not entry.looking:
            self._due(site, asked_at)
        return entry.facts

    def forget(self, key: Key) -> None:
        """The object is gone, or nothing may be called for it."""
        site = self._sites.pop(key, None)
        if site is None:
            return
        entry = self._entries[site]
        entry.keys.discard(key)
        if not entry.keys:
            del self._entries[site]
            self._crowds[_place(site)] -= 1

    def forget_all(self) -> None:
        """Look at nothing before somebody asks again."""
        for key in tuple(self._sites):
            self.forget(key)

    async def run(self) -> None:
        """Look for ever, behind whatever a person waits for."""
        BACKGROUND.set(True)
        try:
            while True:
                self._changed.clear()
                await self._wait(self._begin())
        finally:
            for task in self._tasks:
                task.cancel()

    def _entry(self, key: Key, site: Site, *, told: bool) -> _Entry:
        known = self._sites.get(key)
        if known == site:
            return self._entries[site]
        self.forget(key)
        now = self._clock.now()
        if site not in self._entries:
            self._entries[site] = _Entry(due=math.inf)
            self._crowds[_place(site)] += 1
            self._due(site, now + self._jitter.random() * self._period(site) if told else now)
        elif not told and self._entries[site].facts is None:
            self._due(site, now)
        self._entries[site].keys.add(key)
        self._sites[key] = site
        return self._entries[site]

    def _period(self, site: Site) -> float:
        """Seconds between looks at a destination that is well."""
        return self._interval * max(1.0, self._crowds[_place(site)] / _CROWD)

    def _due(self, site: Site, at: float) -> None:
        entry = self._entries.get(site)
        if entry is None or at >= entry.due:
            return
        entry.due = at
        self._sequence += 1
        heapq.heappush(self._later, (at, self._sequence, site))
        if self._later[0][0] == at:
            self._changed.set()

    def _begin(self) -> float:
        """Begin the looks that are due; returns when the next one is."""
        now = self._clock.now()
        if not self._active():
            return now + 1.0
        while self._later and self._later[0][0] <= now:
            at, _, site = heapq.heappop(self._later)
            entry = self._entries.get(site)
            if entry is None or entry.due != at:
                continue  # a former time, or it is gone
            entry.due = math.inf
            if entry.looking:
                continue  # what this look finds serves for the wish that came meanwhile
            entry.looking = True
            task = asyncio.create_task(self._look(site, entry), name=f"look at {site.noun}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._later[0][0] if self._later else math.inf

    async def _wait(self, until: float) -> None:
        seconds = until - self._clock.now()
        try:
            await asyncio.wait_for(self._changed.wait(), None if seconds == math.inf else max(seconds, 0.0))
        except TimeoutError:
            return

    async def _look(self, site: Site, entry: _Entry) -> None:
        place = _place(site)
        used_since = entry.used_since
        again = min(AGAIN, self._interval)
        try:
            async with self._gates.setdefault(place, asyncio.Semaphore(_PARALLEL)):
                if self._entries.get(site) is not entry:
                    return  # nobody may ask, or wants to know, any more
                facts = await self._looker.look(site)
            now = self._clock.now()
            established = used_since is not None and now - used_since >= min(_ESTABLISHED, self._interval)
            # The second look comes anywhere in the interval, so that what began together does not stay together.
            spread = self._jitter.random() if entry.facts is None else 1 + self._jitter.uniform(-_JITTER, _JITTER)
            if self._learn(site, entry, replace(facts, in_use=established)):
                again = max(again, self._period(site) * spread)
        except CallFailed as error:
            self._say(site, entry, str(error))
        except Exception as error:  # noqa: BLE001 - an answer that nobody has thought of must not end the checks
            self._say(site, entry, f"{type(error).__name__}: {error}")
        finally:
            entry.looking = False
            if self._entries.get(site) is entry:
                self._due(site, self._clock.now() + again)

    def _learn(self, site: Site, entry: _Entry, facts: Facts) -> bool:
        """Take facts in, and tell whom they are news to. Whether the destination is well, or can't be judged."""
        before = judge(site, entry.facts) if entry.facts is not None else None
        first = entry.facts is None
        after = judge(site, facts)
        entry.facts, entry.read_at, entry.trouble = facts, self._clock.now(), ""
        mended = before is not None and not before.good and after is not None and after.good
        if mended:
            self._tell(entry.keys, self._on_mended)
        if first or before != after:
            self._tell(entry.keys, self._on_news)
        return after is None or after.good

    def _tell(self, keys: Iterable[Key], whom: Callable[[Key], None]) -> None:
        for key in sorted(keys):
            whom(key)

    def _say(self, site: Site, entry: _Entry, trouble: str) -> None:
        """Once per trouble, for whoever looks closely: a check that can't be made changes nothing."""
        if entry.trouble != trouble:
            log.debug("a destination could not be looked at", destination=site.noun, region=site.region, error=trouble)
        entry.trouble = trouble


def _place(site: Site) -> tuple[str, ...]:
    return (site.account, site.account_id, site.region, site.service)
