"""A List and the watch behind it: what was told, refused, cut off or too old, against a server that answers as told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest
from aiohttp import web
from kubernetes.aio import client as kubernetes

from ivs_operator.kube import follower as module
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.follower import Follower
from support.virtual_time import in_virtual_time

PATH = "/api/v1/namespaces"
DEADLINE = 20.0


def item(name: str, version: int = 1, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": str(version), "labels": labels}}


def event(type_: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "object": thing}


class Server:
    """Each request for a List or a watch takes the next answer; when there is none, it stays open."""

    def __init__(self) -> None:
        self.url = ""
        self.lists: list[Any] = []
        self.watches: list[list[Any]] = []
        self.asked: list[dict[str, str]] = []
        self.ended = asyncio.Event()
        self.idle = asyncio.Event()
        """Set once a watch stays open."""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({**request.query, "accept": request.headers["Accept"]})
        if "watch" not in request.query:
            answer = self.lists.pop(0)
            if isinstance(answer, int):
                return web.json_response({"message": f"refused with {answer}"}, status=answer)
            return web.json_response(answer)
        response = web.StreamResponse()
        await response.prepare(request)
        if not self.watches:
            self.idle.set()
            await self.ended.wait()
            return response
        for line in self.watches.pop(0):
            await response.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")
        return response


class Told:
    """What the listener was told, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._more = asyncio.Event()

    def listed(self, items: list[dict[str, Any]]) -> None:
        self._say(f"listed {' '.join(found['metadata']['name'] for found in items)}".strip())

    def changed(self, item: dict[str, Any]) -> None:
        self._say(f"changed {item['metadata']['name']}")

    def gone(self, item: dict[str, Any]) -> None:
        self._say(f"gone {item['metadata']['name']}")

    def refused(self, why: str) -> None:
        self._say("refused")

    def _say(self, word: str) -> None:
        self.words.append(word)
        self._more.set()

    async def until(self, number: int) -> list[str]:
        async with asyncio.timeout(DEADLINE):
            while len(self.words) < number:
                self._more.clear()
                await self._more.wait()
        return self.words


