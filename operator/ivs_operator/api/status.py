"""Status of both managed kinds.

Neither enums, patterns nor length bounds here: the day AWS adds a word, or says one at greater length, a status write
must not fail for it. The writer cuts instead (`Status.bounded`).
"""

from typing import Any, Final, Self, TypeVar

from pydantic import Field

from ivs_operator.api.model import ATOMIC_LIST, INT32, INT64, MAP_BY_TYPE, Model
from ivs_operator.api.moments import MicroTime, Timestamp
from ivs_operator.api.observed import (
    CHAT_ONLY,
    Observed,
    ObservedDestination,
    ObservedFirehose,
    ObservedLogGroup,
    ObservedRenditions,
    ObservedS3,
    ObservedThumbnails,
)
from ivs_operator.api.selectors import Selector

__all__ = [
    "MAX_DRIFT",
    "MAX_MESSAGE",
    "MAX_PROBLEMS",
    "MAX_RECONCILE_AT",
    "MAX_SUPERSEDED",
    "MAX_VALUE",
    "UNOBSERVED",
    "Associations",
    "Condition",
    "DriftField",
    "MicroTime",
    "Observed",
    "ObservedDestination",
    "ObservedFirehose",
    "ObservedLogGroup",
    "ObservedRenditions",
    "ObservedS3",
    "ObservedThumbnails",
    "PendingCreate",
    "Problem",
    "Status",
    "Superseded",
    "Timestamp",
]

UNOBSERVED: Final = -1
MAX_PROBLEMS: Final = 10
MAX_SUPERSEDED: Final = 20
MAX_DRIFT: Final = 20
MAX_RECONCILE_AT: Final = 64
# Long enough for a sentence that names ten blockers by ARN (at most 128 characters each), short enough to read.
MAX_MESSAGE: Final = 2048
MAX_VALUE: Final = 512


class Condition(Model):
    """One aspect of the state."""

    type: str = Field(examples=["Ready"])
    """Ready is the one that counts. Reconciling and Stalled are there only while True: Stalled means that nothing
    moves without a person. Synced, Associated, DestinationReady and DeliveryHealthy are detail."""

    status: str
    """True, False or Unknown."""

    reason: str = Field(default="", examples=["Available"])
    """Why, as one word for machines."""

    message: str = ""
    """Why, and what to do about it, for people."""

    last_transition_time: Timestamp
    """When status last changed."""

    observed_generation: int | None = Field(default=None, json_schema_extra=INT64)
    """metadata.generation that this condition speaks of."""


class Problem(Model):
    """One room or channel that is not as wanted."""

    arn: str
    """ARN of the room or channel; for an entry by name that matches nothing, the name."""

    reason: str = Field(examples=["RoomFull"])
    """Why, as one word."""

    message: str = ""
    """Why, and what to do about it."""


