"""The few calls that we make ourselves: status, finalizer, events, and what is read once at start.

Status and finalizer writes carry the resource version that they were derived from, so that a stale cache can never
overwrite what somebody else has written since.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode
from uuid import uuid4

from kubernetes.aio import client

from ivs_operator.api.kinds import AWS_ACCOUNT
from ivs_operator.api.names import API_VERSION, FINALIZER, GROUP, VERSION
from ivs_operator.kube.answers import Resource, items_of, member
from ivs_operator.kube.errors import Gone
from ivs_operator.kube.transport import Transport

__all__ = ["KubernetesClient"]

_PAGE: Final = 500  # objects per answer to a List
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_MERGE: Final = "application/merge-patch+json"
_JSON_PATCH: Final = "application/json-patch+json"
_EVENT_NAME_LIMIT: Final = 200  # characters of the object's name; with the suffix below the 253 of an API object
_EVENTS_OF_THE_CLUSTER: Final = "default"  # where Kubernetes itself puts Events about what has no namespace
_EVENT_NOTE_LIMIT: Final = 1024  # characters; the API refuses longer ones


class KubernetesClient(Transport):
    """Calls to one API server. Close it, or use it as an async context manager."""

    def __init__(self, configuration: client.Configuration, *, reporter: str = "") -> None:
        super().__init__(configuration)
        self._reporter = reporter or "ivs-operator"

    async def cluster_uid(self) -> str:
        """UID of the namespace kube-system: what tells one cluster from another.

        Raises:
            KubeError: see `kube.errors`.
        """
        answer = await self.call("GET", "/api/v1/namespaces/kube-system")
        return str(member(answer, "metadata", "uid"))

    async def served_plurals(self) -> frozenset[str]:
        """Plurals of our kinds that the API server serves: all, unless CRDs are missing.

        Raises:
            KubeError: see `kube.errors`; a group that is not served at all gives the empty set.
        """
        answer = await self.call("GET", "/apis")
        if not any(group.get("name") == GROUP for group in answer.get("groups", ())):
            return frozenset()
        try:
            resources = await self.call("GET", f"/apis/{GROUP}/{VERSION}")
        except Gone:  # the group is announced a moment before its version is
            return frozenset()
        names = (str(member(item, "name")) for item in resources.get("resources", ()))
        return frozenset(name for name in names if "/" not in name)

    async def crd_deleting(self, plural: str) -> bool:
        """Whether the CustomResourceDefinition of our kind is being deleted: its objects go because of it.

        Raises:
            KubeError: see `kube.errors`.
        """
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{GROUP}"
        return bool(member(await self.call("GET", path), "metadata").get("deletionTimestamp"))

    async def get(self, plural: str, namespace: str, name: str) -> Resource:
        """One custom resource, from the API server itself.

        Raises:
            Gone: it does not exist.
            KubeError: see `kube.errors`.
        """
        return _object(await self.call("GET", _path(plural, namespace, name)))

    async def find(self, plural: str, namespace: str | None, name: str) -> Resource | None:
        """One custom resource, from the API server itself; None when there is none.

        `namespace` None: an AWSAccount, which is found by a List, for there is no right to get one.

        Raises:
            KubeError: see `kube.errors`.
        """
        if namespace is None:
            query = urlencode({"fieldSelector": f"metadata.name={name}"})
            page = await self.call("GET", f"/apis/{GROUP}/{VERSION}/{plural}?{query}")
            # Items of a List may come without these two.
            found = ({"apiVersion": API_VERSION, "kind": AWS_ACCOUNT.kind, **item} for item in items_of(page))
            return next(found, None)
        try:
            return await self.get(plural, namespace, name)
        except Gone:
            return None

    async def patch_status(self, plural: str, resource: Resource, patch: Mapping[str, Any]) -> Resource:
        """Merge `patch` into the status of the resource as it was read.

        Raises:
            Conflict: the resource has changed since.
            Gone: it does not exist any more.
            KubeError: see `kube.errors`.
        """
        meta = resource["metadata"]
        body = {"metadata": {"resourceVersion": meta["resourceVersion"]}, "status": patch}
        path = _path(plural, meta.get("namespace"), meta["name"]) + "/status"
        return _object(await self.call("PATCH", path, body, content_type=_MERGE))

    async def add_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Add our finalizer.

        Raises:
            Conflict: the resource has changed since it was read.
            Gone: it does not exist any more.
            KubeError: see `kube.errors`.
        """
        meta = resource["metadata"]
        value: Any = FINALIZER if meta.get("finalizers") else [FINALIZER]
        path = "/metadata/finalizers/-" if meta.get("finalizers") else "/metadata/finalizers"
        return await self._patch_metadata(plural, resource, {"op": "add", "path": path, "value": value})

    async def remove_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Remove our finalizer, and only ours. A resource without it is left alone.

        Raises:
            Conflict: the resource has changed since it was read.
            Gone: it does not exist any more.
            KubeError: see `kube.errors`.
        """
        finalizers = resource["metadata"].get("finalizers") or []
        if FINALIZER not in finalizers:
            return resource
        path = f"/metadata/finalizers/{finalizers.index(FINALIZER)}"
        return await self._patch_metadata(plural, resource, {"op": "remove", "path": path})

    async def post_event(self, resource: Resource, *, type_: str, reason: str, message: str, now: str) -> None:
        """Post an Event about the resource. `now` is RFC 3339 with microseconds.

        Raises:
            KubeError: see `kube.errors`.
        """
        meta = resource["metadata"]
        namespace = meta.get("namespace") or _EVENTS_OF_THE_CLUSTER
        body = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": _event_name(meta["name"]), "namespace": namespace},
            "eventTime": now,
            "reportingController": GROUP,
            "reportingInstance": self._reporter[:128],
            "action": "Reconcile",
            "type": type_,
            "reason": reason,
            "note": message[:_EVENT_NOTE_LIMIT],
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": resource["kind"],
                **({"namespace": meta["namespace"]} if meta.get("namespace") else {}),
                "name": meta["name"],
                "uid": meta["uid"],
            },
        }
        path = f"/apis/events.k8s.io/v1/namespaces/{quote(namespace)}/events"
        await self.call("POST", path, body)

    async def present(self, plural: str, namespace: str | None, selector: str | None) -> list[tuple[str, str, str]]:
        """Namespace, name and UID of every custom resource of a kind, in order; `namespace` None: of all namespaces.

        Raises:
            KubeError: see `kube.errors`.
        """
        within = f"/namespaces/{quote(namespace)}" if namespace is not None else ""
        query = {"limit": str(_PAGE), **({"labelSelector": selector} if selector else {})}
        found = []
        while True:
            path = f"/apis/{GROUP}/{VERSION}{within}/{plural}?{urlencode(query)}"
            page = await self.call("GET", path, accept=_METADATA_ONLY)
            for item in items_of(page):
                meta = member(item, "metadata")
                found.append((str(member(meta, "namespace")), str(member(meta, "name")), str(member(meta, "uid"))))
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return found
            query["continue"] = token

    async def everything(self, plural: str) -> AsyncIterator[Resource]:
        """Every custom resource of a kind, in all namespaces.

        Raises:
            KubeError: see `kube.errors`; what came before is not all.
        """
        query = {"limit": str(_PAGE)}
        while True:
            page = await self.call("GET", f"/apis/{GROUP}/{VERSION}/{plural}?{urlencode(query)}")
            for item in items_of(page):
                yield item
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return
            query["continue"] = token

    async def allowed(self, right: Mapping[str, str]) -> bool:
        """Whether we may do what `right` says; members as in `resourceAttributes` of a SelfSubjectAccessReview.

        Raises:
            KubeError: see `kube.errors`.
        """
        path, version = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "authorization.k8s.io/v1"
        spec = {"resourceAttributes": dict(right)}
        body = {"apiVersion": version, "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = await self.call("POST", path, body, counted=False)
        return bool(member(answer, "status", "allowed"))

    async def _patch_metadata(self, plural: str, resource: Resource, operation: Mapping[str, Any]) -> Resource:
        meta = resource["metadata"]
        test = {"op": "test", "path": "/metadata/resourceVersion", "value": meta["resourceVersion"]}
        path = _path(plural, meta.get("namespace"), meta["name"])
        return _object(await self.call("PATCH", path, [test, operation], content_type=_JSON_PATCH))


def _event_name(name: str) -> str:
    """A name like client-go's: what it is about, and something unique. `generateName` allows no dot at its end."""
    return f"{name[:_EVENT_NAME_LIMIT]}.{uuid4().hex[:16]}"


def _object(answer: Resource) -> Resource:
    member(answer, "metadata", "resourceVersion")
    return answer


def _path(plural: str, namespace: str | None, name: str) -> str:
    within = f"/namespaces/{quote(namespace)}" if namespace is not None else ""
    return f"/apis/{GROUP}/{VERSION}{within}/{plural}/{quote(name)}"
