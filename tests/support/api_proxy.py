"""An API server in trouble: a proxy in front of a real one that delays, refuses, cuts off or falls silent on demand.

Who connects to it acts as the kubeconfig's user: the proxy is plain HTTP and has the credentials.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import yaml
from aiohttp import ClientConnectionError, ClientPayloadError, ClientResponse, ClientSession, TCPConnector, web

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ApiProxy", "Trouble"]

_HOP = {"host", "connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding"}


@dataclass
class Trouble:
    """What happens to requests of a `method` whose path and query contain `part`; `count` times, None: for ever."""

    method: str = ""
    part: str = ""
    count: int | None = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    line: dict[str, Any] | None = None
    """One line of a watch, with which the answer ends."""
    struck: int = 0

    def strikes(self, request: web.Request) -> bool:
        """Whether it happens to this request."""
        if self.count is not None and self.struck >= self.count:
            return False
        if self.method not in {"", request.method} or self.part not in request.raw_path:
            return False
        self.struck += 1
        return True


class ApiProxy:
    """Listens on `url` while the context lasts, in a thread of its own."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
        self._cluster, self._user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="api proxy")
        self._troubles: list[Trouble] = []
        self._silent: asyncio.Event | None = None
        self._over: asyncio.Event
        self._open: set[ClientResponse] = set()
        self._session: ClientSession
        self._runner: web.AppRunner
        self.url = ""

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that leads here."""
        path = self._folder / "through-proxy.yaml"
        entries = {"name": "proxy"}
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "proxy",
            "clusters": [{**entries, "cluster": {"server": self.url}}],
            "users": [{**entries, "user": {}}],
            "contexts": [{**entries, "context": {"cluster": "proxy", "user": "proxy"}}],
        }
        path.write_text(yaml.safe_dump(content))
        return path

    def add(self, **trouble: Any) -> Trouble:
        """Put a trouble in force."""
        made = Trouble(**trouble)
        self._troubles.append(made)
        return made

    def clear(self) -> None:
        """Put an end to all trouble; streams that have fallen silent stay so."""
        self._troubles.clear()

    def silence(self) -> None:
        """From now on, nothing comes through streams that are open at this moment. New ones are well."""
        asyncio.run_coroutine_threadsafe(self._silence(), self._loop).result(10)

    def cut(self) -> None:
        """End every stream that is open at this moment, silent ones too."""

        async def close() -> None:
            for answer in tuple(self._open):
                answer.close()
            self._over.set()
            self._over = asyncio.Event()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)

    async def _silence(self) -> None:
        if self._silent is not None:
            self._silent.set()
        self._silent = asyncio.Event()

    async def _start(self) -> None:
        context = ssl.create_default_context(
            cadata=base64.b64decode(self._cluster["certificate-authority-data"]).decode()
        )
        headers = {}
        if "token" in self._user:
            headers["Authorization"] = f"Bearer {self._user['token']}"
        else:
            with tempfile.NamedTemporaryFile() as pair:
                for part in ("client-certificate-data", "client-key-data"):
                    pair.write(base64.b64decode(self._user[part]) + b"\n")
                pair.flush()
                context.load_cert_chain(pair.name)
        self._over = asyncio.Event()
        await self._silence()
        self._session = ClientSession(connector=TCPConnector(ssl=context, limit=0), headers=headers)
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        self._over.set()
        await self._session.close()
        await self._runner.cleanup()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        for trouble in [trouble for trouble in tuple(self._troubles) if trouble.strikes(request)]:
            await asyncio.sleep(trouble.delay)
            if trouble.line is not None:
                return web.Response(text=json.dumps(trouble.line) + "\n", content_type="application/json")
            if trouble.status:
                return web.json_response(
                    {"kind": "Status", "message": "trouble on purpose", "code": trouble.status},
                    status=trouble.status,
                    headers=trouble.headers,
                )
        return await self._forward(request)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        body = await request.read()
        silent = self._silent
        url = self._cluster["server"] + request.raw_path
        response: web.StreamResponse | None = None
        try:
            async with self._session.request(request.method, url, headers=headers, data=body or None) as answer:
                self._open.add(answer)
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
                response = web.StreamResponse(status=answer.status, headers=kept)
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    if silent is not None and silent.is_set():
                        await self._over.wait()
                        return response
                    with suppress(ConnectionResetError):
                        await response.write(chunk)
                self._open.discard(answer)
                return response
        except (ClientConnectionError, ClientPayloadError):
            if response is not None:
                return response
            return web.json_response({"kind": "Status", "message": "no connection", "code": 502}, status=502)
