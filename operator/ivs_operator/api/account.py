"""Spec and status of an AWSAccount: a role in an account, and the namespaces that may use it."""

from enum import StrEnum

from pydantic import ConfigDict, Field

from ivs_operator.api.model import ATOMIC_LIST, ATOMIC_MAP, INT64, MAP_BY_TYPE, SET, Model, SpecModel
from ivs_operator.api.scalars import ExternalID, NamespaceName, RegionName, RoleArn
from ivs_operator.api.status import UNOBSERVED, Condition

__all__ = [
    "AWSAccountSpec",
    "AWSAccountStatus",
    "AllowedNamespaces",
    "LabelRequirement",
    "LabelSelector",
    "SelectorOperator",
]


class SelectorOperator(StrEnum):
    """How a label is compared."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelRequirement(SpecModel):
    """One comparison of a label."""

    key: str = Field(min_length=1, max_length=317, examples=["team"])
    """The label's key."""

    operator: SelectorOperator
    """In, NotIn (both with values), Exists or DoesNotExist (both without)."""

    values: tuple[str, ...] | None = Field(default=None, json_schema_extra=ATOMIC_LIST, examples=[["live", "chat"]])
    """Values to compare with."""


class LabelSelector(SpecModel):
    """A label selector as elsewhere in Kubernetes: all of its parts must hold; an empty one matches everything."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    match_labels: dict[str, str] | None = Field(default=None, examples=[{"team": "live"}])
    """Labels that a namespace must have, key and value equal."""

    match_expressions: tuple[LabelRequirement, ...] | None = Field(default=None, json_schema_extra=ATOMIC_LIST)
    """Comparisons that must hold for a namespace's labels."""


class AllowedNamespaces(SpecModel):
    """Namespaces that may use an account: those named or matched; an empty object means all."""

    names: tuple[NamespaceName, ...] | None = Field(
        default=None, alias="list", min_length=1, json_schema_extra=SET, examples=[["live"]]
    )
    """Names of namespaces."""

    selector: LabelSelector | None = Field(default=None, examples=[{"matchLabels": {"team": "live"}}])
    """Selects namespaces by their labels; `{}` selects all."""


class AWSAccountSpec(SpecModel):
    """How to reach the account, and who may."""

    role_arn: RoleArn = Field(alias="roleARN", examples=["arn:aws:iam::222233334444:role/ivs-operator"])
    """The IAM role that the operator assumes. The role's trust policy must name the operator's own role."""

    external_id: ExternalID | None = Field(default=None, alias="externalID", examples=["live-platform"])
    """External id to send when assuming the role, if the role's trust policy asks for one."""

    default_region: RegionName | None = Field(default=None, examples=["eu-west-1"])
    """Region for objects that name none. Default: the region the operator runs with."""

    allowed_namespaces: AllowedNamespaces | None = Field(default=None, examples=[{"list": ["live"]}])
    """Namespaces whose objects may refer to this account, by list or selector; either suffices. Absent (the default):
    none. `{}`: all."""


class AWSAccountStatus(Model):
    """What the operator found."""

    observed_generation: int = Field(default=UNOBSERVED, json_schema_extra=INT64)
    """metadata.generation that this status speaks of; -1 until the operator has looked."""

    account_id: str | None = Field(default=None, alias="accountID")
    """The account behind the role, as AWS says."""

    conditions: tuple[Condition, ...] = Field(default_factory=tuple, json_schema_extra=MAP_BY_TYPE)
    """Ready is True once the role can be assumed; its message says what is wrong otherwise."""
