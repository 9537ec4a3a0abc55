"""The HTTP server: blocking for a process of its own, or in a thread of this one."""

import errno
import logging
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, ClassVar, Self

from ivs_emulator.clock import Clock, SystemClock
from ivs_emulator.settings import Settings

__all__ = ["EmulatorServer", "StartError", "serve"]

# Connections are not kept alive, so a burst of clients is a burst of connections.
_BACKLOG = 1024
_LAST_PORT = 65_535


class StartError(Exception):
    """The emulator cannot start; the text is one line that says why and what to do."""


class EmulatorServer:
    """An emulator in a thread of this process, or, with `serve_forever`, in the calling one.

    As a context manager it serves while the block lasts. moto keeps its buckets, log groups and roles per process, so
    a process can have one emulator at a time. `port` 0 takes a free one; `url` tells.

    Raises:
        StartError: moto is not installed, the address is taken or not usable, or this process has an emulator already.
    """

    _one_per_process: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        settings: Settings | None = None,
        *,
        clock: Clock | None = None,
        verbose: bool = False,
    ) -> None:
        make_server, handler = _werkzeug(verbose=verbose)
        with _listen(host, port) as listener:
            if not self._one_per_process.acquire(blocking=False):
                raise StartError("this process has an emulator already; stop it first, or use another process")
            try:
                application = self._application(settings or Settings(), clock or SystemClock())
                self._server = make_server(
                    host, port, application, threaded=True, request_handler=handler, fd=listener.fileno()
                )
            except BaseException:
                self._one_per_process.release()
                raise
        self._host = host
        self._port: int = self._server.socket.getsockname()[1]
        self._thread: threading.Thread | None = None

    def _application(self, settings: Settings, clock: Clock) -> Any:
        from ivs_emulator.companions import Companions
        from ivs_emulator.dispatcher import Dispatcher
        from ivs_emulator.faults import FaultRules
        from ivs_emulator.request_log import RequestLog
        from ivs_emulator.service import Emulation

        self._faults = FaultRules()
        self._companions = Companions()
        return Dispatcher(Emulation(settings, clock), self._faults, RequestLog(), self._companions)

    @property
    def url(self) -> str:
        """Where clients on this machine reach the emulator."""
        # The addresses that mean "every interface" are for listening, not for connecting.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self._host, self._host)  # noqa: S104
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    def serve_forever(self) -> None:
        """Serve in this thread until an exception, a signal handler's for example, ends it."""
        try:
            self._server.serve_forever(poll_interval=3600)
        finally:
            self._close()

    def __enter__(self) -> Self:
        # A short poll: shutting down waits for the loop to look.
        run = {"poll_interval": 0.02}
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs=run, name="aws-emulator", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._close()

    def _close(self) -> None:
        self._faults.clear(discard=True)
        self._server.server_close()
        self._companions.reset()
        with suppress(RuntimeError):
            self._one_per_process.release()


def serve(host: str = "127.0.0.1", port: int = 4599, settings: Settings | None = None) -> None:
    """Serve in this thread, for ever.

    Raises:
        StartError: as `EmulatorServer`.
    """
    EmulatorServer(host, port, settings).serve_forever()


def _werkzeug(*, verbose: bool) -> tuple[Any, Any]:
    try:
        import flask  # noqa: F401 - moto's server extra; without it moto is there but cannot serve
        import moto  # noqa: F401
        from werkzeug.serving import make_server
    except ImportError as error:
        text = f"the AWS emulator needs {error.name}, which is not installed: pip install 'ivs-operator[emulator]'"
        raise StartError(text) from None
    from ivs_emulator.http_handler import QuietRequestHandler, VerboseRequestHandler

    if not verbose:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
    return make_server, VerboseRequestHandler if verbose else QuietRequestHandler


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket, made here because the server's own way out of a taken port is to end the process."""
    if not 0 <= port <= _LAST_PORT:
        raise StartError(f"port {port} is not between 0 and {_LAST_PORT}; 0 takes a free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StartError(_why_not(host, port, error)) from None
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what listens there, or use --port 0 for a free one"
    if error.errno == errno.EACCES:
        return f"port {port} needs privileges; use one above 1023, or --port 0 for a free one"
    return f"cannot listen on {host} port {port}: {error.strerror or error}; use --host 127.0.0.1 --port 0"
