"""What AWS has now, as status shows it: AWS's own words, none of them checked."""

from typing import Final

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from ivs_operator.api.model import ATOMIC_LIST, ATOMIC_MAP, INT32, INT64, Model

__all__ = [
    "CHAT_ONLY",
    "ONLY_FOR",
    "RECORDING_ONLY",
    "Observed",
    "ObservedDestination",
    "ObservedFirehose",
    "ObservedLogGroup",
    "ObservedRenditions",
    "ObservedS3",
    "ObservedThumbnails",
]

# Marks a member that one kind's AWS API lacks; the generator leaves it out of the other kind's schema.
ONLY_FOR: Final = "x-only-for"
CHAT_ONLY: Final[JsonDict] = {ONLY_FOR: "ChatLoggingConfiguration"}
RECORDING_ONLY: Final[JsonDict] = {ONLY_FOR: "RecordingConfiguration"}


class ObservedS3(Model):
    """A bucket."""

    bucket_name: str | None = None
    """Name of the bucket."""


class ObservedLogGroup(Model):
    """A log group."""

    log_group_name: str | None = None
    """Name of the log group."""


class ObservedFirehose(Model):
    """A delivery stream."""

    delivery_stream_name: str | None = None
    """Name of the delivery stream."""


class ObservedDestination(Model):
    """Where the output goes."""

    s3: ObservedS3 | None = None
    """The S3 bucket, if it is one."""

    cloud_watch_logs: ObservedLogGroup | None = Field(default=None, json_schema_extra=CHAT_ONLY)
    """The CloudWatch Logs log group, if it is one."""

    firehose: ObservedFirehose | None = Field(default=None, json_schema_extra=CHAT_ONLY)
    """The Firehose delivery stream, if it is one."""


class ObservedThumbnails(Model):
    """Thumbnails."""

    recording_mode: str | None = None
    """Whether thumbnails are recorded."""

    target_interval_seconds: int | None = Field(default=None, json_schema_extra=INT64)
    """Seconds between thumbnails."""

    resolution: str | None = None
    """Size of thumbnails; absent: that of the source."""

    storage: tuple[str, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """How thumbnails are kept."""


class ObservedRenditions(Model):
    """Renditions."""

    rendition_selection: str | None = None
    """Which renditions are recorded."""

    renditions: tuple[str, ...] = Field(default_factory=tuple, json_schema_extra=ATOMIC_LIST)
    """The renditions recorded with CUSTOM."""


class Observed(Model):
    """What AWS has now."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    name: str | None = None
    """Name at AWS."""

    destination_configuration: ObservedDestination | None = None
    """Where the output goes."""

    thumbnail_configuration: ObservedThumbnails | None = Field(default=None, json_schema_extra=RECORDING_ONLY)
    """Thumbnails recorded."""

    rendition_configuration: ObservedRenditions | None = Field(default=None, json_schema_extra=RECORDING_ONLY)
    """Renditions recorded."""

    recording_reconnect_window_seconds: int | None = Field(default=None, json_schema_extra=INT32 | RECORDING_ONLY)
    """Seconds within which a broadcast that dropped continues the same recording."""

    tags: dict[str, str] = Field(default_factory=dict)
    """All tags, those of others included."""
