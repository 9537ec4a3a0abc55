"""Which changes of state deserve an Event, and which a line of the log alone."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ivs_operator.api.reasons import ConditionType, Reason

__all__ = ["DETAILS", "MOST", "UNDER_WAY", "announcement", "changed_details", "request_id_in"]

DETAILS = (ConditionType.DESTINATION_READY, ConditionType.DELIVERY_HEALTHY)
"""What may be False beside a Ready that is True, for a person to see to."""

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
    was, is_ = _condition(before, ConditionType.READY), _condition(after, ConditionType.READY)
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


def changed_details(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Type, reason and message of each detail that has become False, is for another reason, or is no more.

    For the log: Events are about Ready.
    """
    for type_ in DETAILS:
        was, is_ = _condition(before, type_), _condition(after, type_)
        same = (was.get("status"), was.get("reason")) == (is_.get("status"), is_.get("reason"))
        if is_ and not same and "False" in (was.get("status"), is_.get("status")):
            yield str(type_), str(is_.get("reason", "")), str(is_.get("message", ""))


def request_id_in(note: str) -> tuple[str, str]:
    """An Event's note without the id of the AWS request at its end, and that id; empty when there is none."""
    found = _REQUEST_ID.search(note)
    return (note[: found.start()], found[1]) if found else (note, "")


def _edited(ready: Mapping[str, Any]) -> bool:
    generation = ready.get("observedGeneration")
    return isinstance(generation, int) and generation > 1


def _condition(status: Mapping[str, Any], type_: ConditionType) -> Mapping[str, Any]:
    conditions = status.get("conditions")
    for item in conditions if isinstance(conditions, list) else ():
        if isinstance(item, Mapping) and item.get("type") == type_:
            return item
    return {}
