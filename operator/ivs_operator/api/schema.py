"""Structural schemas, as the API server wants them, out of the models."""

from copy import deepcopy
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from ivs_operator.api.model import Model
from ivs_operator.api.observed import ONLY_FOR
from ivs_operator.api.rules import VALIDATIONS
from ivs_operator.api.status import UNOBSERVED

__all__ = ["Schema", "flow", "resolved", "spec_schema", "status_schema"]

Schema = dict[str, Any]

# What a status schema never says: a later word of AWS, or a longer one, must not make the status write fail.
# `maxLength` of a string that a rule compares stays.
_NOT_IN_STATUS: Final = ("enum", "pattern", "default", "minLength", VALIDATIONS)
_NOT_STRUCTURAL: Final = ("title", "examples", "additionalProperties", ONLY_FOR)
_ORDER: Final = (
    "description",
    "type",
    "format",
    "default",
    "enum",
    "pattern",
    "minLength",
    "maxLength",
    "required",
    "properties",
)


@cache
def resolved(model: type[BaseModel]) -> Schema:
    """JSON schema of a model without references and without alternatives for null; examples kept."""
    schema = model.model_json_schema(by_alias=True)
    definitions = schema.pop("$defs", {})
    return {key: _resolve(value, definitions) for key, value in schema.items()}


def spec_schema(model: type[BaseModel], kind: str) -> Schema:
    """Structural schema of a spec."""
    return _structural(resolved(model), kind, dropped=())


def status_schema(model: type[Model], kind: str) -> Schema:
    """Structural schema of a status; its default makes a fresh object count as not yet observed (kstatus)."""
    schema = _structural(resolved(model), kind, dropped=_NOT_IN_STATUS)
    return _ordered({**schema, "default": {"observedGeneration": UNOBSERVED}})


def _resolve(node: Any, definitions: Schema) -> Any:
    if isinstance(node, list):
        return [_resolve(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    merged = dict(node)
    if "$ref" in merged:
        merged = {**definitions[merged.pop("$ref").rpartition("/")[2]], **merged}
    if "anyOf" in merged:
        (alternative,) = [option for option in merged.pop("anyOf") if option.get("type") != "null"]
        return _resolve({**alternative, **merged}, definitions)
    return {
        key: value if key in ("default", "examples") else _resolve(value, definitions) for key, value in merged.items()
    }


def _structural(node: Schema, kind: str, dropped: tuple[str, ...]) -> Schema:
    schema = {key: deepcopy(value) for key, value in node.items() if key not in (*_NOT_STRUCTURAL, *dropped)}
    if "description" in schema:
        schema["description"] = _described(node)
    if "enum" in schema:
        # The API server's cost estimate of a rule takes a string without maxLength for an endless one, enum or not.
        schema["maxLength"] = max(len(word) for word in schema["enum"])
    if "default" in schema:
        schema["default"] = _without_nulls(schema["default"])
        if schema["default"] is None:
            del schema["default"]
    if "properties" in schema:
        schema["properties"] = {
            name: _structural(member, kind, dropped)
            for name, member in node["properties"].items()
            if member.get(ONLY_FOR, kind) == kind
        }
    if "items" in schema:
        schema["items"] = _structural(node["items"], kind, dropped)
    if isinstance(node.get("additionalProperties"), dict):
        schema["additionalProperties"] = _structural(node["additionalProperties"], kind, dropped)
    return _ordered(schema)


def _described(node: Schema) -> str:
    text = " ".join(node["description"].split())
    examples = node.get("examples", ())
    return text if not examples else f"{text} Example: {flow(examples[0])}"


def flow(value: object) -> str:
    """A value as one would write it on one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return str(value)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    return value


def _ordered(schema: Schema) -> Schema:
    keys = [key for key in _ORDER if key in schema] + sorted(key for key in schema if key not in _ORDER)
    return {key: schema[key] for key in keys}
