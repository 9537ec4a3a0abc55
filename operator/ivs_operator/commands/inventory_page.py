"""The inventory as one HTML file: works offline, sorts, filters, and turns into cards on a phone.

Everything is rendered here and only shown or hidden by the script, so that the page says the same without scripts.
Nothing is fetched, and the page's policy forbids any other script than its own, whatever a tag may contain.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from ivs_operator.domain.inventory_rows import Row, cell, visible
from ivs_operator.domain.settings import destination_name

__all__ = ["as_page"]

_ORDER: Final = (
    "name",
    "state",
    "region",
    "destination_configuration",
    "associations",
    "managed_by",
    "tags",
    "thumbnail_configuration",
    "rendition_configuration",
    "recording_reconnect_window_seconds",
    "create_time",
    "update_time",
    "account_id",
    "id",
    "arn",
    "_key",
)
"""All columns; what people look for first comes first."""

_FACETS: Final = ("account_id", "region", "state", "managed_by")
"""Columns with few values, offered as lists to choose from."""

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src '{style_hash}'; script-src '{script_hash}'; base-uri 'none';
 form-action 'none'">
<title>IVS inventory</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>IVS inventory</h1>
<p class="summary">{summary}</p>
{gaps}<form class="filters" role="search">
<label class="search">Filter <input id="search" type="search" placeholder="name, ARN, tag, room…" autocomplete="off">
</label>
{facets}<p id="count" role="status">{count} shown</p>
</form>
</header>
<main>
<table>
<caption>Recording configurations and chat logging configurations</caption>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
<p id="none" hidden>Nothing matches the filter.</p>
</main>
<script>{script}</script>
</body>
</html>
"""


def as_page(rows: Sequence[Row], *, made_at: str, gaps: Sequence[str] = ()) -> str:
    """The page. `made_at` is a time in ISO 8601, `gaps` what could not be read."""
    style, script = _asset("inventory_page.css"), _asset("inventory_page.js")
    return _PAGE.format(
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        summary=_summary(rows, made_at),
        gaps=_gaps(gaps),
        facets="".join(_facet(column, rows) for column in _FACETS),
        count=f"{len(rows)} of {len(rows)}",
        head="".join(_heading(column) for column in _ORDER),
        body="\n".join(map(_line, rows)),
    )


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _summary(rows: Iterable[Row], made_at: str) -> str:
    rows = list(rows)
    managed = sum(row["managed_by"] is not None for row in rows)
    places = {(row["account_id"], row["region"]) for row in rows}
    where = f"{len(places)} {'place' if len(places) == 1 else 'places'} (account and region)"
    text = f"{len(rows)} configurations in {where}, {managed} of them managed, as of "
    return f'{escape(text)}<time datetime="{escape(made_at)}">{escape(made_at)}</time>'


def _gaps(gaps: Sequence[str]) -> str:
    if not gaps:
        return ""
    items = "".join(f"<li>{escape(visible(gap))}</li>" for gap in gaps)
    return f'<section class="gaps"><h2>Not everything could be read</h2><ul>{items}</ul></section>\n'


def _facet(column: str, rows: Iterable[Row]) -> str:
    values = sorted({cell(row[column]) for row in rows})
    if len(values) < 2:  # noqa: PLR2004 - nothing to choose
        return ""
    options = "".join(f'<option value="{escape(value)}">{escape(visible(value) or "—")}</option>' for value in values)
    choice = f'<select data-column="{column}"><option value="*">all</option>{options}</select>'
    return f"<label>{_breakable(column)} {choice}</label>\n"


def _heading(column: str) -> str:
    attributes = f'scope="col" aria-sort="none" data-column="{column}"'
    return f'<th {attributes}><button type="button">{_breakable(column)}</button></th>'


def _line(row: Row) -> str:
    return f"<tr>{''.join(_cell(column, row[column]) for column in _ORDER)}</tr>"


def _cell(column: str, value: Any) -> str:
    key = len(value) if column == "associations" and value is not None else cell(value)
    label = column.replace("_", "_\u200b")  # where a narrow label may break
    attributes = f'data-column="{column}" data-label="{label}" data-key="{escape(str(key))}"'
    if column == "state":
        attributes += f' class="state {_mood(str(value))}"'
    return f"<td {attributes}><div>{_content(column, value)}</div></td>"


def _mood(state: str) -> str:
    if state == "ACTIVE":
        return "good"
    return "bad" if state.endswith("FAILED") else "busy"


def _content(column: str, value: Any) -> str:
    if value is None:
        return '<span class="none">unknown</span>' if column == "associations" else '<span class="none">—</span>'
    if column == "associations":
        return _fold(value)
    if column == "tags":
        return "".join(_pair(tag, value[tag]) for tag in sorted(value)) or '<span class="none">—</span>'
    if column == "destination_configuration":
        return _text(destination_name(value))
    if isinstance(value, Mapping):
        return "".join(_pair(member, value[member]) for member in value)
    return _text(str(value)) or '<span class="none">—</span>'


def _pair(name: str, value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f'<span class="tag"><b>{_text(name)}</b> {_text(shown)}</span>'


def _breakable(column: str) -> str:
    return column.replace("_", "_<wbr>")


def _fold(arns: Sequence[str]) -> str:
    if not arns:
        return "0"
    items = "".join(f"<li>{_text(arn)}</li>" for arn in arns)
    return f"<details><summary>{len(arns)}</summary><ul>{items}</ul></details>"


def _text(text: str) -> str:
    return escape(visible(text))
