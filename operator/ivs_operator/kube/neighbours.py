"""Other installations in the same cluster that watch the same objects: two of them must not work at the same time.

Replicas of one installation share a Lease. Another installation, in another namespace or for other namespaces, has a
Lease of its own, so that its Lease alone does not tell whether it may work. Each Lease therefore says what its holder
watches, and a candidate for a Lease asks for all of them twice:

1. before it claims its own: while another that watches some of the same objects is held, it stands by;
2. after it has claimed its own, before it begins to work: if another is held now, both have claimed at the same time,
   so it lets go, waits for a random while, and begins anew.

Each writes its claim before it reads those of others, and reads from etcd's present state, so of two that claim at the
same time at least one sees the other. Whoever works is never disturbed by one who comes later.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import structlog

from ivs_operator.kube.election import Candidacy, Lease, Sighting, lease_from, sight
from ivs_operator.kube.errors import Forbidden
from ivs_operator.kube.watched import Watched

__all__ = ["LABELS", "SELECTOR", "WATCHES", "Neighbours"]

LABELS: Final = {"app.kubernetes.io/name": "ivs-operator"}
SELECTOR: Final = "app.kubernetes.io/name=ivs-operator"
"""Finds the Leases of all installations."""

WATCHES: Final = "ivs-operator.dev/watches"
"""Annotation of a Lease: what its holder watches."""

log = structlog.get_logger(__name__)


class _Leases(Protocol):
    async def everywhere(self, selector: str, /) -> Iterable[dict[str, Any]]: ...


class Neighbours:
    """The installations that watch some of our objects, as their Leases tell."""

    def __init__(self, leases: _Leases, candidacy: Candidacy, watched: Watched, *, now: Callable[[], float]) -> None:
        self._leases = leases
        self._candidacy = candidacy
        self._watched = watched
        self._now = now
        self._sightings: dict[tuple[str, str], Sighting] = {}
        self._blind = False
        self._named = ""

    async def at_work(self) -> str | None:
        """Who works on objects of ours, in words; None when nobody does, as far as may be seen.

        Raises:
            KubeError: see `kube.errors`; but for Forbidden: then nobody is seen, which is logged once.
        """
        try:
            found = await self._leases.everywhere(SELECTOR)
        except Forbidden as error:
            if not self._blind:
                remedy = "allow list of leases (coordination.k8s.io) in all namespaces"
                log.warning("can't see other installations", error=str(error), remedy=remedy)
            self._blind = True
            return None
        held = dict(self._held(found))
        self._say(held)
        return next(iter(held.values()), None)

    def _held(self, found: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
        """Place and holder of Leases that may be in force, as far as they matter to us; what is seen is remembered."""
        sightings: dict[tuple[str, str], Sighting] = {}
        for raw in found:
            meta = raw["metadata"]
            place = str(meta["namespace"]), str(meta["name"])
            if place == (self._candidacy.namespace, self._candidacy.name) or not self._matters(meta):
                continue
            lease = lease_from(raw)
            sightings[place] = sight(self._sightings.get(place), lease, self._now(), duration=self._candidacy.duration)
            if self._in_force(lease, sightings[place]):
                yield "/".join(place), f"{lease.holder} (lease {'/'.join(place)})"
        self._sightings = sightings

    def _matters(self, meta: Mapping[str, Any]) -> bool:
        watched = Watched.parse((meta.get("annotations") or {}).get(WATCHES))
        return watched is not None and watched.overlaps(self._watched)

    def _in_force(self, lease: Lease, sighting: Sighting) -> bool:
        """Nobody else's clock is believed: a Lease that was not renewed for its duration, as we see it, is void."""
        return bool(lease.holder) and self._now() < sighting.free_at

    def _say(self, held: Mapping[str, str]) -> None:
        named = ", ".join(sorted(held))
        if named and named != self._named:
            log.warning(
                "another installation works on the same objects; standing by",
                lease=named,
                holder=next(iter(held.values())).partition(" ")[0],
                remedy="uninstall one of the two, or have them watch different --namespaces or --watch-selector",
            )
        elif self._named and not named:
            log.info("no other installation works on the same objects any more", lease=self._named)
        self._named = named
