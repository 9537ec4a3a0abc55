"""One AWS client as an asynchronous, rate-limited, counted, logged function; the only place that calls boto3."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any, Final

import structlog
from botocore.config import Config

from ivs_operator import metrics
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.errors import failed, fault_of
from ivs_operator.aws.rates import Limiter
from ivs_operator.domain.failures import PermitLost
from ivs_operator.priority import BACKGROUND

__all__ = ["CLIENT_CONFIG", "Calls", "guard_writes"]

CLIENT_CONFIG: Final = Config(
    # Retries are ours: botocore would repeat a Create whose answer was lost, and make a second object.
    retries={"total_max_attempts": 1, "mode": "standard"},
    connect_timeout=3,
    read_timeout=15,
    max_pool_connections=32,
    user_agent_extra="ivs-operator",
)

_WRITES: Final = ("Create", "Update", "Delete", "Tag", "Untag")

log = structlog.get_logger(__name__)


def guard_writes(client: Any, permitted: Callable[[], bool]) -> None:
    """Ask for permission when a write is about to leave: it may have waited for its rate, a thread or credentials."""

    def refuse(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if operation.startswith(_WRITES) and not permitted():
            raise PermitLost

    client.meta.events.register("before-send", refuse)


class Calls:
    """Calls to one service in one account and region."""

    def __init__(self, service: str, client: Any, limiter: Limiter, threads: Executor) -> None:
        self._service = service
        self._client = client
        self._limiter = limiter
        self._threads = threads

    async def __call__(self, operation: str, *, missing: Reason | None = None, **parameters: Any) -> dict[str, Any]:
        """Call an operation by AWS's name for it.

        `missing` is the reason to report when AWS answers that something does not exist.

        Raises:
            NotFound: AWS answers ResourceNotFoundException.
            CallFailed: anything else that is no success.
            PermitLost: the call is a write and must not be made any more.
        """
        bucket = self._limiter.bucket(operation)
        await bucket.take(background=BACKGROUND.get())
        method: Callable[..., dict[str, Any]] = getattr(self._client, _method(operation))
        call = asyncio.get_running_loop().run_in_executor(self._threads, partial(method, **parameters))
        try:
            # A call that has left can't be taken back: on a stop it is finished, so that its answer is known.
            answer = await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait([call])
            raise
        except PermitLost:
            raise
        except Exception as error:
            code = fault_of(operation, error).code
            metrics.AWS_REQUESTS.labels(service=self._service, operation=operation, code=code).inc()
            if "hrottl" in code or code == "TooManyRequestsException":
                metrics.AWS_THROTTLED.inc()
                bucket.throttled()
            raise failed(operation, error, missing=missing) from error
        self._count(operation, answer)
        return answer

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


def _method(operation: str) -> str:
    """boto3's name of an operation: CreateRoom -> create_room."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation).lstrip("_")
