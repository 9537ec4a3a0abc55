"""Whose bucket it is: what S3 refuses and moto does not, namely a look at another account's bucket.

Only requests about a bucket itself are judged, path style. A bucket that somebody has given a policy is left to moto.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ivs_emulator.accounts import account_of, scope_of
from ivs_emulator.errors import Reply

__all__ = ["refusal"]

_DENIED = (
    b'<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
)


def refusal(environ: Mapping[str, Any]) -> Reply | None:
    """S3's 403 to a request for a bucket that is not the caller's, or not of the owner whom the caller expects."""
    scope = scope_of(environ)
    if scope is None or scope.service != "s3" or "moto.s3.models" not in sys.modules:
        return None
    models: Any = import_module("moto.s3.models")  # waits for whoever is just importing it
    name, _, key = str(environ.get("PATH_INFO", "")).strip("/").partition("/")
    found = models.s3_backends.bucket_accounts.get(name)
    if found is None or key:
        return None
    partition, owner = found
    bucket = models.s3_backends[owner][partition].buckets[name]
    expected = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", owner)
    if expected == owner and (account_of(scope.access_key) == owner or bucket.policy):
        return None
    headers = {"Content-Type": "application/xml", "x-amz-bucket-region": str(bucket.region_name)}
    return Reply(403, b"" if environ["REQUEST_METHOD"] == "HEAD" else _DENIED, headers, "AccessDenied")
