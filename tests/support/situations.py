"""Situations to plan in: a resource, what AWS has, what this process remembers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Failure, Fault, FaultClass
from ivs_operator.domain.identity import Key, owner_of
from ivs_operator.domain.observed import Configuration, Consumer, ConsumerIndex, Users, View
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Attempt, Memory, Placement, Policy, Rival, Situation, Subject
from support.objects import ACCOUNT, REGION, subject_of
from support.virtual_time import START

__all__ = ["NOW", "Claimed", "failure", "fault", "ready_status", "situation"]

NOW = START
_HERE = Placement(account_id=ACCOUNT, region=REGION)


@dataclass(frozen=True)
class Claimed:
    """Older objects that want the same, as given."""

    found: tuple[Rival, ...] = ()
    adopter: str | None = None
    wanting: Mapping[str, tuple[Selector, ...]] = field(default_factory=dict)
    """Entries of the other objects, by namespace/name."""

    def rivals(self, subject: Subject) -> Sequence[Rival]:
        return self.found

    def older_adopter(self, subject: Subject, arn: str) -> str | None:
        return self.adopter

    def entries(self, key: Key) -> Sequence[Selector] | None:
        return self.wanting.get(f"{key.namespace}/{key.name}")


def fault(
    kind: FaultClass = FaultClass.SLOW, reason: Reason = Reason.ACCESS_DENIED, message: str = "denied", **more: Any
) -> Fault:
    """A failed call."""
    return Fault(kind, reason, message, **more)


def failure(
    target: str,
    kind: FaultClass = FaultClass.SLOW,
    reason: Reason = Reason.ACCESS_DENIED,
    *,
    message: str = "denied",
    age: float = 20.0,
    wait: float = 40.0,
    attempts: int = 1,
    code: str = "",
) -> Failure:
    """A failure first seen `age` seconds ago that holds for another `wait`."""
    return Failure(target, Fault(kind, reason, message, code=code), NOW - age, NOW + wait, attempts)


def ready_status(generation: int = 1, **members: Any) -> dict[str, Any]:
    """The status of an object that was Ready for a generation."""
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Available",
        "message": "",
        "lastTransitionTime": "2023-11-14T00:00:00Z",
        "observedGeneration": generation,
    }
    return {
        "observedGeneration": generation,
        "region": REGION,
        "accountID": ACCOUNT,
        "conditions": [condition],
    } | members


def situation(
    resource: Mapping[str, Any],
    objects: Iterable[Configuration] = (),
    consumers: Iterable[Consumer] | None = (),
    *,
    now: float = NOW,
    listed_at: float = NOW - 1,
    consumers_at: float = NOW - 1,
    placement: Placement = _HERE,
    attempt: Attempt | None = None,
    failures: Iterable[Failure] = (),
    met_at: float = 0.0,
    generation_seen_at: float = 0.0,
    deletion_seen_at: float = 0.0,
    untag_tried: bool = False,
    gone: Iterable[str] = (),
    unlisted: Iterable[str] = (),
    unconfirmed: Iterable[str] = (),
    read_at: float = NOW - 1,
    users: Mapping[str, Users] | None = None,
    got: bool = True,
    live: Iterable[str] = (),
    rivals: tuple[Rival, ...] = (),
    older_adopter: str | None = None,
    wanting: Mapping[str, tuple[Selector, ...]] | None = None,
    grace: float = 30.0,
    crd_deleting: bool = False,
    default_id: bool = False,
    default_tags: Mapping[str, str] | None = None,
) -> Situation:
    """A situation in which Lists were read a second ago; `consumers=None`: no room or channel was ever listed."""
    subject = subject_of(resource, default_tags=default_tags)
    known = tuple(objects)
    own = tuple(item for item in known if item.tags.get(TAG_OWNER) == subject.owner.tag)
    names = [subject.desired.existing_arn if subject.desired else None, subject.recorded.arn]
    named = next((item for name in names for item in known if item.arn == name), None)
    view = View(
        listed_at=listed_at,
        owned=tuple(sorted(own, key=lambda item: item.arn)),
        named=named,
        gone=frozenset(gone),
        unlisted=frozenset(unlisted),
        unconfirmed=frozenset(unconfirmed),
        read_at={item.arn: read_at for item in known},
        elsewhere=() if own else tuple(item for item in known if _same_object(item, subject)),
        consumers=ConsumerIndex(consumers or (), listed_at=0.0 if consumers is None else consumers_at),
        live=frozenset(live),
        users=users or {},
        known=frozenset(item.arn for item in known),
        got=frozenset(item.arn for item in known if got),
        owner_tags={item.arn: item.tags[TAG_OWNER] for item in known if TAG_OWNER in item.tags},
    )
    memory = Memory(
        attempt=attempt,
        failures={item.target: item for item in failures},
        met_at=met_at,
        generation_seen_at=generation_seen_at,
        deletion_seen_at=deletion_seen_at,
        untag_tried=untag_tried,
    )
    policy = Policy(create_grace=grace, cluster_id_is_default=default_id)
    return Situation(
        subject, placement, view, memory, now, policy, Claimed(rivals, older_adopter, wanting or {}), crd_deleting
    )


def _same_object(item: Configuration, subject: Subject) -> bool:
    owner = owner_of(item.tags)
    return owner is not None and owner[1:] == (subject.owner.namespace, subject.owner.name)
