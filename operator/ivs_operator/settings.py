"""Settings of the operator: each is an environment variable IVS_OPERATOR_<NAME> and a flag --<name>."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from ivs_operator.api.scalars import TAG_RULES, IvsTagValue
from ivs_operator.domain.adoption import Adoption
from ivs_operator.domain.setting_syntax import (
    CLUSTER_ID,
    NAMESPACE_PATTERN,
    REGION,
    SELECTOR,
    TAG_KEY,
    bad_requirement,
)
from ivs_operator.kube.election import LONGEST_DURATION

__all__ = ["Settings"]

MAX_DEFAULT_TAGS = 7
"""AWS allows 50 tags; 40 are the user's and 3 are the owner tags."""


def _switch(value: Any) -> Any:
    """on/off, also true/false."""
    if isinstance(value, str):
        words = {"on": True, "true": True, "off": False, "false": False}
        return words.get(value.strip().lower(), value)
    return value


def _list(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(item.strip() for item in value.split(",") if item.strip())
    return value


def _pairs(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    pairs = [item.partition("=") for item in value.split(",") if item.strip()]
    if any(not separator or not key.strip() for key, separator, _ in pairs):
        raise ValueError("give key=value pairs, separated by commas")
    return {key.strip(): text.strip() for key, _, text in pairs}


def _namespace(value: str) -> str:
    if not re.fullmatch(NAMESPACE_PATTERN, value):
        raise ValueError(
            "a namespace has small letters, digits and dashes (at most 63); * and ? stand for others, ! excludes"
        )
    return value


# Not by propertyNames: of these Helm tells a wrong place.
_TAG_SCHEMA: Final[Any] = {
    "maxProperties": MAX_DEFAULT_TAGS,
    "additionalProperties": False,
    "patternProperties": {
        TAG_KEY: TypeAdapter(IvsTagValue).json_schema(),
        r"^(aws:|ivs-operator\.dev/)": False,  # reserved, for AWS and for the operator
    },
}

Switch = Annotated[bool, BeforeValidator(_switch)]
Namespace = Annotated[str, AfterValidator(_namespace), Field(json_schema_extra={"pattern": NAMESPACE_PATTERN})]
Names = Annotated[tuple[Namespace, ...], NoDecode, BeforeValidator(_list)]
Pairs = Annotated[dict[str, IvsTagValue], NoDecode, BeforeValidator(_pairs)]
Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """What can be set. Other AWS settings are boto3's own, other Kubernetes settings the kubeconfig's."""

    # An empty variable is as none: manifests with a value left open have one.
    model_config = SettingsConfigDict(env_prefix="IVS_OPERATOR_", env_ignore_empty=True, extra="forbid", frozen=True)

    region: str | None = Field(
        None,
        description="default region; else AWS_REGION, AWS_DEFAULT_REGION, the profile's",
        json_schema_extra={"pattern": REGION},
    )
    namespaces: Names = Field((), description="namespaces to watch, comma-separated; none: all")
    watch_selector: str | None = Field(
        None,
        description="label selector of the objects to watch, e.g. team=live",
        json_schema_extra={"pattern": SELECTOR},
    )
    sweep_interval: Annotated[float, Field(ge=1)] = Field(
        60.0, description="seconds between looks at everything in AWS; at least 1"
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        8, description="objects worked on at the same time, up to four times as many while they wait; 1 to 64"
    )
    cluster_id: str | None = Field(
        None,
        description="names this cluster in owner tags; none: the UID of namespace kube-system",
        json_schema_extra={"pattern": CLUSTER_ID},
    )
    default_tags: Pairs = Field(
        {},
        description="tags for every AWS object we make, key=value,...; at most 7",
        json_schema_extra=_TAG_SCHEMA,
    )
    create_grace: Seconds = Field(
        30.0, description="seconds after an unanswered Create until AWS's Lists are trusted to show what it made"
    )
    default_account_namespaces: Names = Field(
        (),
        description="namespaces that may use the operator's own credentials (objects without spec.accountRef), "
        "comma-separated, * as in team-*, !name excludes; none: all; !*: no namespace",
    )
    adoption: Adoption = Field(
        Adoption.ON,
        description="whether spec.existing may adopt AWS objects: on, retain-only (deletionPolicy Retain), off",
    )
    destination_checks: Switch = Field(
        True, description="look at buckets, log groups and delivery streams, and say in DestinationReady what is wrong"
    )
    destination_interval: Annotated[float, Field(ge=1)] = Field(
        600.0, description="seconds between looks at a destination that is well; at least 1"
    )
    delivery_metrics: Switch = Field(
        True,
        description="read CloudWatch's metrics of chat log delivery, and say in DeliveryHealthy whether logs arrive",
    )
    delivery_interval: Annotated[float, Field(ge=1)] = Field(
        300.0, description="seconds between looks at the metrics, which are sums of five minutes; at least 1"
    )
    leader_elect: Switch = Field(True, description="work only while holding a lease, so that replicas can stand by")
    lease_namespace: str | None = Field(
        None,
        description="namespace of the lease; none: the pod's own, or default",
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    )
    lease_duration: Annotated[float, Field(ge=1, le=LONGEST_DURATION)] = Field(
        15.0, description="seconds after which others take over from a leader that is gone; 1 to 600"
    )
    resource_metrics: Switch = Field(
        True, description="tell each object in the metrics by namespace and name; off: only their numbers"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="form of what is logged: text for people, json for collectors"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged: debug, info, warning, error"
    )
    health_port: Port = Field(8080, description="port of /healthz and /readyz; 0: a free one")
    metrics_port: Port = Field(9090, description="port of /metrics; 0: a free one")

    @field_validator("region")
    @classmethod
    def _region(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(REGION, value):
            raise ValueError("give the code of an AWS region, such as us-west-2")
        return value

    @field_validator("watch_selector")
    @classmethod
    def _watch_selector(cls, value: str | None) -> str | None:
        """Blank is as none. The API server would refuse any other that it can't read, again and again."""
        if value is None or not value.strip():
            return None
        if (part := bad_requirement(value)) is not None:
            raise ValueError(f"{part!r} is no label selector; give such as team=live, 'team in (a,b)', tier!=test")
        return value

    @field_validator("cluster_id")
    @classmethod
    def _cluster_id(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(CLUSTER_ID, value):
            raise ValueError(
                "1 to 63 letters, digits or _.:=+@- (it becomes part of an AWS tag, up to the first slash)"
            )
        return value

    @field_validator("default_tags")
    @classmethod
    def _default_tags(cls, value: dict[str, str]) -> dict[str, str]:
        if len(value) > MAX_DEFAULT_TAGS:
            raise ValueError(f"at most {MAX_DEFAULT_TAGS} (AWS allows 50: 40 are the user's, 3 are the owner tags)")
        for rule in TAG_RULES:
            bad = [key for key in value if rule.holds is not None and not rule.holds({key: ""})]
            if bad:
                raise ValueError(f"{bad[0]}: {rule.message}")
        return value
