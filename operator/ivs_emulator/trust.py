"""Trust policies: moto lets everybody assume every role, AWS only those whom the role's policy trusts.

A role that moto's IAM does not have can be assumed by everybody still, so that nobody has to make roles who does not
care. A role that it has is asked for its trust policy: principals by account, and a condition on `sts:ExternalId`.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from ivs_emulator.errors import ApiError

__all__ = ["distrust"]


def distrust(caller: str, body: bytes) -> ApiError | None:
    """Why AssumeRole by account `caller` is refused; None when it is not."""
    asked = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    role = asked.get("RoleArn", "")
    policy = _policy_of(role)
    if policy is None or any(_allows(statement, caller, asked) for statement in _listed(policy.get("Statement"))):
        return None
    text = f"User: arn:aws:iam::{caller}:user/emulator is not authorized to perform: sts:AssumeRole on resource: {role}"
    return ApiError("AccessDenied", text, status=403)


def _policy_of(role: str) -> Mapping[str, Any] | None:
    """The trust policy of a role that moto's IAM has; nothing can be there while that has not been imported."""
    iam: Any = sys.modules.get("moto.iam.models")
    parts = role.split(":")
    if iam is None or len(parts) != 6:  # noqa: PLR2004 - the parts of an ARN
        return None
    roles: Mapping[str, Any] = iam.iam_backends[parts[4]]["aws"].roles
    found = next((item for item in roles.values() if item.arn == role), None)
    document = found.assume_role_policy_document if found is not None else None
    policy = json.loads(document) if isinstance(document, str) else document
    return policy if isinstance(policy, Mapping) else None


def _allows(statement: Mapping[str, Any], caller: str, asked: Mapping[str, str]) -> bool:
    if statement.get("Effect") != "Allow" or "sts:AssumeRole" not in _listed(statement.get("Action")):
        return False
    principal = statement.get("Principal")
    trusted = _listed(principal.get("AWS") if isinstance(principal, Mapping) else principal)
    if not any(item in {"*", caller} or item.startswith(f"arn:aws:iam::{caller}:") for item in trusted):
        return False
    equal: Mapping[str, Any] = (statement.get("Condition") or {}).get("StringEquals") or {}
    return "sts:ExternalId" not in equal or asked.get("ExternalId") in _listed(equal["sts:ExternalId"])


def _listed(value: Any) -> list[Any]:
    """What IAM writes as one or as a list."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]
