"""What the operator must be allowed at AWS, by feature: statements of an IAM policy as values.

Sources: the service authorization references of IVS, IVS Chat and IAM; the CloudFormation handlers of the two kinds,
for what AWS does on the caller's behalf when a configuration is made; the CloudWatch Logs guide on vended logs.

Two things keep this to the least. What carries no owner tag of an operator can't be updated or deleted, and nothing is
created without one. And resources are ARNs wherever the action knows a resource. Lists are granted on `*`: what they
show can't be limited anyway.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.domain.delivery import DELIVERY_ACTIONS
from ivs_operator.domain.destinations import DESTINATION_ACTIONS

__all__ = ["DEFAULT_FEATURES", "ON_BEHALF", "Feature", "Scope", "Statement", "action_of", "document", "statements_for"]


class Feature(StrEnum):
    """What the operator may be used for."""

    RECORDING = "recording"
    CHANNELS = "channels"
    CHAT_LOGGING = "chat-logging"
    ROOMS = "rooms"
    CHAT_TO_S3 = "chat-to-s3"
    CHAT_TO_CLOUDWATCH = "chat-to-cloudwatch"
    CHAT_TO_FIREHOSE = "chat-to-firehose"
    DESTINATION_CHECKS = "destination-checks"
    DELIVERY_METRICS = "delivery-metrics"
    ACCOUNTS = "accounts"
    INVENTORY = "inventory"
    WHY = "why"


_ON_DEMAND: Final = frozenset({Feature.ACCOUNTS, Feature.INVENTORY, Feature.WHY})

DEFAULT_FEATURES: Final = tuple(item for item in Feature if item not in _ON_DEMAND)
"""Everything in the operator's own account. `inventory` and `why` have nothing that these lack: they only look."""

ON_BEHALF: Final = frozenset(
    {
        "iam:AttachRolePolicy",
        "iam:CreateServiceLinkedRole",
        "iam:PutRolePolicy",
        "s3:GetBucketLocation",
        "s3:PutBucketPolicy",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
        "firehose:TagDeliveryStream",
    }
)
"""Actions that AWS itself takes with the operator's permissions: no call of the operator's own names them."""

_ACTIONS: Final[Mapping[tuple[str, str], str | None]] = {
    # Where the action is not called like the operation. Source: service authorization reference.
    ("s3", "HeadBucket"): "s3:ListBucket",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "GetBucketEncryption"): "s3:GetEncryptionConfiguration",
    ("sts", "GetCallerIdentity"): None,  # needs no permission
}


def action_of(service: str, operation: str) -> str | None:
    """The IAM action that allows an operation; None when none is needed."""
    named = {"monitoring": "cloudwatch"}.get(service, service)
    return _ACTIONS.get((named, operation), f"{named}:{operation}")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the features are to be used; what is empty is not limited."""

    account_id: str = "*"
    regions: tuple[str, ...] = ()
    cluster_id: str | None = None
    buckets: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    consumer_tags: tuple[tuple[str, str], ...] = ()
    """Tags of the rooms and channels that may be changed, all of them."""
    roles: tuple[str, ...] = ("arn:aws:iam::*:role/ivs-operator",)
    """ARNs of the roles of AWSAccounts."""

    def arn(self, service: str, resource: str) -> str:
        """ARN pattern of a regional resource."""
        region = self.regions[0] if len(self.regions) == 1 else "*"
        return f"arn:aws:{service}:{region}:{self.account_id}:{resource}"

    @property
    def owner(self) -> str:
        """Pattern of the owner tag's value."""
        return f"{self.cluster_id or '*'}/*/*"


Condition = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One Allow."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: Condition

    def to_dict(self) -> dict[str, Any]:
        """As IAM has it."""
        form: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_many(sorted(self.actions)),
            "Resource": _one_or_many(sorted(self.resources)),
        }
        return {**form, "Condition": self.condition} if self.condition else form


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """A policy."""
    return {"Version": "2012-10-17", "Statement": [statement.to_dict() for statement in statements]}


def statements_for(features: Iterable[Feature], scope: Scope) -> tuple[Statement, ...]:
    """The statements for these features; those about the same resources are one, since a policy's length is limited."""
    chosen = set(features)
    found: dict[str, Statement] = {}
    for feature in Feature:
        for statement in _FEATURES[feature](scope) if feature in chosen else ():
            known = found.get(statement.sid, statement)
            actions = tuple(dict.fromkeys((*known.actions, *statement.actions)))
            found[statement.sid] = replace(statement, actions=actions)
    return tuple(found.values())


