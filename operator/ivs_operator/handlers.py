"""All of kopf's decorators. Kopf is the informer here: its watch streams feed the cache and the queue.

Its change handlers, timers, daemons and indexes are not used: they keep bookkeeping on the user's object, lose results
after a failed PATCH, and never look again by themselves. One level-triggered reconcile needs none of it.

Kopf runs in a loop of its own (`kube.watches`); what touches the operator is handed over to the operator's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import kopf

from ivs_operator.api.names import FINALIZER, GROUP, RECONCILE_AT_ANNOTATION, VERSION
from ivs_operator.api.names import PAUSED_ANNOTATION as PAUSED
from ivs_operator.domain.accounts import reference_of
from ivs_operator.domain.identity import AccountKey, Key, Kind
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.engine.accounts import MERGED
from ivs_operator.engine.queue import Lane
from ivs_operator.kube.cache import is_observed
from ivs_operator.wiring import Operator

__all__ = ["register"]


def register(registry: kopf.OperatorRegistry, operator: Operator) -> None:
    """Connect kopf to the operator; called in kopf's thread."""
    watch = _watcher(operator)

    async def see(**given: Any) -> None:
        if given["type"] is None:
            operator.lookout.listed()
        await watch(**given)

    kopf.on.login(registry=registry)(_at(operator.home, lambda **_: operator.login()))
    for kind, plural in PLURALS.items():
        handler = _at(operator.home, see)
        kopf.on.event(GROUP, VERSION, plural, registry=registry, id=f"watch-{plural}", param=kind)(handler)


def _at(home: asyncio.AbstractEventLoop, function: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """The function, run in the loop `home` whichever loop it is called from."""

    async def call(**given: Any) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(function(**given), home))

    return call


def _watcher(operator: Operator) -> Any:
    async def watch(type: str | None, body: kopf.Body, param: Kind, **_: Any) -> None:  # noqa: A002 - kopf's name
        resource = _plain(body)
        metadata = resource["metadata"]
        key = Key(param, metadata["namespace"], metadata["name"])
        account = reference_of(resource)
        before = operator.resources.get(key)
        if account is not None and (type == "DELETED" or before is None):
            operator.queue.add_at(AccountKey(account), operator.clock.now() + MERGED)  # which minds who uses it
        if type == "DELETED":
            operator.resources.remove(key, metadata.get("uid"))
            operator.queue.add(key)
            return
        if operator.resources.put(key, resource, asked=type is None) and _wanted(before) != _wanted(resource):
            known = type is None and is_observed(resource)
            operator.queue.add(key, Lane.BACKGROUND if known else Lane.USER)

    return watch


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("apiVersion", "kind", "metadata", "spec", "status") if name in body}


def _wanted(resource: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    """What a person says through an object: the rest of it, status and labels, is no reason to look."""
    if resource is None:
        return None
    metadata = resource["metadata"]
    annotations = metadata.get("annotations") or {}
    return (
        metadata.get("uid"),
        metadata.get("generation"),
        metadata.get("deletionTimestamp"),
        FINALIZER in (metadata.get("finalizers") or ()),
        annotations.get(PAUSED),
        annotations.get(RECONCILE_AT_ANNOTATION),
    )
