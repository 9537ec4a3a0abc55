"""Everything that the operator's credentials reach: clients and views by account and region, made when first needed."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
import structlog

from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, guard_writes
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.inventory import Inventory
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.aws.sharing import Shared
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.placement import Identity

__all__ = ["AwsEstate", "default_region", "supported_regions"]

_SERVICES: Final[Mapping[Kind, str]] = {Kind.RECORDING: "ivs", Kind.CHAT_LOGGING: "ivschat"}
_GATEWAYS: Final[Mapping[Kind, Callable[[Calls], RecordingGateway | ChatLoggingGateway]]] = {
    Kind.RECORDING: RecordingGateway,
    Kind.CHAT_LOGGING: ChatLoggingGateway,
}

_STS_REGION: Final = "us-east-1"  # GetCallerIdentity answers the same everywhere; used when no region is known

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
        self._threads = ThreadPoolExecutor(max_workers=2 * workers, thread_name_prefix="aws")
        self._limiters: dict[tuple[str, str], Limiter] = {}
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
        self._threads.shutdown(wait=True, cancel_futures=True)

    def look_anew(self) -> None:
        """Forget what was seen: another process may have written since."""
        self._inventories.clear()

    async def identity(self, kind: Kind) -> Identity:
        """Account and regions. Asks AWS until it has answered once."""
        if self._account_id is None and self._clock.now() >= self._retry_at:
            try:
                await self._asked.newer_than(0.0)
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
            calls = self._calls(_SERVICES[kind], account_id, region)
            self._inventories[key] = Inventory(_GATEWAYS[kind](calls), self._clock)
        return self._inventories[key]

    def _calls(self, service: str, account_id: str, region: str) -> Calls:
        client: Any = self._session.client(service, region_name=region, config=CLIENT_CONFIG)
        guard_writes(client, self._permitted)
        limiter = self._limiters.setdefault((account_id, f"{region}/{service}"), Limiter(self._clock))
        return Calls(service, client, limiter, self._threads)

    async def _ask(self, _began: float) -> None:
        region = self._region or _STS_REGION
        client = self._session.client("sts", region_name=region, config=CLIENT_CONFIG)
        calls = Calls("sts", client, Limiter(self._clock), self._threads)
        answer = await calls("GetCallerIdentity")
        self._account_id = str(answer["Account"])
        self._fault = None

    def _refused(self, fault: Fault) -> None:
        now = self._clock.now()
        if self._fault is None or self._fault.message != fault.message:
            log.warning("the AWS account can't be told", reason=str(fault.reason), error=fault.message)
        if self._fault is None:
            self._fault_since = now
        self._fault = fault
        self._retry_at = now + 5.0  # seconds; credentials that appear are noticed soon, and STS is not hammered
