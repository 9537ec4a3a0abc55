"""Probes and metrics over HTTP."""

import errno
import os
import socket
from collections.abc import Awaitable, Callable  # noqa: TC003 - read at run time by tools

import structlog
from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["Health", "PortTaken"]

log = structlog.get_logger(__name__)


class PortTaken(Exception):
    """A port that we should listen on is in use; the message names the setting."""


class Health:
    """`/healthz`, `/readyz` and `/metrics`; each answers in words."""

    def __init__(self, *, health_port: int, metrics_port: int) -> None:
        self._ports = {"health-port": health_port, "metrics-port": metrics_port}
        self._runners: list[web.AppRunner] = []
        self.alive: Callable[[], str | None] = lambda: None
        """What is wrong with the process, or None."""
        self.unready: Callable[[], str | None] = lambda: "starting"
        """Why it does no work yet, or None."""
        self.standing: Callable[[], str] = lambda: "ok"
        """What a process that is ready does."""
        self.objects: Callable[[], Awaitable[bytes]] = _nothing
        """What `/metrics` says of objects, in Prometheus' text format."""

    async def start(self) -> None:
        """Listen.

        Raises:
            PortTaken: a port is in use.
        """
        probes = web.Application()
        probes.router.add_get("/healthz", self._healthz)
        probes.router.add_get("/readyz", self._readyz)
        measures = web.Application()
        measures.router.add_get("/metrics", self._metrics)
        for (setting, port), application in zip(self._ports.items(), (probes, measures), strict=True):
            runner = web.AppRunner(application, access_log=None)
            await runner.setup()
            self._runners.append(runner)
            try:
                await web.SockSite(runner, _listener(port)).start()
            except OSError as error:
                await self.stop()
                why = os.strerror(error.errno) if error.errno else str(error)
                message = f"port {port} is taken ({why}); choose another by --{setting}, 0 for a free one"
                raise PortTaken(message) from error
            log.info("listening", purpose=setting.removesuffix("-port"), port=_port(runner))

    async def stop(self) -> None:
        """Listen no more."""
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    async def _healthz(self, _: web.Request) -> web.Response:
        return _answer(self.alive())

    async def _readyz(self, _: web.Request) -> web.Response:
        return _answer(self.unready(), self.standing())

    async def _metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(REGISTRY) + await self.objects()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _nothing() -> bytes:
    return b""


def _answer(trouble: str | None, well: str = "ok") -> web.Response:
    return web.Response(status=503 if trouble else 200, text=f"{trouble or well}\n")


def _port(runner: web.AppRunner) -> int:
    address = runner.addresses[0]
    return int(address[1])


def _listener(port: int) -> socket.socket:
    """One socket for both IP versions: with two, port 0 would mean two ports, of which the log tells one."""
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise
    return socket.create_server(("", port))
