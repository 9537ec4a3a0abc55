"""`ivs-operator inventory`: what there is at AWS, managed or not."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivs_operator.commands.cluster_options import cluster_options
from ivs_operator.commands.cluster_reading import orphans_of
from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, colours, quiet_option, write_file
from ivs_operator.commands.places import ALL, give, names_in, place_options, read, told
from ivs_operator.commands.setting_options import setting_options, settings_from

if TYPE_CHECKING:
    from ivs_operator.domain.inventory_rows import Row

__all__ = ["command"]

_EXAMPLES = """
ivs-operator inventory
ivs-operator inventory --regions us-west-2,eu-west-1 --format json | jq '.[].arn'
ivs-operator inventory --regions all --format html --output inventory.html
ivs-operator inventory --accounts all --regions all --no-details --columns account_id,region,name,managed_by
ivs-operator inventory --orphans
"""

_FORMATS = ("table", "json", "csv", "html")


@command_of(examples=_EXAMPLES)
@click.option("--format", "format_", type=click.Choice(_FORMATS), default="table", show_default=True, help="What for.")
@click.option("--columns", metavar="LIST", help="Columns of the table, comma-separated, or `all`.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
@click.option(
    "--no-details",
    is_flag=True,
    help="Leave out what costs a call for each recording configuration (three a second): thumbnails, renditions and "
    "the reconnect window.",
)
@click.option(
    "--orphans",
    is_flag=True,
    help="Only what carries this cluster's owner tag and has no custom resource; needs the cluster.",
)
@place_options
@cluster_options
@setting_options("region", "cluster_id")
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    *,
    format_: str,
    columns: str | None,
    output: Path | None,
    no_details: bool,
    orphans: bool,
    regions: str | None,
    accounts: str | None,
    region: str | None,
    cluster_id: str | None,
    quiet: bool,
) -> None:
    """List every recording and logging configuration, managed or not.

    JSON, CSV and HTML have all columns, the table those that fit a terminal. Associations are the rooms or channels
    that use a configuration: their ARNs in JSON and HTML, their number elsewhere. Only reads AWS; what can't be read
    is named on standard error, and the exit code is 3.
    """
    from ivs_operator.domain.inventory_rows import rows_of

    chosen = _columns(columns)
    notes = Notes(quiet=quiet)
    settings = settings_from({"region": region, "cluster_id": cluster_id})
    found = read(regions, accounts, settings.region, notes, detailed=lambda _: not no_details)
    gaps = [str(gap) for gap in found.gaps]
    rows = rows_of(found.listed)
    if orphans:
        lost = {orphan.arn for orphan in asyncio.run(orphans_of(found.listed, settings.cluster_id))}
        rows = [row for row in rows if row["arn"] in lost]
    if not rows:
        if not gaps:
            notes.say("there are no orphans" if orphans else "there is no recording or logging configuration")
        if format_ == "table" and output is None:
            context.exit(told(gaps, notes))  # columns of nothing tell nobody anything
    text = _rendered(rows, format_, chosen, gaps, painted=output is None and colours())
    if output is None:
        give(text)
    else:
        write_file(output, text)
        notes.say(f"wrote {output}")
    context.exit(told(gaps, notes))


def _columns(given: str | None) -> tuple[str, ...]:
    from ivs_operator.commands.inventory_formats import TABLE_COLUMNS
    from ivs_operator.domain.inventory_rows import COLUMNS

    if given is None:
        return TABLE_COLUMNS
    names = COLUMNS if given == ALL else names_in(given)
    unknown = [name for name in names if name not in COLUMNS]
    if not names:
        raise Failure(f"--columns: it names none; use {ALL}, or some of {', '.join(COLUMNS)}", ExitCode.USAGE)
    if unknown:
        raise Failure(f"--columns: there is no column {', '.join(unknown)}; use {', '.join(COLUMNS)}", ExitCode.USAGE)
    return names


def _rendered(
    rows: "Sequence[Row]", format_: str, columns: Sequence[str], gaps: Sequence[str], *, painted: bool
) -> str:
    from ivs_operator.commands import inventory_formats as formats
    from ivs_operator.commands.inventory_page import as_page

    match format_:
        case "json":
            return formats.as_json(rows)
        case "csv":
            return formats.as_csv(rows)
        case "html":
            return as_page(rows, made_at=_now(), gaps=gaps)
    return formats.as_table(rows, columns, paint=_painted if painted else None)


def _painted(column: str, text: str) -> str:
    if column != "state":
        return text
    colour = "green" if text == "ACTIVE" else "red" if text.endswith("FAILED") else "yellow"
    return click.style(text, fg=colour)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
