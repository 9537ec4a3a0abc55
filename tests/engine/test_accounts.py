"""Finalizer and status of AWSAccounts, on an API server in memory that refuses stale writes as the real one does."""

import asyncio
import copy
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from ivs_operator.api.names import FINALIZER
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import Fault, FaultClass, NotWritten
from ivs_operator.domain.identity import AccountKey, AnyKey, Key, Kind
from ivs_operator.domain.placement import Identity
from ivs_operator.engine.accounts import AccountReconciler, Untold
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.engine.tenancy import AccountBook
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import Conflict, Unauthenticated
from support.objects import CHAT, key_of, resource
from support.virtual_time import VirtualClock

OTHER = "222233334444"
PROD = AccountKey("prod")
REFERENCE = {"name": "prod"}
Resource = dict[str, Any]


class Shelf:
    """The one AWSAccount as the API server has it, and what was written to it."""

    def __init__(self, book: AccountBook) -> None:
        self._book = book
        self.stored: Resource = {}
        self.writes: list[str] = []
        self.events: list[tuple[str, str]] = []

    def put(self, *, finalizers: tuple[str, ...] = (), deleting: bool = False, **spec: Any) -> None:
        """A person applies it, and the watch tells."""
        generation = self.stored.get("metadata", {}).get("generation", 0) + bool(spec or not self.stored)
        metadata = {"name": "prod", "uid": "u1", "generation": generation, "finalizers": list(finalizers)}
        if deleting:
            metadata["deletionTimestamp"] = "2023-11-14T22:13:20Z"
        usual = {"roleARN": f"arn:aws:iam::{OTHER}:role/r", "allowedNamespaces": {"list": ["live"]}}
        kept = self.stored.get("spec", usual)
        self._store({"kind": "AWSAccount", "metadata": metadata, "spec": {**kept, **spec}})
        self._book.put(copy.deepcopy(self.stored))

    async def patch_status(self, plural: str, given: Resource, patch: Mapping[str, Any]) -> Resource:
        self._check("status", given)
        return self._store({**self.stored, "status": {**self.stored.get("status", {}), **patch}})

    async def add_finalizer(self, plural: str, given: Resource) -> Resource:
        self._check("add finalizer", given)
        return self._finalizers([*self.stored["metadata"]["finalizers"], FINALIZER])

    async def remove_finalizer(self, plural: str, given: Resource) -> Resource:
        self._check("remove finalizer", given)
        return self._finalizers([item for item in self.stored["metadata"]["finalizers"] if item != FINALIZER])

    async def post_event(self, given: Resource, *, type_: str, reason: str, message: str, now: str) -> None:
        self.events.append((type_, reason))

    async def find(self, plural: str, namespace: str | None, name: str) -> Resource | None:
        assert (plural, namespace, name) == ("awsaccounts", None, "prod")
        return copy.deepcopy(self.stored) if self.stored else None

    async def crd_deleting(self, plural: str) -> bool:
        return False

    def _finalizers(self, finalizers: list[str]) -> Resource:
        return self._store({**self.stored, "metadata": {**self.stored["metadata"], "finalizers": finalizers}})

    def _check(self, write: str, given: Resource) -> None:
        if given["metadata"]["resourceVersion"] != self.stored["metadata"]["resourceVersion"]:
            raise Conflict("it has changed")
        self.writes.append(write)

    def _store(self, made: Resource) -> Resource:
        version = str(int(self.stored.get("metadata", {}).get("resourceVersion", "0")) + 1)
        status = made.get("status", self.stored.get("status", {}))
        self.stored = {**made, "metadata": {**made["metadata"], "resourceVersion": version}, "status": status}
        return copy.deepcopy(self.stored)

    @property
    def ready(self) -> tuple[str, str]:
        """Status and reason."""
        (found,) = [item for item in self.stored["status"]["conditions"] if item["type"] == "Ready"]
        return found["status"], found["reason"]


class Roles:
    """STS: it answers, unless `fault` is set."""

    def __init__(self) -> None:
        self.account_id: str | None = None
        self.fault: Fault | None = None
        self.fault_since = 0.0
        self.next_at = 1_700_002_700.0
        self.asked = self.renewed = 0
        self.dropped: list[str] = []

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        self.asked += 1
        self.account_id = role.account_id if self.fault is None else None
        return Identity(self.account_id)

    def renew(self) -> None:
        self.renewed += 1

    def standing(self, account: str) -> "Roles | None":
        return self if self.asked else None

    def drop(self, account: str) -> None:
        self.dropped.append(account)


