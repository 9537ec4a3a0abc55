"""Rules between fields, each stated once: as CEL for the API server, as Python for us.

A rule that compares with the old object has no Python twin: we never see the old one.

The CEL texts are those that hold on a real API server: a transition rule sits on a parent that is always there,
because a rule on an optional field does not fire when the field is added or removed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = ["VALIDATIONS", "VIOLATED", "Rule", "Ruled", "effective_name", "enforce", "same"]

VALIDATIONS: Final = "x-kubernetes-validations"
VIOLATED: Final = "rule_violated"

type_of_reason = Literal["FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `cel` for the API server, `holds` for the operator (None when the rule compares with the old object).

    `field` names the member to blame, relative to where the rule stands; `message` says the remedy.
    """

    cel: str
    message: str
    field: str = ""
    reason: type_of_reason = "FieldValueInvalid"
    holds: Callable[[Any], bool] | None = None

    def schema(self) -> dict[str, str]:
        """The rule as an entry of `x-kubernetes-validations`."""
        entry = {"rule": self.cel, "message": self.message, "reason": self.reason}
        if self.field:
            entry["fieldPath"] = f".{self.field}"
        return entry


def same(field: str) -> str:
    """CEL: `field` is as it was, its absence included."""
    return f"(has(self.{field}) ? has(oldSelf.{field}) && self.{field} == oldSelf.{field} : !has(oldSelf.{field}))"


def effective_name(variable: str) -> str:
    """CEL: the AWS name of a whole object; its Python twin is `names.aws_name`."""
    return f"(has({variable}.spec.name) ? {variable}.spec.name : {variable}.metadata.name.replace('.', '-'))"


def enforce(value: object, rules: Iterable[Rule]) -> None:
    """Check `value` against the rules that need no old object.

    Raises:
        PydanticCustomError: of type `VIOLATED`; its context `violations` lists (field, message).
    """
    violations = [(rule.field, rule.message) for rule in rules if rule.holds is not None and not rule.holds(value)]
    if violations:
        text = "; ".join(message for _, message in violations)
        raise PydanticCustomError(VIOLATED, "{text}", {"text": text, "violations": violations})


class Ruled:
    """Annotation of a field's type: these rules stand on the field itself."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), VALIDATIONS: [rule.schema() for rule in self.rules]}

    def _checked(self, value: object) -> object:
        enforce(value, self.rules)
        return value
