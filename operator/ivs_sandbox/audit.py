"""The API server's audit log as small values: who asked for what, what the answer was, and which rule allowed it."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from ivs_sandbox.errors import SandboxError

_POLL_INTERVAL = 0.02
_MARK_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the log: entries `since` it are those of requests that ended after `AuditLog.mark()` was called."""

    offset: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One request that has been answered. `allowed_by` names the RBAC rule; `time` is RFC 3339, of its arrival."""

    time: str
    user: str
    verb: str
    uri: str
    code: int
    resource: str = ""
    subresource: str = ""
    group: str = ""
    namespace: str = ""
    name: str = ""
    user_agent: str = ""
    decision: str = ""
    allowed_by: str = ""

    @classmethod
    def parse(cls, line: bytes) -> Self:
        """An audit.k8s.io/v1 Event of level Metadata."""
        event: dict[str, Any] = json.loads(line)
        target: dict[str, str] = event.get("objectRef", {})
        notes: dict[str, str] = event.get("annotations", {})
        return cls(
            time=event["requestReceivedTimestamp"],
            user=event.get("user", {}).get("username", ""),
            verb=event["verb"],
            uri=event.get("requestURI", ""),
            code=event.get("responseStatus", {}).get("code", 0),
            resource=target.get("resource", ""),
            subresource=target.get("subresource", ""),
            group=target.get("apiGroup", ""),
            namespace=target.get("namespace", ""),
            name=target.get("name", ""),
            user_agent=event.get("userAgent", ""),
            decision=notes.get("authorization.k8s.io/decision", ""),
            allowed_by=notes.get("authorization.k8s.io/reason", ""),
        )


class AuditLog:
    """Reads the log file. `touch` makes the server answer a request whose address holds the given word."""

    def __init__(self, path: Path, touch: Callable[[str], object]) -> None:
        self.path = path
        self._touch = touch

    def mark(self) -> Mark:
        """A mark for "from now on".

        An entry is written just after its answer was sent, so the end of the file alone would be too early for the
        caller's own last request; a request of ours, once it is in the log, has that one before it.
        """
        start = self.path.stat().st_size if self.path.exists() else 0
        word = f"mark-{uuid4().hex}"
        self._touch(word)
        deadline = time.monotonic() + _MARK_TIMEOUT
        while time.monotonic() < deadline:
            for offset, line in self._lines(start):
                if word.encode() in line:
                    return Mark(offset + len(line))
            time.sleep(_POLL_INTERVAL)
        raise SandboxError(f"the API server does not write its audit log {self.path}; is the disk full?")

    def entries(
        self,
        *,
        since: Mark | None = None,
        user: str | None = None,
        verbs: Iterable[str] | None = None,
        resource: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        code: int | None = None,
    ) -> list[AuditEntry]:
        """The entries that match all that is given, in the order of their answers.

        `resource` is plural: `channels` is the resource and its subresources, `channels/status` only that one. Watches
        appear when they end.
        """
        wanted = None if verbs is None else frozenset(verbs)
        exact = {"user": user, "namespace": namespace, "name": name, "code": code}
        conditions = {attribute: value for attribute, value in exact.items() if value is not None}
        return [
            entry
            for entry in (AuditEntry.parse(line) for _, line in self._lines(since.offset if since else 0))
            if (wanted is None or entry.verb in wanted)
            and (resource is None or resource in (entry.resource, f"{entry.resource}/{entry.subresource}"))
            and all(getattr(entry, attribute) == value for attribute, value in conditions.items())
        ]

    def await_entries(self, *, timeout: float = 10.0, **conditions: Any) -> list[AuditEntry]:
        """What `entries` finds, as soon as it finds anything; raises SandboxError after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not (found := self.entries(**conditions)):
            if time.monotonic() > deadline:
                raise SandboxError(f"no request in the audit log within {timeout:.0f} s that matches {conditions}")
            time.sleep(_POLL_INTERVAL)
        return found

    def written_statuses(self, user_agent: str) -> Iterator[dict[str, Any]]:
        """Our custom resources after each write of their status by such a program, in order, without managedFields."""
        for _, line in self._lines(0):
            if b'"responseObject"' not in line:
                continue
            entry = json.loads(line)
            written: dict[str, Any] = entry["responseObject"]
            refused = written.get("kind") == "Status"
            if entry.get("userAgent") == user_agent and not refused:
                yield written

    def _lines(self, offset: int) -> Iterator[tuple[int, bytes]]:
        """Whole lines with their places; the last one may still be being written."""
        if not self.path.exists():
            return
        with self.path.open("rb") as log:
            log.seek(offset)
            for line in log:
                if line.endswith(b"\n"):
                    yield offset, line
                offset += len(line)