class Bench:
    """One reconciler and its surroundings."""

    def __init__(self, *, scoped: bool = False) -> None:
        self.book = AccountBook()
        self.shelf = Shelf(self.book)
        self.roles = Roles()
        self.cache = ResourceCache()
        self.used_elsewhere = False
        self.untold: Exception | None = None
        clock = VirtualClock()
        self.queue = WorkQueue(clock)
        self.reconciler = AccountReconciler(
            book=self.book,
            roles=self.roles,
            cluster=self.shelf,
            resources=self.cache,
            queue=self.queue,
            clock=clock,
            elsewhere=self._elsewhere if scoped else None,
        )
        self.shelf.put()

    async def _elsewhere(self, account: str) -> bool:
        if self.untold is not None:
            raise self.untold
        return self.used_elsewhere

    def user(self, name: str = "chat", namespace: str = "live", *, holds: bool = True, deleting: bool = False) -> Key:
        finalizers = (FINALIZER,) if holds else ()
        made = resource(name=name, namespace=namespace, finalizers=finalizers, deleting=deleting, accountRef=REFERENCE)
        self.cache.put(key_of(made), made)
        return key_of(made)

    async def reconcile(self) -> float | None:
        return (await self.reconciler.reconcile(PROD)).again_at

    def queued(self) -> set[AnyKey]:
        return set(self.queue._waiting)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_an_operator_of_all_objects_minds_every_account(bench: Bench) -> None:
    assert bench.reconciler.minds("prod"), "nobody names it, and still it gets a status"


async def test_a_status_is_written_once_and_the_next_look_is_when_credentials_are_renewed(bench: Bench) -> None:
    assert await bench.reconcile() == bench.roles.next_at
    assert (bench.shelf.ready, bench.shelf.stored["status"]["accountID"]) == (("True", "Available"), OTHER)
    assert bench.shelf.events == [("Normal", "Available")]
    for _ in range(5):
        await bench.reconcile()
    assert bench.shelf.writes == ["status"], "nobody uses it, so that it needs no finalizer"


async def test_it_is_kept_from_before_the_first_use_until_after_the_last(bench: Bench) -> None:
    await bench.reconciler.keep("prod")
    await bench.reconciler.keep("prod")
    assert bench.shelf.writes == ["add finalizer"]
    key = bench.user(holds=False)
    await bench.reconcile()
    assert FINALIZER in bench.shelf.stored["metadata"]["finalizers"], "somebody may begin at any moment"
    bench.user(holds=True)
    await bench.reconcile()
    assert FINALIZER in bench.shelf.stored["metadata"]["finalizers"]
    bench.cache.remove(key)
    await bench.reconcile()
    assert bench.shelf.stored["metadata"]["finalizers"] == []


async def test_after_one_conflict_the_newest_version_is_known_though_the_watch_is_silent(bench: Bench) -> None:
    known = copy.deepcopy(bench.shelf.stored)
    bench.shelf.put(defaultRegion="eu-west-1")
    assert bench.book.resources is not None
    bench.book.resources["prod"] = known  # what a watch that has fallen silent has told
    with pytest.raises(Conflict):
        await bench.reconciler.keep("prod")
    await bench.reconciler.keep("prod")
    assert bench.shelf.writes == ["add finalizer"]
    bench.book.resources["prod"] = known
    with pytest.raises(Conflict):
        await bench.reconcile()
    await bench.reconcile()
    assert bench.shelf.ready == ("True", "Available")


async def test_while_it_is_not_known_what_there_is_none_counts_as_gone(bench: Bench) -> None:
    """A List that is refused for a moment must not cost the credentials of everybody."""
    bench.user()
    await bench.reconcile()
    bench.queue.pause()
    bench.queue.resume()
    bench.book.resources = None
    await bench.reconcile()
    assert bench.roles.dropped == []
    assert bench.queued() == set()
    bench.book.resources = {}
    await bench.reconcile()
    assert bench.roles.dropped == ["prod"]


