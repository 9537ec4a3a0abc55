"""The custom resource that is planned for, what its status remembers, and what this process knows of its attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivs_operator.domain.actions import Ledger, PendingCreate
from ivs_operator.domain.desired import DeletionPolicy, Desired
from ivs_operator.domain.failures import Failure, Fault
from ivs_operator.domain.identity import Key, Kind, Owner
from ivs_operator.domain.observed import Consumer, View
from ivs_operator.domain.selectors import Selector, selectors_from
from ivs_operator.domain.surroundings import UNKNOWN, Surroundings
from ivs_operator.domain.times import parse_time

__all__ = [
    "Attempt",
    "Claims",
    "Memory",
    "Placement",
    "Policy",
    "Recorded",
    "Rival",
    "Situation",
    "Subject",
    "recorded_from",
]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the status remembers. A person may have edited it: tags at AWS win over every word here."""

    observed_generation: int = -1
    arn: str | None = None
    account_id: str | None = None
    region: str | None = None
    ledger: Ledger = field(default_factory=Ledger)
    superseded: tuple[str, ...] = ()
    """ARNs of objects that were ours before the present one and may still be in use."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)

    def condition(self, type_: str) -> Mapping[str, Any]:
        """One condition as recorded; empty when absent."""
        conditions = self.raw.get("conditions")
        for condition in conditions if isinstance(conditions, list) else ():
            if isinstance(condition, Mapping) and condition.get("type") == type_:
                return condition
        return {}

    def ready_for(self, generation: int) -> bool:
        """Whether Ready was True for this generation."""
        ready = self.condition("Ready")
        return ready.get("status") == "True" and ready.get("observedGeneration") == generation


@dataclass(frozen=True, slots=True)
class Subject:
    """A custom resource of either kind."""

    key: Key
    owner: Owner
    generation: int
    created_at: float
    desired: Desired | None
    """None when the spec can't be read; `invalid` says why."""
    recorded: Recorded
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    invalid: str | None = None
    deleting: bool = False
    paused: bool = False
    has_finalizer: bool = True
    reconcile_at: str | None = None

    @property
    def kind(self) -> Kind:
        """Which of the two kinds."""
        return self.key.kind

    @property
    def entries(self) -> tuple[Selector, ...]:
        """Entries in force: the spec's; none while `DetachAndDelete` deletes; without a readable spec the record's."""
        if self.deleting and self.deletion_policy is DeletionPolicy.DETACH_AND_DELETE:
            return ()
        return self.desired.selectors if self.desired is not None else self.recorded.ledger.selectors


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the AWS object lives, or why that can't be told. Resolved before any plan; see `placement.py`."""

    account_id: str = ""
    region: str = ""
    fault: Fault | None = None
    """Set: no call is made, and the status says this."""
    stalled: bool = False
    fault_since: float = 0.0
    """Since when, for a fault that passes by itself."""
    retry_at: float | None = None
    account: str = ""
    """The AWSAccount whose role reaches it; empty: the operator's own credentials do."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A create intent that this process has written."""

    since: float
    acknowledged_at: float
    called: bool = False
    """Whether Create was called; from then on only an answer or the grace period tells the outcome."""
    answered: bool = False
    """Whether AWS said for certain that nothing was made."""
    alone_since: float | None = None
    """When the first of a row of intents was acknowledged, each of which renews the one before; None: this one."""

    @property
    def shown_from(self) -> float:
        """A List that began then, or later, shows whatever was made for the object."""
        return self.acknowledged_at if self.alone_since is None else self.alone_since


@dataclass(frozen=True, slots=True)
class Memory:
    """What this process knows of its own doings for one object; lost with the process, and nothing breaks."""

    attempt: Attempt | None = None
    failures: Mapping[str, Failure] = field(default_factory=dict)
    met_at: float = 0.0
    """When this process first saw the object."""
    generation_seen_at: float = 0.0
    """When the present generation was first seen; 0.0 when the status already knew it at start."""
    deletion_seen_at: float = 0.0
    asked_at: float = 0.0
    """When a person last asked for a look by annotation: what was read before does not count."""
    untag_tried: bool = False
    deletion_confirmed: bool = False
    """Whether the API server itself has said that this life of the object is there and being deleted."""


@dataclass(frozen=True, slots=True)
class Rival:
    """An older object of ours, in working order, that may want the same slots."""

    arn: str
    selectors: tuple[Selector, ...]

    def wants(self, consumer: Consumer) -> bool:
        """Whether it is still waiting for this consumer."""
        if self.arn in consumer.configurations:
            return False
        return any(entry.matches(consumer.arn, consumer.name, consumer.tags) for entry in self.selectors)


class Claims(Protocol):
    """Who else of ours wants slots."""

    def rivals(self, subject: Subject) -> Sequence[Rival]:
        """The older objects whose selectors might mean the same consumers."""

    def older_adopter(self, subject: Subject, arn: str) -> str | None:
        """Namespace and name of an older object that adopts the same AWS object."""

    def entries(self, key: Key) -> Sequence[Selector] | None:
        """The entries in force of an object; None: there is none of that name, or it is not watched here."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the operator that decisions depend on."""

    create_grace: float = 30.0
    """Seconds after an unanswered Create until the Lists are trusted."""
    cluster_id_is_default: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a plan depends on."""

    subject: Subject
    placement: Placement
    view: View
    memory: Memory
    now: float
    policy: Policy = field(default_factory=Policy)
    claims: Claims | None = None
    crd_deleting: bool = False
    """Whether the object goes only because its CustomResourceDefinition does."""
    around: Surroundings = UNKNOWN
    """What is known of its destination and of the delivery there: for the report only, no action depends on it."""

    @property
    def dead(self) -> frozenset[str]:
        """ARNs that status names as ours and that a Get has not found: replaced in place wherever they still stand.

        A status may have been edited by hand, but what does not exist belongs to nobody.
        """
        recorded = self.subject.recorded
        known = {*recorded.superseded, *((recorded.arn,) if recorded.arn else ())}
        return frozenset(known & self.view.gone)

    def failure(self, target: str) -> Failure | None:
        """The remembered failure that holds a target back now."""
        failure = self.memory.failures.get(target)
        return failure if failure is not None and failure.holds(self.now) else None


def recorded_from(status: object) -> Recorded:
    """Read a status leniently: what is missing or malformed counts as not recorded."""
    raw = status if isinstance(status, Mapping) else {}
    generation = raw.get("observedGeneration")
    associations = _mapping(raw.get("associations"))
    keys = raw.get("tagKeys")
    return Recorded(
        observed_generation=generation if isinstance(generation, int) else -1,
        arn=_string(raw.get("arn")),
        account_id=_string(raw.get("accountID")),
        region=_string(raw.get("region")),
        ledger=Ledger(
            pending=_pending(_mapping(raw.get("pendingCreate"))),
            selectors=selectors_from(associations.get("selectors")),
            tag_keys=frozenset(key for key in keys if isinstance(key, str)) if isinstance(keys, list) else frozenset(),
        ),
        superseded=_arns(raw.get("superseded")),
        settings=_mapping(raw.get("observed")),
        raw=raw,
    )


def _arns(values: object) -> tuple[str, ...]:
    entries = values if isinstance(values, list) else []
    return tuple(arn for entry in entries if (arn := _string(_mapping(entry).get("arn"))) is not None)


def _pending(value: Mapping[str, Any]) -> PendingCreate | None:
    since = parse_time(value.get("since"))
    if since is None:
        return None
    return PendingCreate(spec_hash=_string(value.get("specHash")) or "", since=since)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