def _recording(scope: Scope) -> Iterable[Statement]:
    arn = scope.arn("ivs", "recording-configuration/*")
    yield _anywhere(scope, "ivs:ListRecordingConfigurations")
    yield _on("GetRecordingConfigurations", arn, "ivs:GetRecordingConfiguration")
    yield _created(scope, "CreateRecordingConfigurations", arn, "ivs:CreateRecordingConfiguration")
    yield _owned(
        scope,
        "ChangeOwnRecordingConfigurations",
        arn,
        "ivs:DeleteRecordingConfiguration",
        "ivs:TagResource",
        "ivs:UntagResource",
    )
    yield _claimed(scope, "ClaimRecordingConfigurations", arn, "ivs:TagResource")
    yield _on(
        "RecordingServiceRole",
        f"arn:aws:iam::{scope.account_id}:role/aws-service-role/ivs.amazonaws.com/AWSServiceRoleForIVSRecordToS3*",
        "iam:AttachRolePolicy",
        "iam:CreateServiceLinkedRole",
        "iam:PutRolePolicy",
    )
    yield _on_all("Buckets", _buckets(scope), "s3:GetBucketLocation", "s3:ListBucket")


def _channels(scope: Scope) -> Iterable[Statement]:
    arn = scope.arn("ivs", "channel/*")
    yield _anywhere(scope, "ivs:ListChannels", "ivs:ListStreams")
    yield _on("GetChannels", arn, "ivs:GetChannel")
    yield _consumer(scope, "AssociateChannels", arn, "ivs:UpdateChannel")


def _chat_logging(scope: Scope) -> Iterable[Statement]:
    arn = scope.arn("ivschat", "logging-configuration/*")
    yield _anywhere(scope, "ivschat:ListLoggingConfigurations")
    yield _on("GetLoggingConfigurations", arn, "ivschat:GetLoggingConfiguration")
    yield _created(scope, "CreateLoggingConfigurations", arn, "ivschat:CreateLoggingConfiguration")
    yield _owned(
        scope,
        "ChangeOwnLoggingConfigurations",
        arn,
        "ivschat:DeleteLoggingConfiguration",
        "ivschat:TagResource",
        "ivschat:UntagResource",
        "ivschat:UpdateLoggingConfiguration",
    )
    yield _claimed(scope, "ClaimLoggingConfigurations", arn, "ivschat:TagResource")
    yield _anywhere(scope, *(f"logs:{verb}LogDelivery" for verb in _DELIVERY_VERBS), "logs:ListLogDeliveries")


_DELIVERY_VERBS: Final = ("Create", "Delete", "Get", "Update")


def _rooms(scope: Scope) -> Iterable[Statement]:
    arn = scope.arn("ivschat", "room/*")
    yield _anywhere(scope, "ivschat:ListRooms")
    yield _on("GetRooms", arn, "ivschat:GetRoom")
    yield _consumer(scope, "AssociateRooms", arn, "ivschat:UpdateRoom")


def _chat_to_s3(scope: Scope) -> Iterable[Statement]:
    yield _on_all("Buckets", _buckets(scope), "s3:GetBucketPolicy", "s3:PutBucketPolicy")


def _chat_to_cloudwatch(scope: Scope) -> Iterable[Statement]:
    verbs = ("logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy")
    yield _anywhere(scope, *verbs)  # AWS documents them with the wildcard resource only


def _chat_to_firehose(scope: Scope) -> Iterable[Statement]:
    yield _on_all("Streams", _streams(scope), "firehose:TagDeliveryStream")
    role = "role/aws-service-role/delivery.logs.amazonaws.com/AWSServiceRoleForLogDelivery"
    yield _on("ChatLogServiceRole", f"arn:aws:iam::{scope.account_id}:{role}", "iam:CreateServiceLinkedRole")


def _destination_checks(scope: Scope) -> Iterable[Statement]:
    s3 = [action for action in DESTINATION_ACTIONS["s3"] if action != "s3:ListAllMyBuckets"]
    yield _on_all("Buckets", _buckets(scope), *s3)
    yield Statement("CheckBucketNames", ("s3:ListAllMyBuckets",), ("*",), {})
    yield _anywhere(scope, *DESTINATION_ACTIONS["logs"])
    yield _on_all("Streams", _streams(scope), *DESTINATION_ACTIONS["firehose"])
    yield _on("CheckKeys", scope.arn("kms", "key/*"), *DESTINATION_ACTIONS["kms"])