async def test_a_conflict_shows_that_it_is_gone(bench: Bench) -> None:
    known = copy.deepcopy(bench.shelf.stored)
    bench.shelf.put(defaultRegion="eu-west-1")
    bench.book.resources = {"prod": known}

    async def gone(*_: Any) -> None:
        return None

    bench.shelf.find = gone  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        await bench.reconcile()
    assert bench.book.resources == {}


async def test_who_is_not_allowed_holds_nothing_back(bench: Bench) -> None:
    """Else anybody could keep an AWSAccount from being deleted by naming it."""
    await bench.reconciler.keep("prod")
    bench.user(namespace="stranger", holds=False)
    await bench.reconcile()
    assert bench.shelf.stored["metadata"]["finalizers"] == []


async def test_one_that_is_deleted_waits_for_its_users_and_says_for_whom(bench: Bench) -> None:
    key = bench.user()
    bench.user("fresh", holds=False)
    bench.shelf.put(finalizers=(FINALIZER,), deleting=True)
    again = await bench.reconcile()
    assert bench.shelf.ready == ("False", "DeletionBlocked")
    assert again is not None, "should the watch miss that the last one went"
    bench.cache.remove(key)
    await bench.reconcile()
    assert bench.shelf.stored["metadata"]["finalizers"] == []
    assert bench.book.account("prod") is None
    assert bench.roles.dropped == ["prod"], "its credentials are forgotten"


async def test_one_that_is_deleted_can_not_be_kept_any_more(bench: Bench) -> None:
    bench.shelf.put(finalizers=("others/finalizer",), deleting=True)
    await bench.reconciler.keep("prod")
    assert bench.shelf.writes == []


async def test_one_that_is_gone_can_not_be_kept(bench: Bench) -> None:
    bench.book.remove("prod", "u1")
    with pytest.raises(NotWritten, match="gone"):
        await bench.reconciler.keep("prod")


async def test_whoever_comes_while_it_is_let_go_has_it_kept_again(bench: Bench) -> None:
    """The finalizer is on its way off when the first user asks: that one waits, then puts it on again."""
    await bench.reconciler.keep("prod")
    remove = bench.shelf.remove_finalizer

    async def meanwhile(plural: str, given: Resource) -> Resource:
        bench.user(holds=True)
        keeping = bench.reconciler.keep("prod")
        bench.kept = asyncio.ensure_future(keeping)  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        return await remove(plural, given)

    bench.shelf.remove_finalizer = meanwhile  # type: ignore[method-assign]
    await bench.reconcile()
    await bench.kept  # type: ignore[attr-defined]
    assert bench.shelf.stored["metadata"]["finalizers"] == [FINALIZER]


async def test_its_users_are_looked_at_when_something_has_changed_and_only_then(bench: Bench) -> None:
    key = bench.user()
    await bench.reconcile()
    assert bench.queued() == {key}
    bench.queue.pause()
    bench.queue.resume()
    await bench.reconcile()
    assert bench.queued() == set()
    for change in ({"defaultRegion": "eu-west-1"}, {"roleARN": "arn:aws:iam::333344445555:role/r"}):
        bench.shelf.put(finalizers=(FINALIZER,), **change)
        await bench.reconcile()
        assert bench.queued() == {key}, change
        bench.queue.pause()
        bench.queue.resume()
    bench.roles.fault = Fault(FaultClass.SLOW, Reason.ACCESS_DENIED, "no trust")
    await bench.reconcile()
    assert bench.queued() == {key}


async def test_a_label_of_a_namespace_has_those_in_it_looked_at(bench: Bench) -> None:
    here, there = bench.user(), bench.user("chat", "elsewhere")
    bench.cache.put(Key(CHAT, "live", "own"), resource(name="own"))
    bench.reconciler.namespaces_changed({"live"})
    assert bench.queued() == {here, PROD}
    assert there not in bench.queued()
    assert bench.queue._waiting[here] is Lane.USER


async def test_a_person_can_have_the_role_assumed_anew(bench: Bench) -> None:
    await bench.reconcile()
    bench.shelf.stored["metadata"]["annotations"] = {"ivs-operator.dev/reconcile-at": "now"}
    bench.book.put(copy.deepcopy(bench.shelf.stored))
    await bench.reconcile()
    await bench.reconcile()
    assert bench.roles.renewed == 1


