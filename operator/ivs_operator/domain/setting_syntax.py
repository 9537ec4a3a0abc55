"""What settings that name things may look like; the chart's schema has the same patterns. Pure.

The patterns are of the kind that Python, Go (Helm) and JSON schemas read alike.
"""

import re
from typing import Final

__all__ = ["CLUSTER_ID", "NAMESPACE_PATTERN", "REGION", "SELECTOR", "TAG_KEY", "bad_requirement"]

CLUSTER_ID: Final = r"^[A-Za-z0-9_.:=+@-]{1,63}$"
"""No slash: the owner tag is cluster-id/namespace/name in 256 characters."""

REGION: Final = r"^[a-z]+(-[a-z]+)+-[0-9]+$"
"""us-west-2, us-gov-east-1."""

NAMESPACE_PATTERN: Final = r"^!?[a-z0-9*?]([a-z0-9*?-]{0,61}[a-z0-9*?])?$"
"""A namespace's name, or kopf's patterns: team-*, !team-x."""

TAG_KEY: Final = r"^[\p{L}\p{Z}\p{N}_.:/+\-@]{1,128}$"
"""AWS's rule, but for the equals sign, which ends the key in a flag. For schemas: Python's own `re` has no \\p."""

SELECTOR: Final = r"^([A-Za-z0-9_./,=!<> -]*( (in|notin) *\([A-Za-z0-9_.,/ -]*\))?)*$"
"""What a label selector looks like from afar, short enough for a chart's message; `bad_requirement` reads it."""

# Kubernetes' label selectors (k8s.io/apimachinery labels.Parse): key, !key, key=v, key==v, key!=v, key>1, key<1,
# key in (a, b), key notin (a, b); commas between.
_NAME: Final = r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY: Final = rf"([a-z0-9]([a-z0-9.-]{{0,251}}[a-z0-9])?/)?{_NAME}"
_VALUE: Final = rf"({_NAME})?"
_AMONG: Final = rf"\s+(in|notin)\s*\(\s*{_VALUE}\s*(,\s*{_VALUE}\s*)*\)"
_COMPARED: Final = rf"\s*(==?|!=)\s*{_VALUE}|\s*[<>]\s*[0-9]+"
_REQUIREMENT: Final = rf"\s*(!\s*{_KEY}|{_KEY}({_AMONG}|{_COMPARED})?)\s*"
_BETWEEN: Final = re.compile(r",(?![^()]*\))")


def bad_requirement(selector: str) -> str | None:
    """The first part of a label selector that Kubernetes would not understand; None when it is well."""
    return next((part.strip() for part in _BETWEEN.split(selector) if not re.fullmatch(_REQUIREMENT, part)), None)
