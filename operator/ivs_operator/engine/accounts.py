"""AWSAccounts: kept while somebody uses them, and told how they are. Level-triggered like everything else.

An AWSAccount that went before its users would leave them unable to clean up. So it carries our finalizer from before
the first call that uses it until nobody may have anything in the account any more; users of a deleted one finish first.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Protocol

import structlog

from ivs_operator.api.kinds import AWS_ACCOUNT
from ivs_operator.api.names import FINALIZER, RECONCILE_AT_ANNOTATION
from ivs_operator.clock import Clock
from ivs_operator.domain.account_report import Standing, User, account_status
from ivs_operator.domain.accounts import Account, Role, admits, selects
from ivs_operator.domain.failures import Fault, NotWritten
from ivs_operator.domain.identity import AccountKey, Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.transitions import announcement
from ivs_operator.engine.protocols import Cluster, Resource, Resources
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.engine.reconciler import Outcome
from ivs_operator.engine.status_writer import merge_patch
from ivs_operator.engine.tenancy import AccountBook

__all__ = ["MERGED", "AccountReconciler", "Untold"]

MERGED: Final = 1.0
"""Seconds by which the look at an AWSAccount is put off when one of its users comes or goes: many do so at once."""

_LEAVING: Final = 10.0
"""Seconds between looks at an AWSAccount that is being deleted: each user that goes has it looked at, unless the watch
missed that."""

log = structlog.get_logger(__name__)


class _Role(Protocol):
    account_id: str | None
    fault: Fault | None
    fault_since: float

    @property
    def next_at(self) -> float: ...

    def renew(self) -> None: ...


class _Roles(Protocol):
    """The part of the estate that assumes roles."""

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity: ...

    def standing(self, account: str) -> _Role | None: ...

    def drop(self, account: str) -> None: ...


class Untold(Exception):
    """It can't be told, for lack of a right, whether an AWSAccount is used; the message says which."""


