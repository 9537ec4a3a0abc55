"""Which Lease the replicas of one release share, what each calls itself, and what changes when one begins to lead."""

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

from ivs_operator import metrics
from ivs_operator.clock import steady
from ivs_operator.engine.queue import Lane, WorkQueue
from ivs_operator.kube.cache import ResourceCache, is_observed
from ivs_operator.kube.election import Candidacy
from ivs_operator.kube.lease import Elector
from ivs_operator.kube.leases import LeaseClient
from ivs_operator.kube.neighbours import LABELS, WATCHES, Neighbours
from ivs_operator.kube.watched import Watched
from ivs_operator.settings import Settings

__all__ = ["Office", "candidacy", "lease_place", "watched"]

_OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NAME: Final = "ivs-operator"


class Office:
    """Whether this process leads, and its work queue, which takes nothing while it does not."""

    def __init__(self, queue: WorkQueue, resources: ResourceCache, forget: Callable[[], None]) -> None:
        self._queue = queue
        self._resources = resources
        self._forget = forget
        self._taken = False
        self.elector: Elector | None = None
        """None: without election, this process leads once it has begun."""
        self.on_taken: Callable[[], None] = lambda: None
        """Is told once the queue takes keys: custom resources are in it already."""
        queue.pause()

    def compete(self, leases: LeaseClient, settings: Settings) -> None:
        """Lead only while holding the Lease, and while no other installation works on the same objects."""
        mine = candidacy(settings)
        neighbours = Neighbours(leases, mine, watched(settings), now=steady)
        self.elector = Elector(
            leases,
            mine,
            now=steady,
            on_acquired=self.take,
            on_lost=self.leave,
            eligible=lambda: self._queue.idle,
            rival=neighbours.at_work,
        )

    def held(self) -> bool:
        """Whether this process surely leads at this moment."""
        return self._taken and (self.elector is None or self.elector.held())

    def take(self) -> None:
        """Begin to work on everything. What was seen and tried before is void: another process may have led since."""
        self._forget()
        self._taken = True
        self._queue.resume()
        for key, resource in self._resources.items():
            self._queue.add(key, Lane.BACKGROUND if is_observed(resource) else Lane.USER)
        self.on_taken()
        metrics.LEADER.set(1)

    def leave(self) -> None:
        """Begin nothing any more. The cache is kept warm by the watches."""
        self._taken = False
        self._queue.pause()
        metrics.stand_by()

    def standing(self) -> str:
        """What this process does, in words."""
        if self.elector is None:
            return "ok"
        if self.held():
            return "ok: leading"
        if self.elector.rival is not None:
            return f"ok: standing by; another installation works on the same objects: {self.elector.rival}"
        return f"ok: standing by; {self.elector.holder or 'nobody'} leads"


def candidacy(settings: Settings, own_namespace: Path = _OWN_NAMESPACE) -> Candidacy:
    """What this process competes for, and under which name. No two processes have the same."""
    namespace, name = lease_place(settings, own_namespace)
    return Candidacy(
        identity=f"{socket.gethostname()}_{uuid4()}",
        namespace=namespace,
        name=name,
        duration=settings.lease_duration,
        labels=LABELS,
        annotations={WATCHES: watched(settings).told()},
    )


def lease_place(settings: Settings, own_namespace: Path = _OWN_NAMESPACE) -> tuple[str, str]:
    """Namespace and name of the Lease that this process competes for."""
    return settings.lease_namespace or _read(own_namespace) or "default", _name(settings)


def watched(settings: Settings) -> Watched:
    """Which objects this process may work on."""
    return Watched(settings.namespaces, settings.watch_selector or "")


def _name(settings: Settings) -> str:
    """Operators that watch different objects do not compete: each part has a leader of its own.

    Nothing else makes a difference, so that an update of the settings never makes a second leader of the same objects.
    """
    scope = "/".join(sorted(settings.namespaces)), settings.watch_selector or ""
    if not any(scope):
        return _NAME
    return f"{_NAME}-{hashlib.sha256(repr(scope).encode()).hexdigest()[:10]}"


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
