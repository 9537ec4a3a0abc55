"""Which changes of state deserve an Event."""

import re
from collections.abc import Mapping
from typing import Any

from ivs_operator.api.reasons import Reason

__all__ = ["MOST", "UNDER_WAY", "announcement", "request_id_in"]

MOST = 1024
"""Characters of an Event's note; the API refuses longer ones."""

_REQUEST_ID = re.compile(r" \(AWS request id ([^()\s]+)\)$")

UNDER_WAY = frozenset({Reason.CREATING, Reason.UPDATING, Reason.REPLACING, Reason.DELETING})
"""Reasons of work that goes as it should: the status shows it, an Event would only add a write."""


def announcement(
    before: Mapping[str, Any], after: Mapping[str, Any], request_id: str = ""
) -> tuple[str, str, str] | None:
    """Type, reason and message of the Event for a change of Ready, or None when nobody need be told.

    The message ends with the id of the AWS request that failed, if one did. An Event is posted once, so the id, which
    is another with each attempt, rewrites nothing here; in a status it would.
    """
    was, is_ = _ready(before), _ready(after)
    if (was.get("status"), was.get("reason")) == (is_.get("status"), is_.get("reason")):
        return None
    reason = str(is_.get("reason", ""))
    if not reason or reason in UNDER_WAY:
        return None
    if is_.get("status") == "True" and was.get("reason") == Reason.UPDATING and _edited(is_):
        return None  # an edit that went as it should: its author looks at the status
    normal = is_.get("status") == "True" or reason == Reason.PAUSED
    message = str(is_.get("message", ""))
    if normal or not request_id:
        return "Normal" if normal else "Warning", reason, message
    suffix = f" (AWS request id {request_id})"
    return "Warning", reason, message[: MOST - len(suffix)] + suffix


def request_id_in(note: str) -> tuple[str, str]:
    """An Event's note without the id of the AWS request at its end, and that id; empty when there is none."""
    found = _REQUEST_ID.search(note)
    return (note[: found.start()], found[1]) if found else (note, "")


def _edited(ready: Mapping[str, Any]) -> bool:
    generation = ready.get("observedGeneration")
    return isinstance(generation, int) and generation > 1


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = status.get("conditions")
    for item in conditions if isinstance(conditions, list) else ():
        if isinstance(item, Mapping) and item.get("type") == "Ready":
            return item
    return {}
