"""Checks of a request against the service model, as the real service does them.

The client library checks types, required members and lower bounds only. Upper bounds, enums and patterns go out on
the wire unchecked, so that the server has the last word on them.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape

from ivs_emulator.errors import ApiError
from ivs_emulator.models import integer_range

__all__ = ["validate"]

# The published pattern has a character class without quantifier and would reject every ARN there is.
_UNENFORCED_PATTERNS = frozenset({"ResourceArn"})
# `re` has no Unicode categories. `\w` is letters, numbers and the underscore; these are the separators (Z).
_CATEGORIES = {
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": "\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
}
_PYTHON_TYPES: dict[str, type] = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
}
Violation = tuple[str, str]


def validate(shape: Shape | None, params: dict[str, Any]) -> dict[str, Any]:
    """`params` without what the model does not know and without nulls.

    Raises:
        ApiError: SerializationException for a value of the wrong type, ValidationException for one out of bounds.
    """
    if shape is None:
        return {}
    clean = _clean(shape, params, "")
    assert isinstance(clean, dict)  # noqa: S101 - the input shape of an operation is a structure
    violations = list(_violations(shape, clean, ""))
    if violations:
        raise _validation_error(violations)
    return clean


def _validation_error(violations: list[Violation]) -> ApiError:
    plural = "" if len(violations) == 1 else "s"
    details = "; ".join(f"Value at '{name}' failed to satisfy constraint: {text}" for name, text in violations)
    message = f"{len(violations)} validation error{plural} detected: {details}"
    return ApiError("ValidationException", message, fields=dict(violations))


def _clean(shape: Any, value: Any, path: str) -> Any:
    """`value` with the types that `shape` asks for, members that the model does not know left out."""
    if not _has_type(value, shape.type_name):
        raise ApiError("SerializationException", f"{path or 'the body'} must be of type {shape.type_name}")
    if shape.type_name == "structure":
        return {
            name: _clean(member, value[name], _join(path, name))
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_clean(shape.member, item, f"{path}.{index}.member") for index, item in enumerate(value, start=1)]
    if shape.type_name == "map":
        return {key: _clean(shape.value, item, f"{path}.{key}") for key, item in value.items()}
    return value


def _has_type(value: object, type_name: str) -> bool:
    # Exactly: a bool is an int to Python, but not to JSON.
    return type(value) is _PYTHON_TYPES[type_name]


def _violations(shape: Any, value: Any, path: str) -> Iterator[Violation]:
    check = _CHECKS.get(shape.type_name)
    if check is not None:
        yield from check(shape, value, path)


def _structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[Violation]:
    for name in shape.required_members:
        if name not in value:
            yield _join(path, name), "Member must not be null"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield path, f"Exactly one of {', '.join(shape.members)} must be set"
    for name, item in value.items():
        yield from _violations(shape.members[name], item, _join(path, name))


def _list(shape: Any, value: list[Any], path: str) -> Iterator[Violation]:
    yield from _length(shape, len(value), path)
    for index, item in enumerate(value, start=1):
        yield from _violations(shape.member, item, f"{path}.{index}.member")


def _map(shape: Any, value: dict[str, Any], path: str) -> Iterator[Violation]:
    yield from _length(shape, len(value), path)
    for key, item in value.items():
        yield from _violations(shape.key, key, f"{path}.key")
        yield from _violations(shape.value, item, f"{path}.{key}")


def _string(shape: Any, value: str, path: str) -> Iterator[Violation]:
    yield from _length(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        yield path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern and shape.name not in _UNENFORCED_PATTERNS and not _compiled(pattern).fullmatch(value):
        yield path, f"Member must satisfy regular expression pattern: {pattern}"


def _integer(shape: Any, value: int, path: str) -> Iterator[Violation]:
    low, high = integer_range(shape)
    if low is not None and value < low:
        yield path, f"Member must have value greater than or equal to {low}"
    if high is not None and value > high:
        yield path, f"Member must have value less than or equal to {high}"


def _length(shape: Any, length: int, path: str) -> Iterator[Violation]:
    low, high = integer_range(shape)
    if low is not None and length < low:
        yield path, f"Member must have length greater than or equal to {low}"
    if high is not None and length > high:
        yield path, f"Member must have length less than or equal to {high}"


_CHECKS: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "long": _integer,
}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for category, characters in _CATEGORIES.items():
        pattern = pattern.replace(category, characters)
    return re.compile(pattern)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
