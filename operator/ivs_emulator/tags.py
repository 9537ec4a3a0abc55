"""Tags of every resource of both services."""

from collections.abc import Mapping
from typing import Any

from ivs_emulator.errors import ApiError
from ivs_emulator.operations import Call, Handler
from ivs_emulator.state import Kind, Resource

__all__ = ["OPERATIONS"]

_MOST_TAGS = 50


def _tagged(call: Call) -> tuple[Kind, Resource]:
    arn = call.params["resourceArn"]
    for kind in Kind:
        if kind is not Kind.STREAM and kind.service == call.service and f":{kind.value}/" in arn:
            return kind, call.require(kind, arn)
    raise call.missing(arn)


def _tag(call: Call) -> Mapping[str, Any]:
    kind, resource = _tagged(call)
    tags = {**resource.members["tags"], **call.params["tags"]}
    if len(tags) > _MOST_TAGS:
        text = f"a resource has at most {_MOST_TAGS} tags; this call would make it {len(tags)}"
        raise ApiError("ValidationException", text, fields={"tags": text})
    _store(call, kind, resource, tags)
    return {}


def _untag(call: Call) -> Mapping[str, Any]:
    kind, resource = _tagged(call)
    removed = set(call.params["tagKeys"])
    _store(call, kind, resource, {key: value for key, value in resource.members["tags"].items() if key not in removed})
    return {}


def _store(call: Call, kind: Kind, resource: Resource, tags: Mapping[str, str]) -> None:
    # Not a write of the resource itself: neither updateTime nor its place in newest-first Lists changes.
    call.shelf(kind).put(resource.with_members(tags=tags), call.now, call.lag)


def _list(call: Call) -> Mapping[str, Any]:
    return {"tags": _tagged(call)[1].members["tags"]}


OPERATIONS: Mapping[str, Handler] = {"TagResource": _tag, "UntagResource": _untag, "ListTagsForResource": _list}
