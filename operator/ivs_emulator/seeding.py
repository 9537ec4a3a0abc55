"""Large accounts in a second: rooms, channels, buckets and configurations made in bulk."""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivs_emulator.channels import channel_members
from ivs_emulator.clock import timestamp
from ivs_emulator.destinations import create_buckets
from ivs_emulator.operations import Call
from ivs_emulator.rooms import room_members
from ivs_emulator.settings import SettingsError, explain
from ivs_emulator.state import Kind, new_id

__all__ = ["Seed", "sow"]

_MOST = 1_000_000


class Seed(BaseModel):
    """What to make. Names are `<prefix>-<number>`; quotas do not count here, tags and identifiers are not checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str = Field("123456789012", pattern="^[0-9]{12}$")
    region: str = Field("us-west-2", min_length=1)
    rooms: int = Field(0, ge=0, le=_MOST)
    channels: int = Field(0, ge=0, le=_MOST)
    buckets: int = Field(0, ge=0, le=_MOST)
    recording_configurations: int = Field(0, ge=0, le=_MOST)
    logging_configurations: int = Field(0, ge=0, le=_MOST)
    prefix: str = Field("seed", pattern="^[a-z0-9-]{1,40}$")
    tags: dict[str, str] = Field(default_factory=dict, max_length=50)
    logging_configuration_identifiers: list[str] = Field(default_factory=list, max_length=3)
    recording_configuration_arn: str = ""
    bucket: str = Field("seed-bucket", min_length=3)

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """A seed from plain values.

        Raises:
            SettingsError: a name is unknown or a value is not allowed.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(explain(error, sorted(cls.model_fields))) from None


def sow(seed: Seed, call: Call) -> dict[str, Any]:
    """Make what `seed` asks for; returns the ARNs, and the names of the buckets, by kind."""
    buckets = [f"{seed.prefix}-{number}" for number in range(seed.buckets)]
    create_buckets(seed.account, seed.region, buckets)
    return {
        "rooms": [call.new(Kind.ROOM, members).arn for members in _rooms(seed, call)],
        "channels": [call.new(Kind.CHANNEL, members).arn for members in _channels(seed)],
        "recordingConfigurations": [
            call.new(Kind.RECORDING_CONFIGURATION, {**members, **_RECORDING}).arn
            for members in _configurations(seed, seed.recording_configurations)
        ],
        "loggingConfigurations": [
            call.new(Kind.LOGGING_CONFIGURATION, {**members, **_dates(call)}).arn
            for members in _configurations(seed, seed.logging_configurations)
        ],
        "buckets": buckets,
    }


_RECORDING: dict[str, Any] = {
    "thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]},
    "recordingReconnectWindowSeconds": 0,
    "renditionConfiguration": {"renditionSelection": "ALL"},
}


def _rooms(seed: Seed, call: Call) -> Iterator[dict[str, Any]]:
    created = timestamp(call.now)
    identifiers = seed.logging_configuration_identifiers
    for number in range(seed.rooms):
        given = {"name": f"{seed.prefix}-{number}", "tags": seed.tags, "loggingConfigurationIdentifiers": identifiers}
        yield room_members(given, created)


def _channels(seed: Seed) -> Iterator[dict[str, Any]]:
    for number in range(seed.channels):
        given = {
            "name": f"{seed.prefix}-{number}",
            "tags": seed.tags,
            "recordingConfigurationArn": seed.recording_configuration_arn,
        }
        yield channel_members(given, seed.account, seed.region, new_id())


def _configurations(seed: Seed, count: int) -> Iterator[dict[str, Any]]:
    for number in range(count):
        yield {
            "name": f"{seed.prefix}-{number}",
            "destinationConfiguration": {"s3": {"bucketName": seed.bucket}},
            "state": "ACTIVE",
            "tags": seed.tags,
        }


def _dates(call: Call) -> dict[str, Any]:
    return {"createTime": timestamp(call.now), "updateTime": timestamp(call.now)}
