"""Spec of a RecordingConfiguration: live channels recorded to S3."""

from enum import StrEnum
from typing import Any, ClassVar, Final

from pydantic import ConfigDict, Field

from ivs_operator.api.managed import ExistingReference, ManagedSpec
from ivs_operator.api.model import ATOMIC_LIST, ATOMIC_MAP, INT32, INT64, SET, SpecModel
from ivs_operator.api.rules import Rule, effective_name, same
from ivs_operator.api.scalars import BucketName, RecordingConfigurationArn, RecordingTags
from ivs_operator.api.selectors import MAX_SELECTORS, ChannelSelector

__all__ = [
    "RECORDING_ROOT_RULES",
    "ChannelConflictPolicy",
    "RecordingConfigurationSpec",
    "RecordingDestination",
    "RecordingMode",
    "Rendition",
    "RenditionConfiguration",
    "RenditionSelection",
    "ReplacePolicy",
    "S3Destination",
    "ThumbnailConfiguration",
    "ThumbnailResolution",
    "ThumbnailStorage",
]


class RecordingMode(StrEnum):
    """Whether thumbnails are recorded."""

    DISABLED = "DISABLED"
    INTERVAL = "INTERVAL"


class ThumbnailResolution(StrEnum):
    """Size of recorded thumbnails."""

    SD = "SD"
    HD = "HD"
    FULL_HD = "FULL_HD"
    LOWEST_RESOLUTION = "LOWEST_RESOLUTION"


class ThumbnailStorage(StrEnum):
    """How thumbnails are kept."""

    SEQUENTIAL = "SEQUENTIAL"
    LATEST = "LATEST"


class RenditionSelection(StrEnum):
    """Which renditions are recorded."""

    ALL = "ALL"
    NONE = "NONE"
    CUSTOM = "CUSTOM"


class Rendition(StrEnum):
    """One rendition of a stream."""

    SD = "SD"
    HD = "HD"
    FULL_HD = "FULL_HD"
    LOWEST_RESOLUTION = "LOWEST_RESOLUTION"


class ChannelConflictPolicy(StrEnum):
    """What to do about a channel that records with another configuration."""

    KEEP = "Keep"
    REPLACE = "Replace"


class ReplacePolicy(StrEnum):
    """What to do about an edit that AWS can't carry out in place."""

    NEVER = "Never"
    CREATE_BEFORE_DELETE = "CreateBeforeDelete"


class S3Destination(SpecModel):
    """A bucket."""

    bucket_name: BucketName = Field(examples=["my-vod"])
    """Name of the bucket, not its ARN. It must exist, in the object's region and account; else the creation fails, in
    us-east-1 as CREATE_FAILED, for which AWS gives no reason."""


class RecordingDestination(SpecModel):
    """Where recordings go; S3 is the only kind AWS has."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)

    s3: S3Destination = Field(examples=[{"bucketName": "my-vod"}])
    """The S3 bucket that receives the recordings, below ivs/v1/ACCOUNT/CHANNEL/."""


class ThumbnailConfiguration(SpecModel):
    """Thumbnails recorded beside the video."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)
    rules = (
        Rule(
            cel="self.recordingMode == 'INTERVAL' || !has(self.targetIntervalSeconds)",
            message=(
                "targetIntervalSeconds is for recordingMode INTERVAL only; remove it, or set recordingMode: INTERVAL"
            ),
            field="targetIntervalSeconds",
            reason="FieldValueForbidden",
            holds=lambda t: t.recording_mode is RecordingMode.INTERVAL or t.target_interval_seconds is None,
        ),
    )

    recording_mode: RecordingMode = RecordingMode.INTERVAL
    """INTERVAL (the default) records a thumbnail every targetIntervalSeconds; DISABLED records none."""

    target_interval_seconds: int | None = Field(
        default=None, ge=1, le=60, strict=True, json_schema_extra=INT64, examples=[30]
    )
    """Seconds between thumbnails, 1 to 60, with recordingMode INTERVAL only. Default: AWS's 60. On BASIC channels the
    interval is kept only when the video's keyframes come more often than that."""

    resolution: ThumbnailResolution | None = None
    """Size of thumbnails. Default: that of the source. When the stream lacks the rendition asked for, the source's
    size is used."""

    storage: tuple[ThumbnailStorage, ...] = Field(
        default=(ThumbnailStorage.SEQUENTIAL,), min_length=1, max_length=len(ThumbnailStorage), json_schema_extra=SET
    )
    """SEQUENTIAL (the default) keeps every thumbnail under media/thumbnails; LATEST overwrites one file,
    media/latest_thumbnail/thumb.jpg. Both may be given; their order does not matter."""


def _custom_names_renditions(configuration: Any) -> bool:
    return (configuration.rendition_selection is RenditionSelection.CUSTOM) == bool(configuration.renditions)


