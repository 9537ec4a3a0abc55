"""Pages of a List, with opaque tokens."""

import base64
import binascii
import hashlib
import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from ivs_emulator.errors import ApiError
from ivs_emulator.state import Resource

__all__ = ["Page", "page"]

Page = tuple[Sequence[Resource], str | None]


def page(resources: Sequence[Resource], params: Mapping[str, Any], operation: str, size: int) -> Page:
    """The page that `params["nextToken"]` asks for, and the token of the next one, None after the last.

    `resources` are newest first. A token marks a place in that order, so what is written while somebody pages moves
    to the front: it is missed by that pass when its turn had not come yet, as the service's order implies.

    Raises:
        ApiError: ValidationException for a token that this List with these filters has not given out.
    """
    fingerprint = _fingerprint(params, operation)
    start = 0
    if token := params.get("nextToken"):
        last = _read_token(token, fingerprint)
        start = bisect_right(resources, -last, key=lambda resource: -resource.order)
    chosen = resources[start : start + params.get("maxResults", size)]
    if start + len(chosen) >= len(resources):
        return chosen, None
    return chosen, _token(fingerprint, chosen[-1].order)


def _fingerprint(params: Mapping[str, Any], operation: str) -> str:
    filters = {name: value for name, value in params.items() if name not in {"nextToken", "maxResults"}}
    text = json.dumps([operation, filters], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _token(fingerprint: str, order: int) -> str:
    return base64.urlsafe_b64encode(f"{fingerprint}.{order}".encode()).decode()


def _read_token(token: str, fingerprint: str) -> int:
    try:
        owner, order = base64.urlsafe_b64decode(token.encode()).decode().split(".")
        if owner == fingerprint:
            return int(order)
    except (ValueError, binascii.Error):
        pass
    message = "the token is not one that this List gave out for the same filters; start again without nextToken"
    raise ApiError("ValidationException", message, fields={"nextToken": message})
