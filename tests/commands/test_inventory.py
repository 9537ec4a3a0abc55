"""`inventory` against the emulator: complete over regions, honest about what it could not read, and never a write."""

from __future__ import annotations

import csv
import io
import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.domain.inventory_rows import COLUMNS
from support.command_here import run_here
from support.emulator import ACCOUNT, REGION

if TYPE_CHECKING:
    from pathlib import Path

    from support.command_here import RunHere
    from support.emulator import Emulator

__all__ = ["run_here"]

OTHER_REGION = "eu-west-1"
DENIED = {"code": "AccessDeniedException", "message": "User: arn:x is not authorized", "status": 403}
TAGS = {"größe": "ä b_.:/=+-@", TAG_OWNER: "prod-1/live/vod"}


@pytest.fixture
def account(emulator: Emulator) -> Emulator:
    """One configuration of each kind in one region, with users, and one in another."""
    emulator.control.set(create_seconds=0)
    vod = emulator.client("ivs").create_recording_configuration(
        name="vod", destinationConfiguration={"s3": {"bucketName": emulator.bucket("vod")}}, tags=TAGS
    )["recordingConfiguration"]["arn"]
    logs = emulator.client("ivschat").create_logging_configuration(
        name="logs", destinationConfiguration={"cloudWatchLogs": {"logGroupName": emulator.log_group("/chat")}}
    )["arn"]
    emulator.client("ivschat", region=OTHER_REGION).create_logging_configuration(
        name="far", destinationConfiguration={"s3": {"bucketName": emulator.bucket("far", region=OTHER_REGION)}}
    )
    emulator.client("ivs").create_channel(recordingConfigurationArn=vod)
    emulator.control.seed(rooms=60, logging_configuration_identifiers=[logs])
    return emulator


