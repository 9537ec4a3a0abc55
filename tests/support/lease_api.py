"""Leases in memory with an API server's manners: versions, conflicts, a watch; and a network that loses both ways."""

import asyncio
import copy
import random
from collections.abc import Mapping
from typing import Any

from ivs_operator.kube.errors import Conflict, Gone, Unreachable

__all__ = ["LeaseStore", "Line"]


class LeaseStore:
    """What the API server has."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.writes = 0
        self._version = 0
        self._changed = asyncio.Event()

    def put(self, lease: Mapping[str, Any] | None) -> dict[str, Any]:
        """Write or delete, whoever asks."""
        self._version += 1
        self.lease = None
        if lease is not None:
            self.lease = copy.deepcopy(dict(lease))
            self.lease["metadata"]["resourceVersion"] = str(self._version)
        self._changed.set()
        self._changed = asyncio.Event()
        return copy.deepcopy(self.lease) if self.lease is not None else {}

    def edit(self, **spec: Any) -> None:
        """`kubectl edit`, if there is anything to edit."""
        if self.lease is not None:
            self.put({**self.lease, "spec": {**self.lease["spec"], **spec}})

    @property
    def version(self) -> str | None:
        """The present version, None without a Lease."""
        return self.lease["metadata"]["resourceVersion"] if self.lease is not None else None

    async def wait_change(self) -> None:
        """Return at the next change."""
        await self._changed.wait()


class Line:
    """One candidate's connection: `ivs_operator.kube.lease.Leases` over a store, with faults."""

    def __init__(self, store: LeaseStore, dice: random.Random | None = None) -> None:
        self._store = store
        self._dice = dice or random.Random(0)
        self.cut = False
        self.latency = 0.0
        """Seconds at most, each way."""
        self.loss = 0.0
        """Share of the requests that get lost, half of them after they were carried out."""

    async def get(self, namespace: str, name: str) -> dict[str, Any]:
        """The Lease."""
        return await self._exchange(self._get)

    async def create(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Make the Lease."""
        return await self._exchange(lambda: self._create(lease))

    async def replace(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Write the Lease."""
        return await self._exchange(lambda: self._replace(lease))

    async def changed(self, namespace: str, name: str, version: str, seconds: float) -> bool:
        """Wait for a change."""
        if self.cut:
            raise Unreachable("cut")
        while self._store.version == version:
            await self._store.wait_change()
        await asyncio.sleep(self._dice.uniform(0, self.latency))
        return True

    def _get(self) -> dict[str, Any]:
        if self._store.lease is None:
            raise Gone("no lease")
        return copy.deepcopy(self._store.lease)

    def _create(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        if self._store.lease is not None:
            raise Conflict("exists")
        self._store.writes += 1
        return self._store.put(lease)

    def _replace(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        if self._store.lease is None:
            raise Gone("no lease")
        if lease["metadata"].get("resourceVersion") != self._store.version:
            raise Conflict("changed")
        self._store.writes += 1
        return self._store.put(lease)

    async def _exchange(self, serve: Any) -> dict[str, Any]:
        lost = self._dice.random() < self.loss
        await asyncio.sleep(self._dice.uniform(0, self.latency))
        if self.cut or (lost and self._dice.random() < 0.5):
            await self._silence()
        answer: dict[str, Any] = serve()
        if lost:
            await self._silence()
        await asyncio.sleep(self._dice.uniform(0, self.latency))
        return answer

    async def _silence(self) -> None:
        """Half of what is lost ends in an error, half in nothing."""
        if self._dice.random() < 0.5:
            await asyncio.sleep(3600)
        raise Unreachable("lost")
