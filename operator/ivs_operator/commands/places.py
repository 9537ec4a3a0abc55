"""Where a tool looks: regions and accounts as options, and the reading of everything there."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, hush_logs

if TYPE_CHECKING:
    import boto3

    from ivs_operator.aws.listing import Place, Survey
    from ivs_operator.domain.accounts import Account
    from ivs_operator.domain.listed import Gap
    from ivs_operator.domain.observed import Configuration

__all__ = ["ALL", "give", "names_in", "place_options", "read", "told"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

ALL: Final = "all"
OWN: Final = "own"


def place_options(command: _Command) -> _Command:
    """`--regions` and `--accounts`; the region that `--region` or the environment names is the default."""
    regions = click.option(
        "--regions",
        metavar="LIST",
        help="Regions, comma-separated, or `all`. [default: the one of --region, AWS_REGION, the profile]",
    )
    accounts = click.option(
        "--accounts",
        "--account",
        "accounts",
        metavar="LIST",
        help="AWSAccounts of the cluster, comma-separated, whose roles to use; `own`: your own credentials (the "
        "default), `all`: these and every AWSAccount.",
    )
    return regions(accounts(command))


def names_in(given: str | None) -> tuple[str, ...]:
    """The names of a comma-separated list, each once."""
    return tuple(dict.fromkeys(name.strip() for name in (given or "").split(",") if name.strip()))


def read(
    regions: str | None,
    accounts: str | None,
    default: str | None,
    notes: Notes,
    *,
    detailed: "Callable[[Configuration], bool]" = lambda _: True,
) -> "Survey":
    """Everything that there is in these regions of these accounts; nothing is written. `detailed` as in `survey`.

    Raises:
        Failure: the options make no sense, or nothing at all could be read.
    """
    hush_logs()
    try:
        found = asyncio.run(_read(names_in(regions), names_in(accounts) or (OWN,), default, notes, detailed=detailed))
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


async def _read(
    regions: tuple[str, ...],
    accounts: tuple[str, ...],
    default: str | None,
    notes: Notes,
    *,
    detailed: "Callable[[Configuration], bool]",
) -> "Survey":
    import boto3

    from ivs_operator.aws.estate import default_region
    from ivs_operator.aws.listing import survey

    own = boto3.Session()
    default = default or default_region(own)
    offered = _offered(own)
    _check_regions(regions, offered)
    places: list[Place] = []
    gaps: list[Gap] = []
    for account in await _accounts(accounts):
        session = own if account is None else await _session(own, account, default, gaps)
        if session is not None:
            named = _regions_for(account, regions, default, offered)
            places += _places(named, session, account)
    found = await survey(places, detailed=detailed, progress=notes.progress)
    found.gaps = [*gaps, *found.gaps]
    return found


async def _accounts(names: tuple[str, ...]) -> "list[Account | None]":
    """The AWSAccounts named; None stands for one's own credentials."""
    if names == (OWN,):
        return [None]
    from ivs_operator.commands.cluster_reading import account_named, aws_accounts

    known = await aws_accounts()
    if ALL in names:
        return [None, *(known[name] for name in sorted(known))]
    return [None if name == OWN else account_named(known, name, "--accounts") for name in names]


async def _session(
    own: "boto3.Session", account: "Account", region: str | None, gaps: "list[Gap]"
) -> "boto3.Session | None":
    from ivs_operator.api.reasons import Reason
    from ivs_operator.aws.role_sessions import role_session
    from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
    from ivs_operator.domain.listed import Gap

    if account.role is None:
        fault = Fault(FaultClass.SLOW, Reason.ACCOUNT_NOT_FOUND, account.invalid or "its spec can't be read")
    else:
        try:
            return await role_session(own, account.role, region)
        except CallFailed as error:
            fault = error.fault
    gaps.append(Gap("anything", f"AWSAccount {account.name}", fault))
    return None


def _regions_for(
    account: "Account | None", regions: tuple[str, ...], default: str | None, offered: Sequence[str]
) -> tuple[str, ...]:
    if regions:
        return tuple(offered) if regions == (ALL,) else regions
    region = account.default_region if account is not None and account.default_region else default
    if region is None:
        message = "no region: give --regions, or set AWS_REGION or the profile's region; `--regions all` looks in all"
        raise Failure(message, ExitCode.USAGE)
    _check_regions((region,), offered)
    return (region,)


def _places(regions: Iterable[str], session: "boto3.Session", account: "Account | None") -> "list[Place]":
    from ivs_operator.aws.listing import Place

    return [Place(region, session, account.name if account is not None else "") for region in regions]


def _offered(session: "boto3.Session") -> list[str]:
    from ivs_operator.aws.estate import supported_regions
    from ivs_operator.domain.identity import Kind

    return sorted(set().union(*(supported_regions(session, kind) for kind in Kind)))


def _check_regions(regions: Iterable[str], offered: Sequence[str]) -> None:
    for region in regions:
        if region not in (*offered, ALL):
            message = f"--regions: Amazon IVS is not offered in {region}; it is in {', '.join(offered)}"
            raise Failure(message, ExitCode.USAGE)
