"""What several runs have told, as one cell: the figure where they agree, from the lowest to the highest where not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["by_size", "merged", "merged_rows"]

_NUMBER = re.compile(r"-?[\d,]*\.?\d+")
_BETWEEN = " / "


def merged(cells: Sequence[str]) -> str:
    """One cell for those of all runs; figures that share a cell, with slashes between, are merged each by itself."""
    different = list(dict.fromkeys(cells))
    if len(different) == 1:
        return different[0]
    parts = [cell.split(_BETWEEN) for cell in cells]
    if {len(part) for part in parts} == {len(parts[0])} != {1}:
        return _BETWEEN.join(merged(column) for column in zip(*parts, strict=True))
    ordered = sorted(different, key=_number)
    return f"{ordered[0]} to {ordered[-1]}"


def merged_rows(tables: Sequence[Sequence[Sequence[str]]]) -> list[list[str]]:
    """One table for those of all runs, which have the same rows."""
    return [[merged(cells) for cells in zip(*rows, strict=True)] for rows in zip(*tables, strict=True)]


def by_size(runs: Sequence[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
    """The rungs of all runs of the ladder, by the number of objects."""
    found: dict[int, list[dict[str, Any]]] = {}
    for run in runs:
        for rung in run["rungs"]:
            found.setdefault(rung["objects"], []).append(rung)
    return dict(sorted(found.items()))


def _number(text: str) -> float:
    found = _NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else 0.0
