"""What has to be there before the operator can begin: the API server, our kinds, the right to list them.

Each may come later than the process does, and is waited for. What waiting would not help ends the start.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final, TypeVar

import structlog

from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import Forbidden, KubeError, Unreachable
from ivs_operator.lookout import Lookout

__all__ = ["Arrival", "StartFailed"]

_REFUSALS: Final = 3
"""Refusals in a row until they are believed: an API server that has just started refuses everybody for a second or two,
until it has read the roles."""

_RIGHTS_AGAIN: Final = 5.0  # seconds between attempts while rights are missing
_FIRST_WAIT: Final = 1.0  # seconds between attempts to reach what is not there yet, doubled with each
_LONGEST_WAIT: Final = 30.0

_T = TypeVar("_T")

log = structlog.get_logger(__name__)


class StartFailed(Exception):
    """The operator can't start, and waiting would not help; the message says what to do."""


class Arrival:
    """Waits for one thing after the other; `/readyz` tells which, by what `say` is told."""

    def __init__(self, cluster: KubernetesClient, lookout: Lookout, say: Callable[[str], None]) -> None:
        self._cluster = cluster
        self._lookout = lookout
        self._say = say

    async def cluster_uid(self) -> str:
        """The UID of namespace kube-system.

        Raises:
            StartFailed: Kubernetes refuses, and not for want of a right.
        """
        remedy = "; allow get of namespace kube-system, or set --cluster-id"
        return await self._patiently(self._cluster.cluster_uid, remedy=remedy)

    async def crds(self, plurals: Collection[str]) -> None:
        """Return once these kinds are served: they may be installed after us.

        Raises:
            StartFailed: Kubernetes refuses, and not for want of a right.
        """
        wait = _FIRST_WAIT
        while missing := set(plurals) - await self._patiently(self._cluster.served_plurals):
            self._say(f"CRDs are missing: {', '.join(sorted(missing))}")
            log.warning(
                "CRDs are missing; waiting", missing=sorted(missing), remedy="ivs-operator crds | kubectl apply -f -"
            )
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def sight(self) -> None:
        """Return once our kinds may be listed; the other rights may come while the operator works."""
        while await self._lookout.blind():
            if (missing := await self._lookout.review()) is not None:
                self._say(missing)
            await asyncio.sleep(_RIGHTS_AGAIN)

    async def _patiently(self, call: Callable[[], Awaitable[_T]], *, remedy: str = "") -> _T:
        """Call until the API server answers: an operator may be there before its cluster is well, and before its roles.

        When rights are missing, all are named at once, by the log and `/readyz`, and a grant needs no restart.
        """
        wait = _FIRST_WAIT
        refusals = 0
        while True:
            try:
                return await call()
            except (Unreachable, Forbidden) as error:
                missing = await self._lookout.review() if isinstance(error, Forbidden) else None
                self._say(missing or str(error))
                if missing:
                    await asyncio.sleep(_RIGHTS_AGAIN)
                    continue
                refusals = refusals + 1 if isinstance(error, Forbidden) else 0
                if refusals >= _REFUSALS:
                    raise StartFailed(f"Kubernetes refuses: {error}{remedy}") from error
                log.warning("waiting for Kubernetes", error=str(error), retry_in=wait)
            except KubeError as error:
                raise StartFailed(f"Kubernetes refuses: {error}{remedy}") from error
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
