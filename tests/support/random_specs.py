"""Specs as nobody would write them: drawn from the schemas that ship, with a few words that mean something at AWS."""

from functools import cache
from typing import Any

from hypothesis import strategies as st

from ivs_operator.api.crd import crds

__all__ = ["specs"]

_LONGEST = 40  # characters of free text; the schema allows more, and longer names are slow to draw
_MOST = 3  # items of a list or map

_LETTERS = (r"\p{L}\p{Z}\p{N}", "a-zA-Zäß 0-9")  # Python has no classes of Unicode; these are some of theirs

_WORDS: dict[str, tuple[str, ...]] = {
    "bucketName": ("archive", "archive", "archive", "elsewhere", "not-there"),
    "logGroupName": ("/aws/vendedlogs/chat", "not-there"),
    "deliveryStreamName": ("not-there",),
    "region": ("us-west-2", "us-west-2", "eu-west-1", "eu-north-1"),
}
"""Members for which any text would be refused in the same way each time: most of what is drawn is one of these."""


@cache
def _schema(kind: str) -> dict[str, Any]:
    (crd,) = [crd for crd in crds() if crd["spec"]["names"]["kind"] == kind]
    return dict(crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"])


def specs(kind: str, arns: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Specs of a kind that fit its structural schema; CEL may refuse them yet. `arns` exist at AWS."""
    return _value(_schema(kind), "spec", arns)


def _value(schema: dict[str, Any], name: str, arns: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "object":
        return _mapping(schema, arns)
    if schema["type"] == "array":
        items = _value(schema["items"], name, arns)
        least, most = schema.get("minItems", 0), min(schema.get("maxItems", _MOST), _MOST)
        return st.lists(items, min_size=least, max_size=most)
    if schema["type"] == "integer":
        return st.integers(schema.get("minimum"), schema.get("maximum"))
    if schema["type"] == "boolean":
        return st.booleans()
    words = arns if name == "arn" else _WORDS.get(name, ())
    meant = st.sampled_from(words) if words else st.nothing()
    return meant | meant | meant | _text(schema)


def _mapping(schema: dict[str, Any], arns: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    if "additionalProperties" in schema:
        keys = st.sampled_from(("env", "team")) | st.text("aZ0 _.:/=+-@", min_size=1, max_size=12)
        least, most = schema.get("minProperties", 0), min(schema.get("maxProperties", _MOST), _MOST)
        values = st.sampled_from(("prod", "test", "")) | _value(schema["additionalProperties"], "", arns)
        return st.dictionaries(keys, values, min_size=least, max_size=most)
    members = {name: _value(member, name, arns) for name, member in schema["properties"].items()}
    rules = " ".join(rule["rule"] for rule in schema.get("x-kubernetes-validations", ()))
    if "exists_one" in rules:
        return st.one_of([st.fixed_dictionaries({name: value}) for name, value in members.items()])
    required = {name: members.pop(name) for name in schema.get("required", ())}
    # Few at a time: with all of them, some rule between two of them would refuse nearly everything.
    chosen = st.lists(st.sampled_from(sorted(members)), unique=True, max_size=_MOST) if members else st.just([])
    return chosen.flatmap(lambda names: st.fixed_dictionaries({**required, **{name: members[name] for name in names}}))


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST)
    if "pattern" not in schema:
        return st.text(min_size=least, max_size=min(most, _LONGEST))
    drawn = st.from_regex(schema["pattern"].replace("$", r"\Z").replace(*_LETTERS))
    return drawn.filter(lambda text: least <= len(text) <= most)
