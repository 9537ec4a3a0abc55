"""One AWS client as an asynchronous, rate-limited, counted, logged function; the only place that calls boto3."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import structlog
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from ivs_operator import metrics
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.errors import UnreadableAnswer, failed, fault_of, is_unanswered
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.reach import Reach
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, PermitLost
from ivs_operator.priority import BACKGROUND

__all__ = ["CLIENT_CONFIG", "Calls", "guard_writes"]

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

log = structlog.get_logger(__name__)


def guard_writes(client: Any, permitted: Callable[[], bool]) -> None:
    """Ask for permission when a write is about to leave: it may have waited for its rate, a thread or credentials."""

    def refuse(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation.startswith(_WRITES) and not permitted():
            raise PermitLost

    client.meta.events.register("before-send", refuse)


@dataclass(frozen=True, slots=True)
class _Access:
    """A client, and who answers for its credentials."""

    client: Any
    admit: Callable[[], None]
    on_fault: Callable[[Fault], None]

    def leave(self, method: Callable[..., dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
        """Call, unless the credentials have been withdrawn while the call waited for a thread."""
        self.admit()
        return method(**parameters)


class Calls:
    """Calls to one service in one account and region."""

    def __init__(
        self,
        service: str,
        client: Any,
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

    def use(self, client: Any, *, admit: Callable[[], None] = lambda: None, on_fault: Callable[[Fault], None]) -> None:
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
        await bucket.take(background=BACKGROUND.get())
        if self._limiter.too_late():
            message = f"{operation} had to wait too long for its turn under AWS's rate; it is planned anew"
            raise CallFailed(Fault(FaultClass.FAST, Reason.THROTTLED, message))
        access = self._access
        access.admit()
        method: Callable[..., dict[str, Any]] = getattr(access.client, _method(operation))
        call = asyncio.get_running_loop().run_in_executor(
            # With the context: whether it is too late to leave is asked once more in the thread.
            self._threads,
            partial(copy_context().run, access.leave, method, parameters),
        )
        try:
            answer = _readable(access.client, operation, await self._answer(access.client, operation, call))
        except (PermitLost, CallFailed):  # it has not left
            raise
        except Exception as error:
            fault = fault_of(operation, error)
            metrics.AWS_REQUESTS.labels(service=self._service, operation=operation, code=fault.code).inc()
            if "hrottl" in fault.code or fault.code == "TooManyRequestsException":
                metrics.AWS_THROTTLED.inc()
                bucket.throttled()
            access.on_fault(fault)
            self._learn(fault, error)
            raise failed(operation, error, missing=missing) from error
        self._learn(None, None)
        self._count(operation, answer)
        return answer

    async def _answer(self, client: Any, operation: str, call: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        """A write that has left can't be taken back: on a stop, too, it is finished, so that its answer is known."""
        if not operation.startswith(_WRITES):
            call.add_done_callback(_seen)
            done, _ = await asyncio.wait([call], timeout=_READ_PATIENCE)
            if not done:
                raise ReadTimeoutError(endpoint_url=client.meta.endpoint_url)
            return call.result()
        try:
            return await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait([call])
            raise

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
