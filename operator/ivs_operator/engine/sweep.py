"""The periodic look at everything: a few shared Lists, then every object is planned against them, purely.

Only objects with something to do, or something new to say, enter the queue. At rest that is none: no call per object
and no write at all.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ivs_operator import metrics
from ivs_operator.api.reasons import Reason
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault
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
    """One kind in one account and region."""

    kind: Kind
    account_id: str
    region: str


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
        self._jitter = random.Random()  # noqa: S311 - spreads calls, guards nothing

    async def run(self) -> None:
        """Sweep for ever, behind whatever a person waits for."""
        BACKGROUND.set(True)
        while True:
            await asyncio.sleep(self._interval * (1 + self._jitter.uniform(-_JITTER, _JITTER)))
            if self._active():
                await self.once()

    async def once(self) -> None:
        """One sweep of all places, side by side: a slow one must not hold up the others."""
        places = await self._places()
        async with asyncio.TaskGroup() as group:
            for place, keys in places.items():
                group.create_task(self._sweep(place, keys))
        self._count()
        for place, at in self._swept_at.items():
            metrics.SWEEP_AGE.labels(account=place.account_id, region=place.region).set(self._clock.now() - at)

    def _count(self) -> None:
        """How many objects are in which of AWS's states, for the metric."""
        states: Counter[tuple[str, str]] = Counter()
        for key in self._resources.keys():  # noqa: SIM118 - a method of ours, no dict
            resource = self._resources.get(key) or {}
            states[str(key.kind), str((resource.get("status") or {}).get("state") or "none")] += 1
        metrics.RESOURCES.clear()
        for (kind, state), number in states.items():
            metrics.RESOURCES.labels(kind=kind, state=state).set(number)

    async def _places(self) -> dict[Place, list[tuple[Key, Situation]]]:
        found: dict[Place, list[tuple[Key, Situation]]] = {}
        for number, key in enumerate(self._resources.keys()):
            if number % _SLICE == 0:
                await asyncio.sleep(0)
            resource = self._resources.get(key)
            looked = await self._reconciler.situate(key, resource) if resource is not None else None
            if looked is None or looked[1] is None:
                continue
            situation = looked[0]
            place = Place(key.kind, situation.placement.account_id, situation.placement.region)
            found.setdefault(place, []).append((key, situation))
        return found

    async def _sweep(self, place: Place, members: list[tuple[Key, Situation]]) -> None:
        started = self._clock.now()
        region = self._estate.region(place.kind, place.account_id, place.region)
        try:
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
        step = await self._reconciler.look(key, resource) if resource is not None else None
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
