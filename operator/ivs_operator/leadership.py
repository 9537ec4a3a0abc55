"""Which Lease the replicas of one release share, and what each calls itself."""

import hashlib
import socket
from pathlib import Path
from typing import Final
from uuid import uuid4

from ivs_operator.kube.election import Candidacy
from ivs_operator.settings import Settings

__all__ = ["candidacy"]

_OWN_NAMESPACE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_NAME: Final = "ivs-operator"


def candidacy(settings: Settings, own_namespace: Path = _OWN_NAMESPACE) -> Candidacy:
    """What this process competes for, and under which name. No two processes have the same."""
    return Candidacy(
        identity=f"{socket.gethostname()}_{uuid4()}",
        namespace=settings.lease_namespace or _read(own_namespace) or "default",
        name=_name(settings),
        duration=settings.lease_duration,
    )


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
