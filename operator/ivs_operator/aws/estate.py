"""Everything that the operator's credentials reach: clients and views by account and region, made when first needed."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3
import structlog
from botocore.loaders import create_loader

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.assumed import AssumedRole, assume_parameters
from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, LazyClient, guard_writes
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.inventory import Inventory
from ivs_operator.aws.own import OwnAccount
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.reach import Reach
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.aws.regions import SERVICES, default_region, supported_regions, unserved
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.priority import NOT_AFTER

__all__ = ["AwsEstate", "default_region", "supported_regions"]

_GATEWAYS: Final[Mapping[Kind, Callable[[Calls], RecordingGateway | ChatLoggingGateway]]] = {
    Kind.RECORDING: RecordingGateway,
    Kind.CHAT_LOGGING: ChatLoggingGateway,
}

log = structlog.get_logger(__name__)


class AwsEstate:
    """Clients and views; close it to end its threads."""

    def __init__(self, clock: Clock, *, region: str | None, workers: int, permitted: Callable[[], bool]) -> None:
        session = boto3.Session()
        self._clock = clock
        self._permitted = permitted
        self._region = region or default_region(session)
        self._workers = workers
        # Each place has threads of its own: calls that hang must not take those that others need. Keys as of calls.
        self._threads: dict[tuple[str, str, str, str], ThreadPoolExecutor] = {}
        self._calls: dict[tuple[str, str, str, str], Calls] = {}
        self._limiters: dict[tuple[str, str, str], Limiter] = {}
        self._roles: dict[str, AssumedRole] = {}
        self._loader = create_loader()
        self._making = threading.Lock()
        self.on_account: Callable[[str], None] = lambda _: None
        """Is told the name of an AWSAccount whose role was entered, or can't be any more."""
        self._inventories: dict[tuple[Kind, str, str, str], Inventory] = {}
        self._own = OwnAccount(
            region=self._region,
            clock=clock,
            threads=lambda account: self._threads_for(account, "", "sts", ""),
            on_change=lambda: self._rebind("", self._own.account_id or ""),
        )
        self._regions = {kind: supported_regions(session, kind) for kind in Kind}
        self._introduction: asyncio.Task[None] | None = None

    @property
    def default_region(self) -> str | None:
        """The region of objects that name none."""
        return self._region

    def introduce(self) -> None:
        """At the start, tell in the log what would be told by an object only: no region, or no usable credentials."""
        if self._region is None:
            log.warning("no default region: objects without spec.region can't be placed; set --region or AWS_REGION")
        elif (trouble := unserved(self._region, self._regions)) is not None:
            log.warning(trouble)
        self._introduction = asyncio.get_running_loop().create_task(self._own.look())

    def close(self) -> None:
        """End the threads; calls that have left are finished."""
        for threads in self._threads.values():
            threads.shutdown(wait=True, cancel_futures=True)

    def look_anew(self) -> None:
        """Forget what was seen: another process may have written since."""
        self._inventories.clear()

    async def identity(self, kind: Kind) -> Identity:
        """Account and regions. Asks AWS until it has answered once."""
        own = self._own
        await own.look()
        return Identity(
            account_id=own.account_id if own.usable else None,
            default_region=self._region,
            regions=self._regions[kind],
            fault=own.fault,
            fault_since=own.fault_since,
            retry_at=own.retry_at,
        )

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        """Account and regions of the role of an AWSAccount. Costs nothing while its credentials last."""
        assumed = self._roles.get(account)
        if assumed is None or assumed.role != role:
            assumed = self._roles[account] = AssumedRole(
                account,
                role,
                ask=lambda role: self._assume(account, role),
                loader=self._loader,
                clock=self._clock,
                on_change=self._changed,
            )
        await assumed.look()
        current = self._roles.get(account) is assumed  # else the AWSAccount names another role by now, or is gone
        return Identity(
            account_id=assumed.account_id if assumed.usable and current else None,
            default_region=self._region,
            regions=self._regions[kind],
            fault=assumed.fault,
            fault_since=assumed.fault_since,
            retry_at=assumed.retry_at,
        )

    def standing(self, account: str) -> AssumedRole | None:
        """How the role of an AWSAccount does; None when nobody has asked for it."""
        return self._roles.get(account)

    def drop(self, account: str) -> None:
        """Forget the role of an AWSAccount that is gone, and all that was reached by it."""
        self._roles.pop(account, None)
        self._leave(account)

    def inventories(self) -> tuple[tuple[str, Inventory], ...]:
        """Every view that was needed so far, each with its region."""
        return tuple((region, view) for (*_, region), view in self._inventories.items())

    def within_reach(self) -> tuple[tuple[str, Inventory], ...]:
        """Those views that can be refreshed at present, each with the AWSAccount whose role does, or none."""
        return tuple(
            (account, view)
            for (_, account, account_id, _), view in self._inventories.items()
            if not account or self._leads(account, account_id)
        )

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Inventory:
        """The shared view of one kind in one account and region, by the role of an AWSAccount if one is named.

        Raises:
            CallFailed: as `calls`.
        """
        self._role(account, account_id)
        key = (kind, account, account_id, region)
        if key not in self._inventories:
            service = SERVICES[kind]
            gateway = _GATEWAYS[kind](self.calls(service, account_id, region, account))
            places = self._limiter(account_id, service, region).creations
            self._inventories[key] = Inventory(gateway, self._clock, places)
        return self._inventories[key]

    def calls(self, service: str, account_id: str, region: str, account: str = "") -> Calls:
        """Calls to any service, by boto3's name for it; each has threads and rates of its own.

        Raises:
            CallFailed: the AWSAccount named leads elsewhere by now, or is gone.
        """
        assumed = self._role(account, account_id)
        key = (account, account_id, service, region)
        if key not in self._calls:
            self._calls[key] = Calls(
                service,
                self._client(service, region, assumed),
                self._limiter(account_id, service, region),
                self._threads_for(*key),
                reach=Reach(self._clock),
                admit=self._admission(assumed, account_id),
                on_fault=self._listener(service, assumed),
            )
        return self._calls[key]

    def _limiter(self, account_id: str, service: str, region: str) -> Limiter:
        """Rates are the account's own, however many roles lead there."""
        return self._limiters.setdefault((account_id, service, region), Limiter(self._clock))

    def _role(self, account: str, account_id: str) -> AssumedRole | None:
        """The role that an AWSAccount leads to an account by; None for the operator's own credentials.

        Raises:
            CallFailed: it does not lead there.
        """
        if not account:
            return None
        if not self._leads(account, account_id):
            raise CallFailed(self._astray(account, account_id))
        return self._roles[account]

    def _leads(self, account: str, account_id: str) -> bool:
        assumed = self._roles.get(account)
        return assumed is not None and assumed.account_id == account_id

    def _astray(self, account: str, account_id: str) -> Fault:
        """Why no call is made by way of an AWSAccount; no refusal of AWS's, for it was not asked."""
        assumed = self._roles.get(account)
        if assumed is None:
            reason, words = Reason.ACCOUNT_NOT_FOUND, "is gone"
        elif assumed.account_id is None:
            reason, words = Reason.UNAVAILABLE, "names a role that has not been assumed yet"
        else:
            reason, words = Reason.ACCOUNT_CHANGED, f"does not lead to account {account_id} at present"
        message = f"AWSAccount {account} {words}; nothing is called"
        return Fault(FaultClass.FAST, reason, message, code="NotCalled")

    def _admission(self, assumed: AssumedRole | None, account_id: str) -> Callable[[], None]:
        """What raises CallFailed once the AWSAccount does not name this very role any more."""

        def admit() -> None:
            if assumed is not None and self._roles.get(assumed.account) is not assumed:
                raise CallFailed(self._astray(assumed.account, account_id))

        return admit

    def _listener(self, service: str, assumed: AssumedRole | None) -> Callable[[Fault], None]:
        """Who hears of refused credentials: only those that were refused, and nobody if the service is one to look at.

        An S3 of somebody else's (AWS_ENDPOINT_URL_S3) may refuse what IVS takes: that must not stop the work.
        """
        if service not in SERVICES.values():
            return lambda _: None
        return assumed.noticed if assumed is not None else self._own.noticed

    def _client(self, service: str, region: str, assumed: AssumedRole | None) -> LazyClient:
        """A client of the credentials in force now; made in a thread, where they may be waited for."""
        own = self._own.session

        def make() -> Any:
            if assumed is None:
                client = own.client(service, region)
            else:
                with self._making:  # the models that roles share are read once
                    core: Any = assumed.session()
                    client = core.create_client(service, region_name=region, config=CLIENT_CONFIG)
            guard_writes(client, self._may_leave)
            return client

        return LazyClient(make)

    def _may_leave(self) -> bool:
        """Whether a write that has got a thread and credentials at last may still leave."""
        not_after = NOT_AFTER.get()
        return self._permitted() and (not_after is None or self._clock.now() < not_after)

    def _threads_for(self, account: str, account_id: str, service: str, region: str) -> ThreadPoolExecutor:
        key = (account, account_id, service, region)
        if key not in self._threads:
            name = " ".join(filter(None, key))
            self._threads[key] = ThreadPoolExecutor(2 * self._workers, thread_name_prefix=name)
        return self._threads[key]

    def _rebind(self, account: str, account_id: str) -> None:
        """Let the calls of one AWSAccount (none: our own) to one account use the credentials in force now."""
        assumed = self._roles[account] if account else None
        for (of, id_, service, place), known in self._calls.items():
            if (of, id_) == (account, account_id):
                known.use(
                    self._client(service, place, assumed),
                    admit=self._admission(assumed, account_id),
                    on_fault=self._listener(service, assumed),
                )

    def _leave(self, account: str, *, but: str | None = None) -> None:
        """Forget what was reached by way of an AWSAccount, `but` what is in one account. Calls in flight end well.

        Threads end after what waits for them, which is refused: nothing new comes, as `admit` has it.
        """
        kept = ("", but)  # STS is asked in no account
        for key in [key for key in self._calls if key[0] == account and key[1] != but]:
            del self._calls[key]
        for view in [view for view in self._inventories if view[1] == account and view[2] != but]:
            del self._inventories[view]
        for key in [key for key in self._threads if key[0] == account and (but is None or key[1] not in kept)]:
            self._threads.pop(key).shutdown(wait=False)
        used = {(account_id, service, region) for _, account_id, service, region in self._calls}
        for rate in self._limiters.keys() - used:
            del self._limiters[rate]

    async def _assume(self, account: str, role: Role) -> dict[str, Any]:
        """AssumeRole with the operator's own credentials.

        Raises:
            CallFailed: it was refused, or not answered, or nobody names the role any more.
        """
        known = self._roles.get(account)
        if known is None or known.role != role:
            raise CallFailed(self._astray(account, role.account_id))
        return await self._own.assume(account, assume_parameters(role))

    def _changed(self, assumed: AssumedRole) -> None:
        if self._roles.get(assumed.account) is not assumed:
            return  # the AWSAccount names another role by now
        if assumed.fault is None and assumed.account_id is not None:
            self._leave(assumed.account, but=assumed.account_id)
            self._rebind(assumed.account, assumed.account_id)
        self.on_account(assumed.account)
