"""Moments in status: aware, in UTC, one spelling."""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, PlainSerializer

__all__ = ["MicroTime", "Timestamp"]


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _whole_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


_AS_TEXT: Final = PlainSerializer(_rfc3339, return_type=str)

Timestamp = Annotated[AwareDatetime, AfterValidator(_whole_second), _AS_TEXT]
"""A moment in UTC, cut to the second as everywhere in Kubernetes."""

MicroTime = Annotated[AwareDatetime, AfterValidator(_utc), _AS_TEXT]
"""A moment in UTC, to the microsecond: cut to the second it would lie before what it stands for."""
