"""Writes a status when it differs, and only what differs; tells people about transitions by Events."""

from collections.abc import Awaitable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import structlog

from ivs_operator.api.names import FINALIZER
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import NotWritten
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.report import progress_only
from ivs_operator.domain.transitions import MOST, announcement, changed_details
from ivs_operator.engine.protocols import Cluster, Resource, Resources

__all__ = ["PROGRESS_INTERVAL", "SETTLING", "TAGS_STAY", "StatusWriter", "merge_patch"]

PROGRESS_INTERVAL = 60.0
"""Seconds between writes that tell of nothing but progress."""

SETTLING = 5.0
"""Seconds for which the first signs of a new object may wait for the next: most objects are ACTIVE by then."""

TAGS_STAY = "OwnerTagsStay"
"""Reason of the Event about an AWS object that `Retain` has kept with our tags on it."""

CRD_LOOK = 2.0
"""Seconds for which an answer about a CustomResourceDefinition holds: far less than what deleting at AWS takes."""

log = structlog.get_logger(__name__)


class StatusWriter:
    """The only writer of status."""

    def __init__(self, cluster: Cluster, resources: Resources, plurals: Mapping[Kind, str], clock: Clock) -> None:
        self._cluster = cluster
        self._resources = resources
        self._plurals = plurals
        self._clock = clock
        self._held_since: dict[Key, float] = {}
        self._crds: dict[Kind, tuple[float, bool]] = {}

    def forget(self, key: Key) -> None:
        """Drop what is remembered of a key."""
        self._held_since.pop(key, None)

    def forget_all(self) -> None:
        """Drop what is remembered of every key."""
        self._held_since.clear()
        self._crds.clear()

    async def write(
        self, key: Key, resource: Resource, status: Mapping[str, Any], *, settled: bool, request_id: str = ""
    ) -> float | None:
        """Bring the status to `status`. Returns when to come back if the write was put off.

        A write that tells of progress only waits while work goes on (not `settled`): at most a minute, or a few seconds
        until the object's ARN is on record for the first time. `request_id` is of the AWS call that a transition is
        due to: the Event names it, the status never does.

        Raises:
            KubeError: the write did not succeed.
        """
        before = resource.get("status") or {}
        patch = merge_patch(before, status)
        if not patch:
            self._held_since.pop(key, None)
            return None
        put_off = self._put_off(key, before, status, settled=settled)
        if put_off is not None:
            return put_off
        await self._patch(key, resource, patch)
        self._held_since.pop(key, None)
        await self._announce(key, before, status, request_id)
        return None

    async def record(self, key: Key, resource: Resource, status: Mapping[str, Any]) -> Resource:
        """Write at once and return the resource as acknowledged: what a ledger needs.

        Raises:
            KubeError: the write did not succeed.
        """
        patch = merge_patch(resource.get("status") or {}, status)
        if not patch:
            return resource  # on record already: the API server itself has told us so
        return await self._patch(key, resource, patch)

    async def crd_deleting(self, kind: Kind) -> bool:
        """Whether objects of a kind go only because its CustomResourceDefinition does; asked at most every few seconds.

        Raises:
            KubeError: the answer could not be had, so nothing may be deleted yet.
        """
        now = self._clock.now()
        asked_at, answer = self._crds.get(kind, (0.0, False))
        if now - asked_at >= CRD_LOOK:
            answer = await self._cluster.crd_deleting(self._plurals[kind])
            self._crds[kind] = (now, answer)
        return answer

    async def still_there(self, key: Key, resource: Resource) -> bool:
        """Whether this very life of a custom resource is there, which the API server is asked; the answer is kept.

        Raises:
            KubeError: the answer could not be had.
        """
        uid = resource["metadata"].get("uid")
        found = await self._cluster.find(self._plurals[key.kind], key.namespace, key.name)
        if found is None:
            self._resources.remove(key, uid)
            return False
        self._resources.put(key, found, asked=True)
        return bool(found["metadata"].get("uid") == uid)

    async def add_finalizer(self, key: Key, resource: Resource) -> Resource:
        """Add our finalizer and return the resource as acknowledged.

        Raises:
            KubeError: the write did not succeed.
        """
        written = await self._taken(key, resource, self._cluster.add_finalizer(self._plurals[key.kind], resource))
        self._resources.put(key, written)
        return written

    async def remove_finalizer(self, key: Key, resource: Resource, warning: str = "") -> None:
        """Remove our finalizer, the last write; `warning` is then told by an Event, for no status can say it.

        Raises:
            KubeError: the write did not succeed.
        """
        written = await self._taken(key, resource, self._cluster.remove_finalizer(self._plurals[key.kind], resource))
        if FINALIZER in (written["metadata"].get("finalizers") or []):
            return
        if written["metadata"].get("finalizers"):
            self._resources.put(key, written)
        else:
            self._resources.remove(key, written["metadata"].get("uid"))
        if warning:
            log.warning("owner tags stay", message=warning)
            await self._post(resource, "Warning", TAGS_STAY, warning[:MOST])

    async def _patch(self, key: Key, resource: Resource, patch: Mapping[str, Any]) -> Resource:
        write = self._cluster.patch_status(self._plurals[key.kind], resource, patch)
        written = await self._taken(key, resource, write)
        self._resources.put(key, written)
        return written

    async def _taken(self, key: Key, resource: Resource, write: Awaitable[Resource]) -> Resource:
        """The answer to a write. If it is refused for an old version, the newest is there for the next attempt.

        The watch may have fallen silent, which takes a minute to be noticed: until then each attempt would fail again.
        """
        try:
            return await write
        except NotWritten as error:
            if error.outdated:
                with suppress(NotWritten):
                    await self.still_there(key, resource)
            raise

    def _put_off(self, key: Key, before: Mapping[str, Any], after: Mapping[str, Any], *, settled: bool) -> float | None:
        if settled:
            return None
        first_signs = "arn" in after and "arn" not in before and _same_ready(before, after)
        if not first_signs and not progress_only(before, after):
            return None
        now = self._clock.now()
        since = self._held_since.setdefault(key, now)
        until = since + (SETTLING if first_signs else PROGRESS_INTERVAL)
        return until if now < until else None

    async def _announce(self, key: Key, before: Mapping[str, Any], after: Mapping[str, Any], request_id: str) -> None:
        for condition, why, words in changed_details(before, after):
            log.info("state changed", condition=condition, reason=why, message=words)
        event = announcement(before, after, request_id)
        resource = self._resources.get(key)
        if event is None or resource is None:
            return
        type_, reason, message = event
        log.info("state changed", reason=reason, message=message)
        await self._post(resource, type_, reason, message)

    async def _post(self, resource: Resource, type_: str, reason: str, message: str) -> None:
        try:
            await self._cluster.post_event(resource, type_=type_, reason=reason, message=message, now=self._now_text())
        except NotWritten as error:  # the status says the same; an Event is not worth doing the work again
            log.warning("event not posted", reason=reason, error=str(error))

    def _now_text(self) -> str:
        return datetime.fromtimestamp(self._clock.now(), UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def merge_patch(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The RFC 7386 merge patch that turns `before` into `after`; empty when they are equal."""
    patch: dict[str, Any] = {key: None for key in before if key not in after}
    for key, value in after.items():
        old = before.get(key)
        if old == value:
            continue
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            patch[key] = merge_patch(old, value)
        else:
            patch[key] = value
    return patch


def _same_ready(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    def ready(status: Mapping[str, Any]) -> tuple[Any, ...]:
        conditions = status.get("conditions") or ()
        found: Mapping[str, Any] = next((item for item in conditions if item.get("type") == "Ready"), {})
        return found.get("status"), found.get("reason"), found.get("observedGeneration")

    return ready(before) == ready(after)
