"""What this process may do at this moment, and writes to Kubernetes that ask for it each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.domain.failures import PermitLost
from ivs_operator.engine.protocols import Cluster, Permit, Resource

__all__ = ["PermittedCluster", "Tenure"]


@dataclass(slots=True)
class Tenure:
    """The permit of one process: it leads, and is not on its way out."""

    held: Callable[[], bool]
    """Whether this process surely leads."""
    stopping: bool = False

    def valid(self) -> bool:
        """Whether AWS may be written to."""
        return not self.stopping and self.held()

    def may_record(self) -> bool:
        """Whether Kubernetes may be written to: while stopping, too, for what was done must be written down."""
        return self.held()


class PermittedCluster:
    """Writes to Kubernetes while the permit allows them. Every method raises `PermitLost` or `KubeError`."""

    def __init__(self, cluster: Cluster, permit: Permit) -> None:
        self._cluster = cluster
        self._permit = permit

    async def find(self, plural: str, namespace: str | None, name: str) -> Resource | None:
        """A custom resource as it is now."""
        return await self._cluster.find(plural, namespace, name)

    async def patch_status(self, plural: str, resource: Resource, patch: Mapping[str, Any]) -> Resource:
        """Merge into the status, provided that nobody changed the resource since."""
        return await self._permitted().patch_status(plural, resource, patch)

    async def crd_deleting(self, plural: str) -> bool:
        """Whether the CustomResourceDefinition itself is being deleted."""
        return await self._cluster.crd_deleting(plural)

    async def add_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Add our finalizer."""
        return await self._permitted().add_finalizer(plural, resource)

    async def remove_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Remove our finalizer."""
        return await self._permitted().remove_finalizer(plural, resource)

    async def post_event(self, resource: Resource, *, type_: str, reason: str, message: str, now: str) -> None:
        """Post an Event."""
        await self._permitted().post_event(resource, type_=type_, reason=reason, message=message, now=now)

    def _permitted(self) -> Cluster:
        if not self._permit.may_record():
            raise PermitLost
        return self._cluster
