"""Watching goes on, whatever the API server does: what is made afterwards is seen, by the same process."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import kopf
import pytest
import structlog

from ivs_operator.api.names import GROUP, VERSION
from ivs_operator.kube.connection import connect, kopf_login
from ivs_operator.kube.watches import Watches
from support.api_proxy import ApiProxy
from support.api_server import ApiServer, custom
from support.deadlines import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster

PLURAL = "chatloggingconfigurations"
PLURALS = frozenset({PLURAL, "recordingconfigurations"})


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    kopfs = logging.getLogger("kopf")
    kopfs.setLevel(logging.CRITICAL)
    yield
    kopfs.setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.fixture
def proxy(control_plane: Cluster, tmp_path: Path) -> Iterator[ApiProxy]:
    with ApiProxy(control_plane.kubeconfig, tmp_path) as started:
        yield started


class Watched:
    """Watches of one namespace, and what they have delivered."""

    def __init__(self, cluster: Cluster, namespace: str, proxy: ApiProxy) -> None:
        self.api = ApiServer(cluster.kubeconfig)
        self.namespace = namespace
        self.proxy = proxy
        self.seen: list[tuple[str | None, str]] = []
        self.told = asyncio.Event()
        self.ends: list[Exception | None] = []
        self.served = PLURALS
        self.asked = 0

    async def ask(self) -> frozenset[str]:
        """What the API server serves."""
        self.asked += 1
        return self.served

    async def begin(self, inactivity: float = 70.0, backoffs: tuple[float, ...] = (0.1, 0.2)) -> asyncio.Task[None]:
        """Watch through the proxy."""
        home = asyncio.get_running_loop()
        configuration = await connect({"KUBECONFIG": str(self.proxy.kubeconfig)})

        def register(registry: kopf.OperatorRegistry) -> None:
            @kopf.on.login(registry=registry)
            async def login(**_: Any) -> kopf.ConnectionInfo:
                return await kopf_login(configuration)

            @kopf.on.event(GROUP, VERSION, "recordingconfigurations", registry=registry)
            @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
            async def event(type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's name
                self.seen.append((type, body["metadata"]["name"]))
                home.call_soon_threadsafe(self.told.set)

        watches = Watches(
            register,
            plurals=PLURALS,
            served=self.ask,
            namespaces=(self.namespace,),
            inactivity=inactivity,
            backoffs=backoffs,
            roll_calls=0.2,
            on_end=self.ends.append,
        )
        return asyncio.create_task(watches.run())

    async def make(self, name: str) -> None:
        """Make an object without the proxy, and wait until the watch has told of it."""
        body = {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "ChatLoggingConfiguration",
            "metadata": {"name": name},
            "spec": {"destinationConfiguration": {"s3": {"bucketName": "some-bucket"}}},
        }
        await asyncio.to_thread(self.api.call, "POST", custom(PLURAL, self.namespace), body)
        async with asyncio.timeout(60):
            while not any(seen == name for _, seen in self.seen):
                await self.told.wait()
                self.told.clear()


@pytest.fixture
async def watched(control_plane: Cluster, namespace: str, proxy: ApiProxy) -> AsyncIterator[Watched]:
    made = Watched(control_plane, namespace, proxy)
    yield made
    made.api.close()


LIST = f"/{PLURAL}?limit"
WATCH = f"/{PLURAL}?watch=true"
SOON = {"Retry-After": "1"}
EXPIRED = {"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}}
FAILED = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "reason": "InternalError"}}


@pytest.mark.parametrize(
    ("trouble", "ends"),
    [
        pytest.param({"part": WATCH, "count": 5, "status": 503}, True, id="watch unavailable for longer than retries"),
        pytest.param({"part": WATCH, "count": 5, "status": 403}, True, id="watch forbidden for longer than retries"),
        pytest.param({"part": WATCH, "count": 3, "status": 404}, True, id="watch not found"),
        pytest.param({"part": WATCH, "count": 2, "status": 401}, True, id="credentials refused"),
        pytest.param({"part": WATCH, "count": 1, "line": FAILED}, True, id="an error in the stream"),
        pytest.param({"part": WATCH, "count": 2, "line": EXPIRED}, False, id="410 gone in the stream"),
        pytest.param({"part": WATCH, "count": 1, "status": 410}, True, id="410 gone as an answer"),
        pytest.param({"part": WATCH, "count": 2, "status": 429, "headers": SOON}, False, id="429 with Retry-After"),
        pytest.param({"part": LIST, "count": 5, "status": 500}, True, id="list fails for longer than retries"),
        pytest.param({"part": "/apis", "count": 5, "status": 503}, True, id="discovery fails"),
        pytest.param({"part": "/", "count": 6, "delay": 0.5}, False, id="slow answers"),
    ],
)
async def test_after_trouble_what_is_made_is_seen(watched: Watched, trouble: dict[str, Any], ends: bool) -> None:
    """`ends`: kopf gives up on it, and begins again here; before, that was the end of the process."""
    added = watched.proxy.add(**trouble)
    task = await watched.begin()
    await asyncio.to_thread(until, lambda: added.struck >= trouble["count"], "the trouble is over")
    await watched.make("after")
    assert bool(watched.ends) is ends, watched.ends
    assert not task.done()
    await _end(task)


async def test_trouble_in_the_middle_of_watching(watched: Watched) -> None:
    task = await watched.begin(inactivity=2.0)
    await watched.make("before")
    watched.proxy.add(part=PLURAL, count=10, status=500)
    watched.proxy.silence()
    await watched.make("meanwhile")
    await _end(task)


async def test_a_watch_that_has_died_silently_is_noticed(watched: Watched) -> None:
    """No packet comes any more, and none says so: a load balancer or a router has forgotten the connection."""
    task = await watched.begin(inactivity=2.0)
    await watched.make("before")
    watched.proxy.silence()
    await watched.make("after")
    assert not watched.ends, "the stream is opened again; the rest goes on"
    await _end(task)


async def test_a_stream_that_outlives_its_sessions_does_not_hinder_a_new_beginning(
    watched: Watched,
) -> None:
    """Kopf would wait for it for ever: it asks for credentials that nobody fetches any more, deaf to cancellation."""
    busy = watched.proxy.add(part="/recordingconfigurations?watch=true", status=503)
    task = await watched.begin(backoffs=(0.3,) * 100)
    await watched.make("before")
    await asyncio.to_thread(until, lambda: busy.struck > 1, "one stream tries again and again")
    fatal = watched.proxy.add(part=WATCH, count=1, line=FAILED)
    await asyncio.to_thread(until, lambda: (watched.proxy.cut(), fatal.struck > 0)[1], "the other fails for good")
    watched.proxy.clear()
    await watched.make("after")
    assert watched.ends
    await _end(task)


async def test_a_kind_that_was_not_served_yet_when_kopf_looked_is_watched_once_it_is(watched: Watched) -> None:
    """The API server tells of a CustomResourceDefinition before its discovery knows it, and never again."""
    watched.served = frozenset()
    overlooked = watched.proxy.add(part=f"/apis/{GROUP}/{VERSION}", count=1, status=404)
    task = await watched.begin()
    await asyncio.to_thread(until, lambda: overlooked.struck and watched.asked > 2, "kopf has looked too early")
    assert not watched.ends, "nothing is missed while it is not served"
    watched.served = PLURALS
    await watched.make("after")
    assert not watched.ends, "nothing else is disturbed"
    await _end(task)


async def test_as_long_as_everything_is_watched_nobody_asks_what_is_served(watched: Watched) -> None:
    task = await watched.begin()
    await watched.make("one")
    await asyncio.sleep(1)  # five looks
    assert watched.asked == 0
    await _end(task)


async def test_it_ends_when_it_is_told_to_and_no_thread_stays(watched: Watched) -> None:
    task = await watched.begin()
    await watched.make("before")
    await _end(task)
    until(lambda: not [item for item in threading.enumerate() if item.name.startswith("watch")], "the thread is gone")


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
