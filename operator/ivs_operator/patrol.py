"""Everything that looks around beside the reconciles: destinations, delivery, orphans. None of it writes to AWS."""

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Final

import structlog

from ivs_operator.aws.destinations import DestinationReader
from ivs_operator.aws.estate import AwsEstate
from ivs_operator.aws.metrics import DeliveryMetrics
from ivs_operator.clock import Clock
from ivs_operator.domain.orphans import Orphan
from ivs_operator.engine.delivery_watch import DeliveryWatch
from ivs_operator.engine.destination_checks import DestinationChecks
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.orphan_watch import OrphanWatch, words
from ivs_operator.engine.outlook import Outlook
from ivs_operator.engine.protocols import Cluster, Resources
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.settings import Settings

__all__ = ["Patrol"]

_ORPHANED: Final = "Orphaned"
"""Reason of the Event about an orphan."""

log = structlog.get_logger(__name__)


class Patrol:
    """Run it as a task; `outlook` is for the reconciler."""

    def __init__(
        self,
        settings: Settings,
        *,
        estate: AwsEstate,
        cluster: Cluster,
        cluster_id: str,
        resources: Resources,
        queue: WorkQueue,
        memories: Memories,
        clock: Clock,
        active: Callable[[], bool],
        serves: Callable[[str, Collection[str]], bool],
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._destinations = self._delivery = self._orphans = None
        if settings.destination_checks:
            self._destinations = DestinationChecks(
                DestinationReader(estate.calls),
                clock,
                interval=settings.destination_interval,
                active=active,
                on_news=lambda key: queue.add(key, Lane.BACKGROUND),
                on_mended=memories.relent,
            )
        if settings.delivery_metrics:
            self._delivery = DeliveryWatch(
                DeliveryMetrics(estate.calls),
                clock,
                interval=settings.delivery_interval,
                active=active,
                on_news=lambda key: queue.add(key, Lane.BACKGROUND),
            )
        if settings.watch_selector is None:  # else what is not selected would look like not existing
            self._orphans = OrphanWatch(
                estate,
                resources,
                cluster_id,
                namespaces=_watched_namespaces(settings),
                clock=clock,
                interval=settings.sweep_interval,
                active=active,
                tell=self._tell,
                serves=serves,
            )
        self.outlook = Outlook(self._destinations, self._delivery)

    async def run(self) -> None:
        """Look around for ever."""
        parts = (self._destinations, self._delivery, self._orphans)
        async with asyncio.TaskGroup() as group:
            for part in parts:
                if part is not None:
                    group.create_task(part.run())

    async def _tell(self, orphan: Orphan) -> None:
        """An Event about the custom resource that is not there, in its namespace: that is where people look."""
        named = {"namespace": orphan.key.namespace, "name": orphan.key.name, "uid": ""}
        now = datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        await self._cluster.post_event(
            {"kind": str(orphan.kind), "metadata": named},
            type_="Warning",
            reason=_ORPHANED,
            message=words(orphan),
            now=now,
        )


def _watched_namespaces(settings: Settings) -> frozenset[str] | None:
    """Namespaces whose custom resources are all known; patterns are left out, as nobody can say what they leave out."""
    if not settings.namespaces:
        return None
    return frozenset(name for name in settings.namespaces if not set(name) & set("*?[!,"))
