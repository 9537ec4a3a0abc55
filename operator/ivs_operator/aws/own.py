"""The operator's own credentials: whose they are, and what takes their place once AWS refuses them.

boto3 reads a file or a variable once only, so other credentials are found by a new session. It is in force for calls in
our own account only after AWS has told that they are that account's; STS is asked with the latest at once.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, Final

import boto3
import structlog

from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, LazyClient
from ivs_operator.aws.errors import CREDENTIAL_CODES, fault_of
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.sharing import retrieved
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault

__all__ = ["OwnAccount", "OwnSession"]

_STS_REGION: Final = "us-east-1"  # GetCallerIdentity answers the same everywhere; used when no region is known

_RENEWAL: Final = 5.0  # seconds between attempts to find other credentials
_GLANCE: Final = 1.0  # seconds between looks at whether an attempt has ended
_LONGEST_DOUBT: Final = 300.0  # seconds; a region that is not enabled refuses the best credentials, again and again
_GOOD_LIFE: Final = 600.0  # seconds; credentials that have served so long were not doubted in vain

log = structlog.get_logger(__name__)


class OwnSession:
    """One boto3 session with whatever credentials the surroundings give. No two threads may use one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: boto3.Session | None = None

    def client(self, service: str, region: str) -> Any:
        """Make a client, in a thread: asking for credentials may take long, and raises what botocore has for that."""
        with self._lock:
            if self._session is None:
                self._session = boto3.Session()
            make: Any = self._session.client
            return make(service, region_name=region, config=CLIENT_CONFIG)


class OwnAccount:
    """The account of the operator's own credentials."""

    def __init__(
        self, *, region: str | None, clock: Clock, threads: Callable[[str], Executor], on_change: Callable[[], None]
    ) -> None:
        """`threads` gives those of STS, by AWSAccount; `on_change` is told when other credentials are in force."""
        self.account_id: str | None = None
        self.fault: Fault | None = None
        self.fault_since = 0.0
        self._retry_at = 0.0
        self.session = OwnSession()
        """What calls in this account are made with."""
        self._region = region or _STS_REGION
        self._clock = clock
        self._threads = threads
        self._on_change = on_change
        self._latest = self.session
        self._sts = self._sts_client()
        self._latest_at = 0.0  # long ago: the first refusal is reason enough
        self._told_at = clock.now()
        self._patience = _RENEWAL
        self._doubted = False
        self._said = ""
        self._asking: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether the account is known, and STS does not refuse the credentials. Doubt alone is no reason to stop."""
        refused = self._doubted and self.fault is not None and self.fault.code in CREDENTIAL_CODES
        return self.account_id is not None and not refused

    @property
    def retry_at(self) -> float:
        """When whoever needs the account should look again: never a moment that has passed while an answer is due."""
        return self._retry_at if self._asking is None else max(self._retry_at, self._clock.now() + _GLANCE)

    async def look(self) -> None:
        """Ask AWS whose the credentials are, until it has answered; waits only while nothing is known."""
        if self.account_id is not None and not self._doubted:
            return
        if self._asking is None and self._clock.now() >= self._retry_at:
            # A context of its own: nobody's urgency or deadline is that of all who wait.
            self._asking = asyncio.get_running_loop().create_task(self._ask(), context=Context())
            self._asking.add_done_callback(retrieved)
        elif self.fault is not None:
            return  # why not is known; one is enough to wait for what becomes of the next attempt
        if self._asking is not None and not self.usable:
            await asyncio.shield(self._asking)

    def noticed(self, fault: Fault) -> None:
        """A call in this account was refused; perhaps the credentials have ended, and there are others by now."""
        now = self._clock.now()
        if fault.code not in CREDENTIAL_CODES or self._doubted or now - self._latest_at < self._patience:
            return
        self._patience = min(self._patience * 2, _LONGEST_DOUBT)
        self._renew(fault)

    async def assume(self, account: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """AssumeRole; threads and rate of its own by AWSAccount, so that none waits for others.

        Raises:
            CallFailed: it was refused, or not answered.
        """
        return await self._calls(account, self._refused_by_sts)("AssumeRole", **parameters)

    def _calls(self, account: str = "", on_fault: Callable[[Fault], None] = lambda _: None) -> Calls:
        return Calls("sts", self._sts, Limiter(self._clock), self._threads(account), on_fault=on_fault)

    def _refused_by_sts(self, fault: Fault) -> None:
        """STS is asked in one region: what it refuses is replaced as soon as may be."""
        if fault.code in CREDENTIAL_CODES and self._clock.now() - self._latest_at >= _RENEWAL:
            self._renew(fault)

    def _renew(self, fault: Fault) -> None:
        if fault.message != self._said:
            log.warning("AWS refuses the credentials; looking for new ones", error=fault.message, code=fault.code)
        self._said = fault.message
        self._doubted = self.account_id is not None
        self._replace()

    def _replace(self) -> None:
        self._latest, self._latest_at = OwnSession(), self._clock.now()
        self._sts = self._sts_client()

    def _sts_client(self) -> LazyClient:
        session, region = self._latest, self._region
        return LazyClient(lambda: session.client("sts", region))

    async def _ask(self) -> None:
        if self.fault is not None and self._clock.now() - self._latest_at >= _RENEWAL:
            self._replace()  # what did not lead to an account may have been replaced
        asked = self._latest
        try:
            answer = await self._calls()("GetCallerIdentity")
            self._told(asked, str(answer["Account"]))
        except CallFailed as error:
            self._refused(error.fault)
        except Exception as error:  # noqa: BLE001 - an answer that nobody has thought of must not be asked for at once
            self._refused(fault_of("GetCallerIdentity", error))
        finally:
            self._asking = None

    def _told(self, asked: OwnSession, account_id: str) -> None:
        now = self._clock.now()
        if now - self._told_at > _GOOD_LIFE:
            self._patience = _RENEWAL
        self._told_at = now
        self._doubted = asked is not self._latest
        self.account_id, self.fault = account_id, None
        if asked is not self.session:
            self.session = asked
            self._on_change()

    def _refused(self, fault: Fault) -> None:
        now = self._clock.now()
        if self.fault is None or self.fault.message != fault.message:
            log.warning("the AWS account can't be told", reason=str(fault.reason), error=fault.message)
        if self.fault is None:
            self.fault_since = now
        self.fault = fault
        self._retry_at = now + _RENEWAL  # credentials that appear are noticed soon, and STS is not hammered
