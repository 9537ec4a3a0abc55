"""What tools for people read of Kubernetes, with the rights of whoever runs them. Nothing here writes."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from ivs_operator.api.names import GROUP, VERSION
from ivs_operator.kube.answers import Resource, items_of
from ivs_operator.kube.client import KubernetesClient

__all__ = ["KubernetesReader"]

_PAGE: Final = 500  # objects per answer to a List


class KubernetesReader:
    """Whole Lists, Events and Leases of one API server. Every method raises `KubeError`."""

    def __init__(self, cluster: KubernetesClient) -> None:
        self._cluster = cluster

    async def resources(self, plural: str, namespace: str | None = None) -> list[Resource]:
        """Every custom resource of a kind; `namespace` None: of all namespaces, or of a cluster-scoped kind.

        Raises:
            Gone: the CustomResourceDefinition does not exist.
            KubeError: it could not be read to its end.
        """
        within = f"/namespaces/{quote(namespace)}" if namespace is not None else ""
        return await self._listed(f"/apis/{GROUP}/{VERSION}{within}/{plural}", {})

    async def events(self, resource: Resource) -> list[Mapping[str, Any]]:
        """Events about one life of a custom resource, as events.k8s.io/v1 has them.

        Raises:
            KubeError: see `kube.errors`.
        """
        meta = resource["metadata"]
        selector = f"regarding.uid={meta['uid']}"
        path = f"/apis/events.k8s.io/v1/namespaces/{quote(meta['namespace'])}/events"
        return list(await self._listed(path, {"fieldSelector": selector}))

    async def namespace_labels(self) -> dict[str, Mapping[str, str]]:
        """Labels of every namespace, by name.

        Raises:
            KubeError: see `kube.errors`.
        """
        items = await self._listed("/api/v1/namespaces", {})
        return {item["metadata"]["name"]: item["metadata"].get("labels") or {} for item in items}

    async def leases(self, name: str) -> list[Mapping[str, Any]]:
        """Leases of this name, in whichever namespace.

        Raises:
            KubeError: see `kube.errors`.
        """
        path = "/apis/coordination.k8s.io/v1/leases"
        return list(await self._listed(path, {"fieldSelector": f"metadata.name={name}"}))

    async def _listed(self, path: str, query: Mapping[str, str]) -> list[Resource]:
        """All pages. A List that changes while it is read is consistent: its pages are of one moment."""
        asked = {"limit": str(_PAGE), **query}
        found: list[Resource] = []
        while True:
            page = await self._cluster.call("GET", f"{path}?{urlencode(asked)}")
            kind = str(page.get("kind", "")).removesuffix("List")
            found += [{"kind": kind, "apiVersion": page.get("apiVersion"), **item} for item in items_of(page)]
            token = (page.get("metadata") or {}).get("continue")
            if not token:
                return found
            asked["continue"] = token
