"""What keeps the operator in step with Kubernetes: the watches, and two checks for what a watch does not tell."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import kopf

from ivs_operator.api.names import GROUP, VERSION
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.access import Access, Right, needed_rights
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.census import Census
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import Forbidden, Gone, KubeError
from ivs_operator.kube.watches import Watches
from ivs_operator.leadership import lease_place
from ivs_operator.settings import Settings

__all__ = ["Lookout"]


class Lookout:
    """Run it as a task."""

    def __init__(
        self,
        settings: Settings,
        *,
        cluster: KubernetesClient,
        resources: ResourceCache,
        plurals: Mapping[Kind, str],
        register: Callable[[kopf.OperatorRegistry], None],
        on_gone: Callable[[Key], None],
    ) -> None:
        namespaces, selector = settings.namespaces, settings.watch_selector
        rights = needed_rights(
            plurals.values(),
            namespaces,
            cluster_uid=settings.cluster_id is None,
            lease=lease_place(settings) if settings.leader_elect else None,
        )
        self._access = Access(cluster, rights)
        self._census = Census(cluster, resources, plurals, namespaces=namespaces, selector=selector, on_gone=on_gone)
        selectors = dict.fromkeys(plurals.values(), selector) if selector else {}
        self._watches = Watches(
            register,
            plurals=plurals.values(),
            served=cluster.served_plurals,
            namespaces=namespaces,
            selectors=selectors,
            on_end=self._ended,
        )
        cluster.on_refusal = self._refused

    def need(self, rights: Iterable[Right]) -> None:
        """These rights are needed, too, from now on."""
        self._access.need(rights)

    @property
    def trouble(self) -> str | None:
        """Which right is missing, None when none is."""
        return self._access.trouble

    async def review(self) -> str | None:
        """Ask for every right now, before `run` does so; returns what is missing, None when nothing surely is."""
        return self._access.trouble if await self._access.review() else None

    async def blind(self) -> bool:
        """Whether objects of our kinds surely can't be listed, so that nothing can begin."""
        return await self._access.blind()

    def listed(self) -> None:
        """A resource was seen in a List: whatever went away before it, no event tells."""
        self._census.doubt()

    async def run(self) -> None:
        """Look out for ever."""
        async with asyncio.TaskGroup() as group:
            for part in (self._watches, self._census, self._access):
                group.create_task(part.run())

    def _refused(self, path: str, error: KubeError) -> None:
        if "/leases" in path:
            return  # the elector speaks for itself
        if isinstance(error, Forbidden):
            self._access.doubt()
        if isinstance(error, Gone) and not _is_list(path):
            self._census.doubt()

    def _ended(self, _: Exception | None) -> None:
        self._access.doubt()  # a List that is refused ends the watch, too


def _is_list(path: str) -> bool:
    """Whether a path is of all objects of ours. That these are not found says nothing of one: their kind is missing.

    The census asks by such paths itself, and would never end; so does whoever asks which kinds are served.
    """
    if path == f"/apis/{GROUP}/{VERSION}":
        return True
    match path.partition("?")[0].removeprefix(f"/apis/{GROUP}/{VERSION}/").split("/"):
        case [_] | ["namespaces", _, _]:
            return True
        case _:
            return False
