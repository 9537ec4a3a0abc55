"""The one WSGI application: reads who is asked for what, and passes the request on.

`ivs` and `ivschat` go to the emulation, `/_emulator/` to the control path, every other request to moto's application.
Faults and the request log see all signed requests, whichever service they are for.
"""

import io
import socket
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from ivs_emulator.accounts import Scope, account_of, scope_of
from ivs_emulator.companions import Companions, error_code_in, error_reply_of, operation_of, reads_body
from ivs_emulator.control import CONTROL_PREFIX, ControlPath
from ivs_emulator.errors import ApiError, Reply, error_reply
from ivs_emulator.faults import FaultRules, Hit
from ivs_emulator.models import SERVICES, service_api
from ivs_emulator.request_log import LogEntry, RequestLog
from ivs_emulator.service import Emulation, Request
from ivs_emulator.trust import distrust

__all__ = ["Dispatcher"]

# Far above the largest valid request of either service (50 ARNs, or 50 tags of 384 characters).
_LARGEST_BODY = 1 << 20
_CHUNK = 1 << 16
StartResponse = Callable[..., Any]
Environ = dict[str, Any]


class _DroppedConnectionError(ConnectionAbortedError):
    """The connection is closed without an answer, on purpose; the server takes it for a client that left."""


class Dispatcher:
    """WSGI application of the emulator."""

    def __init__(self, emulation: Emulation, faults: FaultRules, log: RequestLog, companions: Companions) -> None:
        self._emulation = emulation
        self._faults = faults
        self._log = log
        self._companions = companions
        self._control = ControlPath(emulation, faults, log, companions)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        raw_path, query = _target(environ)
        if raw_path == CONTROL_PREFIX or raw_path.startswith(CONTROL_PREFIX + "/"):
            body = _read_body(environ, limit=None) or b""
            return _send(self._control.handle(environ["REQUEST_METHOD"], raw_path, query, body), start_response)
        scope = scope_of(environ)
        if scope is None:
            return self._unsigned(environ, start_response, raw_path)
        if scope.service in SERVICES:
            return self._own(environ, start_response, scope, (raw_path, query))
        return self._companion(environ, start_response, scope, (raw_path, query))

    def _unsigned(self, environ: Environ, start_response: StartResponse, raw_path: str) -> Iterable[bytes]:
        """Moto knows unsigned and presigned requests; one of ours would look like a bucket to it."""
        for service in SERVICES:
            api = service_api(service)
            known = api.operation_name(environ["REQUEST_METHOD"], raw_path)
            if known and (not raw_path.startswith("/tags/") or f"arn%3Aaws%3A{service}%3A" in raw_path):
                text = f"{known} must be signed: the service, region and account are read from the signature"
                return _send(error_reply(api, ApiError("MissingAuthenticationTokenException", text)), start_response)
        return _wsgi(self._companions, environ, start_response)

    def _own(
        self, environ: Environ, start_response: StartResponse, scope: Scope, target: tuple[str, str]
    ) -> Iterable[bytes]:
        api = service_api(scope.service)
        operation = api.operation_name(environ["REQUEST_METHOD"], target[0]) or ""
        body = _read_body(environ, limit=_LARGEST_BODY)
        request = _request(environ, scope, operation, target, body or b"")
        request_id = str(uuid.uuid4())
        entry = self._log.begin(request, request_id, self._emulation.clock.now())
        if body is None:
            error = ApiError("RequestEntityTooLargeException", f"the request body is larger than {_LARGEST_BODY} bytes")
            reply = error_reply(api, error)
            self._log.end(entry, reply.status, reply.error_code, applied=False)
            return _send(reply, start_response, request_id)
        hits = self._faults.strike(request)
        self._before(environ, entry, hits)
        injected = _injected(hits)
        if injected is not None:
            reply = error_reply(api, injected, self._emulation.settings.ivs_error_body)
        else:
            reply = self._emulation.handle(request, _forced_state(hits))
            self._after(environ, entry, hits, reply)
        self._log.end(entry, reply.status, reply.error_code, applied=reply.error_code is None)
        return _send(reply, start_response, request_id)

    def _companion(
        self, environ: Environ, start_response: StartResponse, scope: Scope, target: tuple[str, str]
    ) -> Iterable[bytes]:
        body = b""
        if reads_body(environ):
            body = _read_body(environ, limit=None) or b""
            environ["wsgi.input"] = io.BytesIO(body)
        operation = operation_of(environ, scope.service, target[0], body)
        request = _request(environ, scope, operation, target, body)
        if request.account == scope.access_key:
            # moto cannot tell an account from such a key; this header is its own way of being told.
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = request.account
        request_id = str(uuid.uuid4())
        entry = self._log.begin(request, request_id, self._emulation.clock.now())
        hits = self._faults.strike(request)
        self._before(environ, entry, hits)
        injected = _injected(hits)
        if injected is None and (scope.service, operation) == ("sts", "AssumeRole"):
            injected = distrust(request.account, body)
        if injected is not None:
            reply = error_reply_of(scope.service, target[0], injected)
            self._log.end(entry, reply.status, reply.error_code, applied=False)
            return _send(reply, start_response, request_id)
        return self._passed_on(environ, start_response, entry, hits)

    def _passed_on(
        self, environ: Environ, start_response: StartResponse, entry: LogEntry, hits: Sequence[Hit]
    ) -> Iterable[bytes]:
        sent: list[Any] = []

        def remember(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> None:
            sent[:] = [status, headers]

        chunks = _wsgi(self._companions, environ, remember)
        status, headers = sent
        code = int(status.split()[0])
        lower = {name.lower(): value for name, value in headers}
        reply = Reply(code, b"".join(chunks), lower, None)
        reply = replace(reply, error_code=error_code_in(code, lower, reply.body))
        self._after(environ, entry, hits, reply)
        self._log.end(entry, code, reply.error_code, applied=reply.error_code is None)
        start_response(status, headers)
        return [reply.body]

    def _before(self, environ: Environ, entry: LogEntry, hits: Sequence[Hit]) -> None:
        for hit in hits:
            if hit.fault.latency:
                self._emulation.clock.sleep(hit.fault.latency)
            discarded = hit.fault.hold == "before" and not self._faults.hold(hit.identifier)
            if discarded or hit.fault.drop == "before":
                self._log.end(entry, 0, None, applied=False)
                _drop(environ)

    def _after(self, environ: Environ, entry: LogEntry, hits: Sequence[Hit], reply: Reply) -> None:
        for hit in hits:
            discarded = hit.fault.hold == "after" and not self._faults.hold(hit.identifier)
            if discarded or hit.fault.drop == "after":
                self._log.end(entry, 0, reply.error_code, applied=reply.error_code is None)
                _drop(environ)


def _target(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Path and query as they came, still percent-encoded: the ARN in a tag path has encoded slashes."""
    raw = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ.get("PATH_INFO", "/"))
    if raw.startswith(("http://", "https://")):
        raw = "/" + raw.split("://", 1)[1].partition("/")[2]
    path, _, query = raw.partition("?")
    return path, query


def _read_body(environ: Environ, *, limit: int | None) -> bytes | None:
    """The whole body; None, with everything read and thrown away, when it is larger than `limit`."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        left = None
    else:
        length = environ.get("CONTENT_LENGTH") or "0"
        left = int(length) if length.isdecimal() else 0
    parts: list[bytes] = []
    size = 0
    while left is None or size < left:
        part = stream.read(_CHUNK if left is None else min(_CHUNK, left - size))
        if not part:
            break
        size += len(part)
        if limit is None or size <= limit:
            parts.append(part)
    return None if limit is not None and size > limit else b"".join(parts)


def _request(environ: Environ, scope: Scope, operation: str, target: tuple[str, str], body: bytes) -> Request:
    return Request(
        service=scope.service,
        operation=operation,
        account=account_of(scope.access_key),
        region=scope.region,
        access_key=scope.access_key,
        method=environ["REQUEST_METHOD"],
        raw_path=target[0],
        query=target[1],
        body=body,
        user_agent=environ.get("HTTP_USER_AGENT", ""),
    )


def _injected(hits: Iterable[Hit]) -> ApiError | None:
    for hit in hits:
        if effect := hit.fault.reply_error:
            return ApiError(effect.code, effect.message, status=effect.status)
    return None


def _forced_state(hits: Iterable[Hit]) -> str | None:
    return next((hit.fault.force_state for hit in hits if hit.fault.force_state), None)


def _drop(environ: Environ) -> None:
    """Close the connection without an answer.

    Raises:
        ConnectionAbortedError: always; the server then writes nothing.
    """
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise _DroppedConnectionError("dropped by a fault")


def _send(reply: Reply, start_response: StartResponse, request_id: str | None = None) -> Iterable[bytes]:
    headers = {**reply.headers, "Content-Length": str(len(reply.body))}
    if request_id is not None:
        headers["x-amzn-RequestId"] = request_id
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    start_response(f"{reply.status} {phrase}", list(headers.items()))
    return [reply.body]


def _wsgi(application: Any, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The application's whole answer."""
    chunks = application(environ, start_response)
    try:
        return list(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
