"""Parsing of what the API server hands us, with errors in the user's own spelling.

The API server checks the same when an object is written, but an object may be older than the schema it is read with.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivs_operator.api.account import AWSAccountSpec, AWSAccountStatus
from ivs_operator.api.chat_logging import ChatLoggingConfigurationSpec
from ivs_operator.api.kinds import KINDS, Kind
from ivs_operator.api.recording import RecordingConfigurationSpec
from ivs_operator.api.rules import VIOLATED
from ivs_operator.api.schema import Schema, flow, resolved
from ivs_operator.api.status import Status

__all__ = ["InvalidSpec", "parse_spec", "parse_status"]

AnySpec = RecordingConfigurationSpec | ChatLoggingConfigurationSpec | AWSAccountSpec
AnyStatus = Status | AWSAccountStatus

# As many errors as fit a message that people read; the rest is counted.
MAX_ERRORS: Final = 8
MAX_SHOWN: Final = 64

# What is wrong, in the words of someone who writes YAML; `{}` takes members of the error's context.
_WORDS: Final = {
    "model_type": "must be a map",
    "dict_type": "must be a map",
    "tuple_type": "must be a list",
    "string_type": "must be a string (in YAML put numbers, true and false in quotes)",
    "int_type": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "string_pattern_mismatch": "must match {pattern}",
}


class InvalidSpec(ValueError):
    """An object that can't be acted upon.

    `field` is the path of the first mistake, in the user's spelling; `message` says all of them, each with its path
    and remedy.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class _Mistake:
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def parse_spec(kind: str, spec: object) -> AnySpec:
    """The spec of an object of that kind.

    Raises:
        InvalidSpec: with every mistake.
        KeyError: for a kind that is not ours.
    """
    model = KINDS[kind].spec_model
    try:
        parsed = model.model_validate(spec)
    except ValidationError as error:
        raise _invalid(error, "spec", resolved(model)) from None
    return cast("AnySpec", parsed)


def parse_status(kind: str, status: object) -> AnyStatus:
    """The status of an object of that kind; None is the status of an object not looked at yet.

    Raises:
        InvalidSpec: when somebody wrote a status that is none of ours.
        KeyError: for a kind that is not ours.
    """
    model = _status_model(KINDS[kind])
    try:
        return model.model_validate({} if status is None else status)
    except ValidationError as error:
        raise _invalid(error, "status", resolved(model)) from None


def _status_model(kind: Kind) -> type[Status] | type[AWSAccountStatus]:
    return AWSAccountStatus if kind.status_model is AWSAccountStatus else Status


def _invalid(error: ValidationError, root: str, schema: Schema) -> InvalidSpec:
    mistakes = [mistake for details in error.errors(include_url=False) for mistake in _mistakes(details, root, schema)]
    texts = [str(mistake) for mistake in mistakes[:MAX_ERRORS]]
    if len(mistakes) > MAX_ERRORS:
        texts.append(f"and {len(mistakes) - MAX_ERRORS} more")
    return InvalidSpec(mistakes[0].path, "; ".join(texts))


def _mistakes(details: ErrorDetails, root: str, schema: Schema) -> Iterator[_Mistake]:
    location = details["loc"]
    path = _path(root, location)
    if details["type"] == VIOLATED:
        for field, message in details["ctx"]["violations"]:
            yield _Mistake(f"{path}.{field}" if field else path, message)
        return
    yield _Mistake(path, _explained(details, _node(schema, location), _node(schema, location[:-1])))


def _path(root: str, location: tuple[int | str, ...]) -> str:
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location)


def _node(schema: Schema, location: tuple[int | str, ...]) -> Schema:
    """The part of the schema that describes a location; empty where there is none."""
    node = schema
    for step in location:
        if isinstance(step, int):
            node = node.get("items", {})
        elif step in node.get("properties", {}):
            node = node["properties"][step]
        else:
            more = node.get("additionalProperties")
            node = more if isinstance(more, dict) else {}
    return node


def _explained(details: ErrorDetails, node: Schema, parent: Schema) -> str:
    match details["type"]:
        case "missing":
            return f"is required; set it{_example(node, parent)}"
        case "extra_forbidden":
            return f"is not a field; {_spelling(str(details['loc'][-1]), parent)}"
        case "enum":
            return f"must be one of {', '.join(node.get('enum', ()))}; now {_shown(details['input'])}"
    words = _WORDS.get(details["type"], details["msg"]).format_map(details.get("ctx", {}))
    return f"{words}{_example(node, parent)}; now {_shown(details['input'])}"


def _spelling(name: str, parent: Schema) -> str:
    known = list(parent.get("properties", {}))
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"remove it, or use one of {', '.join(known)}" if known else "remove it"


def _example(node: Schema, parent: Schema) -> str:
    """An example of the field, or of its list when the field is an item of one."""
    if node.get("examples"):
        return f", for example {flow(node['examples'][0])}"
    if parent.get("items") is node and parent.get("examples"):
        return f", for example {flow(parent['examples'][0][0])}"
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"
