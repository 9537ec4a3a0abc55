"""Watches beside the reconciles whether chat logs arrive: one look per account and region for all objects there.

Like the checks of destinations: nobody waits for a look, and at rest there is no write.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from ivs_operator.clock import Clock
from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.failures import CallFailed
from ivs_operator.domain.identity import Key
from ivs_operator.domain.subject import Placement
from ivs_operator.priority import BACKGROUND

__all__ = ["INTERVAL", "DeliveryWatch"]

INTERVAL: Final = 300.0
"""Seconds between looks: the metrics are summed over as many."""

_QUIET: Final = 12
"""Looks that are left out after one that was refused: rights are given by people, seldom."""

_JITTER: Final = 0.1  # share of the interval by which looks are spread

log = structlog.get_logger(__name__)


class _Reader(Protocol):
    async def read(
        self, account_id: str, region: str, account: str, arns: Collection[str], now: float
    ) -> Mapping[str, DeliveryFacts] | None: ...


@dataclass(frozen=True, slots=True)
class _Place:
    account_id: str
    region: str
    account: str


class DeliveryWatch:
    """Run it as a task; `on_news` is told of objects that there is something new about."""

    def __init__(
        self,
        reader: _Reader,
        clock: Clock,
        *,
        interval: float = INTERVAL,
        active: Callable[[], bool],
        on_news: Callable[[Key], None],
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._interval = interval
        self._active = active
        self._on_news = on_news
        self._members: dict[Key, tuple[_Place, str]] = {}
        self._facts: dict[Key, DeliveryFacts] = {}
        self._quiet: dict[_Place, int] = {}
        self._trouble: dict[_Place, str] = {}
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    def facts(self, key: Key, placement: Placement, arn: str) -> DeliveryFacts | None:
        """What is known of the logging configuration `arn` of `key`; None: nothing yet. Never a call: it takes note."""
        member = (_Place(placement.account_id, placement.region, placement.account), arn)
        if self._members.get(key) != member:
            self._members[key] = member
            self._facts.pop(key, None)
        return self._facts.get(key)

    def forget(self, key: Key) -> None:
        """The object is gone, or nothing may be called for it."""
        self._members.pop(key, None)
        self._facts.pop(key, None)

    def forget_all(self) -> None:
        """Look at nothing before somebody asks again."""
        self._members.clear()
        self._facts.clear()

    async def run(self) -> None:
        """Look for ever, behind whatever a person waits for."""
        BACKGROUND.set(True)
        while True:
            await asyncio.sleep(self._interval * (1 + self._jitter.uniform(-_JITTER, _JITTER)))
            if self._active():
                await self.once()

    async def once(self) -> None:
        """One look at all places, side by side."""
        places: dict[_Place, dict[str, Key]] = {}
        for key, (place, arn) in self._members.items():
            places.setdefault(place, {})[arn] = key
        for table in (self._quiet, self._trouble):
            for place in table.keys() - places.keys():
                del table[place]
        async with asyncio.TaskGroup() as group:
            for place, members in places.items():
                group.create_task(self._look(place, members))

    async def _look(self, place: _Place, members: Mapping[str, Key]) -> None:
        if self._quiet.get(place, 0) > 0:
            self._quiet[place] -= 1
            return
        try:
            found = await self._reader.read(
                place.account_id, place.region, place.account, members.keys(), self._clock.now()
            )
        except CallFailed as error:
            self._say(place, str(error))
            return
        except Exception as error:  # noqa: BLE001 - an answer that nobody has thought of must not end the watch
            self._say(place, f"{type(error).__name__}: {error}")
            return
        if found is None:
            self._quiet[place] = _QUIET
            self._say(place, "they may not be read")
            found = dict.fromkeys(members, DeliveryFacts(readable=False))
        else:
            self._trouble.pop(place, None)
        for arn, key in members.items():
            self._learn(key, found[arn])

    def _learn(self, key: Key, facts: DeliveryFacts) -> None:
        before = self._facts.get(key)
        if key not in self._members or before == facts:
            return
        self._facts[key] = facts
        if before is not None or facts.failing or not facts.readable:  # no data yet is no news
            self._on_news(key)

    def _say(self, place: _Place, trouble: str) -> None:
        """Once per trouble, for whoever looks closely: metrics that can't be read change nothing."""
        if self._trouble.get(place) != trouble:
            log.debug("no delivery metrics", account=place.account_id, region=place.region, error=trouble)
        self._trouble[place] = trouble
