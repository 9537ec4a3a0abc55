"""Base of the models of values: camelCase in YAML, closed, described by attribute docstrings."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = [
    "EMPTY_OR_LABEL",
    "EMPTY_OR_NAME",
    "FreeList",
    "FreeMap",
    "Image",
    "Labels",
    "Schema",
    "Strings",
    "Values",
    "only",
]

Schema = dict[str, Any]

Strings = dict[str, str]
"""Annotations, labels of nodes."""

_OWN_LABELS = r"^(app\.kubernetes\.io/(name|instance|component|part-of|version|managed-by)|helm\.sh/chart)$"
Labels = Annotated[dict[str, str], Field(json_schema_extra={"patternProperties": {_OWN_LABELS: False}})]
"""Labels beside the chart's own, by which selectors find the pods."""

FreeMap = dict[str, Any]
"""An object of the Kubernetes API; the API server checks it."""

FreeList = list[dict[str, Any]]
"""A list of such objects."""

EMPTY_OR_NAME = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"
"""Name of a Kubernetes object, or nothing."""

EMPTY_OR_LABEL = r"^([a-z]([-a-z0-9]*[a-z0-9])?)?$"
"""Name of a Service, which takes neither dots nor a digit in front, or nothing."""


def only(names: Iterable[str], **typed: Schema) -> Schema:
    """Schema of an object of the Kubernetes API with these members; the API server checks those without a schema."""
    members = dict.fromkeys(names, True) | typed
    return {
        "additionalProperties": False,
        "patternProperties": {f"^{name}$": schema for name, schema in members.items()},
    }


class Values(BaseModel):
    """A part of the values: an unknown member is a mistake."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, use_attribute_docstrings=True
    )


class Image(Values):
    """Which image."""

    repository: str = Field("ghcr.io/ivs-operator/ivs-operator", min_length=1)
    """Registry and repository."""

    tag: str = ""
    """Tag; empty: the chart's appVersion."""

    digest: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """`sha256:...`; goes before the tag, so that what runs can't change under its name."""

    pull_policy: Annotated[str, Field(pattern="^(Always|IfNotPresent|Never)$")] = "IfNotPresent"
    """Always, IfNotPresent or Never."""
