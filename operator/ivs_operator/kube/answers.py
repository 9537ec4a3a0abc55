"""What the API server answers, read with the suspicion that something else may have answered in its place."""

import json
from collections.abc import Mapping
from typing import Any

from ivs_operator.kube.errors import Unreachable

__all__ = ["Resource", "decoded", "items_of", "member"]

Resource = dict[str, Any]
"""A custom resource as the API server has it."""


def decoded(text: str) -> dict[str, Any]:
    """The object in the body of a success.

    Raises:
        Unreachable: there is none.
    """
    try:
        value = json.loads(text or "{}")
    except ValueError:  # a proxy's page, or half an answer
        raise Unreachable(f"what answers for the Kubernetes API speaks no JSON: {text[:80]!r}") from None
    if not isinstance(value, dict):
        raise Unreachable(f"what answers for the Kubernetes API sends no object: {text[:80]!r}")
    return value


def member(answer: Mapping[str, Any], *names: str) -> Any:
    """A member that the API server always sends.

    Raises:
        Unreachable: it is not there, so that something else answers: a proxy, say, with a success of its own.
    """
    value: Any = answer
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        raise Unreachable(f"what answers for the Kubernetes API sends no {'.'.join(names)}")
    return value


def items_of(page: Mapping[str, Any]) -> list[Resource]:
    """What a page of a List holds; taken for granted, another answer would mean that nothing is there any more.

    Raises:
        Unreachable: it is no List.
    """
    if "items" not in page:
        raise Unreachable("what answers for the Kubernetes API sends no items")
    return list(page["items"] or ())
