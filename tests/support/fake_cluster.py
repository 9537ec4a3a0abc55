"""The API server in memory, as far as our kinds need it: versions, generations, finalizers, and a strict schema.

A status is pruned and validated against the CRD as the real one does; what does not fit is written down in `breaches`,
and so is a status that breaks the rules of conditions.
"""

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from ivs_operator.api.crd import crds
from ivs_operator.api.names import FINALIZER
from ivs_operator.api.validation import parse_status
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.errors import Conflict, Gone
from support.objects import key_of

__all__ = ["FakeCluster", "merged", "misfits"]

Resource = dict[str, Any]
Watcher = Callable[[str, Resource], None]


class FakeCluster:
    """Custom resources by key; `plurals` as in paths."""

    def __init__(self, plurals: Mapping[Kind, str]) -> None:
        self._kinds = {plural: kind for kind, plural in plurals.items()}
        self.resources: dict[Key, Resource] = {}
        self.watchers: list[Watcher] = []
        self.writes: list[tuple[str, str]] = []
        self.events: list[tuple[str, str, str]] = []
        self.breaches: list[str] = []
        self.statuses: list[Resource] = []
        self._version = 1

    # What a person does.

    def apply(self, resource: Resource) -> Key:
        """Create a resource, or change the spec and annotations of one."""
        key = key_of(resource)
        known = self.resources.get(key)
        if known is None:
            fresh = copy.deepcopy(resource)
            fresh["metadata"]["finalizers"] = []
            fresh.setdefault("status", {"observedGeneration": -1})
            self._store("ADDED", key, fresh)
            return key
        changed = copy.deepcopy(known)
        if changed["spec"] != resource["spec"]:
            changed["spec"] = copy.deepcopy(resource["spec"])
            changed["metadata"]["generation"] += 1
        changed["metadata"]["annotations"] = dict(resource["metadata"].get("annotations") or {})
        self._store("MODIFIED", key, changed)
        return key

    def delete(self, key: Key) -> None:
        """kubectl delete --wait=false."""
        resource = copy.deepcopy(self.resources[key])
        resource["metadata"].setdefault("deletionTimestamp", "2023-11-14T23:00:00Z")
        self._finish(key, resource)

    def edit_status(self, key: Key, **members: Any) -> None:
        """Somebody edits the status by hand; None takes a member out."""
        resource = dict(self.resources[key])
        status = {**resource.get("status", {}), **members}
        resource["status"] = {name: value for name, value in status.items() if value is not None}
        self._store("MODIFIED", key, resource)

    def status(self, key: Key) -> dict[str, Any]:
        """The status of a resource."""
        return dict(self.resources[key].get("status") or {})

    def ready(self, key: Key) -> tuple[str, str]:
        """Status and reason of Ready."""
        found = {item["type"]: item for item in self.status(key).get("conditions", ())}.get("Ready", {})
        return found.get("status", ""), found.get("reason", "")

    # What the operator does.

    async def find(self, plural: str, namespace: str, name: str) -> Resource | None:
        return copy.deepcopy(self.resources.get(Key(self._kinds[plural], namespace, name)))

    async def patch_status(self, plural: str, resource: Resource, patch: Mapping[str, Any]) -> Resource:
        key, known = self._current(plural, resource)
        self.writes.append(("status", str(key)))
        before = known.get("status") or {}
        after = merged(before, patch)
        self._judge(key, before, after)
        return self._store("MODIFIED", key, {**copy.deepcopy(known), "status": after})

    async def crd_deleting(self, plural: str) -> bool:
        return False

    async def add_finalizer(self, plural: str, resource: Resource) -> Resource:
        key, known = self._current(plural, resource)
        self.writes.append(("finalizer", str(key)))
        changed = copy.deepcopy(known)
        changed["metadata"]["finalizers"] = [*changed["metadata"]["finalizers"], FINALIZER]
        return self._store("MODIFIED", key, changed)

    async def remove_finalizer(self, plural: str, resource: Resource) -> Resource:
        key, known = self._current(plural, resource)
        self.writes.append(("finalizer", str(key)))
        changed = copy.deepcopy(known)
        changed["metadata"]["finalizers"] = [f for f in changed["metadata"]["finalizers"] if f != FINALIZER]
        return self._finish(key, changed)

    async def post_event(self, resource: Resource, *, type_: str, reason: str, message: str, now: str) -> None:
        self.events.append((type_, reason, message))

    def _current(self, plural: str, resource: Resource) -> tuple[Key, Resource]:
        metadata = resource["metadata"]
        key = Key(self._kinds[plural], metadata["namespace"], metadata["name"])
        known = self.resources.get(key)
        if known is None:
            raise Gone(f"{key} not found")
        if known["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
            raise Conflict(f"{key} has been modified")
        return key, known

    def _finish(self, key: Key, resource: Resource) -> Resource:
        if resource["metadata"].get("deletionTimestamp") and not resource["metadata"]["finalizers"]:
            del self.resources[key]
            self._tell("DELETED", resource)
            return resource
        return self._store("MODIFIED", key, resource)

    def _store(self, type_: str, key: Key, resource: Resource) -> Resource:
        self._version += 1
        resource["metadata"]["resourceVersion"] = str(self._version)
        self.resources[key] = resource
        self._tell(type_, resource)
        return copy.deepcopy(resource)

    def _tell(self, type_: str, resource: Resource) -> None:
        for watcher in tuple(self.watchers):
            watcher(type_, copy.deepcopy(resource))

    def _judge(self, key: Key, before: Mapping[str, Any], after: dict[str, Any]) -> None:
        self.statuses.append(after)
        if before == after:
            self.breaches.append(f"{key}: a status write that changes nothing")
        self.breaches += [f"{key}: {misfit}" for misfit in misfits(status_schema(str(key.kind)), after)]
        parse_status(str(key.kind), after)
        self.breaches += [f"{key}: {breach}" for breach in _broken_conditions(before, after)]


def _broken_conditions(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found = []
    conditions = {item["type"]: item for item in after.get("conditions", ())}
    if len(conditions) != len(after.get("conditions", ())):
        found.append("a condition is there twice")
    if {"Reconciling", "Stalled"} <= conditions.keys():
        found.append("Reconciling and Stalled together")
    if conditions.get("Ready", {}).get("status") == "True" and {"Reconciling", "Stalled"} & conditions.keys():
        found.append("Ready and yet Reconciling or Stalled")
    for old in before.get("conditions", ()):
        new = conditions.get(old["type"])
        if new is None:
            continue
        moved = new["lastTransitionTime"] != old["lastTransitionTime"]
        if moved and new["status"] == old["status"]:
            found.append(f"the time of {old['type']} moved without its status")
    return found


@cache
def status_schema(kind: str) -> dict[str, Any]:
    """The schema of a kind's status."""
    (crd,) = [crd for crd in crds() if crd["spec"]["names"]["kind"] == kind]
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return dict(schema["properties"]["status"])


_TYPES: dict[str, Any] = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


def misfits(schema: Mapping[str, Any], value: Any, path: str = "status") -> list[str]:
    """Where a value does not fit a structural schema: what would be pruned, or refused."""
    if not isinstance(value, _TYPES[schema["type"]]) or (schema["type"] == "integer" and isinstance(value, bool)):
        return [f"{path} is {type(value).__name__}, not {schema['type']}"]
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return [f"{path} is too long"]
    if isinstance(value, list):
        too_many = [f"{path} has too many"] if len(value) > schema.get("maxItems", len(value)) else []
        items = [m for n, item in enumerate(value) for m in misfits(schema["items"], item, f"{path}[{n}]")]
        return too_many + items
    if not isinstance(value, dict):
        return []
    found = [f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    for name, member in value.items():
        inner = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        found += misfits(inner, member, f"{path}.{name}") if inner else [f"{path}.{name} is no field: it is pruned"]
    return found


def merged(before: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    result = dict(before) if isinstance(before, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result
