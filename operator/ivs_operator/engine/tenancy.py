"""Which credentials an object may use: the operator's own, or the role of an AWSAccount that allows its namespace.

The decision is made anew at every look, from what the watches have told last: a label that goes takes effect with the
next step, and no call is made for whoever is refused.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ivs_operator.api.reasons import Reason
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import Account, account_from, admits, may_use_default, refusal, selects
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.subject import Subject
from ivs_operator.engine.protocols import Estate

__all__ = ["AccountBook", "Keeper", "OwnAccount", "Tenancy"]

_AGAIN = 2.0  # seconds until the next look at what the watches have not told yet; they wake objects by themselves

_FORGOTTEN = 60.0
"""Seconds without anybody asking after which what is not known counts as a new trouble."""


@dataclass(slots=True)
class AccountBook:
    """What Kubernetes has told of AWSAccounts and namespaces, newest versions."""

    resources: dict[str, dict[str, Any]] | None = None
    """AWSAccounts by name; None: not listed yet."""
    labels: dict[str, Mapping[str, str]] | None = None
    """Labels of namespaces; None: not listed, which is only done while some AWSAccount selects by labels."""
    trouble: str = "they have not been listed yet"
    """Why AWSAccounts are not known."""
    labels_trouble: str = "they have not been listed yet"
    _accounts: dict[str, tuple[tuple[Any, ...], Account]] = field(default_factory=dict)

    def account(self, name: str) -> Account | None:
        """One AWSAccount, read once per generation."""
        resource = (self.resources or {}).get(name)
        if resource is None:
            self._accounts.pop(name, None)
            return None
        metadata = resource["metadata"]
        version = (metadata.get("uid"), metadata.get("generation"), metadata.get("deletionTimestamp"))
        known = self._accounts.get(name)
        if known is None or known[0] != version:
            known = self._accounts[name] = (version, account_from(resource))
        return known[1]

    def put(self, resource: dict[str, Any]) -> bool:
        """Keep a version of an AWSAccount unless a newer one is known. Returns whether it was kept."""
        if self.resources is None:
            self.resources = {}
        name = str(resource["metadata"]["name"])
        known = self.resources.get(name)
        if known is not None and _same_life(known, resource) and _version(known) > _version(resource):
            return False
        self.resources[name] = resource
        return True

    def remove(self, name: str, uid: str | None) -> None:
        """Forget an AWSAccount; one that was made anew under the same name stays."""
        known = (self.resources or {}).get(name)
        if self.resources is not None and known is not None and known["metadata"].get("uid") == uid:
            del self.resources[name]

    def labels_of(self, namespace: str) -> Mapping[str, str] | None:
        """Labels of a namespace; None while they are not known, be it that the namespace is too young."""
        return None if self.labels is None else self.labels.get(namespace)

    @property
    def selects(self) -> bool:
        """Whether some AWSAccount needs the labels of namespaces."""
        accounts = (self.account(name) for name in self.resources or ())
        return any(account is not None and selects(account) for account in accounts)


class Keeper(Protocol):
    """Sees to it that an AWSAccount stays while somebody uses it."""

    async def keep(self, name: str) -> None:
        """Return once the AWSAccount carries our finalizer. Raises `KubeError`."""


class OwnAccount:
    """Where no AWSAccount can be used: the operator's own credentials are all there is."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    async def identity(self, subject: Subject, account_ref: str | None) -> Identity:
        """The operator's own, or a refusal."""
        if account_ref is not None:
            return _refused(Reason.ACCOUNT_NOT_FOUND, f"there is no AWSAccount {account_ref}")
        return await self._estate.identity(subject.kind)

    def withdrawn(self, _account: str, _namespace: str, /) -> bool:
        """Never: nobody gives them."""
        return False


class Tenancy:
    """Asks the book, then AWS."""

    def __init__(
        self,
        estate: Estate,
        book: AccountBook,
        keeper: Keeper,
        clock: Clock,
        *,
        default_namespaces: Sequence[str] = (),
    ) -> None:
        """`default_namespaces`: patterns of those that may use the operator's own credentials."""
        self._estate = estate
        self._book = book
        self._keeper = keeper
        self._clock = clock
        self._default_namespaces = tuple(default_namespaces)
        self._unknown_times: dict[Reason, tuple[float, float]] = {}

    async def identity(self, subject: Subject, account_ref: str | None) -> Identity:
        """Account and regions for an object.

        Raises:
            KubeError: the AWSAccount can't be kept for it.
        """
        namespace = subject.key.namespace
        if account_ref is not None:
            return await self._through(account_ref, subject)
        if may_use_default(namespace, self._default_namespaces):
            return await self._estate.identity(subject.kind)
        message = (
            f"namespace {namespace} may not use the operator's own credentials (setting default-account-namespaces); "
            f"create the object with spec.accountRef, naming an AWSAccount that allows the namespace"
        )
        return _refused(Reason.ACCOUNT_NOT_ALLOWED, message)

    def serves(self, name: str, namespaces: Collection[str]) -> bool:
        """Whether an AWSAccount may be used from one of these namespaces, or, if none is given, from any at all."""
        account = self._book.account(name)
        if account is None or account.role is None:
            return False
        if not namespaces:
            return account.allowed is not None
        return any(admits(account, namespace, self._book.labels_of(namespace)) for namespace in namespaces)

    def withdrawn(self, account: str, namespace: str) -> bool:
        """Whether an AWSAccount that was admitted surely is not any more: a step of many calls asks before each."""
        if not account or self._book.resources is None:
            return False
        labels = self._book.labels_of(namespace)
        return refusal(account, self._book.account(account), namespace, labels, holds=True) is not None

    async def _through(self, name: str, subject: Subject) -> Identity:
        namespace = subject.key.namespace
        if self._book.resources is None:
            return self._unknown(Reason.ACCOUNT_NOT_FOUND, f"AWSAccounts can't be read: {self._book.trouble}")
        account, labels = self._book.account(name), self._book.labels_of(namespace)
        refused = refusal(name, account, namespace, labels, holds=subject.has_finalizer)
        if refused is not None:
            return Identity(refusal=refused, account=name)
        assert account is not None and account.role is not None  # noqa: S101, PT018 - refused otherwise
        if admits(account, namespace, labels) is None:
            message = f"whether AWSAccount {name} allows namespace {namespace} can't be told: labels of namespaces: "
            return self._unknown(Reason.ACCOUNT_NOT_ALLOWED, message + self._book.labels_trouble)
        await self._keeper.keep(name)
        found = await self._estate.assume(subject.kind, name, account.role)
        own = account.default_region
        return replace(found, account=name, default_region=own or found.default_region, regional=own is not None)

    def _unknown(self, reason: Reason, message: str) -> Identity:
        """Passes by itself: the lists come within moments of the start, or a right is given."""
        now = self._clock.now()
        since, last = self._unknown_times.get(reason, (now, now))
        if now - last > _FORGOTTEN:
            since = now
        self._unknown_times[reason] = since, now
        fault = Fault(FaultClass.FAST, reason, message)
        return Identity(fault=fault, fault_since=since, retry_at=now + _AGAIN)


def _refused(reason: Reason, message: str) -> Identity:
    return Identity(refusal=Fault(FaultClass.SLOW, reason, message))


def _same_life(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["metadata"].get("uid") == other["metadata"].get("uid"))


def _version(resource: Mapping[str, Any]) -> int:
    text = str(resource["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0
