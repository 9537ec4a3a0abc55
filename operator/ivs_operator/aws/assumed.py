"""A role in another account, assumed: its credentials on loan from STS, and what becomes of them.

They are renewed here and not inside botocore: there a call that is being signed would ask STS in its own thread, beside
rates and metrics, an STS that hangs would hold those threads, and a refusal would pass for one of IVS.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol

import structlog
from botocore.credentials import CredentialProvider, CredentialResolver, Credentials, ReadOnlyCredentials
from botocore.loaders import Loader
from botocore.session import Session as BotocoreSession

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.errors import CREDENTIAL_CODES
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass

__all__ = ["SESSION_NAME", "AssumedRole", "assume_parameters"]

SESSION_NAME: Final = "ivs-operator"
"""Fixed: AWS repeats it in refusals, which end in a status."""

_EARLY: Final = 900.0
"""Seconds before their end from which credentials are renewed, as in botocore; IAM hands them out for an hour."""

_LAST: Final = 60.0  # seconds before their end from which they are not used any more: a call may wait for its rate

_FIRST_WAIT: Final = 5.0  # seconds until the next attempt after a refusal, doubled with each
_LONGEST_WAIT: Final = 60.0
_LONGEST_DOUBT: Final = 300.0  # seconds; a region that is not enabled refuses the best credentials, again and again
_GOOD_LIFE: Final = 600.0  # seconds; credentials that have served so long were no renewal in vain

log = structlog.get_logger(__name__)


class _Clock(Protocol):
    def now(self) -> float: ...


class _Loan(Credentials):  # type: ignore[misc] # botocore has no types
    """Credentials that change under the clients that use them, all three parts at once."""

    def __init__(self) -> None:
        super().__init__("", "", method="custom-assumed-role")
        self._frozen = ReadOnlyCredentials("", "", None, None)

    def lend(self, access_key: str, secret_key: str, token: str) -> None:
        """Use these from now on."""
        self._frozen = ReadOnlyCredentials(access_key, secret_key, token, None)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """What the next request is signed with."""
        return self._frozen


@dataclass(frozen=True, slots=True)
class _Answer:
    """What AssumeRole has to tell."""

    access_key: str
    secret_key: str
    token: str
    life: float
    """Seconds from the answer on."""
    account_id: str


class _Lender(CredentialProvider):  # type: ignore[misc]
    """The only source of credentials of a session."""

    METHOD = CANONICAL_NAME = "custom-assumed-role"

    def __init__(self, loan: _Loan) -> None:
        super().__init__()
        self._loan = loan

    def load(self) -> _Loan:
        """The loan."""
        return self._loan


def assume_parameters(role: Role) -> dict[str, Any]:
    """What AssumeRole is called with."""
    parameters = {"RoleArn": role.arn, "RoleSessionName": SESSION_NAME}
    return parameters if role.external_id is None else {**parameters, "ExternalId": role.external_id}


class AssumedRole:
    """The role of one AWSAccount, for as long as its spec names this role and this external id."""

    def __init__(
        self,
        account: str,
        role: Role,
        *,
        ask: Callable[[Role], Awaitable[dict[str, Any]]],
        loader: Loader,
        clock: _Clock,
        on_change: Callable[["AssumedRole"], None],
    ) -> None:
        """`ask` calls AssumeRole; `loader` has the service models, one copy for all roles.

        `on_change` is told when the role has been entered for the first time, and when its fault changes.
        """
        self.account = account
        self.role = role
        self.account_id: str | None = None
        self.fault: Fault | None = None
        self.fault_since = 0.0
        self._ask = ask
        self._loader = loader
        self._clock = clock
        self._on_change = on_change
        self._loan = _Loan()
        self._expires = 0.0
        self._taken_at = 0.0
        self._retry_at = 0.0
        self._failures = 0
        self._doubted = False
        self._patience = _FIRST_WAIT
        self._renewal: asyncio.Task[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether there are credentials that should work."""
        return self._clock.now() < self._expires - _LAST and not (self._doubted and self.fault is not None)

    @property
    def next_at(self) -> float:
        """When to look again by itself."""
        if self.fault is not None:
            return self._retry_at
        return max(self._expires - _EARLY, self._clock.now() + _FIRST_WAIT)

    def session(self) -> BotocoreSession:
        """A session with the role's credentials, whichever they are at the moment of a call."""
        core = BotocoreSession()
        core.register_component("data_loader", self._loader)
        core.register_component("credential_provider", CredentialResolver([_Lender(self._loan)]))
        return core

    async def look(self) -> None:
        """See to it that there are credentials, as far as there can be; waits only while there are none that work."""
        now = self._clock.now()
        due = self._doubted or now >= self._expires - _EARLY
        if self._renewal is None and due and now >= self._retry_at:
            # A context of its own: nobody's urgency or deadline is that of all who use the role.
            self._renewal = asyncio.get_running_loop().create_task(self._renew(), context=Context())
        if self._renewal is not None and not self.usable:
            await asyncio.shield(self._renewal)

    def renew(self) -> None:
        """Ask anew at the next look: somebody has mended something."""
        self._doubted, self._retry_at = True, 0.0

    def noticed(self, fault: Fault) -> None:
        """A call with these credentials was refused; perhaps they were revoked, and new ones work."""
        now = self._clock.now()
        if not _concerns_credentials(fault) or self._doubted or now - self._taken_at < self._patience:
            return
        log.warning("AWS refuses the role's credentials; assuming it anew", account=self.account, error=fault.message)
        self._patience = min(self._patience * 2, _LONGEST_DOUBT)
        self._doubted = True

    async def _renew(self) -> None:
        try:
            answer = _read(await self._ask(self.role))
        except CallFailed as error:
            self._refused(error.fault)
        except Exception as error:  # noqa: BLE001 - an answer that nobody has thought of must not be asked for at once
            message = f"AssumeRole: the answer can't be read ({type(error).__name__}: {error})"
            self._refused(Fault(FaultClass.FAST, Reason.UNAVAILABLE, message, code="Unreadable"))
        else:
            self._received(answer)
        finally:
            self._renewal = None

    def _received(self, answer: _Answer) -> None:
        now = self._clock.now()
        if now - self._taken_at > _GOOD_LIFE:
            self._patience = _FIRST_WAIT
        self._loan.lend(answer.access_key, answer.secret_key, answer.token)
        self._expires, self._taken_at = now + answer.life, now
        self._doubted, self._failures, self._retry_at = False, 0, now + _FIRST_WAIT
        news = self.account_id is None or self.fault is not None
        self.account_id = answer.account_id
        self.fault = None
        if news:
            log.info("role assumed", account=self.account, role=self.role.arn, account_id=self.account_id)
            self._on_change(self)

    def _refused(self, fault: Fault) -> None:
        now = self._clock.now()
        fault = _explained(self.account, self.role, fault)
        news = self.fault is None or self.fault.message != fault.message
        if self.fault is None:
            self.fault_since = now
        self.fault = fault
        self._failures += 1
        self._retry_at = now + min(_FIRST_WAIT * 2.0 ** min(self._failures - 1, 10), _LONGEST_WAIT)
        if news:
            log.warning(
                "the role can't be assumed", account=self.account, reason=str(fault.reason), error=fault.message
            )
            self._on_change(self)

    @property
    def retry_at(self) -> float:
        """When to ask again for what could not be had."""
        return self._retry_at


