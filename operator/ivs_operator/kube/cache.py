"""The newest version of each custom resource that we know of, fed by the watch and by the answers to our own writes."""

import sys
from collections.abc import Iterator
from typing import Any

from ivs_operator.domain.accounts import reference_of
from ivs_operator.domain.identity import Key

__all__ = ["ResourceCache", "is_observed"]

_UNUSED_METADATA = ("managedFields", "selfLink")  # the largest part of many objects, and nothing we look at


class ResourceCache:
    """Resources by key. Versions only move forward, for the watch may deliver what an own write has overtaken."""

    def __init__(self) -> None:
        self._resources: dict[Key, dict[str, Any]] = {}
        self._referring: dict[str, dict[str, dict[Key, None]]] = {}
        """By AWSAccount, then by namespace, who names it: to look through all objects for that would take too long."""

    def __len__(self) -> int:
        return len(self._resources)

    def keys(self) -> tuple[Key, ...]:
        """All keys, at this moment."""
        return tuple(self._resources)

    def get(self, key: Key) -> dict[str, Any] | None:
        """The newest version known, or None."""
        return self._resources.get(key)

    def items(self) -> Iterator[tuple[Key, dict[str, Any]]]:
        """All resources, at this moment."""
        return iter(tuple(self._resources.items()))

    def accounts(self) -> tuple[str, ...]:
        """Names of the AWSAccounts that some resource refers to."""
        return tuple(self._referring)

    def referring(self, account: str, namespace: str | None = None) -> Iterator[tuple[Key, dict[str, Any]]]:
        """All resources that refer to an AWSAccount, or those of a namespace; read before anything is put."""
        places = self._referring.get(account, {})
        chosen = places.values() if namespace is None else (places.get(namespace, {}),)
        return ((key, self._resources[key]) for keys in chosen for key in keys)

    def put(self, key: Key, resource: dict[str, Any], *, asked: bool = False) -> bool:
        """Keep `resource` unless what is known is newer. Returns whether it was kept.

        Events of two lives under one name come in any order, for kopf hands on each life's by itself: the last of the
        old life must not hide the new one. `asked`: the API server was asked just now, in a List or a Get, and its word
        on which life there is counts; it may be an older one, from a backup.
        """
        known = self._resources.get(key)
        if known is not None and _overtaken(resource, known, asked=asked):
            return False
        metadata = {name: value for name, value in resource["metadata"].items() if name not in _UNUSED_METADATA}
        kept = self._resources[key] = _shared({**resource, "metadata": metadata})
        before, after = reference_of(known) if known is not None else None, reference_of(kept)
        if before != after:
            self._unlink(key, before)
            if after is not None:
                self._referring.setdefault(after, {}).setdefault(key.namespace, {})[key] = None
        return True

    def remove(self, key: Key, uid: str | None = None) -> None:
        """Forget a resource; one that was made anew under the same name stays."""
        known = self._resources.get(key)
        if known is not None and uid in (None, known["metadata"].get("uid")):
            del self._resources[key]
            self._unlink(key, reference_of(known))

    def _unlink(self, key: Key, account: str | None) -> None:
        if account is None:
            return
        places = self._referring[account]
        del places[key.namespace][key]
        if not places[key.namespace]:
            del places[key.namespace]
        if not places:
            del self._referring[account]


def is_observed(resource: dict[str, Any]) -> bool:
    """Whether the status speaks of the present generation: nobody waits for an answer."""
    status = resource.get("status") or {}
    return bool(status.get("observedGeneration") == resource["metadata"].get("generation"))


def _shared(value: Any) -> Any:
    """A copy in which equal texts are one: names of members, messages and regions are most of an object, and alike.

    It halves what an object takes. Interned texts go when nobody has them any more.
    """
    if isinstance(value, dict):
        return {sys.intern(name): _shared(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shared(member) for member in value]
    return sys.intern(value) if type(value) is str else value


def _overtaken(told: dict[str, Any], known: dict[str, Any], *, asked: bool) -> bool:
    if _same_life(told, known):
        return _version(told) < _version(known)
    if asked:
        return False
    return (_created(told), _version(told)) < (_created(known), _version(known))


def _created(resource: dict[str, Any]) -> str:
    return str(resource["metadata"].get("creationTimestamp", ""))  # RFC 3339 in UTC, in whole seconds: sorts as text


def _same_life(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["metadata"].get("uid") == other["metadata"].get("uid"))


def _version(resource: dict[str, Any]) -> int:
    """Resource versions of a kind are comparable as integers (a guarantee since Kubernetes 1.35, true before)."""
    text = str(resource["metadata"].get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0
