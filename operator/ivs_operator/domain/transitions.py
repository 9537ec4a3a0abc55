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
    normal = is_.get("status") == "True" or reason == Reason.PAUSED
    return "Normal" if normal else "Warning", reason, str(is_.get("message", ""))


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = status.get("conditions")
    for item in conditions if isinstance(conditions, list) else ():
        if isinstance(item, Mapping) and item.get("type") == "Ready":
            return item
    return {}
