"""Every AWS request that the emulator has received, moto's services included."""

import threading
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ivs_emulator.service import Request

__all__ = ["LogEntry", "RequestLog", "is_write"]

_READ_VERBS = ("Get", "List", "BatchGet", "Describe", "Head", "Assume", "Select", "Search", "Test", "Filter")
_CAPACITY = 200_000
# Bodies are for reading in a test's failure, not for keeping uploads.
_BODY_LIMIT = 4_000
_FILTERS = ("service", "operation", "account", "region", "access_key", "status", "error_code", "request_id", "write")


def is_write(operation: str) -> bool:
    """Whether an operation changes something, by its name."""
    return not operation.startswith(_READ_VERBS)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request. `status` is None while it is in flight, 0 when its connection was dropped without an answer.

    `time` is in seconds since the epoch. `applied` tells whether the request was carried out, answered or not.
    """

    sequence: int
    time: float
    service: str
    operation: str
    account: str
    region: str
    access_key: str
    method: str
    path: str
    body: str
    write: bool
    request_id: str
    status: int | None = None
    error_code: str | None = None
    applied: bool = False


class RequestLog:
    """The last 200,000 requests, in order of arrival. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[int, LogEntry] = {}
        self._order: deque[int] = deque()
        self._last = 0
        self._callers: set[tuple[str, str, str]] = set()

    def begin(self, request: Request, request_id: str, now: float) -> LogEntry:
        """Note a request on arrival."""
        with self._lock:
            self._last += 1
            self._callers.add((request.service, request.operation, request.user_agent))
            entry = LogEntry(
                sequence=self._last,
                time=now,
                service=request.service,
                operation=request.operation,
                account=request.account,
                region=request.region,
                access_key=request.access_key,
                method=request.method,
                path=request.raw_path,
                body=request.body[:_BODY_LIMIT].decode("utf-8", "replace"),
                write=is_write(request.operation),
                request_id=request_id,
            )
            self._entries[self._last] = entry
            self._order.append(self._last)
            if len(self._order) > _CAPACITY:
                del self._entries[self._order.popleft()]
            return entry

    def end(self, entry: LogEntry, status: int, error_code: str | None, *, applied: bool) -> None:
        """Note how a request ended."""
        with self._lock:
            if entry.sequence in self._entries:
                done = replace(entry, status=status, error_code=error_code, applied=applied)
                self._entries[entry.sequence] = done

    def entries(self, since: int = 0, filters: Mapping[str, str] | None = None) -> list[LogEntry]:
        """Entries after sequence `since` whose fields, as text, equal those of `filters`."""
        with self._lock:
            first = max(since + 1, self._order[0] if self._order else 1)
            chosen = [self._entries[sequence] for sequence in range(first, self._last + 1) if sequence in self._entries]
        return [entry for entry in chosen if _matches(entry, filters or {})]

    def callers(self) -> list[dict[str, str]]:
        """Who has ever called what, by user agent; a reset forgets nothing of it."""
        with self._lock:
            return [
                {"service": service, "operation": operation, "user_agent": agent}
                for service, operation, agent in sorted(self._callers)
            ]

    def clear(self) -> None:
        """Forget all entries; sequence numbers go on."""
        with self._lock:
            self._entries.clear()
            self._order.clear()

    @property
    def last_sequence(self) -> int:
        """Sequence number of the newest request, 0 before the first."""
        with self._lock:
            return self._last


def _matches(entry: LogEntry, filters: Mapping[str, str]) -> bool:
    return all(_text(getattr(entry, name)) == value for name, value in filters.items() if name in _FILTERS)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def known_filters(names: Iterable[str]) -> str | None:
    """The first name that is not a filter, or None."""
    return next((name for name in names if name not in _FILTERS), None)


def describe(entries: Iterable[LogEntry]) -> list[dict[str, Any]]:
    """Entries as plain values."""
    return [asdict(entry) for entry in entries]


def count(entries: Iterable[LogEntry]) -> dict[str, Any]:
    """How many requests there were: total, writes, by operation, and by error code."""
    entries = list(entries)
    return {
        "total": len(entries),
        "writes": sum(entry.write for entry in entries),
        "operations": dict(Counter(f"{entry.service}.{entry.operation}" for entry in entries)),
        "errors": dict(Counter(entry.error_code for entry in entries if entry.error_code)),
    }
