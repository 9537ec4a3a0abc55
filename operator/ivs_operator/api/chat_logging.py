"""Spec of a ChatLoggingConfiguration: messages of chat rooms logged to S3, CloudWatch Logs or Firehose."""

from typing import Any

from pydantic import ConfigDict, Field

from ivs_operator.api.managed import ExistingReference, ManagedSpec
from ivs_operator.api.model import ATOMIC_LIST, ATOMIC_MAP, SpecModel
from ivs_operator.api.rules import Rule
from ivs_operator.api.scalars import BucketName, ChatTags, DeliveryStreamName, LoggingConfigurationArn, LogGroupName
from ivs_operator.api.selectors import MAX_SELECTORS, RoomSelector

__all__ = [
    "ChatDestination",
    "ChatLoggingConfigurationSpec",
    "ChatS3Destination",
    "CloudWatchLogsDestination",
    "FirehoseDestination",
]


class ChatS3Destination(SpecModel):
    """A bucket."""

    bucket_name: BucketName = Field(examples=["my-logs"])
    """Name of the bucket, not its ARN. It must exist, in the object's region and account."""


class CloudWatchLogsDestination(SpecModel):
    """A log group."""

    log_group_name: LogGroupName = Field(examples=["/aws/vendedlogs/chat"])
    """Name of the log group, not its ARN. It must exist. With a name under /aws/vendedlogs/ the log group's resource
    policy needs no entry for each group, which spares its size limit."""


class FirehoseDestination(SpecModel):
    """A delivery stream."""

    delivery_stream_name: DeliveryStreamName = Field(examples=["chat"])
    """Name of the Firehose delivery stream, not its ARN. It must exist, with Direct PUT as its source."""


def _exactly_one(destination: Any) -> bool:
    return [destination.s3, destination.cloud_watch_logs, destination.firehose].count(None) == 2  # noqa: PLR2004 - of three


class ChatDestination(SpecModel):
    """Where messages go: exactly one of s3, cloudWatchLogs, firehose."""

    model_config = ConfigDict(json_schema_extra=ATOMIC_MAP)
    rules = (
        Rule(
            cel="[has(self.s3),has(self.cloudWatchLogs),has(self.firehose)].exists_one(x,x)",
            message=(
                "exactly one of s3, cloudWatchLogs, firehose must be set; keep one, and use another object for "
                "another destination (a room takes up to three)"
            ),
            holds=_exactly_one,
        ),
    )

    s3: ChatS3Destination | None = Field(default=None, examples=[{"bucketName": "my-logs"}])
    """An S3 bucket; log files arrive under AWSLogs/ACCOUNT/IVSChatLogs/."""

    cloud_watch_logs: CloudWatchLogsDestination | None = Field(
        default=None, examples=[{"logGroupName": "/aws/vendedlogs/chat"}]
    )
    """A CloudWatch Logs log group; the streams in it start with aws/IVSChatLogs/."""

    firehose: FirehoseDestination | None = Field(default=None, examples=[{"deliveryStreamName": "chat"}])
    """A Firehose delivery stream."""


class ExistingLoggingConfiguration(ExistingReference):
    """Names a logging configuration to adopt."""

    arn: LoggingConfigurationArn = Field(
        examples=["arn:aws:ivschat:us-west-2:111122223333:logging-configuration/abcdABCDefgh"]
    )
    """ARN of the logging configuration to adopt, in this object's region and account."""


class ChatLoggingConfigurationSpec(ManagedSpec):
    """What is wanted. Name, destination and tags can be changed in place."""

    destination_configuration: ChatDestination = Field(examples=[{"s3": {"bucketName": "my-logs"}}])
    """Where messages go: exactly one of s3, cloudWatchLogs, firehose; required. May be changed, also from one to
    another."""

    tags: ChatTags = Field(default_factory=dict, examples=[{"team": "live"}])
    """AWS tags. A tag taken out here is removed at AWS only if it was set from here; tags set by others stay. At most
    40; keys that start with aws: or ivs-operator.dev/ are reserved."""

    rooms: tuple[RoomSelector, ...] = Field(
        default_factory=tuple, max_length=MAX_SELECTORS, json_schema_extra=ATOMIC_LIST
    )
    """The chat rooms that log to this configuration: those that any of these entries matches, at most 100 entries.
    The rooms themselves belong to others; an entry taken out releases what it matched. A room takes three logging
    configurations; a full one is named in status (reason RoomFull) and taken when a place becomes free."""

    existing: ExistingLoggingConfiguration | None = None
    """Adopts a logging configuration that exists at AWS instead of creating one. deletionPolicy must then be given.
    Can't change after creation."""
