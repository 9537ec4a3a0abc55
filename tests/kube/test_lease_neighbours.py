"""Installations in several namespaces that watch the same objects: never do two work at once, and one does."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from ivs_operator.kube.election import Candidacy
from ivs_operator.kube.errors import Forbidden
from ivs_operator.kube.lease import Elector
from ivs_operator.kube.neighbours import LABELS, WATCHES, Neighbours
from ivs_operator.kube.watched import Watched
from support.lease_api import LeaseStore, Line
from support.virtual_time import in_virtual_time, run

DURATION = 15.0
ALL = Watched((), "")


class Everywhere(Line):
    """A line that can list the leases of all installations, unless it is not allowed to."""

    def __init__(self, cluster: "Cluster", store: LeaseStore) -> None:
        super().__init__(store, cluster.dice)
        self._cluster = cluster
        self.allowed = True

    async def everywhere(self, selector: str) -> list[dict[str, Any]]:
        if not self.allowed:
            raise Forbidden("leases is forbidden")
        answer = await self._exchange(lambda: {"items": [s.lease for s in self._cluster.stores.values() if s.lease]})
        return [item for item in answer["items"] if item["metadata"]["labels"].items() >= LABELS.items()]


class Process:
    """One replica of one installation."""

    def __init__(self, cluster: "Cluster", namespace: str, watched: Watched, number: int) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.watched = watched
        self.name = f"{namespace}-{number}"
        self.line = Everywhere(cluster, cluster.stores.setdefault(namespace, LeaseStore()))
        self.frozen = False
        labels, annotations = LABELS, {WATCHES: watched.told()}
        mine = Candidacy(self.name, namespace, "ivs-operator", DURATION, labels, annotations)
        self.neighbours = Neighbours(self.line, mine, watched, now=self._now)
        self.elector = Elector(
            self.line,
            mine,
            now=self._now,
            on_acquired=lambda: cluster.led.append(self.name),
            on_lost=lambda: None,
            rival=self.neighbours.at_work,
            jitter=random.Random(cluster.dice.random()),
        )
        self.task = asyncio.create_task(self.elector.run())

    @property
    def leads(self) -> bool:
        return bool(self.cluster.led) and self.elector.held()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def kill(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def stop(self) -> None:
        await self.kill()
        await self.elector.release()


class Cluster:
    """Installations by namespace."""

    def __init__(self, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.stores: dict[str, LeaseStore] = {}
        self.processes: list[Process] = []
        self.led: list[str] = []
        self._born = 0

    def install(self, namespace: str, watched: Watched = ALL) -> Process:
        self._born += 1
        self.processes.append(Process(self, namespace, watched, self._born))
        return self.processes[-1]

    async def gone(self, process: Process, *, politely: bool) -> None:
        await (process.stop() if politely else process.kill())
        self.processes.remove(process)

    def leaders(self) -> list[Process]:
        found = [process for process in self.processes if process.leads]
        for one in found:
            others = [other.name for other in found if other is not one and other.watched.overlaps(one.watched)]
            assert not others, f"{one.name} and {others} work on the same objects"
        return found

    async def until(self, test: Callable[[], object], seconds: float) -> None:
        ends = asyncio.get_running_loop().time() + seconds
        while not (self.leaders() is not None and test()):
            assert asyncio.get_running_loop().time() < ends, f"not within {seconds} s; led: {self.led}"
            await asyncio.sleep(0.02)

    async def watch(self, seconds: float) -> None:
        for _ in range(int(seconds / 0.1)):
            self.leaders()
            await asyncio.sleep(0.1)

    async def end(self) -> None:
        for process in self.processes:
            await process.kill()


@in_virtual_time
async def test_the_second_installation_stands_by_and_says_whom_for() -> None:
    cluster = Cluster()
    first = cluster.install("video")
    await cluster.until(lambda: first.leads, 2)
    second = cluster.install("chat", Watched(("live",), ""))
    await cluster.watch(300)
    assert cluster.leaders() == [first]
    assert second.elector.rival == f"{first.name} (lease video/ivs-operator)"
    assert second.elector.trouble is None, "standing by is no trouble"
    await cluster.end()


@in_virtual_time
async def test_it_begins_soon_after_the_first_is_uninstalled_and_in_time_after_it_died() -> None:
    cluster = Cluster()
    first = cluster.install("video")
    await cluster.until(lambda: first.leads, 2)
    second = cluster.install("chat")
    await cluster.watch(30)
    await cluster.gone(first, politely=True)
    await cluster.until(lambda: second.leads, 3 * DURATION / 5 + 1)
    third = cluster.install("video")
    await cluster.watch(30)
    await cluster.gone(second, politely=False)
    await cluster.until(lambda: third.leads, DURATION + 3 * DURATION / 5 + 1)
    await cluster.end()


class _Slow(random.Random):
    """Every answer takes as long as it may."""

    def uniform(self, a: float, b: float) -> float:
        return b


@in_virtual_time
async def test_with_an_api_server_that_is_slow_somebody_leads_all_the_same() -> None:
    """A claim is four calls; a Lease that names one who never leads would keep everybody from working."""
    cluster = Cluster()
    process = cluster.install("video")
    process.line._dice = _Slow()
    process.line.latency = DURATION / 24  # there and back, four times in a claim: more than one interval
    await cluster.until(lambda: process.leads, 4 * DURATION)
    await cluster.watch(10 * DURATION)
    assert cluster.led == [process.name], "once, and from then on"
    await cluster.end()


@in_virtual_time
async def test_installations_that_watch_different_objects_all_work() -> None:
    cluster = Cluster()
    installed = [
        cluster.install("a", Watched(("live",), "")),
        cluster.install("b", Watched(("chat",), "")),
        cluster.install("c", Watched(("vod",), "team=x")),
        cluster.install("d", Watched(("vod",), "team=y")),
    ]
    await cluster.until(lambda: len(cluster.leaders()) == len(installed), 3)
    await cluster.watch(60)
    assert cluster.leaders() == installed
    await cluster.end()


@in_virtual_time
async def test_without_the_right_to_look_it_works_and_others_give_way() -> None:
    cluster = Cluster()
    blind = cluster.install("video")
    blind.line.allowed = False
    await cluster.until(lambda: blind.leads, 2)
    seeing = cluster.install("chat")
    await cluster.watch(60)
    assert cluster.leaders() == [blind]
    assert seeing.elector.rival is not None
    await cluster.end()


def test_a_lease_of_somebody_else_with_our_label_is_no_rival() -> None:
    async def story() -> None:
        cluster = Cluster()
        foreign = LeaseStore()
        metadata = {"name": "theirs", "namespace": "theirs", "labels": dict(LABELS)}
        foreign.put({"metadata": metadata, "spec": {"holderIdentity": "them", "leaseDurationSeconds": 9999}})
        cluster.stores["theirs"] = foreign
        process = cluster.install("video")
        await cluster.until(lambda: process.leads, 2)
        await cluster.end()

    run(story())


@pytest.mark.parametrize("seed", range(12))
def test_never_two_at_once_whatever_happens(seed: int) -> None:
    """Installations come, stop, die; requests are late or lost. After the storm one of them works."""

    async def storm() -> None:
        cluster = Cluster(seed)
        dice = cluster.dice
        scopes = [ALL, ALL, Watched(("live",), ""), Watched((), "team=x")]
        for namespace in "abc":
            cluster.install(namespace, dice.choice(scopes))
        for _ in range(60):
            event = dice.random()
            if event < 0.25 and len(cluster.processes) > 1:
                await cluster.gone(dice.choice(cluster.processes), politely=dice.random() < 0.5)
            elif event < 0.55 and len(cluster.processes) < 6:
                namespace = dice.choice("abcd")
                siblings = [one.watched for one in cluster.processes if one.namespace == namespace]
                cluster.install(namespace, siblings[0] if siblings else dice.choice(scopes))
            for process in cluster.processes:
                process.line.cut = dice.random() < 0.1
                process.line.latency = dice.choice([0.0, 0.3, 1.2])
                process.line.loss = dice.choice([0.0, 0.0, 0.2])
            await cluster.watch(dice.uniform(1, 40))
        for process in cluster.processes:
            process.line.cut, process.line.latency, process.line.loss = False, 0.0, 0.0
        cluster.install("a", next((one.watched for one in cluster.processes if one.namespace == "a"), ALL))
        await cluster.until(cluster.leaders, 120)
        await cluster.watch(120)
        assert cluster.leaders()
        await cluster.end()

    run(storm())
