"""One AWS client as an asynchronous, rate-limited, counted, logged function; the only place that calls boto3."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from botocore.config import Config
from botocore.exceptions import CredentialRetrievalError, ReadTimeoutError

from ivs_operator import metrics
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.errors import UnreadableAnswer, failed, fault_of, is_unanswered
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.reach import Reach
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, PermitLost
from ivs_operator.priority import BACKGROUND

__all__ = ["CLIENT_CONFIG", "Calls", "LazyClient", "guard_writes"]

CLIENT_CONFIG: Final = Config(
    # Retries are ours: botocore would repeat a Create whose answer was lost, and make a second object.
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=3,
    read_timeout=15,  # a write is waited for, so that its effect is known
    max_pool_connections=32,
    user_agent_extra="ivs-operator",
)

_WRITES: Final = ("Create", "Update", "Delete", "Tag", "Untag")

_READ_PATIENCE: Final = 6.0
"""Seconds that a read is waited for: one that hangs can be asked again, and holds a worker meanwhile."""

_CREDENTIALS_PATIENCE: Final = 10.0
"""Seconds more for a read that has no credentials yet: botocore's own attempts end in that time, and say why."""

_WRITE_PATIENCE: Final = 25.0
"""Seconds that a write is waited for: above what credentials, connecting and the read time-out take together.

That time-out is one of silence: an answer that comes in drops would be waited for without end."""

_STOP_PATIENCE: Final = 5.0
"""Seconds that a write which has left is still waited for after a cancel, so that mostly its answer is known."""

log = structlog.get_logger(__name__)


