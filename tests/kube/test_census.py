"""What is gone although no watch has told is found, once all that a List brings has come."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ivs_operator.domain.identity import Key
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.census import INTERVAL, Census
from ivs_operator.kube.errors import Unreachable
from support.objects import CHAT
from support.virtual_time import in_virtual_time


class Cluster:
    """Names of what is there; the moments at which it was counted."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.counts: list[float] = []
        self.failing = False
        self.meanwhile: Callable[[], None] = lambda: None

    async def present(self, *_: object) -> list[tuple[str, str, str]]:
        self.counts.append(asyncio.get_running_loop().time())
        if self.failing:
            raise Unreachable("no answer")
        found = [("live", name, f"uid-{name}") for name in sorted(self.names)]
        self.meanwhile()
        return found


def put(cache: ResourceCache, name: str, uid: str = "") -> None:
    metadata = {"namespace": "live", "name": name, "uid": uid or f"uid-{name}", "resourceVersion": "1"}
    cache.put(Key(CHAT, "live", name), {"metadata": metadata})


def counting(cluster: Cluster, *known: str) -> tuple[Census, ResourceCache, list[str]]:
    cache, gone = ResourceCache(), list[str]()
    for name in known:
        put(cache, name)
    return Census(cluster, cache, {CHAT: "chats"}, on_gone=lambda key: gone.append(key.name)), cache, gone


async def counted(census: Census, story: Coroutine[Any, Any, None]) -> None:
    """Run a census for as long as the story takes."""
    running = asyncio.create_task(census.run())
    await story
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@in_virtual_time
async def test_what_is_gone_is_forgotten_and_looked_at_and_the_rest_stays() -> None:
    census, cache, gone = counting(Cluster("stays"), "stays", "goes")
    await census.take()
    assert gone == ["goes"]
    assert [key.name for key, _ in cache.items()] == ["stays"]


@in_virtual_time
async def test_another_life_under_the_same_name_that_came_while_it_was_counted_stays() -> None:
    cluster = Cluster()
    census, cache, gone = counting(cluster, "a")

    def again() -> None:
        cache.remove(Key(CHAT, "live", "a"))
        put(cache, "a", uid="uid-of-a-later-life")

    cluster.meanwhile = again
    await census.take()
    assert not gone
    assert len(cache) == 1


@in_virtual_time
async def test_nobody_is_asked_where_nothing_is_known() -> None:
    cluster = Cluster()
    census, _, _ = counting(cluster)
    await census.take()
    assert not cluster.counts


@in_virtual_time
async def test_a_list_of_thousands_is_followed_by_one_count() -> None:
    """Each object raises a doubt; a count for every two seconds of them would make what takes long take longer."""
    cluster = Cluster("a")
    census, _, _ = counting(cluster, "a")

    async def story() -> None:
        for _ in range(2000):  # half a minute
            census.doubt()
            await asyncio.sleep(0.015)
        await asyncio.sleep(30)

    await counted(census, story())
    assert len(cluster.counts) == 1
    assert 30 < cluster.counts[0] < 35


@in_virtual_time
async def test_doubts_without_an_end_put_it_off_by_a_minute_at_most() -> None:
    cluster = Cluster("a")
    census, _, _ = counting(cluster, "a")

    async def story() -> None:
        for _ in range(190):
            census.doubt()
            await asyncio.sleep(1)

    await counted(census, story())
    assert len(cluster.counts) == 3


@in_virtual_time
async def test_without_a_doubt_it_is_counted_now_and_then_and_sooner_after_a_failure() -> None:
    cluster = Cluster("a")
    census, _, _ = counting(cluster, "a")

    async def story() -> None:
        await asyncio.sleep(INTERVAL + 1)
        cluster.failing = True
        await asyncio.sleep(INTERVAL + 15)

    await counted(census, story())
    first, failed, again = cluster.counts
    assert (first, failed) == (INTERVAL, 2 * INTERVAL)
    assert again - failed < 60
