"""The values: one schema, of which values.yaml, values.schema.json and the README are made."""

import re
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import Field, TypeAdapter
from pydantic.alias_generators import to_camel

from chart_sources.model import EMPTY_OR_LABEL, FreeMap, Image, Labels, Schema, Strings, Values
from chart_sources.surroundings import Surroundings
from chart_sources.workload import Workload
from ivs_operator.api.account import AWSAccountSpec
from ivs_operator.api.scalars import ObjectName
from ivs_operator.api.schema import resolved
from ivs_operator.settings import Settings

__all__ = ["Schema", "schema_of_values"]

# What differs in a pod: logs go to collectors, and the Service needs to know the ports.
_IN_A_POD: Final[dict[str, Schema]] = {
    "log_format": {"default": "json"},
    "namespaces": {"uniqueItems": True},  # a Role is made in each
    "health_port": {"minimum": 1},
    "metrics_port": {"minimum": 1},
}
_ALERTS: Final = Path(__file__).resolve().parents[2] / "manifests" / "alerts" / "alerts.yaml"
# The root's order: what people set first comes first.
_FIRST: Final = (
    "image",
    "replicas",
    "settings",
    "serviceAccount",
    "awsCredentialsSecret",
    "awsAccounts",
    "crds",
    "rbac",
)
_LAST: Final = ("extraObjects", "commonLabels", "commonAnnotations", "nameOverride", "fullnameOverride")


class _Root(Workload, Surroundings):
    """Values of the chart ivs-operator."""

    image: Image = Image()
    image_pull_secrets: list[dict[str, str]] = Field([])
    """Secrets with registry credentials: `- name: my-secret`."""

    common_labels: Labels = Field({})
    """Labels of everything."""

    common_annotations: Strings = Field({})
    """Annotations of everything."""

    name_override: Annotated[str, Field(pattern=EMPTY_OR_LABEL, max_length=53)] = ""
    """Instead of the chart's name, in names and labels."""

    fullname_override: Annotated[str, Field(pattern=EMPTY_OR_LABEL, max_length=53)] = ""
    """The name of everything, instead of release and chart."""


class _OfHelm(Values):
    """What Helm adds, and dependencies need."""

    global_: Annotated[FreeMap, Field(alias="global")] = Field({})
    """Values that a parent chart shares; none is used here."""

    enabled: bool = True
    """For a parent chart's `condition`; not used here."""


def schema_of_values() -> Schema:
    """JSON schema of the values with their defaults, without references; members in the order of values.yaml."""
    root = _clean(resolved(_Root))
    properties: Schema = root["properties"]
    properties["settings"] = _settings()
    _name_accounts(properties["awsAccounts"])
    properties["monitoring"]["properties"]["prometheusRule"]["properties"]["disabled"]["items"]["enum"] = _alerts()
    middle = sorted(properties.keys() - {*_FIRST, *_LAST}, key=list(properties).index)
    ordered = {name: properties[name] for name in (*_FIRST, *middle, *_LAST)}
    ordered |= _clean(resolved(_OfHelm))["properties"]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Values of the chart ivs-operator",
        "type": "object",
        "additionalProperties": False,
        "properties": ordered,
    }


def _name_accounts(schema: Schema) -> None:
    """Specs by the names of objects. Not by propertyNames: of these Helm tells a wrong place."""
    named = TypeAdapter(ObjectName).json_schema()["pattern"]
    schema |= {"patternProperties": {named: _closed(resolved(AWSAccountSpec))}, "additionalProperties": False}


def _alerts() -> list[str]:
    groups = yaml.safe_load(_ALERTS.read_text())["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]


def _settings() -> Schema:
    """The operator's settings; each becomes IVS_OPERATOR_<NAME>. Empty values are left to the operator."""
    schema = Settings.model_json_schema()
    definitions: Schema = schema.get("$defs", {})
    return {
        "type": "object",
        "description": (
            "Settings of the operator, as its flags and as IVS_OPERATOR_ variables (`ivs-operator run --help`). "
            "An empty value is left to the operator"
        ),
        "additionalProperties": False,
        "properties": {
            to_camel(name): _setting(name, field, definitions) for name, field in schema["properties"].items()
        },
    }


def _setting(name: str, field: Schema, definitions: Schema) -> Schema:
    (type_,) = [one for one in field.get("anyOf", [field]) if one.get("type") != "null"]
    if "$ref" in type_:
        type_ = definitions[type_["$ref"].rpartition("/")[2]]
    own = {key: value for key, value in field.items() if key not in {"anyOf", "$ref"}}
    made = {**type_, **own, **_IN_A_POD.get(name, {})}
    made.pop("title", None)
    if made.get("default") is None:  # YAML's empty text stands for "not set"
        made["default"] = ""
        pattern = made.pop("pattern", None)
        made.pop("minLength", None)
        if pattern is not None:
            made["pattern"] = f"^$|{pattern}"
    if isinstance(made["default"], float) and made["default"].is_integer():
        made["default"] = int(made["default"])
    if "on" in made.get("enum", ()):  # YAML reads a bare on and off as true and false
        made |= {"type": ["string", "boolean"], "enum": [*made["enum"], True, False]}
    text = re.sub(r", comma-separated|, key=value,\.\.\.|; 0: a free one", "", str(made.pop("description")))
    return {"type": made.pop("type"), "description": text, **made}


def _clean(schema: Schema) -> Schema:
    """Without what pydantic adds for itself, descriptions on one line and defaults at the leaves; the order stays."""
    made: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            defaults = schema.get("default") or {}
            made[key] = {
                name: _clean({**member, **({"default": defaults[name]} if name in defaults else {})})
                for name, member in value.items()
            }
        elif key in {"items", "additionalProperties"} and isinstance(value, dict):
            made[key] = _clean(value)
        elif key not in {"title", "examples", "required"} and (key != "default" or "properties" not in schema):
            made[key] = " ".join(value.split()) if key == "description" else value
    return made


def _closed(schema: Schema) -> Schema:
    """The same, refusing unknown members everywhere, without what is for the API server or the CRDs alone."""
    made = {
        key: value
        for key, value in schema.items()
        if key not in {"title", "examples", "default"} and not key.startswith("x-kubernetes")
    }
    if "properties" in made:
        made["properties"] = {name: _closed(member) for name, member in made["properties"].items()}
        made["additionalProperties"] = False
    if isinstance(made.get("items"), dict):
        made["items"] = _closed(made["items"])
    return made