def _read(answer: dict[str, Any]) -> _Answer:
    """All of it or nothing: half of it must not be in force."""
    lent, user = answer["Credentials"], answer["AssumedRoleUser"]
    return _Answer(
        access_key=lent["AccessKeyId"],
        secret_key=lent["SecretAccessKey"],
        token=lent["SessionToken"],
        life=lent["Expiration"].timestamp() - _sent_at(answer),
        account_id=str(user["Arn"]).split(":")[4],
    )


def _sent_at(answer: dict[str, Any]) -> float:
    """When AWS sent an answer, by its own clock: ours may have been wrong when it began, and be set right since."""
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return time.time()


def _concerns_credentials(fault: Fault) -> bool:
    """Sessions are revoked in IAM by a policy that denies what was issued before a moment; new ones are free of it."""
    revoked = fault.reason is Reason.ACCESS_DENIED and "explicit deny" in fault.message
    return fault.code in CREDENTIAL_CODES or revoked


def _explained(account: str, role: Role, fault: Fault) -> Fault:
    """AWS says no more than that it refuses, whatever of the trust does not fit."""
    if fault.reason is not Reason.ACCESS_DENIED or fault.code in CREDENTIAL_CODES:
        return replace(fault, message=f"AWSAccount {account}: {fault.message}")
    condition = (
        "its condition on sts:ExternalId must equal spec.externalID"
        if role.external_id is not None
        else "if it has a condition on sts:ExternalId, set spec.externalID"
    )
    message = (
        f"AWSAccount {account}: role {role.arn} can't be assumed: the role must exist, the operator's own role must be "
        f"allowed sts:AssumeRole on it, its trust policy must name the operator's own role, and {condition} "
        f"({fault.message})"
    )
    return replace(fault, message=message)
