"""What differs between the two kinds, as a table: words for messages, slots, reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ivs_operator.api.kinds import MANAGED_KINDS
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.identity import Kind

__all__ = ["PLURALS", "TRAITS", "Traits", "count"]

PLURALS: Final[Mapping[Kind, str]] = {Kind(kind.kind): kind.plural for kind in MANAGED_KINDS}
"""Plural by kind, as in the paths of the API server."""


@dataclass(frozen=True, slots=True)
class Traits:
    """One kind's words and bounds."""

    object_noun: str
    arn_resource: str
    """Service and resource type in an ARN, as `service:type`."""
    consumer: str
    consumers: str
    field: str
    uses: str
    slots: int
    """Configurations that one consumer holds at most. Source: the API models (room 3, channel 1)."""
    missing: Reason
    full: Reason


TRAITS: Final[Mapping[Kind, Traits]] = {
    Kind.RECORDING: Traits(
        object_noun="recording configuration",
        arn_resource="ivs:recording-configuration",
        consumer="channel",
        consumers="channels",
        field="spec.channels",
        uses="records with it",
        slots=1,
        missing=Reason.CHANNEL_NOT_FOUND,
        full=Reason.CHANNEL_TAKEN,
    ),
    Kind.CHAT_LOGGING: Traits(
        object_noun="logging configuration",
        arn_resource="ivschat:logging-configuration",
        consumer="room",
        consumers="rooms",
        field="spec.rooms",
        uses="logs to it",
        slots=3,
        missing=Reason.ROOM_NOT_FOUND,
        full=Reason.ROOM_FULL,
    ),
}


def count(number: int, traits: Traits) -> str:
    """`1 room`, `3 rooms`."""
    return f"{number} {traits.consumer if number == 1 else traits.consumers}"
