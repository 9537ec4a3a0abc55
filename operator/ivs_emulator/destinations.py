"""Where recordings and chat logs go: buckets, log groups and delivery streams, which are moto's.

They are looked up in moto's own state of this process. A service of moto that has not been called yet is not
imported for that: it cannot hold anything.
"""

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["bucket_region", "chat_destination_usable", "create_buckets"]

_PARTITION = "aws"


def bucket_region(account: str, bucket: str) -> str | None:
    """The region of `bucket` if `account` owns it, else None."""
    if "moto.s3.models" not in sys.modules:
        return None
    module: Any = import_module("moto.s3.models")  # waits for whoever is just importing it
    owner = module.s3_backends.bucket_accounts.get(bucket)
    if owner != (_PARTITION, account):
        return None
    return str(module.s3_backends[account][_PARTITION].buckets[bucket].region_name)


def create_buckets(account: str, region: str, names: Iterable[str]) -> int:
    """Make the buckets that do not exist yet; returns how many were made."""
    from moto.s3.models import s3_backends

    made = 0
    for name in names:
        if name not in s3_backends.bucket_accounts:
            s3_backends[account][_PARTITION].create_bucket(name, region)
            made += 1
    return made


def chat_destination_usable(account: str, region: str, destination: Mapping[str, Any]) -> bool:
    """Whether a logging configuration could be set up with `destination` (a destinationConfiguration of IVS Chat)."""
    if "s3" in destination:
        return bucket_region(account, destination["s3"]["bucketName"]) == region
    if "cloudWatchLogs" in destination:
        logs: Any = sys.modules.get("moto.logs.models")
        return (
            logs is not None
            and destination["cloudWatchLogs"]["logGroupName"] in logs.logs_backends[account][region].groups
        )
    firehose: Any = sys.modules.get("moto.firehose.models")
    name = destination["firehose"]["deliveryStreamName"]
    return firehose is not None and name in firehose.firehose_backends[account][region].delivery_streams
