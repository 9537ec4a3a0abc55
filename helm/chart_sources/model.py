"""Base of the models of values: camelCase in YAML, closed, described by attribute docstrings."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

__all__ = ["EMPTY_OR_NAME", "FreeList", "FreeMap", "Image", "Strings", "Values"]

Strings = dict[str, str]
"""Labels, annotations."""

FreeMap = dict[str, Any]
"""An object of the Kubernetes API; the API server checks it."""

FreeList = list[dict[str, Any]]
"""A list of such objects."""

EMPTY_OR_NAME = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$"
"""Name of a Kubernetes object, or nothing."""


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
