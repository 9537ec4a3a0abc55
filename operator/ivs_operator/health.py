"""Probes and metrics over HTTP."""

import errno
import os
import socket
from collections.abc import Awaitable, Callable  # noqa: TC003 - read at run time by tools
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["Health", "PortUnusable", "port_trouble"]

log = structlog.get_logger(__name__)


_LOWEST_FREE: Final = 1024  # below it Linux lets only root listen, unless net.ipv4.ip_unprivileged_port_start is lower


class PortUnusable(Exception):
    """Nothing can listen on a port, mostly because it is in use; the message names the setting."""


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
            PortUnusable: one can't be listened on.
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
                raise PortUnusable(port_trouble(error, port, setting)) from error
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


def port_trouble(error: OSError, port: int, setting: str) -> str:
    """Why a port can't be listened on, and what to do; `setting` is the name of its flag."""
    why = os.strerror(error.errno) if error.errno else str(error)
    other = f"choose another by --{setting}, 0 for a free one"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken ({why}); {other}"
    if error.errno in {errno.EACCES, errno.EPERM} and 0 < port < _LOWEST_FREE:
        remedy = f"choose one from {_LOWEST_FREE} on by --{setting}, or 0 for a free one"
        return f"port {port} may not be listened on ({why}): it is one of the system's; {remedy}"
    return f"port {port} can't be listened on ({why}); {other}"


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
