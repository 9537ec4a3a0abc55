"""Everything that the operator's credentials reach: clients and views by account and region, made when first needed."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
import structlog

from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, guard_writes
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.errors import CREDENTIAL_CODES
from ivs_operator.aws.inventory import Inventory
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.reach import Reach
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.aws.sharing import Shared
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.priority import NOT_AFTER

__all__ = ["AwsEstate", "default_region", "supported_regions"]

_SERVICES: Final[Mapping[Kind, str]] = {Kind.RECORDING: "ivs", Kind.CHAT_LOGGING: "ivschat"}
_GATEWAYS: Final[Mapping[Kind, Callable[[Calls], RecordingGateway | ChatLoggingGateway]]] = {
    Kind.RECORDING: RecordingGateway,
    Kind.CHAT_LOGGING: ChatLoggingGateway,
}

_STS_REGION: Final = "us-east-1"  # GetCallerIdentity answers the same everywhere; used when no region is known

_RENEWAL: Final = 5.0  # seconds between attempts to find other credentials

log = structlog.get_logger(__name__)


def default_region(session: boto3.Session, environ: Mapping[str, str] = os.environ) -> str | None:
    """AWS_REGION, AWS_DEFAULT_REGION, then the profile's. boto3 alone does not read the first."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or session.region_name or None


def supported_regions(session: boto3.Session, kind: Kind) -> frozenset[str]:
    """Regions that offer the service, after botocore's endpoint data."""
    return frozenset(session.get_available_regions(_SERVICES[kind]))


class AwsEstate:
    """Clients and views; close it to end its threads."""

    def __init__(self, clock: Clock, *, region: str | None, workers: int, permitted: Callable[[], bool]) -> None:
        session = boto3.Session()
        self._session = session
        self._clock = clock
        self._permitted = permitted
        self._region = region or default_region(session)
        self._workers = workers
        # Each place has threads of its own: calls that hang must not take those that others need.
        self._threads: dict[tuple[str, str], ThreadPoolExecutor] = {}
        self._calls: dict[tuple[str, str, str], Calls] = {}
        self._session_at = clock.now()
        self._inventories: dict[tuple[Kind, str, str], Inventory] = {}
        self._account_id: str | None = None
        self._fault: Fault | None = None
        self._fault_since = 0.0
        self._retry_at = 0.0
        self._asked = Shared(self._ask, clock)
        self._regions = {kind: supported_regions(session, kind) for kind in Kind}

    @property
    def default_region(self) -> str | None:
        """The region of objects that name none."""
        return self._region

    def close(self) -> None:
        """End the threads; calls that have left are finished."""
        for threads in self._threads.values():
            threads.shutdown(wait=True, cancel_futures=True)

    def look_anew(self) -> None:
        """Forget what was seen: another process may have written since."""
        self._inventories.clear()

    async def identity(self, kind: Kind) -> Identity:
        """Account and regions. Asks AWS until it has answered once."""
        if self._account_id is None and self._clock.now() >= self._retry_at:
            try:
                await self._asked.newer_than(self._session_at)
            except CallFailed as error:
                self._refused(error.fault)
        return Identity(
            account_id=self._account_id,
            default_region=self._region,
            regions=self._regions[kind],
            fault=self._fault,
            fault_since=self._fault_since,
            retry_at=self._retry_at,
        )

    def region(self, kind: Kind, account_id: str, region: str) -> Inventory:
        """The shared view of one kind in one account and region."""
        key = (kind, account_id, region)
        if key not in self._inventories:
            self._inventories[key] = Inventory(
                _GATEWAYS[kind](self._calls_to(_SERVICES[kind], account_id, region)), self._clock
            )
        return self._inventories[key]

    def calls(self, service: str, account_id: str, region: str) -> Calls:
        """Calls to any service, by boto3's name for it; each has threads and rates of its own."""
        return self._calls_to(service, account_id, region)

    def _calls_to(self, service: str, account_id: str, region: str) -> Calls:
        key = (account_id, service, region)
        if key not in self._calls:
            self._calls[key] = Calls(
                service,
                self._client(service, region),
                Limiter(self._clock),
                self._threads_for(service, region),
                reach=Reach(f"{service} in {region}", self._clock),
                on_fault=self._noticed,
            )
        return self._calls[key]

    def _client(self, service: str, region: str) -> Any:
        client: Any = self._session.client(service, region_name=region, config=CLIENT_CONFIG)
        guard_writes(client, self._may_leave)
        return client

    def _may_leave(self) -> bool:
        """Whether a write that has got a thread and credentials at last may still leave."""
        not_after = NOT_AFTER.get()
        return self._permitted() and (not_after is None or self._clock.now() < not_after)

    def _threads_for(self, service: str, region: str) -> ThreadPoolExecutor:
        if (service, region) not in self._threads:
            name = f"{service} {region}"
            self._threads[service, region] = ThreadPoolExecutor(2 * self._workers, thread_name_prefix=name)
        return self._threads[service, region]

    def _noticed(self, fault: Fault) -> None:
        """Look for other credentials when those in use are refused: boto3 reads a file or a variable once only.

        Until AWS has told whose the new ones are, no call is made; should they be another account's, objects say so.
        """
        now = self._clock.now()
        if fault.code in CREDENTIAL_CODES and self._account_id is not None and now - self._session_at >= _RENEWAL:
            log.warning("AWS refuses the credentials; looking for new ones", error=fault.message, code=fault.code)
            self._account_id = None
            self._fault, self._fault_since, self._retry_at = fault, now, now
            self._session, self._session_at = boto3.Session(), now

    async def _ask(self, _began: float) -> None:
        region = self._region or _STS_REGION
        if self._fault is not None and self._clock.now() - self._session_at >= _RENEWAL:
            self._session = boto3.Session()  # what did not lead to an account may have been replaced
        client = self._session.client("sts", region_name=region, config=CLIENT_CONFIG)
        calls = Calls("sts", client, Limiter(self._clock), self._threads_for("sts", region))
        answer = await calls("GetCallerIdentity")
        self._account_id = str(answer["Account"])
        self._fault = None
        for (account, service, place), known in self._calls.items():
            if account == self._account_id:
                known.use(self._client(service, place))

    def _refused(self, fault: Fault) -> None:
        now = self._clock.now()
        if self._fault is None or self._fault.message != fault.message:
            log.warning("the AWS account can't be told", reason=str(fault.reason), error=fault.message)
        if self._fault is None:
            self._fault_since = now
        self._fault = fault
        self._retry_at = now + 5.0  # seconds; credentials that appear are noticed soon, and STS is not hammered
