"""The calls that concern a Lease of coordination.k8s.io/v1."""

import math
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ivs_operator.kube.answers import items_of, member
from ivs_operator.kube.client import KubernetesClient

__all__ = ["LeaseClient"]


class LeaseClient:
    """Leases of one API server. Renewals go on for ever, so they are not counted among the writes to Kubernetes."""

    def __init__(self, cluster: KubernetesClient) -> None:
        self._cluster = cluster

    async def get(self, namespace: str, name: str) -> dict[str, Any]:
        """A Lease, from the API server itself.

        Raises:
            Gone: it does not exist.
            KubeError: see `kube.errors`.
        """
        return _lease(await self._cluster.call("GET", f"{_leases(namespace)}/{quote(name)}"))

    async def everywhere(self, selector: str) -> list[dict[str, Any]]:
        """The Leases of all namespaces that have these labels, as they are now.

        Raises:
            KubeError: see `kube.errors`.
        """
        query = urlencode({"labelSelector": selector})
        answer = await self._cluster.call("GET", f"/apis/coordination.k8s.io/v1/leases?{query}")
        return items_of(answer)

    async def create(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Make a Lease.

        Raises:
            Conflict: it exists.
            Gone: its namespace does not exist.
            KubeError: see `kube.errors`.
        """
        return _lease(await self._cluster.call("POST", _leases(lease["metadata"]["namespace"]), lease, counted=False))

    async def replace(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Write a Lease as it was read and changed.

        Raises:
            Conflict: it has changed since.
            Gone: it does not exist any more.
            KubeError: see `kube.errors`.
        """
        meta = lease["metadata"]
        path = f"{_leases(meta['namespace'])}/{quote(meta['name'])}"
        return _lease(await self._cluster.call("PUT", path, lease, counted=False))

    async def changed(self, namespace: str, name: str, version: str, seconds: float) -> bool:
        """Return when a Lease is no longer as in `version`; False after `seconds` without a change.

        Raises:
            KubeError: see `kube.errors`.
        """
        query = {
            "watch": "true",
            "fieldSelector": f"metadata.name={name}",
            "resourceVersion": version,
            "timeoutSeconds": str(math.ceil(seconds)),
        }
        path = f"{_leases(namespace)}?{urlencode(query)}"
        async with self._cluster.answer("GET", path, seconds=seconds + 1) as answer:
            return bool(await answer.content.readany())  # the beginning of an event tells enough


def _lease(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that is no Lease must not look like one that nobody holds."""
    member(answer, "metadata", "resourceVersion")
    return answer


def _leases(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{quote(namespace)}/leases"