class AccountReconciler:
    """Finalizer and status of AWSAccounts, and word to their users when something about one has changed."""

    def __init__(
        self,
        *,
        book: AccountBook,
        roles: _Roles,
        cluster: Cluster,
        resources: Resources,
        queue: WorkQueue,
        clock: Clock,
        elsewhere: Callable[[str], Awaitable[bool]] | None = None,
    ) -> None:
        """`elsewhere` tells whether any object of the cluster uses an AWSAccount; None: `resources` has them all.

        It raises `Untold` for lack of a right, whereupon the AWSAccount stays, or `KubeError`. With it this is one
        operator of several, each for some of the objects: it minds only AWSAccounts that its own objects name, and lets
        go those that nobody uses.
        """
        self._book = book
        self._roles = roles
        self._cluster = cluster
        self._resources = resources
        self._queue = queue
        self._clock = clock
        self._elsewhere = elsewhere
        self._locks: dict[str, asyncio.Lock] = {}
        self._releasing: set[str] = set()
        self._told: dict[str, tuple[Any, ...]] = {}
        self._asked: dict[str, str | None] = {}
        self._said: dict[str, tuple[Any, ...]] = {}
        self._untold: dict[str, str] = {}
        """Why it can't be told whether others use an AWSAccount that would go otherwise."""

    def forget_all(self) -> None:
        """Drop what is remembered: another process may have worked since."""
        for table in (self._told, self._asked, self._said, self._untold):
            table.clear()

    def minds(self, name: str) -> bool:
        """Whether this operator has something to tell of an AWSAccount: the status of others is not its to write."""
        return self._named_here(name) or name in self._untold

    def look_at(self, name: str) -> None:
        """Something about an AWSAccount may have changed."""
        self._queue.add(AccountKey(name), Lane.USER)

    def look_at_all(self) -> None:
        """Begin anew."""
        for name in self._book.resources or ():
            self._queue.add(AccountKey(name))

    def namespaces_changed(self, namespaces: Collection[str]) -> None:
        """Their labels have changed: those who use an AWSAccount from there may have lost, or got, the right to."""
        for account in self._resources.accounts():
            keys = [key for name in namespaces for key, _ in self._resources.referring(account, name)]
            for key in keys:
                self._queue.add(key, Lane.USER)
            if keys:
                self._queue.add(AccountKey(account))

    async def keep(self, name: str) -> None:
        """Return once the AWSAccount carries our finalizer, or is being deleted so that it can't any more.

        Raises:
            KubeError: the finalizer could not be added.
        """
        if name not in self._releasing and _kept(self._resource(name)):
            return
        async with self._lock(name):
            resource = self._resource(name)
            if resource is None:
                raise NotWritten(f"AWSAccount {name} is gone")
            if _kept(resource) or resource["metadata"].get("deletionTimestamp"):
                return
            self._book.put(await self._taken(resource, self._cluster.add_finalizer(AWS_ACCOUNT.plural, resource)))
            self.look_at(name)

    async def reconcile(self, key: AccountKey) -> Outcome:
        """Finalizer and status of one AWSAccount.

        Raises:
            KubeError: a write did not succeed; the queue tries again.
            PermitLost: this process may not write any more.
        """
        name = key.name
        if self._book.resources is None:
            return Outcome(result="ignored")  # it is not known whether it is there; once it is, it is looked at
        account = self._book.account(name)
        if account is None:
            self._forget(name)
            return Outcome(result="gone")
        # Whoever keeps one that is deleted is named; else it is enough to know that there is somebody.
        users = tuple(islice(self._users(name), None if account.deleting else 1))
        self._untold.pop(name, None)
        if _kept(self._resource(name)) and not users and not self._wanted(account):
            await self._release(name)
            account = self._book.account(name)
            if account is None:
                self._forget(name)
                return Outcome(result="gone")
        if not self.minds(name):
            again = self._clock.now() + _LEAVING if account.deleting else None
            return Outcome(again_at=again, result="ignored")
        if self._named_here(name):
            await self._enter(account)
        return await self._conclude(account, users)

    def _named_here(self, name: str) -> bool:
        return self._elsewhere is None or any(True for _ in self._resources.referring(name))

    async def _enter(self, account: Account) -> None:
        """See whether the role can be assumed; at once when a person asks for it by annotation."""
        if account.role is None:
            return
        annotations = (self._resource(account.name) or {"metadata": {}})["metadata"].get("annotations") or {}
        asked = annotations.get(RECONCILE_AT_ANNOTATION)
        known = self._roles.standing(account.name)
        if known is not None and self._asked.get(account.name, asked) != asked:
            known.renew()
        self._asked[account.name] = asked
        await self._roles.assume(Kind.CHAT_LOGGING, account.name, account.role)

    async def _conclude(self, account: Account, users: tuple[User, ...]) -> Outcome:
        resource = self._resource(account.name)
        if resource is None:
            return Outcome(result="gone")
        role = self._roles.standing(account.name) if account.role is not None else None
        trouble = self._book.labels_trouble if selects(account) and self._book.labels is None else None
        standing = Standing(
            account,
            generation=int(resource["metadata"].get("generation", 0)),
            account_id=role.account_id if role is not None else None,
            fault=role.fault if role is not None else None,
            fault_since=role.fault_since if role is not None else 0.0,
            labels_trouble=trouble,
            users=users,
            untold=self._untold.get(account.name),
        )
        await self._tell(resource, standing)
        self._wake_users(account, resource, role)
        times = [role.next_at] if role is not None else []
        if account.deleting:
            times.append(self._clock.now() + _LEAVING)
        return Outcome(again_at=min(times, default=None), result=_result(standing))

    async def _tell(self, resource: Resource, standing: Standing) -> None:
        """Write the status if it differs from what is there.

        Operators that watch different objects share AWSAccounts, and one may be refused where the other is not: each
        writes what is news to itself, else they would overwrite each other for ever.
        """
        before: Mapping[str, Any] = resource.get("status") or {}
        status = account_status(standing, before, self._clock.now())
        patch = merge_patch(before, status) if status is not None else {}
        if status is None or not patch:
            return
        ready = status["conditions"][0]
        said = (resource["metadata"].get("uid"), standing.generation, ready["status"], ready["message"])
        if self._elsewhere is not None and self._said.get(standing.account.name) == said:
            return
        self._book.put(await self._taken(resource, self._cluster.patch_status(AWS_ACCOUNT.plural, resource, patch)))
        self._said[standing.account.name] = said
        await self._announce(resource, before, status)

    async def _taken(self, resource: Resource, write: Awaitable[Resource]) -> Resource:
        """The answer to a write. If it is refused for an old version, the newest is there for the next attempt."""
        try:
            return await write
        except NotWritten as error:
            if error.outdated:
                with suppress(NotWritten):
                    await self._look_anew(resource["metadata"])
            raise

    async def _look_anew(self, metadata: Mapping[str, Any]) -> None:
        found = await self._cluster.find(AWS_ACCOUNT.plural, None, metadata["name"])
        if found is None:
            self._book.remove(metadata["name"], metadata.get("uid"))
        else:
            self._book.put(found)

    async def _announce(self, resource: Resource, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        event = announcement(before, after)
        if event is None:
            return
        type_, reason, message = event
        log.info("state changed", reason=reason, message=message)
        now = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        try:
            await self._cluster.post_event(resource, type_=type_, reason=reason, message=message, now=now)
        except NotWritten as error:  # the status says the same
            log.warning("event not posted", reason=reason, error=str(error))

    def _wake_users(self, account: Account, resource: Resource, role: _Role | None) -> None:
        """Have everybody looked at whom a change concerns; not when there is none."""
        metadata = resource["metadata"]
        well = (role.account_id, role.fault is None) if role is not None else None
        state = (metadata.get("uid"), metadata.get("generation"), account.deleting, well)
        if self._told.get(account.name) != state:
            self._told[account.name] = state
            self._wake(account.name)

    def _wake(self, name: str) -> None:
        for key, _ in self._resources.referring(name):
            self._queue.add(key)

    def _forget(self, name: str) -> None:
        known = [table.pop(name, None) for table in (self._told, self._asked, self._said)]
        self._locks.pop(name, None)
        self._untold.pop(name, None)
        self._roles.drop(name)
        if any(known):
            self._wake(name)

    async def _release(self, name: str) -> None:
        """Take our finalizer off, unless somebody uses the account after all, or has come to use it meanwhile."""
        async with self._lock(name):
            self._releasing.add(name)
            try:
                resource, account = self._resource(name), self._book.account(name)
                if resource is None or account is None or any(self._users(name)) or self._wanted(account):
                    return
                if self._elsewhere is not None and (not account.deleting or await self._elsewhere(name)):
                    return
                written = await self._taken(resource, self._cluster.remove_finalizer(AWS_ACCOUNT.plural, resource))
                metadata = written["metadata"]
                if metadata.get("deletionTimestamp") and not metadata.get("finalizers"):
                    self._book.remove(name, metadata.get("uid"))
                else:
                    self._book.put(written)
            except Untold as untold:
                self._untold[name] = str(untold)
            finally:
                self._releasing.discard(name)

    def _users(self, name: str) -> Iterator[User]:
        """Those who may have something in the account: they carry our finalizer from before their first call on."""
        for key, resource in self._resources.referring(name):
            metadata = resource["metadata"]
            if FINALIZER in (metadata.get("finalizers") or ()):
                yield User(str(key.kind), key.namespace, key.name, bool(metadata.get("deletionTimestamp")))

    def _wanted(self, account: Account) -> bool:
        """Whether somebody who has nothing in the account yet may begin at any moment."""
        if account.deleting:
            return False
        return any(
            not resource["metadata"].get("deletionTimestamp")
            and admits(account, key.namespace, self._book.labels_of(key.namespace)) is not False
            for key, resource in self._resources.referring(account.name)
        )

    def _resource(self, name: str) -> Resource | None:
        return (self._book.resources or {}).get(name)

    def _lock(self, name: str) -> asyncio.Lock:
        return self._locks.setdefault(name, asyncio.Lock())


def _kept(resource: Resource | None) -> bool:
    return resource is not None and FINALIZER in (resource["metadata"].get("finalizers") or ())


def _result(standing: Standing) -> str:
    if standing.account.role is None:
        return "stalled"
    return "waiting" if standing.fault is not None or standing.account.deleting else "converged"
