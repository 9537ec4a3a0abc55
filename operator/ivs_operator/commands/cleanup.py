"""`ivs-operator cleanup`: AWS objects that were left behind."""

import json
from typing import TYPE_CHECKING

import click

from ivs_operator.commands.cluster_options import cluster_options
from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, hush_logs, quiet_option
from ivs_operator.commands.setting_options import setting_options, settings_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivs_operator.commands.sweeping import Sweeping
    from ivs_operator.domain.cleanup import Verdict
    from ivs_operator.settings import Settings

__all__ = ["command"]

_EXAMPLES = """
ivs-operator cleanup --orphans
ivs-operator cleanup --orphans --regions us-west-2,eu-west-1 --yes
ivs-operator cleanup --orphans --arn "$ARN" --yes
ivs-operator cleanup --orphans --cluster-id prod-eu -o json | jq '.orphans[].arn'
"""


@command_of(examples=_EXAMPLES)
@click.option("--orphans", is_flag=True, help="AWS objects with this cluster's owner tag and no custom resource.")
@click.option("--yes", is_flag=True, help="Delete what the plan says; without it nothing is changed.")
@click.option(
    "--regions",
    metavar="LIST",
    help="Regions to look in, comma-separated, or `all`. [default: the one of --region, and wherever custom resources "
    "live]",
)
@click.option("--account", metavar="NAME", default="", help="Look in the account of this AWSAccount, by its role.")
@click.option("--arn", "arns", metavar="ARN", multiple=True, help="Only this orphan; may be given more than once.")
@click.option("--all-gone", is_flag=True, help="It is true that no AWS object belongs to a custom resource here.")
@click.option("--output", "-o", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@cluster_options
@setting_options("region", "cluster_id")
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    /,
    regions: str | None,
    account: str,
    arns: tuple[str, ...],
    format_: str,
    *,
    orphans: bool,
    yes: bool,
    all_gone: bool,
    quiet: bool,
    **given: str | None,
) -> None:
    """Show AWS objects that nothing in the cluster accounts for, and delete them with --yes.

    Whatever some room or channel still uses, or some custom resource names, is left alone and named; so is what was
    adopted, unless --arn names it. What a deletion with Retain could not take the owner tags off looks like any other
    orphan, so read the plan first. Before each delete Kubernetes and AWS are read again. It refuses when the cluster
    can't be read completely, or its id is not known. The exit code is 3 when something was left, or a region could not
    be read.
    """
    if not orphans:
        raise Failure("say what to clean up: --orphans is all there is", ExitCode.USAGE)
    settings = settings_from(given)
    import asyncio

    from ivs_operator.commands.places import names_in
    from ivs_operator.commands.sweeping import offered_regions

    named = offered_regions(names_in(regions))
    hush_logs()
    notes = Notes(quiet=quiet)
    chosen = frozenset(arns)
    work = _clean(settings, account, named, chosen, notes, format_=format_, yes=yes, all_gone=all_gone)
    context.exit(asyncio.run(work))


async def _clean(
    settings: "Settings",
    account: str,
    regions: "Sequence[str]",
    chosen: frozenset[str],
    notes: Notes,
    *,
    format_: str,
    yes: bool,
    all_gone: bool,
) -> ExitCode:
    from ivs_operator.commands.sweeping import sweeping

    async with sweeping(settings, account, act=yes, chosen=chosen) as work:
        plan = await work.plan(regions)
        for place in work.unread:
            notes.warn(f"ivs-operator: not read: {place}")
        text = format_ == "text"
        if text:
            _show(plan, work, acted=yes)
        if yes and work.foreign and not all_gone:
            raise Failure(_foreign(work))
        done = [await _remove(work, verdict, text=text) for verdict in plan] if yes else list(plan)
        if not text:
            click.echo(_as_json(work, done, acted=yes))
    left = any(verdict.outcome in {"skipped", "failed"} for verdict in done)
    return ExitCode.PARTIAL if left or work.unread else ExitCode.SUCCESS


async def _remove(work: "Sweeping", verdict: "Verdict", *, text: bool) -> "Verdict":
    """One after the other, each told as soon as it is done: whoever stops it knows how far it came."""
    done = await work.remove(verdict)
    if text:
        colour = {"failed": "red", "skipped": "yellow"}.get(done.outcome, "green")
        why = f": {done.hindrance}" if done.hindrance else ""
        click.echo(f"{_painted(done.outcome, colour)} {done.orphan.arn}{why}")
    return done


def _show(plan: "Sequence[Verdict]", work: "Sweeping", *, acted: bool) -> None:
    if not plan:
        click.echo(f"no orphans of cluster {work.cluster_id} in {', '.join(work.read)}")
        return
    for verdict in plan:
        orphan = verdict.orphan
        name = f" {orphan.name}" if orphan.name else ""
        word = _painted("keep  ", "yellow") if verdict.hindrance else _painted("delete", "red")
        click.echo(f"{word} {orphan.arn}{name} {orphan.state}")
        click.echo(f"       orphan: {orphan.cause}")
        if verdict.hindrance:
            click.echo(f"       kept: {verdict.hindrance}")
    doomed = sum(1 for verdict in plan if verdict.hindrance is None)
    if acted:
        click.echo("")
    else:
        rest = f", {len(plan) - doomed} to keep" if doomed < len(plan) else ""
        click.echo(f"\n{doomed} to delete{rest}. Nothing was changed; --yes deletes.")
        if doomed:
            click.echo(
                "What a deletion with Retain had to leave its tags (Event OwnerTagsStay) looks the same: "
                "name with --arn what to delete if there is any."
            )


def _foreign(work: "Sweeping") -> str:
    return (
        f"nothing at AWS under cluster id {work.cluster_id} belongs to a custom resource of this cluster: is it the "
        f"right kubeconfig, and the id that the operator has? Nothing was deleted; if they are all gone, add --all-gone"
    )


def _as_json(work: "Sweeping", verdicts: "Sequence[Verdict]", *, acted: bool) -> str:
    members = [
        {
            "arn": item.orphan.arn,
            "kind": str(item.orphan.kind),
            "namespace": item.orphan.key.namespace,
            "name": item.orphan.key.name,
            "awsName": item.orphan.name,
            "account": item.orphan.account_id,
            "region": item.orphan.region,
            "state": item.orphan.state,
            "cause": item.orphan.cause,
            "hindrance": item.hindrance,
            "outcome": item.outcome or None,
        }
        for item in verdicts
    ]
    whole = {"clusterId": work.cluster_id, "acted": acted, "orphans": members, "unread": work.unread}
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _painted(text: str, colour: str) -> str:
    from ivs_operator.commands.output import colours

    return click.style(text, fg=colour) if colours() else text
