"""What exists at AWS as a table: one row for each configuration, managed or not, whatever it is to be shown as."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.domain.listed import Listed
from ivs_operator.domain.observed import Configuration, ConsumerIndex

__all__ = ["COLUMNS", "Row", "account_and_region", "cell", "hstore", "managed_by", "rows_of", "safe_cell", "visible"]

Row = Mapping[str, Any]
"""By column; None where AWS has no such thing, or where it could not be read."""

COLUMNS: Final = (
    "_key",
    "account_id",
    "arn",
    "create_time",
    "destination_configuration",
    "id",
    "name",
    "recording_reconnect_window_seconds",
    "rendition_configuration",
    "state",
    "tags",
    "thumbnail_configuration",
    "update_time",
    "region",
    "managed_by",
    "associations",
)
"""The contract with users; in this order wherever there is one."""

_OTHER_MANAGERS: Final = {
    # Tags that only the named tool sets. Terraform and Pulumi leave none.
    "aws:cloudformation:stack-name": "cloudformation",
    "crossplane-name": "crossplane",
}

_FORMULA: Final = re.compile(r"^[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
"""What spreadsheets take for a formula, their full-width forms included."""


def rows_of(listed: Iterable[Listed]) -> list[Row]:
    """All rows, by account, region, service, name and ARN."""
    rows = [_row(item, part.consumers) for part in listed for item in part.configurations]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[str, ...]:
    service = row["arn"].split(":")[2]
    return row["account_id"], row["region"], service, row["name"], row["arn"]


def managed_by(tags: Mapping[str, str]) -> str | None:
    """Who manages an object, as far as its tags tell: our owner tag, or `tool:name`."""
    if TAG_OWNER in tags:
        return tags[TAG_OWNER]
    return next((f"{tool}:{tags[tag]}" for tag, tool in _OTHER_MANAGERS.items() if tag in tags), None)


def account_and_region(arn: str) -> tuple[str, str]:
    """The account and the region that an ARN names."""
    parts = arn.split(":")
    return parts[4], parts[3]


def hstore(tags: Mapping[str, str]) -> str:
    """Tags in PostgreSQL's hstore form: `"k"=>"v", "k2"=>"v2"`, by key."""
    return ", ".join(f"{_quoted(key)}=>{_quoted(tags[key])}" for key in sorted(tags))


def cell(value: Any) -> str:
    """A value as the text of a cell: tags as hstore, other maps as JSON, lists by their length."""
    if value is None:
        return ""
    if isinstance(value, Collection) and not isinstance(value, str | Mapping):
        return str(len(value))
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return str(value)


def safe_cell(text: str) -> str:
    """The text, such that no spreadsheet takes it for a formula: those get an apostrophe in front."""
    return f"'{text}" if _FORMULA.match(text) else text


def visible(text: str) -> str:
    """The text with what would move the cursor, break the line or hide something spelled out."""
    return "".join(_spelled(letter) if unicodedata.category(letter) in _INVISIBLE else letter for letter in text)


_INVISIBLE: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"})


def _spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _row(item: Configuration, consumers: ConsumerIndex | None) -> Row:
    account, region = account_and_region(item.arn)
    users = None if consumers is None else sorted(user.arn for user in consumers.users(item.arn))
    return {
        "_key": item.arn,
        "account_id": account,
        "arn": item.arn,
        "create_time": item.create_time,
        "destination_configuration": item.settings.get("destinationConfiguration"),
        "id": item.id,
        "name": item.settings.get("name") or "",
        "recording_reconnect_window_seconds": item.settings.get("recordingReconnectWindowSeconds"),
        "rendition_configuration": item.settings.get("renditionConfiguration"),
        "state": item.state,
        "tags": dict(sorted(item.tags.items())),
        "thumbnail_configuration": item.settings.get("thumbnailConfiguration"),
        "update_time": item.update_time,
        "region": region,
        "managed_by": managed_by(item.tags),
        "associations": users,
    }
