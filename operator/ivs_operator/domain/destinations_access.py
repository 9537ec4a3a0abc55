"""Whether a resource policy lets an AWS service do something. Told only where it is certain.

A condition that is not understood counts as met, and an unconditional Deny alone counts as one: what is uncertain is
said by the delivery's own metrics, not here. Source of the grammar: the IAM policy reference.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["Access", "grants", "inverted", "refuses"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """One action of one service on one resource, on behalf of an account."""

    service: str
    """A service principal, e.g. `delivery.logs.amazonaws.com`."""
    action: str
    resource: str
    account_id: str
    region: str

    @property
    def source(self) -> str:
        """An ARN as the log delivery gives it for its source. Source: the bucket policy in the vended-logs guide."""
        return f"arn:aws:logs:{self.region}:{self.account_id}:delivery"


def grants(documents: Iterable[Document], access: Access) -> bool:
    """Whether some statement allows the access."""
    found = (item for document in documents for item in _statements(document) if item.get("Effect") == "Allow")
    return any(_concerns(item, access) and _met(item, access) for item in found)


def refuses(documents: Iterable[Document], access: Access) -> bool:
    """Whether a statement without any condition denies the access."""
    found = (item for document in documents for item in _statements(document) if item.get("Effect") == "Deny")
    return any(not item.get("Condition") and _concerns(item, access) for item in found)


def inverted(documents: Iterable[Document]) -> bool:
    """Whether a statement says who or what it does not mean (NotPrincipal, NotAction): AWS can't add to those."""
    return any(
        "NotPrincipal" in item or "NotAction" in item for document in documents for item in _statements(document)
    )


def _statements(document: Document) -> list[Mapping[str, Any]]:
    return [item for item in _several(document.get("Statement")) if isinstance(item, Mapping)]


def _concerns(statement: Mapping[str, Any], access: Access) -> bool:
    if not _principal(statement.get("Principal"), access.service):
        return False
    actions = [str(item).lower() for item in _several(statement.get("Action"))]
    resources = [str(item) for item in _several(statement.get("Resource"))]
    return _any(actions, access.action.lower()) and _any(resources, access.resource)


def _principal(principal: object, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _several(principal.get("Service")) or "*" in _several(principal.get("AWS"))


def _met(statement: Mapping[str, Any], access: Access) -> bool:
    """Whether the conditions on the source are met, the ones that AWS writes itself."""
    facts = {"aws:sourceaccount": access.account_id, "aws:sourcearn": access.source}
    conditions = statement.get("Condition")
    for operator, wanted in (conditions if isinstance(conditions, Mapping) else {}).items():
        if operator.lower() not in {"stringequals", "stringlike", "arnlike", "arnequals"}:
            continue
        for key, values in (wanted if isinstance(wanted, Mapping) else {}).items():
            fact = facts.get(str(key).lower())
            if fact is not None and not _any([str(value) for value in _several(values)], fact):
                return False
    return True


def _several(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _any(patterns: Iterable[str], text: str) -> bool:
    return any(_pattern(pattern).fullmatch(text) is not None for pattern in patterns)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    """IAM's wildcards: `*` for any characters, `?` for one, nothing else is special."""
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(letter) or re.escape(letter) for letter in text), re.DOTALL)
