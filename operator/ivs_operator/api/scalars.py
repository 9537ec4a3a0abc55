"""Strings and numbers of the AWS API with their bounds.

Bounds, patterns and enums are those of botocore's service models `ivs`, `ivschat` (2020-07-14) and `sts`
(2011-06-15); a test compares. The published patterns are not anchored: without `^` and `$` the API server would take
`hello world!/x` as a name.
"""

import unicodedata
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from ivs_operator.api.names import TAG_PREFIX
from ivs_operator.api.rules import Rule, Ruled

__all__ = [
    "BucketName",
    "ChannelArn",
    "ChatTags",
    "DeliveryStreamName",
    "ExternalID",
    "LogGroupName",
    "LoggingConfigurationArn",
    "MatchTags",
    "NamespaceName",
    "ObjectName",
    "RecordingConfigurationArn",
    "RecordingTags",
    "RegionName",
    "ResourceName",
    "RoleArn",
    "RoomArn",
    "SelectorName",
]

# AWS allows 50 tags on a resource; three are ours and at most seven are an installation's default tags.
MAX_OWN_TAGS: Final = 40
MAX_AWS_TAGS: Final = 50
MAX_TAG_KEY: Final = 128
MAX_TAG_VALUE: Final = 256

_TAG_PUNCTUATION: Final = frozenset("_.:/=+-@")
_TAG_VALUE_PATTERN: Final = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
_RESERVED: Final = ("aws:", TAG_PREFIX)

ResourceName = Annotated[str, StringConstraints(max_length=128, pattern=r"^[a-zA-Z0-9-_]*$")]
# An empty name would select whatever has no name: surely not what was meant.
SelectorName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[a-zA-Z0-9-_]*$")]
BucketName = Annotated[str, StringConstraints(min_length=3, max_length=63, pattern=r"^[a-z0-9-.]+$")]
LogGroupName = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[\.\-_/#A-Za-z0-9]+$")]
DeliveryStreamName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_.-]+$")]

RecordingConfigurationArn = Annotated[
    str,
    StringConstraints(max_length=128, pattern=r"^arn:aws:ivs:[a-z0-9-]+:[0-9]+:recording-configuration/[a-zA-Z0-9-]+$"),
]
LoggingConfigurationArn = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=128, pattern=r"^arn:aws:ivschat:[a-z0-9-]+:[0-9]+:logging-configuration/[a-zA-Z0-9-]+$"
    ),
]
ChannelArn = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^arn:aws:ivs:[a-z0-9-]+:[0-9]+:channel/[a-zA-Z0-9-]+$"),
]
RoomArn = Annotated[
    str,
    StringConstraints(min_length=1, max_length=128, pattern=r"^arn:aws:ivschat:[a-z0-9-]+:[0-9]+:room/[a-zA-Z0-9-]+$"),
]

# STS bounds the ARN at 20..2048; IVS knows the partition `aws` only, so a role of another one could never be of use.
RoleArn = Annotated[
    str,
    StringConstraints(min_length=20, max_length=2048, pattern=r"^arn:aws:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+$"),
]
ExternalID = Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[\w+=,.@:\/-]*$")]

# AWS region codes: us-west-2, us-gov-east-1, eusc-de-east-1. The longest today has 14 characters.
RegionName = Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z]+(-[a-z]+)+-[0-9]+$")]

# Kubernetes' own bounds of names: a DNS subdomain and a DNS label (RFC 1123).
_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
ObjectName = Annotated[str, StringConstraints(min_length=1, max_length=253, pattern=rf"^{_LABEL}(\.{_LABEL})*$")]
NamespaceName = Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=rf"^{_LABEL}$")]


def _is_tag_key(key: str) -> bool:
    return 0 < len(key) <= MAX_TAG_KEY and all(
        c in _TAG_PUNCTUATION or unicodedata.category(c)[0] in "LZN" for c in key
    )


TAG_RULES: Final = (
    Rule(
        cel=r"self.all(k, size(k) > 0 && size(k) <= 128 && k.matches('^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+$'))",
        message="a tag key has 1 to 128 letters, digits, spaces or any of _ . : / = + - @; rename the key",
        holds=lambda tags: all(_is_tag_key(key) for key in tags),
    ),
    Rule(
        cel=f"self.all(k, !k.startsWith('aws:') && !k.startsWith('{TAG_PREFIX}'))",
        message=(
            f"tag keys that start with aws: or {TAG_PREFIX} are reserved, for AWS and for the operator; use "
            "another prefix"
        ),
        holds=lambda tags: not any(key.startswith(_RESERVED) for key in tags),
    ),
)

IvsTagValue = Annotated[str, StringConstraints(max_length=MAX_TAG_VALUE, pattern=_TAG_VALUE_PATTERN)]
ChatTagValue = Annotated[str, StringConstraints(max_length=MAX_TAG_VALUE)]
RecordingTags = Annotated[dict[str, IvsTagValue], Field(max_length=MAX_OWN_TAGS), Ruled(*TAG_RULES)]
ChatTags = Annotated[dict[str, ChatTagValue], Field(max_length=MAX_OWN_TAGS), Ruled(*TAG_RULES)]
MatchTags = Annotated[dict[str, ChatTagValue], Field(min_length=1, max_length=MAX_AWS_TAGS)]
