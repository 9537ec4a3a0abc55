"""Everything about the emulator's behaviour that can be set, at start or while it runs."""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

__all__ = ["IvsErrorBody", "LoggingDelete", "MissingRoomFilter", "Settings", "SettingsError"]


class SettingsError(ValueError):
    """A setting or fault is not usable; the text names the field and what it takes."""


class LoggingDelete(StrEnum):
    """What DeleteLoggingConfiguration does while rooms use it; no AWS source says which is right."""

    CONFLICT = "conflict"
    DANGLING = "dangling"


class MissingRoomFilter(StrEnum):
    """What ListRooms does when it is filtered by a logging configuration that does not exist."""

    ERROR = "error"
    EMPTY = "empty"


class IvsErrorBody(StrEnum):
    """Members of an IVS error body: the model has only `exceptionMessage`, transcripts show `message` too."""

    BOTH = "both"
    EXCEPTION_MESSAGE = "exceptionMessage"


class Settings(BaseModel):
    """Settings of one emulator; times are seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    create_seconds: float = Field(0.5, ge=0, description="how long a new configuration is CREATING; 0: ready at once")
    update_seconds: float = Field(0.5, ge=0, description="how long a logging configuration is UPDATING")
    delete_seconds: float = Field(0.5, ge=0, description="how long a logging configuration is DELETING")
    recording_delete_seconds: float = Field(
        0.0, ge=0, description="how long a deleted recording configuration is still shown as it was"
    )
    get_lag_seconds: float = Field(0.0, ge=0, description="how long Get answers 404 for something new")
    list_lag_seconds: float = Field(0.0, ge=0, description="a write shows in Lists only after this time")
    list_lag_lists: int = Field(0, ge=0, description="a write shows in Lists only after this many Lists of its kind")
    recording_configurations_quota: int = Field(20, ge=0, description="recording configurations per account and region")
    logging_configurations_quota: int = Field(10, ge=0, description="logging configurations per account and region")
    channels_quota: int = Field(5_000, ge=0, description="channels per account and region")
    rooms_quota: int = Field(50_000, ge=0, description="rooms per account and region")
    enforce_rates: bool = Field(False, description="answer 429 above the documented calls per second")
    rate_factor: float = Field(1.0, gt=0, description="multiplies the documented rates")
    logging_delete: LoggingDelete = Field(
        LoggingDelete.CONFLICT,
        description="deleting a logging configuration that rooms use: refuse, or leave dangling ARNs",
    )
    missing_room_filter: MissingRoomFilter = Field(
        MissingRoomFilter.ERROR, description="ListRooms filtered by a logging configuration that does not exist"
    )
    keep_dangling: bool = Field(
        True, description="UpdateRoom may keep an identifier that no longer exists, if the room already has it"
    )
    ivs_error_body: IvsErrorBody = Field(IvsErrorBody.BOTH, description="where IVS errors carry their text")

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """Settings from plain values.

        Raises:
            SettingsError: a name is unknown or a value is not allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(explain(error, sorted(cls.model_fields))) from None

    def changed(self, values: dict[str, Any]) -> Self:
        """A copy with `values` in place of the present ones.

        Raises:
            SettingsError: as `parse`.
        """
        return self.parse(self.model_dump() | values)


def explain(error: ValidationError, known: list[str]) -> str:
    """One line per wrong field: its name, what is wrong, and the names there are if the name is the trouble."""
    lines = []
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"]) or "value"
        hint = f"; known: {', '.join(known)}" if item["type"] == "extra_forbidden" and len(item["loc"]) == 1 else ""
        lines.append(f"{name}: {item['msg']}{hint}")
    return "; ".join(lines)