async def test_an_operator_of_some_namespaces_minds_only_what_its_own_objects_name() -> None:
    bench = Bench(scoped=True)
    await bench.reconcile()
    assert (bench.roles.asked, bench.shelf.writes) == (0, [])
    assert not bench.reconciler.minds("prod")
    bench.user()
    assert bench.reconciler.minds("prod")
    await bench.reconcile()
    assert bench.shelf.ready == ("True", "Available")


@pytest.mark.parametrize("used", [True, False])
async def test_an_operator_of_some_namespaces_lets_go_only_what_nobody_else_uses(used: bool) -> None:
    bench = Bench(scoped=True)
    bench.used_elsewhere = used
    bench.shelf.put(finalizers=(FINALIZER,))
    await bench.reconcile()
    assert bench.shelf.stored["metadata"]["finalizers"] == [FINALIZER], "while it stays, nobody needs to know"
    bench.shelf.put(finalizers=(FINALIZER,), deleting=True)
    await bench.reconcile()
    assert (bench.shelf.stored["metadata"]["finalizers"] == [FINALIZER]) is used


async def test_what_others_may_need_stays_until_it_can_be_told_that_they_do_not() -> None:
    """Else objects of another installation would become AccountNotFound, and could not even be deleted."""
    bench = Bench(scoped=True)
    bench.untold = Untold("chatloggingconfigurations is forbidden")
    bench.shelf.put(finalizers=(FINALIZER,), deleting=True)
    for _ in range(3):
        assert await bench.reconcile() is not None, "the right may be given"
    assert bench.shelf.stored["metadata"]["finalizers"] == [FINALIZER]
    assert bench.shelf.ready == ("False", "DeletionBlocked")
    assert bench.shelf.writes == ["status"], "told once"
    assert bench.roles.asked == 0, "nothing here uses the role"
    assert bench.reconciler.minds("prod"), "it is this operator that says why"
    bench.untold = None
    await bench.reconcile()
    assert bench.shelf.stored["metadata"]["finalizers"] == []


async def test_nothing_is_decided_while_kubernetes_does_not_answer() -> None:
    bench = Bench(scoped=True)
    bench.untold = Unauthenticated("Unauthorized")
    bench.shelf.put(finalizers=(FINALIZER,), deleting=True)
    with pytest.raises(Unauthenticated):
        await bench.reconcile()
    assert bench.shelf.writes == []


async def test_many_namespaces_are_looked_through_once(bench: Bench) -> None:
    """A look at every object for each namespace kept the event loop for so long that the lease was lost."""
    seen = 0
    get, referring = bench.cache.get, bench.cache.referring

    def counted_get(key: Key) -> Resource | None:
        nonlocal seen
        seen += 1
        return get(key)

    def counted(account: str, namespace: str | None = None) -> Iterator[tuple[Key, Resource]]:
        nonlocal seen
        for item in referring(account, namespace):
            seen += 1
            yield item

    bench.cache.get, bench.cache.referring = counted_get, counted  # type: ignore[method-assign]
    keys = {bench.user(f"chat-{number}", f"live-{number % 50}") for number in range(200)}
    bench.reconciler.namespaces_changed({f"live-{number}" for number in range(50)})
    assert bench.queued() == {*keys, PROD}
    assert seen <= 200
    seen = 0
    bench.user("chat", "live")
    await bench.reconcile()
    assert seen <= 3 * 201, "whose users are at rest is told without a look at each for every question"


async def test_two_operators_that_find_otherwise_do_not_overwrite_each_other_for_ever() -> None:
    bench = Bench(scoped=True)
    bench.user()
    await bench.reconcile()
    await bench.reconcile()
    theirs = copy.deepcopy(bench.shelf.stored["status"])
    theirs["conditions"][0] |= {"status": "False", "reason": "AccessDenied"}
    bench.book.put(bench.shelf._store({**bench.shelf.stored, "status": theirs}))
    before = list(bench.shelf.writes)
    await bench.reconcile()
    assert bench.shelf.writes == before


async def test_a_status_that_was_edited_by_hand_is_put_right(bench: Bench) -> None:
    await bench.reconcile()
    bench.book.put(bench.shelf._store({**bench.shelf.stored, "status": {"accountID": "nonsense"}}))
    await bench.reconcile()
    assert bench.shelf.stored["status"]["accountID"] == OTHER
    assert bench.shelf.ready == ("True", "Available")
