"""Where a tool looks: regions and accounts as options, and the reading of everything there."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes

if TYPE_CHECKING:
    from ivs_operator.aws.listing import Place, Survey

__all__ = ["ALL", "give", "place_options", "places_of", "read", "told"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

ALL = "all"


def place_options(command: _Command) -> _Command:
    """`--regions`; the region that `--region` or the environment names is the default."""
    return click.option(
        "--regions",
        metavar="LIST",
        help="Regions, comma-separated, or `all`. [default: the one of --region, AWS_REGION, the profile]",
    )(command)


def places_of(regions: str | None, default: str | None) -> "tuple[Place, ...]":
    """The places that the options name.

    Raises:
        Failure: no region is known, or one does not offer Amazon IVS.
    """
    import boto3

    from ivs_operator.aws.estate import default_region, supported_regions
    from ivs_operator.aws.listing import Place
    from ivs_operator.domain.identity import Kind

    session = boto3.Session()
    offered = sorted(set().union(*(supported_regions(session, kind) for kind in Kind)))
    named = _named(regions) if regions is not None else tuple(filter(None, [default or default_region(session)]))
    if named == (ALL,):
        named = tuple(offered)
    if not named:
        message = "no region: give --regions, or set AWS_REGION or the profile's region; `--regions all` looks in all"
        raise Failure(message, ExitCode.USAGE)
    for region in named:
        if region not in offered:
            message = f"--regions: Amazon IVS is not offered in {region}; it is in {', '.join(offered)}"
            raise Failure(message, ExitCode.USAGE)
    return tuple(Place(region, session) for region in named)


def read(places: "Sequence[Place]", notes: Notes, *, details: bool = True, consumers: bool = True) -> "Survey":
    """Everything in these places.

    Raises:
        Failure: nothing at all could be read.
    """
    from ivs_operator import logs
    from ivs_operator.aws.listing import survey

    logs.configure("text", "error")  # what goes wrong is told as gaps
    try:
        found = asyncio.run(survey(places, details=details, consumers=consumers, progress=notes.progress))
    finally:
        notes.end()
    if found.gaps and not found.answered:
        causes = {gap.fault.message for gap in found.gaps}
        raise Failure(causes.pop() if len(causes) == 1 else str(found.gaps[0]))
    return found


def told(gaps: Sequence[str], notes: Notes) -> ExitCode:
    """Say what is missing; the exit code that fits."""
    from ivs_operator.domain.inventory_rows import visible

    for gap in dict.fromkeys(gaps):
        notes.warn(f"ivs-operator: {visible(gap)}")
    return ExitCode.PARTIAL if gaps else ExitCode.SUCCESS


def give(text: str) -> None:
    """Write a result to standard output, in UTF-8 whatever the locale says."""
    click.echo(text.encode(), nl=False)


def _named(regions: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in regions.split(",") if name.strip()))
