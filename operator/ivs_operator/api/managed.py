"""What the specs of both managed kinds have in common."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from ivs_operator.api.model import ATOMIC_MAP, SpecModel
from ivs_operator.api.rules import Rule, same
from ivs_operator.api.scalars import ObjectName, RegionName, ResourceName

__all__ = ["AccountReference", "DeletionPolicy", "DriftPolicy", "ExistingReference", "ManagedSpec"]


class DeletionPolicy(StrEnum):
    """What becomes of the AWS object when the Kubernetes object is deleted."""

    DELETE = "Delete"
    DETACH_AND_DELETE = "DetachAndDelete"
    RETAIN = "Retain"


class DriftPolicy(StrEnum):
    """What to do about a change that somebody made at AWS."""

    CORRECT = "Correct"
    REPORT = "Report"


class AccountReference(SpecModel):
    """Names the AWSAccount whose role is used."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    name: ObjectName = Field(examples=["prod"])
    """Name of an AWSAccount (cluster-scoped, see `kubectl get awsaccounts`). The account must allow this namespace,
    else nothing is called and the reason is AccountNotAllowed."""


class ExistingReference(SpecModel):
    """Names an AWS object to adopt."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    arn: str
    """ARN of the object to adopt."""


def _existing_region_agrees(spec: Any) -> bool:
    return spec.existing is None or spec.region is None or spec.existing.arn.split(":")[3] == spec.region


_EXISTING_REGION = Rule(
    cel="!has(self.existing) || !has(self.region) || self.existing.arn.split(':')[3] == self.region",
    message="region differs from the region in existing.arn; remove region, or set it to the fourth part of that ARN",
    field="region",
    holds=_existing_region_agrees,
)

_IMMUTABLE_ACCOUNT = Rule(
    cel=same("accountRef"),
    message="accountRef can't be added, changed or removed after creation; create another object for the other account "
    "(deletionPolicy: Retain keeps what this one has at AWS)",
    field="accountRef",
    reason="FieldValueForbidden",
)

_IMMUTABLE_EXISTING = Rule(
    cel=same("existing"),
    message=(
        "existing can't be added, changed or removed after creation; delete this object with deletionPolicy: "
        "Retain, then create it with the other existing.arn"
    ),
    field="existing",
    reason="FieldValueForbidden",
)

_EXISTING_NEEDS_POLICY = Rule(
    cel="!has(self.existing) || has(self.deletionPolicy)",
    message=(
        "existing adopts an AWS object that others may need: say what becomes of it on deletion; set "
        "deletionPolicy, Retain to leave it alone"
    ),
    field="deletionPolicy",
    reason="FieldValueRequired",
    holds=lambda spec: spec.existing is None or spec.deletion_policy is not None,
)


class ManagedSpec(SpecModel):
    """Fields of both kinds; the subclasses narrow `tags` and `existing` to what their AWS service takes."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _IMMUTABLE_ACCOUNT,
        _IMMUTABLE_EXISTING,
        _EXISTING_NEEDS_POLICY,
        _EXISTING_REGION,
    )

    region: RegionName | None = Field(default=None, examples=["us-west-2"])
    """AWS region. Default: the account's defaultRegion, else the region the operator runs with; what was resolved
    stands in status.region and stays. Can't change once set; a region left out may be pinned later, to exactly
    status.region."""

    account_ref: AccountReference | None = None
    """The AWSAccount to work in. Default: the operator's own credentials. Can't change after creation."""

    name: ResourceName | None = Field(default=None, examples=["lobby-logs"])
    """Name at AWS; names need not be unique there. Default: metadata.name with dots turned to dashes; with existing,
    the name that the AWS object has."""

    deletion_policy: DeletionPolicy | None = None
    """What happens at AWS when this object is deleted. Delete (the default): the AWS object goes, but only once
    nothing is associated with it; until then Ready says DeletionBlocked and names who is. DetachAndDelete: first
    releases what the entries of this object matched, then as Delete. Retain: the AWS object and its associations
    stay. May be edited while a deletion waits, and takes effect at once. Must be given with existing."""

    drift_policy: DriftPolicy = DriftPolicy.CORRECT
    """What to do when the AWS object differs from this spec. Correct (the default): make it as the spec says. Report:
    leave it, and list the differences in status.drift, also those that an edit of this spec makes; one that somebody
    deleted is not made again. Rooms and channels are associated either way, also those that somebody took off."""

    tags: dict[str, str] = Field(default_factory=dict, examples=[{"team": "live"}])
    """AWS tags. A tag taken out here is removed at AWS only if it was set from here; tags set by others stay. At most
    40; keys that start with aws: or ivs-operator.dev/ are reserved."""

    existing: ExistingReference | None = None
    """Adopts an AWS object instead of creating one."""
