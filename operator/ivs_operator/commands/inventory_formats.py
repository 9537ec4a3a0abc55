"""The inventory as text: a table for terminals, JSON, CSV. The page has a module of its own."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from rich.cells import cell_len

from ivs_operator.domain.inventory_rows import COLUMNS, Row, cell, hstore, safe_cell, visible
from ivs_operator.domain.settings import destination_name

__all__ = ["TABLE_COLUMNS", "as_csv", "as_json", "as_table"]

TABLE_COLUMNS: Final = ("region", "name", "state", "destination_configuration", "associations", "managed_by", "arn")
"""What fits a terminal; `--columns` chooses others."""

_GAP: Final = "   "  # between columns, as kubectl has it

_UNKNOWN: Final = "?"


def as_json(rows: Iterable[Row]) -> str:
    """An array of objects with all columns; times in ISO 8601, maps and lists as such."""
    return (
        json.dumps([{column: row[column] for column in COLUMNS} for row in rows], indent=2, ensure_ascii=False) + "\n"
    )


def as_csv(rows: Iterable[Row]) -> str:
    """A header and a line for each row (RFC 4180): tags as hstore, other maps as JSON, associations counted.

    What a spreadsheet would take for a formula has an apostrophe in front.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(hstore(row[name]) if name == "tags" else cell(row[name])) for name in COLUMNS])
    return text.getvalue()


def as_table(
    rows: Sequence[Row], columns: Sequence[str] = TABLE_COLUMNS, *, paint: Callable[[str, str], str] | None = None
) -> str:
    """Aligned columns. `paint(column, text)` may add what a terminal does not count as width."""
    texts = [[_shown(name, row) for name in columns] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *texts, strict=True)]
    lines = [_line(columns, columns, widths, None)]
    lines += [_line(columns, text, widths, paint) for text in texts]
    return "\n".join(lines) + "\n"


def _line(
    columns: Sequence[str], texts: Sequence[str], widths: Sequence[int], paint: Callable[[str, str], str] | None
) -> str:
    parts = []
    for column, text, width in zip(columns, texts, widths, strict=True):
        padding = " " * (width - cell_len(text))
        parts.append((paint(column, text) if paint is not None else text) + padding)
    return _GAP.join(parts).rstrip()


def _shown(column: str, row: Row) -> str:
    value = row[column]
    if column == "associations" and value is None:
        return _UNKNOWN
    if column == "destination_configuration" and isinstance(value, Mapping):
        return visible(destination_name(value))
    if column == "tags":
        return visible(hstore(value))
    return visible(cell(value))