class RenditionConfiguration(SpecModel):
    """Renditions recorded."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)
    rules = (
        Rule(
            cel="(self.renditionSelection == 'CUSTOM') == (has(self.renditions) && size(self.renditions) > 0)",
            message=(
                "renditions go with renditionSelection CUSTOM and only with it; name at least one with CUSTOM, "
                "or remove renditions"
            ),
            field="renditions",
            holds=_custom_names_renditions,
        ),
    )

    rendition_selection: RenditionSelection = RenditionSelection.ALL
    """ALL (the default) records every rendition, NONE none of them, CUSTOM those in renditions. CUSTOM has no effect on
    BASIC channels."""

    renditions: tuple[Rendition, ...] | None = Field(
        default=None, max_length=len(Rendition), json_schema_extra=SET, examples=[["HD", "SD"]]
    )
    """The renditions to record; needed with renditionSelection CUSTOM and refused without. One that a stream lacks is
    replaced by the best there is. Their order does not matter."""


class ExistingRecordingConfiguration(ExistingReference):
    """Names a recording configuration to adopt."""

    arn: RecordingConfigurationArn = Field(
        examples=["arn:aws:ivs:us-west-2:111122223333:recording-configuration/abcdABCDefgh"]
    )
    """ARN of the recording configuration to adopt, in this object's region and account."""


_WITH_EXISTING: Final = "; with existing, delete this object with deletionPolicy: Retain and apply it anew"


def _frozen(field: str, hint: str = "") -> Rule:
    return Rule(
        cel=f"self.replacePolicy != 'Never' || {same(field)}",
        message=(
            f"AWS can't change {field} of a recording configuration{hint}; undo the edit, create another "
            "object, or set replacePolicy: CreateBeforeDelete to have a new configuration made and the "
            f"channels moved to it{_WITH_EXISTING}"
        ),
        field=field,
        reason="FieldValueForbidden",
    )


_UNSET_IS_NOT_DEFAULT: Final = " (writing out a default that was left unset counts as a change)"

RECORDING_ROOT_RULES: Final = (
    Rule(
        cel=f"self.spec.replacePolicy != 'Never' || {effective_name('self')} == {effective_name('oldSelf')}",
        message="AWS can't change the name of a recording configuration; undo the edit, create another object, or set "
        "replacePolicy: CreateBeforeDelete to have a new configuration made and the channels moved to it"
        f"{_WITH_EXISTING}",
        field="spec.name",
        reason="FieldValueForbidden",
    ),
)


class RecordingConfigurationSpec(ManagedSpec):
    """What is wanted. Of what AWS stores only tags can change in place (see replacePolicy)."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *ManagedSpec.rules,
        Rule(
            cel="!has(self.existing) || self.replacePolicy == 'Never'",
            message=(
                "existing can't go with replacePolicy CreateBeforeDelete, which would delete the adopted "
                "object; set replacePolicy: Never"
            ),
            field="replacePolicy",
            holds=lambda spec: spec.existing is None or spec.replace_policy is ReplacePolicy.NEVER,
        ),
        _frozen("destinationConfiguration"),
        _frozen("thumbnailConfiguration", _UNSET_IS_NOT_DEFAULT),
        _frozen("renditionConfiguration", _UNSET_IS_NOT_DEFAULT),
        _frozen("recordingReconnectWindowSeconds"),
    )

    destination_configuration: RecordingDestination = Field(examples=[{"s3": {"bucketName": "my-vod"}}])
    """Where recordings go; required."""

    thumbnail_configuration: ThumbnailConfiguration = ThumbnailConfiguration()
    """Thumbnails recorded beside the video. Default: recordingMode INTERVAL, storage [SEQUENTIAL], every 60 seconds."""

    rendition_configuration: RenditionConfiguration = RenditionConfiguration()
    """Which renditions are recorded. Default: renditionSelection ALL."""

    recording_reconnect_window_seconds: int = Field(
        default=0, ge=0, le=300, strict=True, json_schema_extra=INT32, examples=[60]
    )
    """A broadcast that drops and comes back within so many seconds, 0 to 300, continues the same recording. Default:
    0, every reconnect starts a new one."""

    tags: RecordingTags = Field(default_factory=dict, examples=[{"team": "live"}])
    """AWS tags. A tag taken out here is removed at AWS only if it was set from here; tags set by others stay. At most
    40; keys that start with aws: or ivs-operator.dev/ are reserved."""

    channels: tuple[ChannelSelector, ...] = Field(
        default_factory=tuple, max_length=MAX_SELECTORS, json_schema_extra=ATOMIC_LIST
    )
    """The channels that record with this configuration: those that any of these entries matches, at most 100 entries.
    The channels themselves belong to others; an entry taken out releases what it matched. A live channel is changed
    when its stream ends (reason ChannelLive)."""

    channel_conflict_policy: ChannelConflictPolicy = ChannelConflictPolicy.KEEP
    """A channel records with one configuration only. Keep (the default): a channel that has another one is left alone
    (reason ChannelTaken). Replace: it is switched to this one, unless another cluster's operator owns that other
    one, or it belongs to an object of this cluster that matches the channel, too."""

    replace_policy: ReplacePolicy = ReplacePolicy.NEVER
    """AWS can't change a recording configuration, its tags excepted. Never (the default): edits of name,
    destinationConfiguration, thumbnailConfiguration, renditionConfiguration and recordingReconnectWindowSeconds are
    refused. CreateBeforeDelete: a new one is made, the channels are moved to it, then the old one is deleted; needs
    one spare object in the AWS quota, and driftPolicy Correct: with Report nothing is replaced."""

    existing: ExistingRecordingConfiguration | None = None
    """Adopts a recording configuration that exists at AWS instead of creating one. deletionPolicy must then be given.
    Can't change after creation."""
