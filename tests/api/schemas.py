"""Walks over the generated schemas, shared by the tests beside it."""

from collections.abc import Iterator
from typing import Any

from ivs_operator.api.crd import crds

Schema = dict[str, Any]


def root_of(kind: str) -> Schema:
    (crd,) = [crd for crd in crds() if crd["spec"]["names"]["kind"] == kind]
    schema: Schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def walk(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every node with its path; `[]` stands for the items of a list, `{}` for the values of a map."""
    yield path, schema
    for name, member in schema.get("properties", {}).items():
        yield from walk(member, f"{path}.{name}")
    if "items" in schema:
        yield from walk(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from walk(schema["additionalProperties"], f"{path}{{}}")


def at(kind: str, path: str) -> Schema:
    return dict(walk(root_of(kind)))[path]
