"""Finds resources that are gone although no watch has told: kopf reports no deletions that happened before a List.

Our finalizer keeps most from going unseen; what never had it, or lost it by hand, would stay in the cache for ever.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

import structlog

from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import KubeError
from ivs_operator.kube.watched import is_pattern

__all__ = ["Census"]

INTERVAL: Final = 600.0  # seconds between counts that nobody has asked for
_SETTLING: Final = 2.0  # seconds without a further doubt; a List and the events behind it come within moments
_UNSETTLED: Final = 60.0  # seconds after which it is counted although there are doubts all the time
_AGAIN: Final = 10.0  # seconds until the next attempt after one that failed

log = structlog.get_logger(__name__)


class _Lister(Protocol):
    async def present(
        self, plural: str, namespace: str | None, selector: str | None
    ) -> Collection[tuple[str, str, str]]: ...


class Census:
    """Compares the cache with what is there. `run` it as a task."""

    def __init__(
        self,
        lister: _Lister,
        resources: ResourceCache,
        plurals: Mapping[Kind, str],
        *,
        namespaces: tuple[str, ...] = (),
        selector: str | None = None,
        on_gone: Callable[[Key], None],
    ) -> None:
        self._lister = lister
        self._resources = resources
        self._plurals = plurals
        # Patterns are kopf's; a List takes names only, and finding more than what is cached does no harm.
        named = namespaces and not any(map(is_pattern, namespaces))
        self._namespaces: tuple[str | None, ...] = namespaces if named else (None,)
        self._selector = selector
        self._on_gone = on_gone
        self._doubted = asyncio.Event()

    def doubt(self) -> None:
        """The cache may hold what is gone."""
        self._doubted.set()

    async def run(self) -> None:
        """Count after every doubt, and now and then."""
        wait = INTERVAL
        while True:
            try:
                async with asyncio.timeout(wait):
                    await self._doubted.wait()
            except TimeoutError:
                pass
            else:
                await self._settle()
            self._doubted.clear()
            try:
                await self.take()
                wait = INTERVAL
            except KubeError as error:
                log.debug("resources not counted", error=str(error))
                wait = _AGAIN

    async def _settle(self) -> None:
        """Wait until nobody doubts any more: each object of a List does, for as long as these are handed on."""
        ends = asyncio.get_running_loop().time() + _UNSETTLED
        while self._doubted.is_set() and asyncio.get_running_loop().time() < ends:
            self._doubted.clear()
            await asyncio.sleep(_SETTLING)

    async def take(self) -> None:
        """Forget, and have looked at, every cached resource that does not exist any more.

        Raises:
            KubeError: see `kube.errors`.
        """
        for kind, plural in self._plurals.items():
            known = {key: self._uid(key) for key, _ in self._resources.items() if key.kind is kind}
            if not known:
                continue
            present: set[tuple[str, str, str]] = set()
            for namespace in self._namespaces:
                present |= set(await self._lister.present(plural, namespace, self._selector))
            for key, uid in known.items():
                # Only what was known before the List began: what came later it need not show.
                if (key.namespace, key.name, uid) not in present and self._uid(key) == uid:
                    log.info("gone unnoticed", object=str(key))
                    self._resources.remove(key, uid)
                    self._on_gone(key)

    def _uid(self, key: Key) -> str:
        resource = self._resources.get(key)
        return str(resource["metadata"].get("uid", "")) if resource is not None else ""
