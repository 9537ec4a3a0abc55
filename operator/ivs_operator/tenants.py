"""Who may work in which account: AWSAccounts and labels of namespaces as Kubernetes tells them, and what follows."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ivs_operator.api.kinds import AWS_ACCOUNT, MANAGED_KINDS
from ivs_operator.api.names import FINALIZER, GROUP, RECONCILE_AT_ANNOTATION, VERSION
from ivs_operator.aws.estate import AwsEstate
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import reference_of, selects
from ivs_operator.engine.accounts import AccountReconciler, Untold
from ivs_operator.engine.protocols import Cluster, Resources
from ivs_operator.engine.queue import WorkQueue
from ivs_operator.engine.tenancy import AccountBook, Tenancy
from ivs_operator.kube.access import LABELS_OF_NAMESPACES, Right
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import Forbidden, Unauthenticated
from ivs_operator.kube.follower import Follower
from ivs_operator.settings import Settings

__all__ = ["Tenants"]

_ACCOUNTS: Final = f"/apis/{GROUP}/{VERSION}/{AWS_ACCOUNT.plural}"
_NAMESPACES: Final = "/api/v1/namespaces"


class Tenants:
    """Run it as a task; `tenancy` tells which credentials an object uses, `reconciler` looks after AWSAccounts."""

    def __init__(
        self,
        settings: Settings,
        *,
        client: KubernetesClient,
        cluster: Cluster,
        estate: AwsEstate,
        resources: Resources,
        queue: WorkQueue,
        clock: Clock,
    ) -> None:
        """`client` reads, `cluster` writes, as far as this process may."""
        self.book = AccountBook()
        self._client = client
        scoped = bool(settings.namespaces or settings.watch_selector)
        self.reconciler = AccountReconciler(
            book=self.book,
            roles=estate,
            cluster=cluster,
            resources=resources,
            queue=queue,
            clock=clock,
            elsewhere=self._used if scoped else None,
        )
        self.tenancy = Tenancy(
            estate, self.book, self.reconciler, clock, default_namespaces=settings.default_account_namespaces
        )
        estate.on_account = self.reconciler.look_at
        self.need: Callable[[Iterable[Right]], None] = lambda _: None
        """Is told of rights that are needed from now on."""
        self._accounts = Follower(client, _ACCOUNTS, _Accounts(self))
        self._namespaces = Follower(client, _NAMESPACES, _Namespaces(self), metadata_only=True, wanted=False)

    async def run(self) -> None:
        """Follow what Kubernetes tells, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._accounts.run())
            group.create_task(self._namespaces.run())

    async def filled(self) -> None:
        """Return once everything is known that can be: without it, a start would take access from those who have it."""
        await self._accounts.answered()
        if self.book.selects:
            await self._namespaces.answered()

    async def _used(self, account: str) -> bool:
        """Whether any object of the cluster may have something in the account, whoever watches it.

        Raises:
            Untold: other namespaces may not be read.
            KubeError: it can't be told at the moment.
        """
        try:
            for kind in MANAGED_KINDS:
                async for resource in self._client.everything(kind.plural):
                    if reference_of(resource) == account and FINALIZER in (
                        resource["metadata"].get("finalizers") or ()
                    ):
                        return True
        except Unauthenticated:
            raise
        except Forbidden as error:
            raise Untold(str(error)) from error
        return False

    def minded(self) -> Mapping[str, dict[str, Any]]:
        """The AWSAccounts that this operator tells of, by name: those that nobody here names get no status from it."""
        known = tuple((self.book.resources or {}).items())
        return {name: resource for name, resource in known if self.reconciler.minds(name)}

    def mind_labels(self) -> None:
        """Look at labels of namespaces if somebody selects by them."""
        if self.book.selects:
            self.need(LABELS_OF_NAMESPACES)
            self._namespaces.want()

    def look_at_selecting(self) -> None:
        """Have those AWSAccounts looked at that select by labels."""
        for name in self.book.resources or ():
            account = self.book.account(name)
            if account is not None and selects(account):
                self.reconciler.look_at(name)


class _Accounts:
    """Keeps the book's AWSAccounts."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants

    def listed(self, items: list[dict[str, Any]]) -> None:
        book = self._tenants.book
        names = {str(item["metadata"]["name"]) for item in items}
        for name, resource in tuple((book.resources or {}).items()):
            if name not in names:
                self.gone(resource)
        if book.resources is None:
            book.resources = {}
        for item in items:
            self.changed(item)

    def changed(self, item: dict[str, Any]) -> None:
        book = self._tenants.book
        name = str(item["metadata"]["name"])
        before = (book.resources or {}).get(name)
        item["metadata"].pop("managedFields", None)
        # Items of a List may come without these two, which an Event needs.
        resource = {"apiVersion": AWS_ACCOUNT.api_version, "kind": AWS_ACCOUNT.kind, **item}
        if book.put(resource) and _wanted(before) != _wanted(resource):
            self._tenants.mind_labels()
            self._tenants.reconciler.look_at(name)

    def gone(self, item: dict[str, Any]) -> None:
        metadata = item["metadata"]
        self._tenants.book.remove(str(metadata["name"]), metadata.get("uid"))
        self._tenants.reconciler.look_at(str(metadata["name"]))

    def refused(self, why: str) -> None:
        self._tenants.book.resources, self._tenants.book.trouble = None, why


class _Namespaces:
    """Keeps the book's labels of namespaces."""

    def __init__(self, tenants: Tenants) -> None:
        self._tenants = tenants
        self._last: Mapping[str, Mapping[str, str]] = {}
        """What was known before labels could not be read any more: it allows nobody, but tells what is new."""

    def listed(self, items: list[dict[str, Any]]) -> None:
        book = self._tenants.book
        known, after = book.labels, {str(item["metadata"]["name"]): _labels(item) for item in items}
        book.labels = after
        if known is None:
            self._tenants.look_at_selecting()
        before = self._last if known is None else known
        changed = {name for name in after.keys() | before.keys() if before.get(name) != after.get(name)}
        self._tenants.reconciler.namespaces_changed(changed)

    def changed(self, item: dict[str, Any]) -> None:
        name, labels, known = str(item["metadata"]["name"]), _labels(item), self._tenants.book.labels
        if known is not None and known.get(name) != labels:
            known[name] = labels
            self._tenants.reconciler.namespaces_changed({name})

    def gone(self, item: dict[str, Any]) -> None:
        if self._tenants.book.labels is not None:
            self._tenants.book.labels.pop(str(item["metadata"]["name"]), None)

    def refused(self, why: str) -> None:
        book = self._tenants.book
        self._last = book.labels if book.labels is not None else self._last
        book.labels, book.labels_trouble = None, why
        self._tenants.look_at_selecting()


def _labels(item: Mapping[str, Any]) -> Mapping[str, str]:
    return dict(item["metadata"].get("labels") or {})


def _wanted(resource: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    """What a person says through an AWSAccount, or does to its finalizers; a status is no reason to look."""
    if resource is None:
        return None
    metadata = resource["metadata"]
    annotations = metadata.get("annotations") or {}
    return (
        metadata.get("uid"),
        metadata.get("generation"),
        metadata.get("deletionTimestamp"),
        tuple(metadata.get("finalizers") or ()),
        annotations.get(RECONCILE_AT_ANNOTATION),
    )
