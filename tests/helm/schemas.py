"""JSON schemas for kubeconform out of the API server's own OpenAPI documents, made strict about unknown members."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from support.api_server import ApiServer
from support.deadlines import until

__all__ = ["LOCATION", "write_schemas"]

LOCATION: Final = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
"""Of a schema in the folder, as kubeconform's template."""


def write_schemas(api: ApiServer, folder: Path, wanted: Iterable[tuple[str, str]]) -> Path:
    """One file for each kind; `wanted` are pairs of apiVersion and kind, all of which the API server must serve."""
    kinds: dict[str, set[str]] = {}
    for version, kind in wanted:
        kinds.setdefault(version, set()).add(kind)
    for version, names in kinds.items():
        # The documents of kinds that have just been made come some moments after the kinds.
        found = until(lambda v=version, n=names: _schemas(api, v, n), f"OpenAPI tells of {names} of {version}")  # type: ignore[misc]
        for schema in found.values():
            _close(schema)
        for name, kind in _kinds(found, version):
            if kind not in names:
                continue
            # kubeconform's own notion of the core group is its version.
            target = folder / version.partition("/")[0] / f"{kind.lower()}_{version.rpartition('/')[2]}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(json.dumps({"$ref": f"#/components/schemas/{name}", "components": {"schemas": found}}))
    return folder


def _schemas(api: ApiServer, version: str, names: set[str]) -> dict[str, Any] | None:
    """The schemas of a version, once those of all these kinds are there."""
    paths = api.call("GET", "/openapi/v3")["paths"]
    entry = paths.get(f"apis/{version}" if "/" in version else f"api/{version}")
    if entry is None:
        return None
    schemas: dict[str, Any] = api.call("GET", entry["serverRelativeURL"]).get("components", {}).get("schemas", {})
    return schemas if names <= {kind for _, kind in _kinds(schemas, version)} else None


def _kinds(schemas: dict[str, Any], version: str) -> Iterator[tuple[str, str]]:
    """Name of the schema, and the kind that it describes."""
    for name, schema in schemas.items():
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            if "/".join(part for part in (kind["group"], kind["version"]) if part) == version:
                yield name, kind["kind"]


def _close(schema: Any) -> None:
    """Refuse members that are not named, wherever members are named."""
    if isinstance(schema, list):
        for item in schema:
            _close(item)
    if not isinstance(schema, dict):
        return
    members = schema.get("properties")
    if isinstance(members, dict):
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
        for member in members.values():
            _close(member)
    for key in ("items", "allOf", "anyOf", "oneOf", "additionalProperties"):
        _close(schema.get(key))