def guard_writes(client: Any, permitted: Callable[[], bool]) -> None:
    """Ask for permission when a write is about to leave: it may have waited for its rate, a thread or credentials."""

    def refuse(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation.startswith(_WRITES) and not permitted():
            raise PermitLost

    client.meta.events.register("before-send", refuse)


class LazyClient:
    """A client, made by the thread that first needs it: making one asks for credentials, which may take long."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None
        self._lock = threading.Lock()

    @property
    def made(self) -> Any:
        """The client; None before it is needed."""
        return self._made

    def get(self) -> Any:
        """The client; raises whatever boto3 does when it can't be made."""
        with self._lock:
            if self._made is None:
                client = self._make()
                # First, so that one that was given up does not even ask for permission.
                client.meta.events.register_first("before-send", _depart, unique_id="ivs-operator-departure")
                self._made = client
            return self._made


class _Departure:
    """Whether a call has left. Its thread and who waits for it must agree: what was given up before must not leave."""

    def __init__(self) -> None:
        self.begun = False
        self._left = False
        self._given_up = False
        self._lock = threading.Lock()

    def leave(self) -> bool:
        """Whether it may leave; if so, it has."""
        with self._lock:
            self._left = self._left or not self._given_up
            return not self._given_up

    @property
    def hindered(self) -> bool:
        """Whether it has a thread, and waits for a client or for credentials."""
        return self.begun and not self._left

    def give_up(self) -> bool:
        """Whether it never leaves; else it has left already."""
        with self._lock:
            self._given_up = True
            return not self._left


_DEPARTURE: ContextVar[_Departure | None] = ContextVar("ivs_operator_departure", default=None)


def _depart(**_: Any) -> None:
    departure = _DEPARTURE.get()
    if departure is not None and not departure.leave():
        raise PermitLost


@dataclass(frozen=True, slots=True)
class _Access:
    """A client, and who answers for its credentials."""

    client: LazyClient
    admit: Callable[[], None]
    on_fault: Callable[[Fault], None]

    def leave(self, departure: _Departure, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call, unless the credentials have been withdrawn while the call waited for a thread."""
        self.admit()
        departure.begun = True
        _DEPARTURE.set(departure)
        client = self.client.get()
        answer: dict[str, Any] = getattr(client, _method(operation))(**parameters)
        return _readable(client, operation, answer)

    def silence(self, departure: _Departure, *, left: bool) -> Exception:
        """What to say of a call that was given up."""
        if not left and departure.begun:
            unheard: Exception = CredentialRetrievalError(provider="their source", error_msg="no answer in time")
            return unheard
        place = self.client.made.meta.endpoint_url if self.client.made is not None else "AWS"
        silent: Exception = ReadTimeoutError(endpoint_url=place)
        return silent


class Calls:
    """Calls to one service in one account and region."""

    def __init__(
        self,
        service: str,
        client: LazyClient,
        limiter: Limiter,
        threads: Executor,
        *,
        reach: Reach | None = None,
        admit: Callable[[], None] = lambda: None,
        on_fault: Callable[[Fault], None] = lambda _: None,
    ) -> None:
        """`admit` raises CallFailed once the client's credentials must not be used any more; any thread may ask it.

        `on_fault` hears of every call with these credentials that has failed.
        """
        self._service = service
        self._access = _Access(client, admit, on_fault)
        self._limiter = limiter
        self._threads = threads
        self._reach = reach

    def use(
        self, client: LazyClient, *, admit: Callable[[], None] = lambda: None, on_fault: Callable[[Fault], None]
    ) -> None:
        """Make calls with other credentials of the same account from now on; those that have left end as they are."""
        self._access = _Access(client, admit, on_fault)

    async def __call__(self, operation: str, *, missing: Reason | None = None, **parameters: Any) -> dict[str, Any]:
        """Call an operation by AWS's name for it.

        `missing` is the reason to report when AWS answers that something does not exist.

        Raises:
            NotFound: AWS answers ResourceNotFoundException.
            CallFailed: anything else that is no success, or the credentials have been withdrawn.
            PermitLost: the call is a write and must not be made any more.
        """
        self._access.admit()
        bucket = self._limiter.bucket(operation)
        if self._reach is not None:
            self._reach.admit(operation)
        if not await self._limiter.take(operation, background=BACKGROUND.get()):
            message = (
                f"{operation} was not called: the operator's own rate, which keeps it from calling AWS too fast, had "
                f"it wait for too long; it is planned anew"
            )
            raise CallFailed(Fault(FaultClass.FAST, Reason.THROTTLED, message))
        access = self._access
        access.admit()
        departure = _Departure()
        call = asyncio.get_running_loop().run_in_executor(
            # With the context: whether it is too late to leave is asked once more in the thread.
            self._threads,
            partial(copy_context().run, access.leave, departure, operation, parameters),
        )
        try:
            answer = await self._answer(access, departure, operation, call)
        except (PermitLost, CallFailed):  # it has not left
            raise
        except Exception as error:
            fault = fault_of(operation, error)
            metrics.AWS_REQUESTS.labels(service=self._service, operation=operation, code=fault.code).inc()
            if fault.reason is Reason.THROTTLED:
                metrics.AWS_THROTTLED.inc()
                bucket.throttled()
            access.on_fault(fault)
            self._learn(fault, error)
            raise failed(operation, error, missing=missing) from error
        self._learn(None, None)
        self._count(operation, answer)
        return answer

    async def _answer(
        self, access: _Access, departure: _Departure, operation: str, call: asyncio.Future[dict[str, Any]]
    ) -> dict[str, Any]:
        """A write that has left can't be taken back: on a stop, too, it is waited for, so that its answer is known."""
        call.add_done_callback(_seen)
        writes = operation.startswith(_WRITES)
        try:
            done, _ = await asyncio.wait([call], timeout=_WRITE_PATIENCE if writes else _READ_PATIENCE)
            if not done and not writes and departure.hindered:
                done, _ = await asyncio.wait([call], timeout=_CREDENTIALS_PATIENCE)
        except asyncio.CancelledError:
            if not departure.give_up() and writes:
                await asyncio.wait([call], timeout=_STOP_PATIENCE)
            raise
        if done:
            return call.result()
        never = departure.give_up()
        if never and not departure.begun and writes:
            message = f"{operation}: earlier calls to {self._service} hang and hold all threads; it was not made"
            raise CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, message, code="NotCalled"))
        raise access.silence(departure, left=not never)

    def _learn(self, fault: Fault | None, error: Exception | None) -> None:
        if self._reach is None:
            return
        if fault is not None and is_unanswered(error):
            self._reach.unanswered(fault.message.partition(": ")[2])
        else:
            self._reach.answered()

    async def pages(
        self, operation: str, member: str, *, size: int, **parameters: Any
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """All pages of a List, by hand: boto3 has no paginators for IVS Chat.

        Raises:
            CallFailed: a page could not be read; what came before is incomplete.
        """
        token: str | None = None
        while True:
            page: dict[str, Any] = {"maxResults": size, **parameters}
            if token is not None:
                page["nextToken"] = token
            answer = await self(operation, **page)
            yield answer.get(member) or []
            token = answer.get("nextToken") or None
            if token is None:
                return

    def _count(self, operation: str, answer: dict[str, Any]) -> None:
        metrics.AWS_REQUESTS.labels(service=self._service, operation=operation, code="OK").inc()
        request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
        level = log.info if operation.startswith(_WRITES) else log.debug
        level("AWS call", service=self._service, operation=operation, request_id=request_id)


def _readable(client: Any, operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """An empty answer where there must be something would look as if everything were gone."""
    shape = client.meta.service_model.operation_model(operation).output_shape
    if shape is not None and shape.members and not answer.keys() - {"ResponseMetadata"}:
        raise UnreadableAnswer
    return answer


def _seen(call: asyncio.Future[dict[str, Any]]) -> None:
    """Take note of an answer that perhaps nobody waits for any more."""
    if not call.cancelled():
        call.exception()


def _method(operation: str) -> str:
    """boto3's name of an operation: CreateRoom -> create_room."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