def page(*items: dict[str, Any], version: int = 10, more: str = "") -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(version), "continue": more}, "items": list(items)}


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    monkeypatch.setattr(module, "_FIRST_WAIT", 0.01)
    made = Server()
    application = web.Application()
    application.router.add_route("GET", PATH, made.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.ended.set()
    await runner.cleanup()


class Following:
    """A follower at work."""

    def __init__(self, server: Server, **options: Any) -> None:
        configuration = kubernetes.Configuration(host=server.url)
        configuration.retries = None
        self.told = Told()
        self._cluster = KubernetesClient(configuration)
        self.follower = Follower(self._cluster, PATH, self.told, **options)
        self._task = asyncio.create_task(self.follower.run())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._cluster.close()


async def test_what_is_there_then_what_changes_then_what_goes(server: Server) -> None:
    server.lists = [page(item("a"), more="next"), page(item("b"), version=12)]
    server.watches = [
        [event("MODIFIED", item("a", 13)), event("BOOKMARK", item("", 20)), event("DELETED", item("b", 21))]
    ]
    async with Following(server, metadata_only=True) as following:
        await following.follower.answered()
        assert await following.told.until(3) == ["listed a b", "changed a", "gone b"]
        async with asyncio.timeout(DEADLINE):
            await server.idle.wait()
    assert server.asked[1]["continue"] == "next"
    assert [asked["resourceVersion"] for asked in server.asked[2:]] == ["12", "21"], "each watch goes on from the last"
    assert {"PartialObjectMetadata" in asked["accept"] for asked in server.asked} == {True}, "no more than is looked at"


CUT = [
    pytest.param([event("ERROR", {"code": 410, "message": "too old"})], id="410 Gone: the version is too old"),
    pytest.param([b'{"type": "MODI'], id="cut off within an event"),
    pytest.param([b"<html>not here</html>\n"], id="a proxy's page"),
    pytest.param([b"[1, 2]\n"], id="JSON, but no event"),
    pytest.param([{"type": "ADDED", "object": {"metadata": {"name": "x"}}}], id="an event without a version"),
    pytest.param([{"type": "ADDED", "object": {"metadata": {"resourceVersion": "7"}}}], id="an event without a name"),
    pytest.param([{"type": "ADDED", "object": []}], id="an event of nothing"),
]


@pytest.mark.parametrize("stream", CUT)
async def test_after_a_watch_that_failed_it_goes_on_anew(server: Server, stream: list[Any]) -> None:
    server.lists = [page(item("a")), page(item("b"))]
    server.watches = [stream, [event("ADDED", item("c", 30))]]
    async with Following(server) as following:
        words = await following.told.until(2)
    assert words[0] == "listed a"
    assert words[-1] in {"listed b", "changed c"}


async def test_an_event_in_pieces_is_one(server: Server) -> None:
    text = json.dumps(event("MODIFIED", item("a", 11, team="x" * 300_000))).encode() + b"\n"
    server.lists = [page(item("a"))]
    server.watches = [[text[:7], text[7:100_000], text[100_000:]]]
    async with Following(server) as following:
        assert await following.told.until(2) == ["listed a", "changed a"]


@pytest.mark.parametrize("answer", [401, {"status": "ok"}, []])
async def test_neither_a_refused_token_nor_a_strange_success_tells_what_there_is(server: Server, answer: Any) -> None:
    """A token is renewed within seconds, and a proxy's own success is no empty List."""
    server.lists = [page(item("a")), answer, page(item("b"))]
    server.watches = [[event("ERROR", {"code": 410})]]
    async with Following(server) as following:
        assert await following.told.until(2) == ["listed a", "listed b"]


@pytest.mark.parametrize(("status", "word"), [(403, "refused"), (404, "listed")])
async def test_a_refusal_is_an_answer_and_so_is_that_there_is_no_such_resource(
    server: Server, status: int, word: str
) -> None:
    """Nobody may wait for ever for a right that is not given, or for a CRD that is not installed."""
    server.lists = [status, status, page(item("a"))]
    async with Following(server) as following:
        async with asyncio.timeout(DEADLINE):
            await following.follower.answered()
        assert await following.told.until(3) == [word, word, "listed a"], "asked again until it is there"


async def test_an_api_server_that_is_away_is_no_answer(server: Server) -> None:
    server.lists = [503, 500, page(item("a"))]
    async with Following(server) as following:
        async with asyncio.timeout(DEADLINE):
            await following.follower.answered()
        assert following.told.words == ["listed a"]


async def test_what_can_not_be_listed_from_the_start_counts_as_refused_in_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storage that fails for one kind must not keep the operator from everything else for ever."""
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    server.lists = [503, 429, *[500] * 20]
    async with Following(server) as following:
        async with asyncio.timeout(DEADLINE):
            await following.follower.answered()
        assert following.told.words == ["refused"]
        server.lists = [500, page(item("a"))]
        assert await following.told.until(2) == ["refused", "listed a"], "told once, and asked again until it is there"


async def test_what_was_listed_once_is_not_forgotten_because_the_api_server_is_away(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.0)
    server.lists = [page(item("a")), 503, 500, page(item("b"))]
    server.watches = [[event("ERROR", {"code": 410})]]
    async with Following(server) as following:
        assert await following.told.until(2) == ["listed a", "listed b"]


class Brief(KubernetesClient):
    """An API server whose watches end at once, after saying `lines`."""

    def __init__(self, lines: bytes) -> None:
        super().__init__(kubernetes.Configuration(host="http://127.0.0.1"))
        self.lines = lines
        self.watched = self.listed = 0

    async def call(self, *_: Any, **__: Any) -> dict[str, Any]:
        self.listed += 1
        return page(item("a"))

    @asynccontextmanager
    async def answer(self, *_: Any, **__: Any) -> AsyncIterator[Any]:
        self.watched += 1
        assert self.watched < 1000, "without a pause"
        stream = asyncio.StreamReader()
        stream.feed_data(self.lines)
        stream.feed_eof()
        yield _Answer(stream)


class _Answer:
    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self.content = self

    async def iter_any(self) -> AsyncIterator[bytes]:
        while chunk := await self._stream.read(1 << 16):
            yield chunk


BRIEF = [
    pytest.param(b"", 1, id="without a word"),
    pytest.param(json.dumps(event("BOOKMARK", item("", 20))).encode() + b"\n", 1, id="with a bookmark only"),
    pytest.param(json.dumps(event("ERROR", {"code": 410})).encode() + b"\n", 12, id="with an error, every time"),
]


@pytest.mark.parametrize(("lines", "lists"), BRIEF)
@in_virtual_time
async def test_watches_that_end_at_once_are_begun_anew_ever_more_seldom(lines: bytes, lists: int) -> None:
    """A proxy that cuts every stream must not be asked hundreds of times a second."""
    server = Brief(lines)
    follower = Follower(server, PATH, Told())
    task = asyncio.create_task(follower.run())
    await asyncio.sleep(180)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await server.close()
    assert 5 <= server.watched <= 12
    assert 1 <= server.listed <= lists


async def test_nothing_is_asked_before_it_is_wanted(server: Server) -> None:
    server.lists = [page(item("a"))]
    async with Following(server, wanted=False) as following:
        for _ in range(10):
            await asyncio.sleep(0)
        assert server.asked == []
        following.follower.want()
        assert await following.told.until(1) == ["listed a"]


async def test_a_watch_that_falls_silent_is_begun_anew(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SILENCE", 0.05)
    server.lists = [page(item("a")), page(item("b")), page(), page(), page()]
    async with Following(server) as following:
        assert (await following.told.until(2))[:2] == ["listed a", "listed b"]
