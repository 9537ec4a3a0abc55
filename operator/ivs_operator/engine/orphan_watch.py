"""Tells of orphans: a metric, and once for each a line in the log and an Event. Nothing is ever deleted here.

It looks at what the sweeps have listed anyway. Where nothing is swept any more, for the last custom resource there is
gone, and in the default region, it has a List made itself now and then.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Final, Protocol

import structlog

from ivs_operator import metrics
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import reference_of
from ivs_operator.domain.failures import CallFailed, NotWritten, PermitLost
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.orphans import Orphan, holders_of, orphans_among
from ivs_operator.domain.placement import Identity
from ivs_operator.engine.protocols import Resources
from ivs_operator.priority import BACKGROUND

__all__ = ["UNSWEPT", "OrphanWatch", "words"]

_LISTS: Final = 3
"""Lists in a row that must show an orphan: one may lag behind a delete by some seconds, even one that came later."""

_EVENTS: Final = 20
"""Events in one look at most: whoever sees so many looks at the inventory."""

UNSWEPT: Final = 600.0
"""Seconds between Lists where no sweep makes any: two calls in an account that has nothing of ours."""

log = structlog.get_logger(__name__)


class _Shown(Protocol):
    """One kind in one account and region, as Lists have shown it."""

    @property
    def listed_at(self) -> float: ...

    def listed(self) -> tuple[Configuration, ...]: ...

    async def refresh(self, newer_than: float) -> None: ...


class _Estate(Protocol):
    """Every place that was looked at, and the way to the default one."""

    def inventories(self) -> Iterable[tuple[str, _Shown]]:
        """Each with its region."""

    def within_reach(self) -> Iterable[tuple[str, _Shown]]: ...

    async def identity(self, kind: Kind) -> Identity: ...

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> _Shown: ...


class _Suspicion:
    """What the Lists of one place have shown in a row."""

    def __init__(self) -> None:
        self.at = 0.0
        self._times: dict[str, int] = {}

    def after(self, listed_at: float, found: Iterable[Orphan]) -> dict[str, int]:
        """By ARN, how many Lists in a row have shown an orphan, the one of `listed_at` included."""
        newer = listed_at > self.at
        self._times = {orphan.arn: self._times.get(orphan.arn, 0) + newer for orphan in found}
        self.at = listed_at
        return self._times


class OrphanWatch:
    """Run it as a task; `tell` posts the Event about one orphan."""

    def __init__(
        self,
        estate: _Estate,
        resources: Resources,
        cluster_id: str,
        *,
        namespaces: frozenset[str] | None,
        clock: Clock,
        interval: float,
        active: Callable[[], bool],
        tell: Callable[[Orphan], Awaitable[None]],
        serves: Callable[[str, Collection[str]], bool] = lambda *_: True,
    ) -> None:
        """`namespaces`: those whose custom resources are all in `resources`; None: every one.

        `serves` tells whether an AWSAccount may be used by one of some namespaces, or without any by anybody.
        """
        self._estate = estate
        self._clock = clock
        self._resources = resources
        self._cluster_id = cluster_id
        self._namespaces = namespaces
        self._interval = interval
        self._active = active
        self._tell = tell
        self._serves = serves
        self._suspicions: dict[_Shown, _Suspicion] = {}
        self._told: set[str] = set()

    async def run(self) -> None:
        """Look for ever, behind whatever a person waits for."""
        BACKGROUND.set(True)
        freshened = self._clock.now()
        while True:
            await asyncio.sleep(self._interval)
            if not self._active():
                continue
            if self._clock.now() - freshened >= UNSWEPT:
                freshened = self._clock.now()
                await self._freshen(freshened)
            await self.once()

    async def once(self) -> None:
        """One look at whatever was listed since the last one."""
        placed = tuple(self._estate.inventories())
        shown = tuple(part for _, part in placed)
        if all(part in self._suspicions and self._suspicions[part].at == part.listed_at for part in shown):
            return
        keyed = ((key, self._resources.get(key)) for key in self._resources.keys())  # noqa: SIM118 - a method of ours
        holders = holders_of((key, resource) for key, resource in keyed if resource is not None)
        self._suspicions = {part: self._suspicions.get(part, _Suspicion()) for part in shown}
        confirmed: dict[str, Orphan] = {}  # by ARN: several ways may lead into one account
        for part in shown:
            found = orphans_among(part.listed(), self._cluster_id, holders, namespaces=self._namespaces)
            times = self._suspicions[part].after(part.listed_at, found)
            confirmed.update((orphan.arn, orphan) for orphan in found if times[orphan.arn] >= _LISTS)
        numbers = Counter(orphan.region for orphan in confirmed.values())
        self._count({region: numbers[region] for region, part in placed if part.listed_at} | numbers)
        await self._announce(list(confirmed.values()))

    async def _freshen(self, now: float) -> None:
        """Have a List made where there was none lately. A place that can't be listed has nothing to tell.

        Where all who name an AWSAccount are refused, nothing is called: that is what their status says.
        """
        for kind in Kind:
            try:
                identity = await self._estate.identity(kind)
            except CallFailed as error:
                log.info("the default region is not looked at for orphans", reason=error.fault.message)
                break
            region = identity.default_region
            if identity.account_id is not None and region is not None and region in identity.regions:
                self._estate.region(kind, identity.account_id, region)
        users = self._users()
        stale = [
            part
            for account, part in self._estate.within_reach()
            if now - part.listed_at >= UNSWEPT / 2 and (not account or self._serves(account, users.get(account, ())))
        ]
        await asyncio.gather(*(part.refresh(now) for part in stale), return_exceptions=True)

    def _users(self) -> dict[str, set[str]]:
        """Namespaces of those who name an AWSAccount, by its name."""
        found: dict[str, set[str]] = {}
        for key in self._resources.keys():  # noqa: SIM118 - a method of ours
            account = reference_of(self._resources.get(key) or {})
            if account is not None:
                found.setdefault(account, set()).add(key.namespace)
        return found

    def _count(self, counts: Mapping[str, int]) -> None:
        """A region where nothing is amiss tells that by a zero."""
        metrics.ORPHANS.clear()
        for region, number in counts.items():
            metrics.ORPHANS.labels(region=region).set(number)

    async def _announce(self, confirmed: list[Orphan]) -> None:
        """Each once; one that is no orphan any more may become one again."""
        self._told &= {orphan.arn for orphan in confirmed}
        fresh = [orphan for orphan in confirmed if orphan.arn not in self._told]
        for number, orphan in enumerate(fresh):
            self._told.add(orphan.arn)
            log.warning("orphan at AWS; nothing is deleted", arn=orphan.arn, region=orphan.region, cause=orphan.cause)
            if number >= _EVENTS:
                continue
            try:
                await self._tell(orphan)
            except PermitLost:
                return
            except NotWritten as error:  # its namespace may be gone; the log and the metric say the same
                log.info("event not posted", arn=orphan.arn, error=str(error))


def words(orphan: Orphan) -> str:
    """What the Event says."""
    return (
        f"{orphan.arn} carries the owner tag of {orphan.key.namespace}/{orphan.key.name}, but {orphan.cause}; nothing "
        f"is deleted by itself: ivs-operator cleanup --orphans shows what can be done"
    )
