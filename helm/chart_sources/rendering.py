"""values.yaml and the README's table, out of the schema of the values."""

import json
import textwrap
from collections.abc import Iterable, Iterator

import yaml

from chart_sources.values import Schema

__all__ = ["readme_table", "values_yaml"]

_WIDTH = 118
_HEADER = """\
# Values of the chart ivs-operator. Generated from helm/chart_sources and the operator's settings (`make generate`); do
# not edit. Every value is described here, in values.schema.json and in README.md; others are refused.
"""
_HIDDEN = frozenset({"global", "enabled"})
"""Members of the root that only Helm and parent charts need: in the schema, not told to people."""


def values_yaml(schema: Schema) -> str:
    """The defaults, each under its description."""
    parts = [_HEADER]
    for name, member in schema["properties"].items():
        if name not in _HIDDEN:
            parts.append("\n" + "".join(f"{line}\n" for line in _lines(name, member, depth=0)))
    return "".join(parts)


def readme_table(schema: Schema) -> str:
    """One table for each member of the root that has members, one for the others."""
    shown = {name: member for name, member in schema["properties"].items() if name not in _HIDDEN}
    sections = {name: member for name, member in shown.items() if _is_section(member)}
    rest = [(name, member) for name, member in shown.items() if name not in sections]
    tables = [
        _table(f"`{name}`", str(member.get("description", "")), _leaves(name, member))
        for name, member in sections.items()
    ]
    return "\n".join([*tables, _table("Everything else", "", rest)])


def _is_section(schema: Schema) -> bool:
    return "properties" in schema


def _lines(name: str, schema: Schema, depth: int) -> Iterator[str]:
    indent = "  " * depth
    text = _sentence(schema)
    if text:
        yield from textwrap.wrap(
            text, _WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_on_hyphens=False
        )
    if not _is_section(schema):
        written = yaml.safe_dump({name: schema["default"]}, sort_keys=False, default_flow_style=False, width=_WIDTH)
        yield from textwrap.indent(written, indent).splitlines()
        return
    yield f"{indent}{name}:"
    for member, inner in schema["properties"].items():
        yield from _lines(member, inner, depth + 1)


def _leaves(path: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    if not _is_section(schema):
        yield path, schema
        return
    for name, member in schema["properties"].items():
        yield from _leaves(f"{path}.{name}", member)


def _table(title: str, text: str, rows: Iterable[tuple[str, Schema]]) -> str:
    about = textwrap.fill(f"{text.rstrip('.')}.", _WIDTH) + "\n\n" if text else ""
    lines = [f"| `{path}` | `{json.dumps(node['default'])}` | {_cell(_sentence(node))} |" for path, node in rows]
    return f"### {title}\n\n{about}| Value | Default | What it is |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _sentence(schema: Schema) -> str:
    text = str(schema.get("description", "")).rstrip(".")
    choices = [choice for choice in schema.get("enum", ()) if isinstance(choice, str)]
    if any(choice not in text for choice in choices):
        text += f" ({', '.join(choices)})"
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
