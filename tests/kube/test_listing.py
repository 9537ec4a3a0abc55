"""When the cache counts as filled: after everything that is there has arrived, at the price of one List."""

import asyncio
from typing import Any

from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import KubeError, Unreachable
from ivs_operator.kube.listing import until_filled
from support.objects import CHAT, RECORDING
from support.virtual_time import in_virtual_time

PLURALS = {CHAT: "chats", RECORDING: "recordings"}


class Cluster:
    """What is there, by kind and name, and how often it was listed."""

    def __init__(self, **names: list[str]) -> None:
        self.names = names
        self.lists: list[str] = []
        self.failures: list[KubeError] = []

    async def present(self, plural: str, _namespace: str | None, _selector: str | None) -> list[tuple[str, str, str]]:
        self.lists.append(plural)
        if self.failures:
            raise self.failures.pop()
        return [("live", name, f"uid-{name}") for name in self.names.get(plural, ())]


class Filling:
    """A cache that is being filled, and a wait for that."""

    def __init__(self, cluster: Cluster) -> None:
        self.cache = ResourceCache()
        self.said: list[str] = []
        lister: Any = cluster
        self.wait = asyncio.create_task(
            until_filled(lister, self.cache, PLURALS, namespaces=(), selector=None, say=self.said.append)
        )

    def arrive(self, kind: Kind, name: str, uid: str = "") -> None:
        metadata = {"namespace": "live", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": "1"}
        self.cache.put(Key(kind, "live", name), {"metadata": metadata})


@in_virtual_time
async def test_nothing_is_waited_for_where_nothing_is() -> None:
    filling = Filling(Cluster())
    await filling.wait
    assert not filling.said


@in_virtual_time
async def test_thousands_that_take_long_are_listed_once() -> None:
    """A List for every two seconds of it would make what takes long take longer."""
    names = [f"one-{number}" for number in range(2000)]
    cluster = Cluster(chats=names, recordings=names)
    filling = Filling(cluster)
    for name in names:  # half a minute, the watches of both kinds side by side
        filling.arrive(CHAT, name)
        filling.arrive(RECORDING, name)
        await asyncio.sleep(0.015)
    await asyncio.wait_for(filling.wait, 1)
    assert cluster.lists == ["chats", "recordings"]
    assert 5 < len(filling.said) < 20, "how far it is is told now and then"


@in_virtual_time
async def test_it_is_not_filled_before_the_last_has_come() -> None:
    filling = Filling(Cluster(chats=["a", "b", "c"]))
    for name in "bc":
        filling.arrive(CHAT, name)
    await asyncio.sleep(60)
    assert not filling.wait.done()
    assert filling.said[-1] == "1 custom resources have not arrived yet"
    filling.arrive(CHAT, "a")
    await asyncio.wait_for(filling.wait, 1)


@in_virtual_time
async def test_another_life_of_the_same_name_is_not_what_was_listed() -> None:
    filling = Filling(Cluster(chats=["a"]))
    filling.arrive(CHAT, "a", uid="uid-of-a-former-life")
    await asyncio.sleep(1)
    assert not filling.wait.done()


@in_virtual_time
async def test_what_is_deleted_meanwhile_is_not_waited_for() -> None:
    cluster = Cluster(chats=["goes", "stays"])
    filling = Filling(cluster)
    await asyncio.sleep(0.5)
    cluster.names["chats"] = ["stays"]
    filling.arrive(CHAT, "stays")
    await asyncio.wait_for(filling.wait, 5)


@in_virtual_time
async def test_a_list_that_fails_is_told_and_tried_again() -> None:
    cluster = Cluster(chats=["a"])
    cluster.failures.append(Unreachable("connection refused"))
    filling = Filling(cluster)
    filling.arrive(CHAT, "a")
    await asyncio.wait_for(filling.wait, 5)
    assert filling.said == ["custom resources can't be listed: connection refused"]
