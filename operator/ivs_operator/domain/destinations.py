"""Where recordings and chat logs are to go, and what AWS tells about such a place: values, no judgement.

Sources: the IVS API models (names, not ARNs, name a destination), and the CloudWatch Logs guide on vended logs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from ivs_operator.domain.identity import Kind

__all__ = ["DESTINATION_ACTIONS", "Destination", "EncryptionKey", "Facts", "Site", "site_of"]

Document = Mapping[str, Any]
"""A policy document, parsed."""

DESTINATION_ACTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    # IAM actions of the destination checks, by boto3's name of the service that they ask. Each is optional: what may
    # not be read is not judged. HeadBucket is authorised by s3:ListBucket, ListBuckets by s3:ListAllMyBuckets.
    "s3": ("s3:ListBucket", "s3:ListAllMyBuckets", "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"),
    "logs": ("logs:DescribeLogGroups", "logs:DescribeResourcePolicies"),
    "firehose": ("firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream"),
    "kms": ("kms:DescribeKey", "kms:GetKeyPolicy"),
}


class Destination(StrEnum):
    """Kinds of destination, by the member of destinationConfiguration that names one."""

    BUCKET = "s3"
    LOG_GROUP = "cloudWatchLogs"
    STREAM = "firehose"


_MEMBERS: Final = {
    Destination.BUCKET: "bucketName",
    Destination.LOG_GROUP: "logGroupName",
    Destination.STREAM: "deliveryStreamName",
}
_NOUNS: Final = {
    Destination.BUCKET: "S3 bucket",
    Destination.LOG_GROUP: "log group",
    Destination.STREAM: "Firehose delivery stream",
}


@dataclass(frozen=True, slots=True, order=True)
class Site:
    """One destination as one kind of configuration in one account and region uses it: what one check is about."""

    kind: Kind
    account_id: str
    region: str
    destination: Destination
    name: str
    account: str = ""
    """The AWSAccount whose role reaches it; empty: the operator's own credentials do."""

    @property
    def noun(self) -> str:
        """The destination in words: `S3 bucket my-logs`."""
        return f"{_NOUNS[self.destination]} {self.name}"

    @property
    def field(self) -> str:
        """The field of the spec that names it."""
        return f"spec.destinationConfiguration.{self.destination}.{_MEMBERS[self.destination]}"

    @property
    def service(self) -> str:
        """boto3's name of the service that has it."""
        return {Destination.BUCKET: "s3", Destination.LOG_GROUP: "logs", Destination.STREAM: "firehose"}[
            self.destination
        ]

    @property
    def arn(self) -> str:
        """Its ARN. Log groups and streams are in the caller's account and region by construction."""
        if self.destination is Destination.BUCKET:
            return f"arn:aws:s3:::{self.name}"
        resource = (
            f"log-group:{self.name}" if self.destination is Destination.LOG_GROUP else f"deliverystream/{self.name}"
        )
        return f"arn:aws:{self.service}:{self.region}:{self.account_id}:{resource}"


def site_of(kind: Kind, account_id: str, region: str, settings: Mapping[str, Any], account: str = "") -> Site | None:
    """The site that settings of a configuration name, None when they name none."""
    given = settings.get("destinationConfiguration")
    for destination, member in _MEMBERS.items():
        value = given.get(destination) if isinstance(given, Mapping) else None
        name = value.get(member) if isinstance(value, Mapping) else None
        if isinstance(name, str) and name:
            return Site(kind, account_id, region, destination, name, account)
    return None


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """The KMS key that a destination encrypts with."""

    key: str
    """As the destination names it: an ARN, an id, an alias; empty for the key that AWS manages by itself."""
    aws_managed: bool = False
    state: str = ""
    """KMS's word (Enabled, Disabled, PendingDeletion, ...); empty when it can't be read."""
    policy: Document | None = None
    """None when it can't be read."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What AWS has told about a destination. Members that could not be read, or do not apply, are None or empty."""

    found: bool | None = None
    """Whether it exists; None: that can't be told."""
    foreign: bool = False
    """Whether it surely belongs to another account."""
    region: str | None = None
    state: str = ""
    """A delivery stream's state."""
    in_use: bool = False
    """Whether an active configuration of ours has used it for a while: then AWS has long set it up."""
    policies: tuple[Document, ...] | None = field(default=None, hash=False)
    """Policies of a bucket or log group that were read; none is an empty tuple."""
    policy_full: bool = False
    """Whether a log group's resource policy has no room for another statement."""
    tagged: bool | None = None
    """Whether a delivery stream carries the tag that lets AWS's log delivery write to it."""
    key: EncryptionKey | None = None
