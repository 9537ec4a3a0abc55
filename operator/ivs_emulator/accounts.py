"""Who calls: the service, region and account that a request's signature names."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["DEFAULT_ACCOUNT", "Scope", "account_of", "scope_of"]

DEFAULT_ACCOUNT = "123456789012"
_SCOPE = re.compile(r"Credential=([^/,\s]+)/([0-9]{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
_ACCOUNT = re.compile(r"[0-9]{12}")


@dataclass(frozen=True, slots=True)
class Scope:
    """The SigV4 credential scope of a request. Signatures are not checked."""

    access_key: str
    region: str
    service: str


def scope_of(environ: Mapping[str, Any]) -> Scope | None:
    """The scope of a signed request, None for an unsigned (or presigned) one."""
    match = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if match is None:
        return None
    access_key, _, region, service = match.groups()
    return Scope(access_key, region, service)


def account_of(access_key: str) -> str:
    """The account that an access key belongs to.

    An access key of 12 digits is its account's number. A key that moto's STS or IAM has issued belongs to the account
    that moto says (for AssumeRole, that of the role). Every other key is the default account's.
    """
    if _ACCOUNT.fullmatch(access_key):
        return access_key
    # Nothing can have been issued as long as moto's IAM, which STS loads, has not been imported.
    iam: Any = sys.modules.get("moto.iam.models")
    return str(iam.get_account_id_from(access_key)) if iam is not None else DEFAULT_ACCOUNT
