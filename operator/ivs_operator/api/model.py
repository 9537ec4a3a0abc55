"""Bases of every model of the API: camelCase outside, snake_case inside, frozen, described by attribute docstrings."""

from typing import ClassVar, Final, Self

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.config import JsonDict
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from ivs_operator.api.rules import VALIDATIONS, Rule, enforce

__all__ = ["ATOMIC_LIST", "ATOMIC_MAP", "INT32", "INT64", "MAP_BY_TYPE", "SET", "Model", "SpecModel"]

# With a granular map a user's switch from one member to another, followed by a forced server-side apply from Git,
# leaves both members set, and CEL then refuses every later sync.
ATOMIC_MAP: Final[JsonDict] = {"x-kubernetes-map-type": "atomic"}
ATOMIC_LIST: Final[JsonDict] = {"x-kubernetes-list-type": "atomic"}
MAP_BY_TYPE: Final[JsonDict] = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
SET: Final[JsonDict] = {"x-kubernetes-list-type": "set"}
INT32: Final[JsonDict] = {"format": "int32"}
INT64: Final[JsonDict] = {"format": "int64"}


class Model(BaseModel):
    """What the API server or AWS gives: unknown members are ignored, so that a newer writer does not break us."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _obey_rules(self) -> Self:
        enforce(self, self.rules)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        reference = handler(schema)
        if cls.rules:
            handler.resolve_ref_schema(reference)[VALIDATIONS] = [rule.schema() for rule in cls.rules]
        return reference


class SpecModel(Model):
    """What a user writes: an unknown member is a mistake."""

    model_config = ConfigDict(extra="forbid")
