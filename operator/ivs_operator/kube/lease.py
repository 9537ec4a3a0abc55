"""Leader election on one Lease of coordination.k8s.io/v1: at most one process of a release begins work on AWS.

What is guaranteed, with the default duration of 15 s:

* No AWS write *begins* (its HTTP request is not handed to the connection) later than 10 s, two thirds of the duration,
  after the last renewal that succeeded was *sent*. Nobody else takes the Lease sooner than 15 s after that renewal was
  written. So for at least 5 s before another process can begin, this one begins nothing. That holds with wrong clocks,
  with the API server away, and when the process is frozen and thawed, since the question is asked by the clock and at
  the last moment, not by an event that could come late. The clock counts the time that the machine sleeps; the time for
  which a hypervisor stops a whole virtual machine no guest can count.
* A write that has *left* can't be called back. One that is still under way 5 s later, because AWS is slow, may take
  effect while another process works. What that may do is bounded by the rest of the design: a Create is on record in
  status before it leaves and is waited for (create-grace) before anybody creates again; updates, tags and deletes mean
  the same whoever sends them; a room is read again after it was written, and by every sweep.
* Kubernetes is written to only while the Lease is held, and always with the resource version that was read.
* A process that has lost the Lease does not compete for it before its last piece of work has ended.
* Whoever has the Lease, but did not hold it a moment before, asks whether another installation works on the same
  objects (`kube.neighbours`), and lets go if so.

Hand-over: at once when the holder lets go (candidates watch the Lease), within its duration when the holder dies.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any, Final, Protocol

import structlog

from ivs_operator.kube.election import (
    Candidacy,
    Lease,
    Sighting,
    Wait,
    decide,
    lease_from,
    released,
    sight,
    taken,
)
from ivs_operator.kube.errors import Conflict, Forbidden, Gone, KubeError

__all__ = ["Elector", "Leases"]

log = structlog.get_logger(__name__)


class Leases(Protocol):
    """The calls that an election needs. Every method raises `KubeError`."""

    async def get(self, namespace: str, name: str) -> dict[str, Any]:
        """The Lease; `Gone` when there is none."""

    async def create(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Make the Lease; `Conflict` when there is one, `Gone` when its namespace is missing."""

    async def replace(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Write the Lease; `Conflict` when it has changed since it was read, `Gone` when it was deleted."""

    async def changed(self, namespace: str, name: str, version: str, seconds: float) -> bool:
        """Return when the Lease is no longer as in `version`, or after `seconds`."""


_CLAIM: Final = 2.0
"""Intervals that a claim may take: four calls, where a renewal is one. Were it never finished because the API server is
slow, the Lease would name one who does not lead."""


async def _nobody() -> str | None:
    return None


class _Pause(Enum):
    """How long to wait until the next look."""

    USUAL = auto()
    SOON = auto()
    LATER = auto()
    ASIDE = auto()


class Elector:
    """One candidate. `run` it as a task; ask `held` before every piece of work."""

    def __init__(
        self,
        leases: Leases,
        candidacy: Candidacy,
        *,
        now: Callable[[], float],
        on_acquired: Callable[[], None],
        on_lost: Callable[[], None],
        eligible: Callable[[], bool] = lambda: True,
        rival: Callable[[], Awaitable[str | None]] = _nobody,
        jitter: random.Random | None = None,
    ) -> None:
        self.candidacy = candidacy
        self._leases = leases
        self._now = now
        self._on_acquired = on_acquired
        self._on_lost = on_lost
        self._eligible = eligible
        self._rival = rival
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads calls, guards nothing
        self._sighting: Sighting | None = None
        self._held_until = -math.inf
        self._certain = False  # whether the sighting is our own last write, so that it needs no reading
        self._claimed = False  # whether the Lease may name us
        self._leading = False
        self._trouble: str | None = None
        self.rival: str | None = None
        """Who works on the same objects under another Lease, so that this one is not taken."""

    def held(self) -> bool:
        """Whether the Lease is surely ours at this moment."""
        return self._now() < self._held_until

    @property
    def holder(self) -> str:
        """Who holds the Lease, as last seen; empty for nobody."""
        lease = self._sighting.lease if self._sighting is not None else None
        return lease.holder if lease is not None else ""

    @property
    def trouble(self) -> str | None:
        """Why this process could not take the Lease even if it were free; None when it could."""
        return self._trouble

    async def run(self) -> None:
        """Compete, lead, and compete again, for ever."""
        while True:
            began = self._now()
            self._announce()
            pause = await self._turn()
            self._announce()
            await self._rest(began, pause)

    async def release(self) -> None:
        """Let go of the Lease, so that others need not wait. Call it when `run` has ended and no work is left."""
        self._held_until = -math.inf
        self._announce()
        if not self._claimed:
            return
        try:
            async with asyncio.timeout(self.candidacy.interval):
                await self._give_up()
        except (KubeError, TimeoutError) as error:
            log.warning("lease not released; others wait until it expires", lease=self._name, error=str(error))

    async def _give_up(self) -> None:
        lease = self._sighting.lease if self._sighting is not None and self._certain else None
        if lease is not None:
            with suppress(Conflict, Gone):  # somebody edits it: then as it is now
                await self._leases.replace(released(lease, self.candidacy, _time()))
                log.info("lease released", lease=self._name)
                return
        try:
            lease = lease_from(await self._leases.get(self.candidacy.namespace, self.candidacy.name))
        except Gone:
            return
        if lease.holder == self.candidacy.identity:
            await self._leases.replace(released(lease, self.candidacy, _time()))
            log.info("lease released", lease=self._name)

    async def _turn(self) -> _Pause:
        """Look and act once."""
        limit = _CLAIM * self.candidacy.interval
        if self._leading:
            limit = min(self.candidacy.interval, self._held_until - self._now())  # the loss must not be noticed late
        try:
            async with asyncio.timeout(limit):
                await self._look_and_act()
        except Conflict:  # somebody was faster
            self._certain = False
            return _Pause.SOON
        except (KubeError, TimeoutError) as error:
            self._certain = False
            self._say(error)
            return _Pause.SOON if self._leading else _Pause.LATER
        if self._trouble is not None:
            self._trouble = None
            log.info("leader election works again", lease=self._name)
        return _Pause.USUAL if self.rival is None else _Pause.ASIDE

    async def _look_and_act(self) -> None:
        sighting = self._sighting
        if sighting is None or not self._certain:
            sighting = self._sighting = await self._look()
        decision = decide(sighting, self.candidacy.identity, self._now(), leading=self._leading)
        if isinstance(decision, Wait):  # the Lease names somebody else
            self._held_until = -math.inf
            self._claimed = False
            self.rival = None
            return
        if not self._leading and await self._is_taken_elsewhere():
            return
        if self._leading or self._eligible():
            await self._write(sighting.lease)

    async def _look(self) -> Sighting:
        lease = None
        with suppress(Gone):
            lease = lease_from(await self._leases.get(self.candidacy.namespace, self.candidacy.name))
        return sight(self._sighting, lease, self._now(), duration=self.candidacy.duration)

    async def _write(self, lease: Lease | None) -> None:
        sent, held = self._now(), self.held()
        body = taken(lease, self.candidacy, math.ceil(self.candidacy.duration), _time())
        self._claimed = True
        self._certain = False  # until the answer is here
        written = lease_from(await (self._leases.create(body) if lease is None else self._replace(body)))
        self._sighting = sight(self._sighting, written, self._now(), duration=self.candidacy.duration)
        self._certain = True
        if held or not await self._is_taken_elsewhere():
            self._held_until = sent + self.candidacy.tenure

    async def _is_taken_elsewhere(self) -> bool:
        """Whether another installation works on the same objects; if so, our Lease does not name us any more."""
        self.rival = await self._rival()
        if self.rival is None:
            return False
        if self._claimed:
            await self._give_up()
            self._claimed = self._certain = False
        return True

    async def _replace(self, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return await self._leases.replace(body)
        except Gone as error:
            raise Conflict(f"the lease was deleted: {error}") from error

    async def _rest(self, began: float, pause: _Pause) -> None:
        """Until the next look. Candidates wake up when the Lease changes, and when it becomes free."""
        interval = self.candidacy.interval * self._jitter.uniform(0.8, 1.0)
        sighting = self._sighting
        free_in = sighting.free_at - self._now() if sighting is not None else 0.0
        if self._leading:
            seconds = interval if pause is _Pause.USUAL else self.candidacy.breath * self._jitter.uniform(1, 5)
            await asyncio.sleep(max(min(seconds, self._held_until - self._now()), 0.0))
        elif pause is _Pause.LATER:
            await asyncio.sleep(interval)
        elif pause is _Pause.ASIDE:  # at random, so that two that claimed at the same time do not do so again
            await asyncio.sleep(interval * self._jitter.uniform(1, 3))
        elif pause is _Pause.USUAL and free_in > 0 and sighting is not None and sighting.lease is not None:
            await self._watch(sighting.lease.version, min(interval, free_in))
        elif pause is _Pause.USUAL:
            await asyncio.sleep(interval / 3)
        breath = self.candidacy.breath * self._jitter.uniform(0.5, 1.5)  # not all candidates at the same moment
        await asyncio.sleep(max(began + breath - self._now(), 0.0))

    async def _watch(self, version: str, seconds: float) -> None:
        """The watch only saves time: without it the Lease is looked at often enough."""
        ends = self._now() + seconds
        try:
            async with asyncio.timeout(seconds):
                await self._leases.changed(self.candidacy.namespace, self.candidacy.name, version, seconds)
        except (KubeError, TimeoutError):
            await asyncio.sleep(max(min(ends - self._now(), self.candidacy.interval / 3), 0.0))

    def _announce(self) -> None:
        held = self.held()
        if held == self._leading:
            return
        self._leading = held
        if held:
            log.info("leading", lease=self._name, identity=self.candidacy.identity)
            self._on_acquired()
        else:
            log.info("not leading any more", lease=self._name, holder=self.holder)
            self._on_lost()

    def _say(self, error: Exception) -> None:
        trouble = self._explain(error)
        if trouble != self._trouble:
            log.warning("leader election", lease=self._name, error=trouble)
        self._trouble = trouble

    def _explain(self, error: Exception) -> str:
        namespace = self.candidacy.namespace
        if isinstance(error, Forbidden):
            remedy = f"allow get, create, update and watch of leases (coordination.k8s.io) in namespace {namespace}"
            return f"{error}; {remedy}, or set --lease-namespace or --leader-elect=off"
        if isinstance(error, Gone):
            return f"{error}; make namespace {namespace}, or set --lease-namespace"
        if isinstance(error, TimeoutError):
            return f"the Kubernetes API did not answer within {self.candidacy.interval:g} s"
        return str(error)

    @property
    def _name(self) -> str:
        return f"{self.candidacy.namespace}/{self.candidacy.name}"


def _time() -> str:
    """The wall clock as a MicroTime. People read it; nothing is decided by it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
