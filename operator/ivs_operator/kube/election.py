"""Who leads, as pure decisions over a Lease as it was read; no I/O, no clock.

A Lease says who holds it and when that was renewed last, by the holder's wall clock. Nobody else's wall clock is
believed here: a lease has expired when what it says has not changed for its whole duration on *our* steady clock since
*we* first saw it so. Clocks that are wrong, time zones, and renewals from the future then make no difference.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = [
    "LONGEST_DURATION",
    "Acquire",
    "Candidacy",
    "Decision",
    "Lease",
    "Renew",
    "Sighting",
    "Wait",
    "decide",
    "lease_from",
    "released",
    "sight",
    "taken",
]

LONGEST_DURATION: Final = 600.0
"""Seconds. A Lease that claims more (edited by hand, or written by somebody else) is not waited for longer."""

_RELEASED_SECONDS: Final = 1  # with an empty holder, the mark of a holder that has let go, as client-go writes it
_MOST_TRANSITIONS: Final = 2**31 - 1  # the API's integer; one more would be refused for ever


@dataclass(frozen=True, slots=True)
class Candidacy:
    """One process that wants to lead. Times in seconds."""

    identity: str
    namespace: str
    name: str
    duration: float
    """How long others wait after the last renewal that they have seen."""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Both are written to the Lease, beside those that it has."""

    @property
    def tenure(self) -> float:
        """For how long after sending a renewal that succeeded we count ourselves as the holder."""
        return self.duration * 2 / 3

    @property
    def interval(self) -> float:
        """Between renewals, and the time-out of one request: three of them fit into the tenure."""
        return self.duration / 5

    @property
    def breath(self) -> float:
        """The shortest pause between two looks: a Lease that changes without end must not keep us busy."""
        return self.duration / 150


@dataclass(frozen=True, slots=True)
class Lease:
    """What a Lease says, as far as it can be understood."""

    holder: str
    seconds: float
    """Its duration; 0 when it names none."""
    renewed: str
    """Compared, never read as a time."""
    transitions: int
    raw: Mapping[str, Any]

    @property
    def record(self) -> tuple[str, str, int]:
        """What changes whenever a holder renews or changes. Labels and the like do not count."""
        return self.holder, self.renewed, self.transitions

    @property
    def is_released(self) -> bool:
        """Whether its holder has let go; a holder that was only wiped out by hand may still be working."""
        return not self.holder and self.seconds <= _RELEASED_SECONDS and self.seconds > 0

    @property
    def version(self) -> str:
        """Its resource version."""
        return str((self.raw.get("metadata") or {}).get("resourceVersion") or "")


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen last, and from when on nobody else can count as its holder."""

    lease: Lease | None
    free_at: float


@dataclass(frozen=True, slots=True)
class Acquire:
    """Take a Lease that nobody holds."""


@dataclass(frozen=True, slots=True)
class Renew:
    """The Lease names us: say so again."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else may be working until then (on our steady clock)."""

    until: float


Decision = Acquire | Renew | Wait


def lease_from(raw: Mapping[str, Any]) -> Lease:
    """Read a Lease; what is missing or absurd counts as not said."""
    spec = raw.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    seconds = spec.get("leaseDurationSeconds")
    transitions = spec.get("leaseTransitions")
    return Lease(
        holder=str(spec.get("holderIdentity") or ""),
        seconds=float(seconds) if isinstance(seconds, int) and seconds > 0 else 0.0,
        renewed=str(spec.get("renewTime") or ""),
        transitions=transitions if isinstance(transitions, int) else 0,
        raw=raw,
    )


def sight(before: Sighting | None, lease: Lease | None, now: float, *, duration: float) -> Sighting:
    """Note what was read just now. `duration` is our own: the least that we wait for anybody.

    A Lease that was there and is gone is a change like any other: whoever held it may not have noticed yet.
    """
    if lease is None and before is None:
        return Sighting(None, now)
    if lease is not None and lease.is_released:
        return Sighting(lease, now)
    if before is not None and _record(before.lease) == _record(lease):
        return Sighting(lease, before.free_at)
    seconds = lease.seconds if lease is not None else 0.0
    return Sighting(lease, now + max(duration, min(seconds, LONGEST_DURATION)))


def _record(lease: Lease | None) -> tuple[str, str, int] | None:
    return lease.record if lease is not None else None


def decide(sighting: Sighting, identity: str, now: float, *, leading: bool) -> Decision:
    """What to do about a Lease as seen. A leader takes back what was deleted or wiped out, unless somebody has it."""
    lease = sighting.lease
    if lease is not None and lease.holder == identity:
        return Renew()
    unclaimed = lease is None or not lease.holder
    if now >= sighting.free_at or (leading and unclaimed):
        return Acquire()
    return Wait(sighting.free_at)


def taken(lease: Lease | None, candidacy: Candidacy, seconds: int, time: str) -> dict[str, Any]:
    """The Lease as the candidate writes it; `time` is RFC 3339 with microseconds. Whatever else it has is kept."""
    spec: dict[str, Any] = {}
    raw: Mapping[str, Any] = {}
    if lease is not None:
        raw = lease.raw
        spec = dict(raw.get("spec") or {})
    if lease is None or lease.holder != candidacy.identity:
        spec["acquireTime"] = time
        spec["leaseTransitions"] = _next_transition(lease)
    spec |= {"holderIdentity": candidacy.identity, "leaseDurationSeconds": seconds, "renewTime": time}
    return _object(candidacy, raw, spec)


def released(lease: Lease, candidacy: Candidacy, time: str) -> dict[str, Any]:
    """The Lease as a holder leaves it: free at once."""
    spec = {**(lease.raw.get("spec") or {}), "holderIdentity": "", "leaseDurationSeconds": _RELEASED_SECONDS}
    return _object(candidacy, lease.raw, {**spec, "acquireTime": time, "renewTime": time})


def _next_transition(lease: Lease | None) -> int:
    if lease is None or lease.transitions >= _MOST_TRANSITIONS:
        return 0
    return max(lease.transitions, 0) + 1


def _object(candidacy: Candidacy, raw: Mapping[str, Any], spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {**(raw.get("metadata") or {}), "name": candidacy.name, "namespace": candidacy.namespace}
    for member, ours in (("labels", candidacy.labels), ("annotations", candidacy.annotations)):
        if ours:
            metadata[member] = {**(metadata.get(member) or {}), **ours}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": dict(spec)}
