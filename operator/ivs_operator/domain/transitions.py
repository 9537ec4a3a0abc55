"""Which changes of state deserve an Event."""

from collections.abc import Mapping
from typing import Any

from ivs_operator.api.reasons import Reason

__all__ = ["UNDER_WAY", "announcement"]

UNDER_WAY = frozenset({Reason.CREATING, Reason.UPDATING, Reason.REPLACING, Reason.DELETING})
"""Reasons of work that goes as it should: the status shows it, an Event would only add a write."""


def announcement(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """Type, reason and message of the Event for a change of Ready, or None when nobody need be told."""
    was, is_ = _ready(before), _ready(after)
    if (was.get("status"), was.get("reason")) == (is_.get("status"), is_.get("reason")):
        return None
    reason = str(is_.get("reason", ""))
    if not reason or reason in UNDER_WAY:
        return None
    if is_.get("status") == "True" and was.get("reason") == Reason.UPDATING and _edited(is_):
        return None  # an edit that went as it should: its author looks at the status
    normal = is_.get("status") == "True" or reason == Reason.PAUSED
    return "Normal" if normal else "Warning", reason, str(is_.get("message", ""))


def _edited(ready: Mapping[str, Any]) -> bool:
    generation = ready.get("observedGeneration")
    return isinstance(generation, int) and generation > 1


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = status.get("conditions")
    for item in conditions if isinstance(conditions, list) else ():
        if isinstance(item, Mapping) and item.get("type") == "Ready":
            return item
    return {}