def inventory(run_here: RunHere, emulator: Emulator, *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, rows by JSON, and standard error."""
    done = run_here("inventory", "--format=json", *arguments, environment=emulator.environment())
    return done.code, json.loads(done.out) if done.out else [], done.err


def test_everything_of_several_regions_without_a_write(account: Emulator, run_here: RunHere) -> None:
    since = account.control.last_sequence()
    code, rows, err = inventory(run_here, account, f"--regions={REGION},{OTHER_REGION}")
    assert (code, err) == (ExitCode.SUCCESS, "")
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    by_name = {row["name"]: row for row in rows}
    assert {name: (row["region"], len(row["associations"])) for name, row in by_name.items()} == {
        "vod": (REGION, 1),
        "logs": (REGION, 60),
        "far": (OTHER_REGION, 0),
    }
    vod, logs = by_name["vod"], by_name["logs"]
    assert (vod["account_id"], vod["managed_by"], vod["tags"]) == (ACCOUNT, "prod-1/live/vod", TAGS)
    assert vod["thumbnail_configuration"]["recordingMode"] == "INTERVAL", "what only Get tells"
    assert (logs["managed_by"], vod["create_time"]) == (None, None)
    assert logs["create_time"].endswith("Z")
    assert account.control.counts(since).writes == 0


def test_the_other_formats(account: Emulator, run_here: RunHere, tmp_path: Path) -> None:
    table = run_here("inventory", environment=account.environment())
    assert table.code == 0
    header, *lines = table.out.splitlines()
    assert header.split()[:3] == ["region", "name", "state"]
    assert len(lines) == 2
    assert "\x1b" not in table.out, "no colours where no terminal is"
    page = tmp_path / "inventory.html"
    done = run_here("inventory", "--format=html", "--output", str(page), environment=account.environment())
    assert (done.code, done.out, done.err) == (0, "", f"wrote {page}\n")
    assert "<td" in page.read_text()
    written = run_here("inventory", "--format=csv", environment=account.environment()).out
    assert (
        next(csv.DictReader(io.StringIO(written)))["tags"]
        == '"größe"=>"ä b_.:/=+-@", "' + f'{TAG_OWNER}"=>"prod-1/live/vod"'
    )


def test_columns_and_no_details(account: Emulator, run_here: RunHere) -> None:
    since = account.control.last_sequence()
    done = run_here("inventory", "--columns=name,id", "--no-details", environment=account.environment())
    assert done.out.splitlines()[0].split() == ["name", "id"]
    assert account.control.counts(since, operation="GetRecordingConfiguration").total == 0
    wide = run_here("inventory", "--columns=all", environment=account.environment()).out
    assert wide.splitlines()[0].split() == list(COLUMNS)


@pytest.mark.parametrize(
    ("operation", "gone", "says"),
    [
        ("ListRecordingConfigurations", "rows", "could not read recording configurations in us-west-2"),
        ("ListLoggingConfigurations", "rows", "could not read logging configurations in us-west-2"),
        ("ListChannels", "associations", "could not read channels in us-west-2"),
        ("ListRooms", "associations", "could not read rooms in us-west-2"),
        ("GetRecordingConfiguration", "details", "could not read the details of recording configurations in us-west"),
    ],
)
def test_a_half_readable_account_is_shown_as_far_as_it_goes(
    account: Emulator, run_here: RunHere, operation: str, gone: str, says: str
) -> None:
    account.control.add_fault(operation=operation, error=DENIED)
    code, rows, err = inventory(run_here, account)
    assert code == ExitCode.PARTIAL
    assert err.startswith(f"ivs-operator: {says}")
    assert err.endswith("is not authorized; ivs-operator iam-policy prints what must be allowed\n")
    unknown = [row["name"] for row in rows if row["associations"] is None]
    plain = [row["name"] for row in rows if row["name"] == "vod" and row["thumbnail_configuration"] is None]
    assert {"rows": len(rows) == 1, "associations": len(unknown) == 1, "details": plain == ["vod"]}[gone]
    assert len(rows) == (1 if gone == "rows" else 2)


def test_a_refused_get_is_not_repeated_for_every_object(emulator: Emulator, run_here: RunHere) -> None:
    emulator.control.seed(recording_configurations=40)
    emulator.control.add_fault(operation="GetRecordingConfiguration", error=DENIED)
    code, rows, _ = inventory(run_here, emulator)
    assert (code, len(rows)) == (ExitCode.PARTIAL, 40)
    assert emulator.control.counts(operation="GetRecordingConfiguration").total <= 4


def test_nothing_readable_is_a_failure_in_one_line(account: Emulator, run_here: RunHere) -> None:
    account.control.add_fault(operation="List*", error=DENIED)
    code, rows, err = inventory(run_here, account)
    assert (code, rows, len(err.splitlines())) == (ExitCode.FAILURE, [], 1)
    done = run_here("inventory", environment={**account.environment(), "AWS_ACCESS_KEY_ID": ""})
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert done.err.startswith("ivs-operator: no usable AWS credentials: none were found in the environment")


def test_a_throttle_and_a_lost_reply_are_waited_out(account: Emulator, run_here: RunHere) -> None:
    account.control.add_fault(operation="ListRooms", throttle=True, count=1)
    account.control.add_fault(operation="ListChannels", drop="after", count=1)
    code, rows, err = inventory(run_here, account)
    assert (code, len(rows), err) == (0, 2, "")


def test_a_room_that_moves_while_pages_are_read_is_not_overlooked(account: Emulator, run_here: RunHere) -> None:
    """ListRooms is newest update first: what is updated between two pages goes where we have been already."""
    (logs,) = [item["arn"] for item in account.control.resources("logging-configuration", region=REGION)]
    rooms = account.client("ivschat").list_rooms(maxResults=50)
    seen = {room["arn"] for room in rooms["rooms"]}
    last = next(room["arn"] for room in account.control.resources("room") if room["arn"] not in seen)
    hold = account.control.add_fault(operation="ListRooms", contains="nextToken", hold="before", count=1)

    def move() -> None:
        account.control.wait_held(hold)
        account.client("ivschat").update_room(identifier=last, name="moved")
        account.control.release(hold)

    mover = threading.Thread(target=move)
    mover.start()
    _, rows, _ = inventory(run_here, account)
    mover.join()
    assert last in next(row for row in rows if row["arn"] == logs)["associations"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--regions=mars-1"], "--regions: Amazon IVS is not offered in mars-1; it is in ap-northeast-1,"),
        (["--columns=nam"], "--columns: there is no column nam; use _key,"),
        (["--columns=,"], "--columns: it names none; use all, or some of _key,"),
        (["--columns="], "--columns: it names none"),
        (["--format=xml"], "'xml' is not one of 'table', 'json', 'csv', 'html'"),
    ],
)
def test_wrong_usage(run_here: RunHere, arguments: list[str], says: str) -> None:
    done = run_here("inventory", *arguments, environment={"AWS_REGION": REGION})
    assert done.code == ExitCode.USAGE
    assert says in done.err


def test_an_account_with_nothing_is_said_to_have_nothing(emulator: Emulator, run_here: RunHere) -> None:
    done = run_here("inventory", environment=emulator.environment())
    assert (done.code, done.out) == (0, ""), "no header without rows"
    assert done.err == "there is no recording or logging configuration\n"
    program = run_here("inventory", "--format=json", "--quiet", environment=emulator.environment())
    assert (program.out, program.err) == ("[]\n", "")


def test_no_region_is_said_with_the_remedy(run_here: RunHere) -> None:
    done = run_here("inventory", environment={})
    assert done.code == ExitCode.USAGE
    assert "--regions all" in done.err