class Associations(Model):
    """Rooms or channels attached to the AWS object."""

    summary: str | None = Field(default=None, examples=["118/120"])
    """associated/matched, for the column of `kubectl get`."""

    matched: int = Field(default=0, json_schema_extra=INT32)
    """How many exist at AWS that an entry of the spec matches."""

    associated: int = Field(default=0, json_schema_extra=INT32)
    """How many of the matched ones are attached."""

    pending: int = Field(default=0, json_schema_extra=INT32)
    """How many of the matched ones are not attached yet."""

    foreign: int = Field(default=0, json_schema_extra=INT32)
    """How many are attached without being matched by a recorded entry: attached by others, or no longer matching.
    They are left alone, and hold a deletion back."""

    problems: tuple[Problem, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """What keeps rooms or channels from being attached or released; the first 10 by ARN."""

    selectors: tuple[Selector, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """The entries in force or still being released, recorded before the first call that attaches: what they match is
    ours to release. Don't edit."""


class Superseded(Model):
    """A replaced AWS object that waits to be let go."""

    arn: str
    """ARN of the replaced object."""

    associated: int = Field(default=0, json_schema_extra=INT32)
    """How many channels or rooms still use it."""


class DriftField(Model):
    """One difference between what is wanted and what AWS has."""

    field: str = Field(examples=["tags.team"])
    """The field that differs."""

    desired: str | None = None
    """What is wanted."""

    observed: str | None = None
    """What AWS has."""


class PendingCreate(Model):
    """A creation that was begun and whose outcome is not recorded yet."""

    spec_hash: str
    """Hash of the create-only fields."""

    since: MicroTime
    """When the intent was written."""


class Status(Model):
    """What is: the AWS object, what is attached to it, and what is wrong."""

    observed_generation: int = Field(default=UNOBSERVED, json_schema_extra=INT64)
    """metadata.generation that this status speaks of; -1 until the operator has looked."""

    arn: str | None = None
    """ARN of the AWS object."""

    id: str | None = None
    """Last part of the ARN."""

    account_id: str | None = Field(default=None, alias="accountID")
    """The AWS account the object lives in. When the credentials lead elsewhere nothing is touched (reason
    AccountChanged)."""

    region: str | None = Field(default=None, max_length=64)
    """The region the object lives in; wins over any default from then on."""

    state: str | None = Field(default=None, examples=["ACTIVE"])
    """AWS's own word for the state."""

    create_time: Timestamp | None = Field(default=None, json_schema_extra=CHAT_ONLY)
    """When AWS created the object."""

    update_time: Timestamp | None = Field(default=None, json_schema_extra=CHAT_ONLY)
    """When the object last changed at AWS."""

    observed: Observed | None = None
    """What AWS has now."""

    location: str | None = Field(default=None, examples=["s3://my-vod/ivs/v1/111122223333/"])
    """Where to look for the output."""

    associations: Associations | None = None
    """Rooms or channels attached to the AWS object."""

    superseded: tuple[Superseded, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """Replaced objects that wait to be let go."""

    drift: tuple[DriftField, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """Differences between what is wanted and what AWS has: with driftPolicy Report, or until they are corrected."""

    pending_create: PendingCreate | None = None
    """Written before the AWS object is created and taken away after, so that a crash in between is found. Don't
    edit."""

    tag_keys: tuple[str, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """Keys of the AWS tags that this object has set, recorded before they are set: only these are removed when they
    leave the spec. Don't edit."""

    last_handled_reconcile_at: str | None = None
    """Echo of the annotation ivs-operator.dev/reconcile-at once it was acted upon."""

    conditions: tuple[Condition, ...] = Field(default_factory=tuple, json_schema_extra=MAP_BY_TYPE)
    """Ready, and what it is made of; the message says what to do."""

    def condition(self, kind: str) -> Condition | None:
        """The condition of that type, if present."""
        return next((condition for condition in self.conditions if condition.type == kind), None)

    def bounded(self) -> Self:
        """A copy cut to what status may hold: lists to their limits, problems by ARN, texts to a readable length."""
        associations = self.associations and self.associations.model_copy(
            update={"problems": tuple(_cut_message(p) for p in _first(self.associations.problems))}
        )
        return self.model_copy(
            update={
                "associations": associations,
                "superseded": self.superseded[:MAX_SUPERSEDED],
                "drift": tuple(_cut_values(field) for field in self.drift[:MAX_DRIFT]),
                "last_handled_reconcile_at": self.last_handled_reconcile_at
                and self.last_handled_reconcile_at[:MAX_RECONCILE_AT],
                "conditions": tuple(_cut_message(condition) for condition in self.conditions),
            }
        )

    def to_object(self) -> dict[str, Any]:
        """The status as it is written: camelCase, without members that say nothing (null, empty list, empty map)."""
        return _stripped(self.model_dump(by_alias=True, mode="json"))


_Messaged = TypeVar("_Messaged", Condition, Problem)


def _first(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.arn))[:MAX_PROBLEMS]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _cut_message(entry: _Messaged) -> _Messaged:
    return entry.model_copy(update={"message": _cut(entry.message, MAX_MESSAGE)})


def _cut_values(entry: DriftField) -> DriftField:
    return entry.model_copy(
        update={
            "desired": None if entry.desired is None else _cut(entry.desired, MAX_VALUE),
            "observed": None if entry.observed is None else _cut(entry.observed, MAX_VALUE),
        }
    )


def _stripped(members: dict[str, Any]) -> dict[str, Any]:
    kept = {}
    for name, value in members.items():
        entry = value
        if isinstance(value, dict):
            entry = _stripped(value)
        elif isinstance(value, list):
            entry = [_stripped(item) if isinstance(item, dict) else item for item in value]
        if entry not in (None, [], {}):
            kept[name] = entry
    return kept
