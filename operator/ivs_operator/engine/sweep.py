"""The periodic look at everything: a few shared Lists, then every object is planned against them, purely.

Only objects with something to do, or something new to say, enter the queue. At rest that is none: no call per object
and no write at all.

Each account, and in it each kind and region, is swept by a task of its own that nobody waits for: one that hangs, or
has ten thousand rooms to read, is left out of the next rounds until it is through, and delays no other.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import structlog

from ivs_operator import metrics
from ivs_operator.api.reasons import Reason
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import reference_of
from ivs_operator.domain.failures import CallFailed, Fault, NotWritten, PermitLost
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.report import status_of
from ivs_operator.domain.subject import Situation
from ivs_operator.engine.protocols import Estate, Resources
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.engine.reconciler import Reconciler
from ivs_operator.engine.status_writer import merge_patch
from ivs_operator.priority import BACKGROUND

__all__ = ["Place", "Sweep"]

_JITTER = 0.1  # share of the interval by which sweeps are spread, so that many operators do not call in step
_SLICE = 50  # objects planned before others on the event loop get their turn

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """One kind in one account and region, reached by the role of an AWSAccount if one is named."""

    kind: Kind
    account_id: str
    region: str
    account: str = ""


class Sweep:
    """Sweeps every place that some object lives in."""

    def __init__(
        self,
        *,
        reconciler: Reconciler,
        estate: Estate,
        resources: Resources,
        queue: WorkQueue,
        clock: Clock,
        interval: float,
        active: Callable[[], bool],
    ) -> None:
        self._reconciler = reconciler
        self._estate = estate
        self._resources = resources
        self._queue = queue
        self._clock = clock
        self._interval = interval
        self._active = active
        self._swept_at: dict[Place, float] = {}
        self._told: dict[Place, str] = {}
        self._running: dict[Place | str, asyncio.Task[None]] = {}
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    async def run(self) -> None:
        """Sweep for ever, behind whatever a person waits for."""
        BACKGROUND.set(True)
        try:
            while True:
                await asyncio.sleep(self._interval * (1 + self._jitter.uniform(-_JITTER, _JITTER)))
                if self._active():
                    self._begin()
                    self._measure()
        finally:
            for task in self._running.values():
                task.cancel()

    async def once(self) -> None:
        """One sweep of everything, waited for."""
        self._begin()
        while self._running:
            await asyncio.gather(*self._running.values())
        self._measure()

    def _begin(self) -> None:
        """Start a sweep of each account whose places the last one has told already."""
        accounts: dict[str, list[Key]] = {}
        for key in self._resources.keys():  # noqa: SIM118 - a method of ours, no dict
            account = reference_of(self._resources.get(key) or {}) or ""
            accounts.setdefault(account, []).append(key)
        for account, keys in accounts.items():
            self._spawn(account, self._sweep_account(account, keys))
        for place in [place for place in self._swept_at if place.account not in accounts]:
            del self._swept_at[place]

    def _spawn(self, what: Place | str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work`, unless that of the last time still runs."""
        if what in self._running:
            work.close()
            return
        self._running[what] = asyncio.get_running_loop().create_task(self._alone(what, work))

    async def _alone(self, what: Place | str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PermitLost:
            return  # another process leads by now, or this one stops
        except Exception:  # one bad account must not end the sweeps of the others
            log.exception("a sweep has failed; it is tried again", of=str(what))
        finally:
            del self._running[what]

    async def _sweep_account(self, account: str, keys: list[Key]) -> None:
        found = await self._places(keys)
        self._leave(account, {*found, *self._recorded(account, keys)})
        for place, members in found.items():
            self._spawn(place, self._sweep(place, members))

    def _recorded(self, account: str, keys: list[Key]) -> Iterator[Place]:
        """Where objects say that they live: the account may be out of reach at the moment."""
        for key in keys:
            status = (self._resources.get(key) or {}).get("status") or {}
            yield Place(key.kind, str(status.get("accountID")), str(status.get("region")), account)

    def _leave(self, account: str, inhabited: AbstractSet[Place]) -> None:
        """Forget where no object lives any more: it is not swept, and its view would seem to grow old."""
        for place in tuple(self._swept_at):
            if place.account == account and place not in inhabited:
                del self._swept_at[place]

    def _measure(self) -> None:
        self._count()
        ages: dict[tuple[str, str], float] = {}
        for place, at in self._swept_at.items():
            where = place.account_id, place.region
            ages[where] = max(ages.get(where, 0.0), self._clock.now() - at)
        metrics.SWEEP_AGE.clear()
        for (account_id, region), age in ages.items():
            metrics.SWEEP_AGE.labels(account=account_id, region=region).set(age)

    def _count(self) -> None:
        """How many objects are in which of AWS's states, for the metric."""
        states: Counter[tuple[str, str]] = Counter()
        for key in self._resources.keys():  # noqa: SIM118 - a method of ours, no dict
            resource = self._resources.get(key) or {}
            states[str(key.kind), str((resource.get("status") or {}).get("state") or "none")] += 1
        metrics.RESOURCES.clear()
        for (kind, state), number in states.items():
            metrics.RESOURCES.labels(kind=kind, state=state).set(number)

    async def _places(self, keys: list[Key]) -> dict[Place, list[tuple[Key, Situation]]]:
        found: dict[Place, list[tuple[Key, Situation]]] = {}
        for number, key in enumerate(keys):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            resource = self._resources.get(key)
            try:
                looked = await self._reconciler.situate(key, resource) if resource is not None else None
            except NotWritten:
                continue  # its AWSAccount can't be kept; the queue has it, and says so
            if looked is None:
                continue
            if looked[1] is None:
                await self._consider(key)  # no place of its own to be swept with: its status may have been edited
                continue
            situation, at = looked[0], looked[0].placement
            found.setdefault(Place(key.kind, at.account_id, at.region, at.account), []).append((key, situation))
        return found

    async def _sweep(self, place: Place, members: list[tuple[Key, Situation]]) -> None:
        started = self._clock.now()
        self._swept_at.setdefault(place, started)  # where no sweep has succeeded yet, the view is as old as the first
        try:
            region = self._estate.region(place.kind, place.account_id, place.region, place.account)
            await region.sweep(consumers=any(map(_needs_consumers, members)), streams=any(map(_waits_live, members)))
        except CallFailed as error:
            # What was read before the failure counts: rooms that can't be listed must not hide a deleted object.
            self._failed(place, error.fault)
        else:
            self._swept_at[place] = started
            self._told.pop(place, None)
        metrics.SWEEP_SECONDS.observe(self._clock.now() - started)
        for number, (key, _) in enumerate(members):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            await self._consider(key)

    def _failed(self, place: Place, fault: Fault) -> None:
        """Say it once, and again only when it is something else: a refusal may last for days."""
        if self._told.get(place) == fault.message:
            return
        self._told[place] = fault.message
        log.warning(
            "sweep failed; objects keep their state",
            account=place.account_id,
            region=place.region,
            kind=str(place.kind),
            reason=str(fault.reason),
            error=fault.message,
        )

    async def _consider(self, key: Key) -> None:
        """Queue a key if its plan has something to do or its status something new to say."""
        resource = self._resources.get(key)
        try:
            step = await self._reconciler.look(key, resource) if resource is not None else None
        except NotWritten:
            return
        if resource is None or step is None:
            return
        if step.plan.actions or merge_patch(resource.get("status") or {}, status_of(step.situation, step.plan)):
            self._queue.add(key, Lane.BACKGROUND)


def _needs_consumers(member: tuple[Key, Situation]) -> bool:
    subject = member[1].subject
    selects = bool(subject.recorded.ledger.selectors or (subject.desired is not None and subject.desired.selectors))
    return selects or subject.deleting


def _waits_live(member: tuple[Key, Situation]) -> bool:
    """Whether an object waits for a stream to end."""
    key, situation = member
    if key.kind is not Kind.RECORDING:
        return False
    problems = (situation.subject.recorded.raw.get("associations") or {}).get("problems") or ()
    waits = any(isinstance(item, dict) and item.get("reason") == Reason.CHANNEL_LIVE for item in problems)
    return waits or any(f.fault.reason is Reason.CHANNEL_LIVE for f in situation.memory.failures.values())
