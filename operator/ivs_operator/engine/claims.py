"""Who of ours wants a room's free slots: the oldest object goes first, an association that exists is never evicted."""

from collections.abc import Sequence
from typing import Any

from ivs_operator.domain.identity import Key
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Recorded, Rival, Subject
from ivs_operator.engine.protocols import Resources

__all__ = ["ResourceClaims"]


class ResourceClaims:
    """Looks through the other objects of the same kind; those with selectors are few."""

    def __init__(self, resources: Resources, intake: Intake) -> None:
        self._resources = resources
        self._intake = intake

    def rivals(self, subject: Subject) -> Sequence[Rival]:
        """The older objects in the same account and region that have selectors.

        Only objects whose configuration works count: one that is stuck must not keep a slot empty for ever.
        """
        found = []
        keys = self._resources.keys()
        for key in keys:
            if key == subject.key or key.kind is not subject.kind:
                continue
            resource = self._resources.get(key)
            if resource is None or not _selects(resource):
                continue
            other, _ = self._intake.read(key, resource)
            if _works(other.recorded, subject.recorded) and _able(other) and _before(other, subject):
                found.append(_rival(other))
        return found

    def older_adopter(self, subject: Subject, arn: str) -> str | None:
        """Namespace and name of an older object that adopts the same AWS object."""
        keys = self._resources.keys()
        for key in keys:
            resource = self._resources.get(key)
            if key == subject.key or key.kind is not subject.kind or resource is None:
                continue
            other, _ = self._intake.read(key, resource)
            adopts = other.desired is not None and other.desired.existing_arn == arn
            if adopts and not other.deleting and _before(other, subject):
                return f"{key.namespace}/{key.name}"
        return None

    def entries(self, key: Key) -> Sequence[Selector] | None:
        """The entries in force of an object; None: there is none of that name, or it is not watched here."""
        resource = self._resources.get(key)
        return self._intake.read(key, resource)[0].entries if resource is not None else None


def _selects(resource: dict[str, Any]) -> bool:
    spec = resource.get("spec")
    return isinstance(spec, dict) and bool(spec.get("rooms") or spec.get("channels"))


def _works(other: Recorded, ours: Recorded) -> bool:
    """Whether it has a configuration that can be joined, where ours is: what lies elsewhere never meets our rooms."""
    here = (other.account_id, other.region) == (ours.account_id, ours.region)
    return here and other.arn is not None and other.raw.get("state") == "ACTIVE"


def _able(other: Subject) -> bool:
    return other.desired is not None and not other.deleting and not other.paused


def _rival(other: Subject) -> Rival:
    selectors = other.desired.selectors if other.desired is not None else ()
    return Rival(other.recorded.arn or "", selectors)


def _before(one: Subject, other: Subject) -> bool:
    return (one.created_at, one.owner.uid) < (other.created_at, other.owner.uid)
