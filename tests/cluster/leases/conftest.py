"""Candidates in this process, with the client that the operator uses, on a real API server."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import pytest

from ivs_operator.clock import steady
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import connect
from ivs_operator.kube.election import Candidacy
from ivs_operator.kube.lease import Elector
from ivs_operator.kube.leases import LeaseClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

NAME = "ivs-operator"
_T = TypeVar("_T")


@dataclass
class Candidate:
    """One elector, and when it began and ceased to lead."""

    elector: Elector
    client: KubernetesClient
    log: list[tuple[str, float]]
    task: asyncio.Task[None] = field(init=False)

    @property
    def name(self) -> str:
        return self.elector.candidacy.identity

    def held(self) -> bool:
        return self.elector.held()

    def start(self) -> None:
        self.task = asyncio.create_task(self.elector.run())

    async def kill(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def stop(self) -> None:
        await self.kill()
        await self.elector.release()


class Field:
    """All candidates of a test."""

    def __init__(self, kubeconfig: Path, namespace: str, duration: float) -> None:
        self.kubeconfig = kubeconfig
        self.namespace = namespace
        self.duration = duration
        self.candidates: list[Candidate] = []

    async def join(self, name: str, *, kubeconfig: Path | None = None) -> Candidate:
        """A candidate that begins at once."""
        client = KubernetesClient(await connect({"KUBECONFIG": str(kubeconfig or self.kubeconfig)}))
        log: list[tuple[str, float]] = []
        elector = Elector(
            LeaseClient(client),
            Candidacy(name, self.namespace, NAME, self.duration),
            now=steady,
            on_acquired=lambda: log.append(("acquired", time.monotonic())),
            on_lost=lambda: log.append(("lost", time.monotonic())),
        )
        self.candidates.append(Candidate(elector, client, log))
        self.candidates[-1].start()
        return self.candidates[-1]

    def leaders(self) -> list[Candidate]:
        """Who leads; never two."""
        found = [one for one in self.candidates if not one.task.done() and one.held()]
        assert len(found) <= 1, [one.name for one in found]
        return found

    async def leader(self, *others: Candidate, within: float = 60.0) -> Candidate:
        """The leader, as soon as there is one other than these."""
        return await self.until(
            lambda: next((one for one in self.leaders() if one not in others), None), "somebody leads", within=within
        )

    async def until(self, look: Callable[[], _T | None], what: str, *, within: float = 60.0) -> _T:
        """The first answer of `look` that is not None or False; meanwhile never two leaders."""
        ends = time.monotonic() + within
        while True:
            self.leaders()
            answer = look()
            if answer is not None and answer is not False:
                return answer
            assert time.monotonic() < ends, f"not within {within} s: {what}; {[one.log for one in self.candidates]}"
            await asyncio.sleep(0.01)


@pytest.fixture
async def make_field() -> AsyncIterator[Callable[[Path, str, float], Field]]:
    """`(kubeconfig, namespace, duration) -> field`."""
    fields: list[Field] = []

    def make(kubeconfig: Path, namespace: str, duration: float) -> Field:
        fields.append(Field(kubeconfig, namespace, duration))
        return fields[-1]

    yield make
    for candidate in (one for made in fields for one in made.candidates):
        await candidate.kill()
        await candidate.client.close()
    await asyncio.sleep(0.25)  # TLS connections that were cut end a moment after their client, and tell nobody