def _delivery_metrics(scope: Scope) -> Iterable[Statement]:
    yield _anywhere(scope, *DELIVERY_ACTIONS)


def _accounts(scope: Scope) -> Iterable[Statement]:
    yield _on_all("AssumeAccountRoles", scope.roles, "sts:AssumeRole")


def _inventory(scope: Scope) -> Iterable[Statement]:
    """All that `inventory` and `import` call."""
    lists = ("ivs:ListChannels", "ivs:ListRecordingConfigurations", "ivschat:ListLoggingConfigurations")
    yield _anywhere(scope, *lists, "ivschat:ListRooms")
    yield _on(
        "GetRecordingConfigurations", scope.arn("ivs", "recording-configuration/*"), "ivs:GetRecordingConfiguration"
    )


def _why(scope: Scope) -> Iterable[Statement]:
    """All that `why` calls: what the operator reads of one object, and of those that use it."""
    yield from _inventory(scope)
    yield _on("GetChannels", scope.arn("ivs", "channel/*"), "ivs:GetChannel")
    logging = scope.arn("ivschat", "logging-configuration/*")
    yield _on("GetLoggingConfigurations", logging, "ivschat:GetLoggingConfiguration")
    yield _on("GetRooms", scope.arn("ivschat", "room/*"), "ivschat:GetRoom")


_FEATURES: Final[Mapping[Feature, Callable[[Scope], Iterable[Statement]]]] = {
    Feature.RECORDING: _recording,
    Feature.CHANNELS: _channels,
    Feature.CHAT_LOGGING: _chat_logging,
    Feature.ROOMS: _rooms,
    Feature.CHAT_TO_S3: _chat_to_s3,
    Feature.CHAT_TO_CLOUDWATCH: _chat_to_cloudwatch,
    Feature.CHAT_TO_FIREHOSE: _chat_to_firehose,
    Feature.DESTINATION_CHECKS: _destination_checks,
    Feature.DELIVERY_METRICS: _delivery_metrics,
    Feature.ACCOUNTS: _accounts,
    Feature.INVENTORY: _inventory,
    Feature.WHY: _why,
}


def _anywhere(scope: Scope, *actions: str) -> Statement:
    """Actions without a resource, limited by region where they can be."""
    condition = {"StringEquals": {"aws:RequestedRegion": _one_or_many(scope.regions)}} if scope.regions else {}
    return Statement("RegionWide", actions, ("*",), condition)


def _on(sid: str, arn: str, *actions: str) -> Statement:
    return Statement(sid, actions, (arn,), {})


def _on_all(sid: str, arns: tuple[str, ...], *actions: str) -> Statement:
    return Statement(sid, actions, arns, {})


def _created(scope: Scope, sid: str, arn: str, *actions: str) -> Statement:
    """Only with our owner tag on what is made."""
    return Statement(sid, actions, (arn,), {"StringLike": {f"aws:RequestTag/{TAG_OWNER}": scope.owner}})


def _owned(scope: Scope, sid: str, arn: str, *actions: str) -> Statement:
    """Only what carries our owner tag."""
    return Statement(sid, actions, (arn,), {"StringLike": {f"aws:ResourceTag/{TAG_OWNER}": scope.owner}})


def _claimed(scope: Scope, sid: str, arn: str, *actions: str) -> Statement:
    """Put our owner tag on what has none: a new object, or one that is adopted."""
    condition = {
        "StringLike": {f"aws:RequestTag/{TAG_OWNER}": scope.owner},
        "Null": {f"aws:ResourceTag/{TAG_OWNER}": "true"},
    }
    return Statement(sid, actions, (arn,), condition)


def _consumer(scope: Scope, sid: str, arn: str, *actions: str) -> Statement:
    """Rooms and channels are others': limited to those with certain tags, if any were named."""
    tags = {f"aws:ResourceTag/{key}": value for key, value in scope.consumer_tags}
    return Statement(sid, actions, (arn,), {"StringEquals": tags} if tags else {})


def _buckets(scope: Scope) -> tuple[str, ...]:
    return tuple(f"arn:aws:s3:::{bucket}" for bucket in scope.buckets or ("*",))


def _streams(scope: Scope) -> tuple[str, ...]:
    return tuple(scope.arn("firehose", f"deliverystream/{stream}") for stream in scope.streams or ("*",))


def _one_or_many(values: Iterable[str]) -> Any:
    found = list(values)
    return found[0] if len(found) == 1 else found
