"""Errors of the two services, in the shape that their models declare."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivs_emulator.models import ServiceApi
from ivs_emulator.settings import IvsErrorBody

__all__ = ["ApiError", "Reply", "error_reply"]

# Codes of the protocol itself, which no service model declares.
_PROTOCOL_STATUS = {
    "UnknownOperationException": 404,
    "MissingAuthenticationTokenException": 403,
    "IncompleteSignatureException": 403,
    "SerializationException": 400,
    "RequestEntityTooLargeException": 413,
    "InternalFailure": 500,
}
_INTEGER_TYPES = frozenset({"integer", "long"})


class ApiError(Exception):
    """A refusal that the caller sees.

    `code` is the exception's name in the service model; status code and body follow from the model. The
    keyword members fill what some IVS Chat exceptions require.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int | None = None,
        resource_id: str = "",
        limit: int = 0,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.resource_id = resource_id
        self.limit = limit
        self.fields = dict(fields or {})


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP reply; `error_code` is None on success."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error_code: str | None = None


def error_reply(api: ServiceApi, error: ApiError, ivs_body: IvsErrorBody = IvsErrorBody.BOTH) -> Reply:
    """`error` as service `api` would send it."""
    shape = api.error_shape(error.code)
    status = error.status or _PROTOCOL_STATUS.get(error.code, 400)
    body: dict[str, Any] = {"message": error.message}
    if shape is not None:
        status = error.status or shape.metadata["error"]["httpStatusCode"]
        body = {name: value for name, value in _members(shape, error).items() if value is not None}
    if shape is not None and "exceptionMessage" in body and ivs_body is IvsErrorBody.BOTH:
        body["message"] = error.message
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}
    return Reply(status, json.dumps(body).encode(), headers, error.code)


def _members(shape: Any, error: ApiError) -> dict[str, Any]:
    """The body members that the error's shape has, in its order."""
    known = {
        "message": error.message,
        "exceptionMessage": error.message,
        "resourceId": error.resource_id or "unknown",
        "limit": error.limit,
        "reason": _reason(error),
        "fieldList": [{"name": name, "message": text} for name, text in error.fields.items()] or None,
    }
    members: dict[str, Any] = {}
    for name, member in shape.members.items():
        if member.serialization.get("location") == "header":
            continue
        if name in known:
            members[name] = known[name]
        elif name in shape.required_members:
            members[name] = _placeholder(member)
    return members


def _reason(error: ApiError) -> str:
    if error.code == "UnknownOperationException":
        return "UNKNOWN_OPERATION"
    return "FIELD_VALIDATION_FAILED" if error.fields else "OTHER"


def _placeholder(member: Any) -> Any:
    """A value of the member's type: the first of its enum (`resourceType` has only ROOM), else an empty one."""
    if member.type_name == "string":
        return next(iter(member.enum), "")
    return 0 if member.type_name in _INTEGER_TYPES else None
