"""Requests from the wire and replies to it, as the service models describe them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote

from botocore.model import OperationModel

from ivs_emulator.errors import ApiError

__all__ = ["project", "request_params", "to_json"]

_TAGS_PREFIX = "/tags/"


def request_params(operation: OperationModel, raw_path: str, query: str, body: bytes) -> dict[str, Any]:
    """The parameters of a request, from body, query and path, not yet validated.

    Raises:
        ApiError: SerializationException when the body is not a JSON object.
    """
    shape = operation.input_shape
    params = _body_params(body)
    if shape is None:
        return params
    values = parse_qs(query, keep_blank_values=True)
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location == "uri":
            params[name] = unquote(raw_path.removeprefix(_TAGS_PREFIX))
        elif location == "querystring":
            params[name] = values.get(member.serialization["name"], [])
    return params


def _body_params(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        params = json.loads(body)
    except (ValueError, RecursionError):
        raise ApiError("SerializationException", "the request body is not JSON; send a JSON object") from None
    if not isinstance(params, dict):
        raise ApiError("SerializationException", "the request body must be a JSON object")
    return params


def project(shape: Any, value: Any) -> Any:
    """`value` reduced to what output shape `shape` declares, ready for JSON.

    A summary shape thus leaves out what only Get shows.

    Raises:
        KeyError: a required member is absent, which is a fault of the emulator.
    """
    if shape.type_name == "structure":
        return {
            name: project(member, value[name])
            for name, member in shape.members.items()
            if name in shape.required_members or value.get(name) is not None
        }
    if shape.type_name == "list":
        return [project(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: project(shape.value, item) for key, item in value.items()}
    return iso(value) if isinstance(value, datetime) else value


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a Z, the form of both services."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_json(value: Any) -> bytes:
    """Plain values as JSON; moments as `iso`."""
    return json.dumps(value, default=_default, separators=(",", ":")).encode()


def _default(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
