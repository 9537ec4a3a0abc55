"""What an inventory says of an object, in every form of cell."""

import csv
import io
import json
from typing import Any

import pytest

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.commands.inventory_formats import TABLE_COLUMNS, as_csv, as_json, as_table
from ivs_operator.domain.inventory_rows import COLUMNS, cell, hstore, managed_by, rows_of, safe_cell, visible
from ivs_operator.domain.listed import Listed
from ivs_operator.domain.observed import Configuration, Consumer, ConsumerIndex
from support.objects import ACCOUNT, CHAT, RECORDING, REGION, channel, configuration, room


def rows(*items: Configuration, consumers: tuple[Consumer, ...] | None = ()) -> list[dict[str, Any]]:
    kind = RECORDING if ":ivs:" in items[0].arn else CHAT
    index = None if consumers is None else ConsumerIndex(consumers)
    return [dict(row) for row in rows_of([Listed(kind, REGION, "", items, index)])]


def test_every_column_of_a_recording_configuration() -> None:
    item = configuration("a", RECORDING, owner=None, tags={"b": "2", "a": "1"}, recordingReconnectWindowSeconds=60)
    (row,) = rows(item, consumers=(channel("y", "a"), channel("x", "a"), channel("z")))
    assert tuple(row) == COLUMNS
    assert row == {
        "_key": item.arn,
        "account_id": ACCOUNT,
        "arn": item.arn,
        "create_time": None,
        "destination_configuration": {"s3": {"bucketName": "my-bucket"}},
        "id": "a",
        "name": "vod",
        "recording_reconnect_window_seconds": 60,
        "rendition_configuration": {"renditionSelection": "ALL"},
        "state": "ACTIVE",
        "tags": {"a": "1", "b": "2"},
        "thumbnail_configuration": {
            "recordingMode": "INTERVAL",
            "targetIntervalSeconds": 60,
            "storage": ["SEQUENTIAL"],
        },
        "update_time": None,
        "region": REGION,
        "managed_by": None,
        "associations": [channel("x").arn, channel("y").arn],
    }


def test_what_could_not_be_read_is_unknown_and_not_nothing() -> None:
    (row,) = rows(configuration("a", RECORDING, complete=False), consumers=None)
    assert row["associations"] is None
    assert row["thumbnail_configuration"] is None
    assert "?" in as_table([row]).splitlines()[1]


@pytest.mark.parametrize(
    ("tags", "manager"),
    [
        ({}, None),
        ({TAG_OWNER: "c/ns/vod"}, "c/ns/vod"),
        ({"aws:cloudformation:stack-name": "live"}, "cloudformation:live"),
        ({"crossplane-name": "vod"}, "crossplane:vod"),
        ({"aws:cloudformation:stack-name": "live", TAG_OWNER: "c/ns/vod"}, "c/ns/vod"),
    ],
)
def test_who_manages_it(tags: dict[str, str], manager: str | None) -> None:
    assert managed_by(tags) == manager


EVERY_LEGAL_CHARACTER = "aZ9 é漢_.:/=+-@"


@pytest.mark.parametrize(
    ("tags", "text"),
    [
        ({}, ""),
        ({"k": "v"}, '"k"=>"v"'),
        ({"b": "", "a": "1"}, '"a"=>"1", "b"=>""'),
        ({EVERY_LEGAL_CHARACTER: EVERY_LEGAL_CHARACTER}, f'"{EVERY_LEGAL_CHARACTER}"=>"{EVERY_LEGAL_CHARACTER}"'),
        ({'q"': 'b\\"'}, r'"q\""=>"b\\\""'),
        ({"arrow": '", "x"=>"y'}, r'"arrow"=>"\", \"x\"=>\"y"'),
    ],
)
def test_hstore(tags: dict[str, str], text: str) -> None:
    assert hstore(tags) == text


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1", "\uff20x"])
def test_formulas_are_disarmed(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "vod", "a=b", '"=1"=>"x"', "1-2"])
def test_plain_text_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_csv_is_read_back_as_written() -> None:
    items = [configuration("a", name="-dash", owner="=cmd|x/ns/n", tags={"k": 'v,"\n'}), configuration("b", owner=None)]
    first, second = csv.DictReader(io.StringIO(as_csv(rows(*items, consumers=(room("r", "a"),)))))
    assert tuple(first) == COLUMNS
    assert (first["name"], first["managed_by"], first["associations"]) == ("'-dash", "'=cmd|x/ns/n", "1")
    assert json.loads(first["destination_configuration"]) == {"s3": {"bucketName": "my-bucket"}}
    assert first["tags"].endswith('"k"=>"v,\\"\n"')
    assert (second["managed_by"], second["create_time"]) == ("", "")


def test_json_keeps_everything_as_it_is() -> None:
    found = json.loads(as_json(rows(configuration("a", owner=None, tags={"=x": "漢"}))))
    assert [tuple(row) for row in found] == [COLUMNS]
    assert found[0]["tags"] == {"=x": "漢"}
    assert as_json([]) == "[]\n"


def test_the_table_is_aligned_whatever_is_in_it() -> None:
    items = [configuration("a", owner="c/ns/漢字"), configuration("b", owner=None, name="a-longer-name")]
    header, second, first = as_table(rows(*items)).splitlines()
    assert header.split() == list(TABLE_COLUMNS)
    assert second.index("arn:") == header.index("arn")
    assert first.index("arn:") == header.index("arn") - 2, "two characters are as wide as four"


def test_a_terminal_is_not_at_the_mercy_of_a_tag() -> None:
    (row,) = rows(configuration("a", owner="\x1b[2J\n\u202e/ns/n"))
    text = as_table([row], ("managed_by", "tags"))
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text
    assert r"\x1b[2J\n\u202e" in text
    assert visible("漢 é_=") == "漢 é_="


def test_cells() -> None:
    assert [cell(value) for value in (None, 0, "x", {"b": 1, "a": ["é"]}, ["x", "y"], ())] == [
        "", "0", "x", '{"a":["é"],"b":1}', "2", "0",
    ]  # fmt: skip
