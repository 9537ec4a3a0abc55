"""What Kubernetes tells of AWSAccounts and namespaces, and whether anybody anywhere uses an AWSAccount."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes.aio import client as kubernetes

from ivs_operator.api.names import FINALIZER
from ivs_operator.domain.identity import AccountKey, AnyKey, Key
from ivs_operator.engine.accounts import MERGED, Untold
from ivs_operator.engine.queue import WorkQueue
from ivs_operator.handlers import _watcher
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import Forbidden, KubeError, Unauthenticated, Unreachable
from ivs_operator.settings import Settings
from ivs_operator.tenants import Tenants
from support.objects import CHAT, key_of, resource
from support.virtual_time import VirtualClock, in_virtual_time

PROD = AccountKey("prod")
SELECTING = {
    "roleARN": "arn:aws:iam::222233334444:role/r",
    "allowedNamespaces": {"selector": {"matchLabels": {"a": "b"}}},
}


class Listing(KubernetesClient):
    """Lists of all namespaces: objects, or an error."""

    def __init__(self) -> None:
        super().__init__(kubernetes.Configuration(host="http://127.0.0.1"))
        self.answer_with: list[dict[str, Any]] | KubeError = []

    async def everything(self, plural: str) -> AsyncIterator[dict[str, Any]]:
        if isinstance(self.answer_with, KubeError):
            raise self.answer_with
        for item in self.answer_with:
            yield item


class Bench:
    """The tenants of an operator of some namespaces."""

    def __init__(self) -> None:
        self.clock, self.cache, self.client = VirtualClock(), ResourceCache(), Listing()
        self.queue = WorkQueue(self.clock)
        surroundings: Any = SimpleNamespace()
        self.tenants = Tenants(
            Settings(namespaces=("live",)),
            client=self.client,
            cluster=surroundings,
            estate=surroundings,
            resources=self.cache,
            queue=self.queue,
            clock=self.clock,
        )
        self.told = self.tenants._namespaces._listener
        self.tenants.book.put({"metadata": {"name": "prod", "uid": "u", "generation": 1}, "spec": SELECTING})

    def user(self, namespace: str) -> Key:
        made = resource(namespace=namespace, accountRef={"name": "prod"})
        self.cache.put(key_of(made), made)
        return key_of(made)

    def taken(self) -> set[AnyKey]:
        """What waits; it waits no longer."""
        found = set(self.queue._waiting)
        self.queue.pause()
        self.queue.resume()
        return found


def labelled(name: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": labels}}


USED = [
    pytest.param([], False, id="nobody"),
    pytest.param([resource(accountRef={"name": "prod"}, finalizers=())], False, id="one that has nothing yet"),
    pytest.param([resource(accountRef={"name": "x"}, finalizers=(FINALIZER,))], False, id="one of another account"),
    pytest.param([resource(accountRef={"name": "prod"}, finalizers=(FINALIZER,))], True, id="one of another namespace"),
    pytest.param(Forbidden("may not list"), Untold, id="no right to look"),
    pytest.param(
        Unauthenticated("Unauthorized"), Unauthenticated, id="a token that has run out tells nothing of rights"
    ),
    pytest.param(Unreachable("away"), Unreachable, id="no answer"),
]


@pytest.mark.parametrize(("answer", "used"), USED)
async def test_whether_anybody_uses_an_account_is_told_or_not_but_never_guessed(answer: Any, used: Any) -> None:
    bench = Bench()
    bench.client.answer_with = answer
    try:
        if isinstance(used, bool):
            assert await bench.tenants._used("prod") is used
            return
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its very type is asserted
            await bench.tenants._used("prod")
        assert type(caught.value) is used
    finally:
        await bench.client.close()


async def test_an_operator_of_some_namespaces_tells_of_accounts_that_its_own_objects_name() -> None:
    """A spare one gets no status from it, and would count as not Ready for ever."""
    bench = Bench()
    bench.tenants.book.put({"metadata": {"name": "spare", "uid": "s", "generation": 1}, "spec": SELECTING})
    assert bench.tenants.minded() == {}
    key = bench.user("live")
    assert set(bench.tenants.minded()) == {"prod"}
    bench.cache.remove(key)
    assert bench.tenants.minded() == {}
    bench.tenants.book.resources = None
    assert bench.tenants.minded() == {}, "before they are listed"


async def test_only_labels_that_are_news_have_objects_looked_at_also_after_a_while_without_any() -> None:
    bench = Bench()
    here, there = bench.user("live"), bench.user("test")
    bench.told.listed([labelled("live", a="b"), labelled("test"), labelled("rest")])
    assert bench.taken() == {here, there, PROD}
    bench.told.listed([labelled("live", a="b"), labelled("test")])
    assert bench.taken() == set()
    bench.told.refused("no right")
    assert bench.tenants.book.labels_of("live") is None, "what may be out of date allows nobody"
    assert bench.taken() == {PROD}
    bench.told.refused("still none")
    bench.taken()
    bench.told.listed([labelled("live", a="b"), labelled("test", a="b")])
    assert bench.taken() == {there, PROD}
    assert bench.tenants.book.labels_of("test") == {"a": "b"}
    bench.told.changed(labelled("live"))
    assert bench.taken() == {here, PROD}


@in_virtual_time
async def test_users_that_come_and_go_together_have_their_account_looked_at_once() -> None:
    """Each look goes through all of its users."""
    bench = Bench()
    watch = _watcher(SimpleNamespace(queue=bench.queue, resources=bench.cache, clock=bench.clock))  # type: ignore[arg-type]
    for kind in (None, "DELETED"):
        for number in range(100):
            await watch(kind, resource(name=f"chat-{number}", accountRef={"name": "prod"}), CHAT)
    assert PROD not in bench.queue._waiting
    assert bench.queue._due[PROD][0] == bench.clock.now() + MERGED
    looks = 0
    began = bench.clock.now()
    while PROD in bench.queue._due or bench.queue._waiting:
        key = await bench.queue.take()
        assert key is not None
        looks += key == PROD
        bench.queue.done(key)
    assert (looks, bench.clock.now() - began) == (1, MERGED)
