"""What an IAM policy of Allow statements allows; as much of IAM's logic as the policies here use."""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

__all__ = ["allows"]


def allows(
    policy: Mapping[str, Any],
    action: str,
    resource: str,
    *,
    request_tags: Mapping[str, str] | None = None,
    resource_tags: Mapping[str, str] | None = None,
    region: str = "us-west-2",
) -> bool:
    """Whether some statement allows an action on a resource, given what IAM would know of the request."""
    context = {"aws:RequestedRegion": region}
    context |= {f"aws:RequestTag/{key}": value for key, value in (request_tags or {}).items()}
    context |= {f"aws:ResourceTag/{key}": value for key, value in (resource_tags or {}).items()}
    return any(_applies(statement, action, resource, context) for statement in policy["Statement"])


def _applies(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    assert statement["Effect"] == "Allow"
    named = any(_like(action, pattern) for pattern in _many(statement["Action"]))
    meant = any(_like(resource, pattern) for pattern in _many(statement["Resource"]))
    conditions = statement.get("Condition", {}).items()
    return named and meant and all(_holds(kind, wanted, context) for kind, wanted in conditions)


def _holds(kind: str, wanted: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    for key, values in wanted.items():
        have = context.get(key)
        if kind == "Null":
            assert values in {"true", "false"}
            if (have is None) is not (values == "true"):
                return False
        elif kind in {"StringEquals", "StringLike"}:
            equal = _like if kind == "StringLike" else str.__eq__
            if have is None or not any(equal(have, value) for value in _many(values)):
                return False
        else:
            raise AssertionError(f"this evaluator does not know {kind}")
    return True


def _like(text: str, pattern: str) -> bool:
    assert "[" not in pattern, "fnmatch would take it for a set of characters"
    return fnmatchcase(text, pattern)


def _many(values: str | Iterable[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)
