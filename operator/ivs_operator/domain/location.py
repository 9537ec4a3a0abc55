"""Where the output of a configuration lands, exact enough to paste into a command line or a console.

Sources: IVS user guide, record to S3 (prefix `ivs/v1/<account>/<channel>/...`); keys and stream names of chat logs as
AWS's samples show them. All configurations that write to one bucket share its prefix: rooms and channels follow it, the
configuration's own id is in none of them.
"""

from collections.abc import Mapping
from typing import Any, Final

from ivs_operator.domain.destinations import Destination, site_of
from ivs_operator.domain.identity import Kind

__all__ = ["location"]

_CHAT_LOGS: Final = "IVSChatLogs/1.0/"
"""What chat logs are called, and the version of their layout, in keys and in names of log streams."""


def location(kind: Kind, destination: Mapping[str, Any], account: str, region: str) -> str | None:
    """Where to look: an S3 URI for `aws s3 ls`, a log group and the prefix of its streams, or a stream's ARN.

    `destination` is a destinationConfiguration; one that is malformed has no location.
    """
    site = site_of(kind, account, region, {"destinationConfiguration": destination})
    if site is None:
        return None
    match site.destination:
        case Destination.BUCKET if kind is Kind.RECORDING:
            return f"s3://{site.name}/ivs/v1/{account}/"
        case Destination.BUCKET:
            return f"s3://{site.name}/AWSLogs/{account}/{_CHAT_LOGS}{region}/"
        case Destination.LOG_GROUP:
            return f"{site.name} aws/{_CHAT_LOGS}"
        case Destination.STREAM:
            return site.arn
