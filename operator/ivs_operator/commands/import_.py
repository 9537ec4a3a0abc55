"""`ivs-operator import`: AWS objects that exist as custom resources."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ivs_operator.commands.cluster_options import cluster_options
from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, quiet_option, write_file, write_folder
from ivs_operator.commands.places import give, place_options, read, told
from ivs_operator.commands.setting_options import setting_options, settings_from

if TYPE_CHECKING:
    from ivs_operator.domain.importing import Choice, Import, Outcome

__all__ = ["command"]

_EXAMPLES = """
ivs-operator import --namespace live | kubectl apply --server-side -f -
ivs-operator import --regions all --namespace 'ivs-{region}' --output-dir clusters/prod/ivs --create-namespaces
ivs-operator import --namespace '{tag:team|shared}' --tag env=prod --output live.yaml
ivs-operator import --arn arn:aws:ivs:us-west-2:111122223333:recording-configuration/abcdABCDefgh --no-tags
"""

_ARN = re.compile(r"arn:aws:(ivs|ivschat):([a-z0-9-]+):\d{12}:(recording|logging)-configuration/[a-zA-Z0-9-]+")
_NOTHING = "nothing to import, so that nothing is written: kubectl apply would find no objects"
_MOST_TOLD = 10  # lines about what was left out; the rest is counted


@command_of(examples=_EXAMPLES)
@click.option(
    "--namespace",
    "-n",
    default="default",
    show_default=True,
    metavar="TEMPLATE",
    help="Namespace of the objects; may contain {account}, {region}, {tag:KEY} and {tag:KEY|FALLBACK}.",
)
@click.option("--arn", "arns", multiple=True, metavar="ARN", help="Only this AWS object; may be given several times.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="Only what has this tag; several: all of them.")
@click.option("--all", "all_", is_flag=True, help="Also what a cluster manages already, by its owner tag.")
@click.option(
    "--no-tags",
    is_flag=True,
    help="Make the objects paused, so that not even owner tags are written; they get Ready once they are resumed.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a folder for kustomize instead: a file for each object and a kustomization.yaml.",
)
@click.option("--create-namespaces", is_flag=True, help="Add the namespaces themselves.")
@place_options
@cluster_options
@setting_options("region")
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    *,
    namespace: str,
    arns: tuple[str, ...],
    tags: tuple[str, ...],
    output: Path | None,
    output_dir: Path | None,
    all_: bool,
    no_tags: bool,
    create_namespaces: bool,
    regions: str | None,
    accounts: str | None,
    region: str | None,
    quiet: bool,
) -> None:
    """Write AWS objects that exist as custom resources.

    Every object gets `existing`, `deletionPolicy: Retain` and `driftPolicy: Report`, and entries that select exactly
    the rooms or channels that use it today: by ARN, or by tags and names that only they have when they are more than
    an object has entries (100). Only reads AWS. What can't be imported is named on standard error, and the exit code
    is 3.
    """
    from ivs_operator.domain.importing import import_from, wanted

    choice = _choice(namespace, arns, tags, managed=all_, paused=no_tags)
    _check_folder(output, output_dir)
    notes = Notes(quiet=quiet)
    default = settings_from({"region": region}).region
    found = read(regions or _regions_of(arns), accounts, default, notes, detailed=lambda item: wanted(item, choice))
    outcome = import_from(found.listed, choice)
    if outcome.imports:
        _write(outcome.imports, output, output_dir, namespaces=create_namespaces)
    _report(outcome, notes, output or output_dir)
    if output_dir is not None and outcome.imports and not create_namespaces:
        names = ", ".join(sorted({made.namespace for made in outcome.imports}))
        notes.say(f"to be there before it is applied: namespaces {names}; --create-namespaces writes them, too")
    gaps = [str(gap) for gap in found.gaps] + _missing(outcome)
    if not outcome.imports and (arns or gaps):
        raise Failure(gaps[0] if gaps else "nothing was imported")
    context.exit(told(gaps, notes))


def _choice(namespace: str, arns: Sequence[str], tags: Sequence[str], *, managed: bool, paused: bool) -> "Choice":
    from ivs_operator.domain.import_names import BadTemplate, parse_template
    from ivs_operator.domain.importing import Choice

    for arn in arns:
        if _ARN.fullmatch(arn) is None:
            message = f"--arn: {arn!r} is no ARN of a recording or logging configuration"
            raise Failure(message, ExitCode.USAGE)
    for tag in tags:
        if "=" not in tag:
            raise Failure(f"--tag: {tag!r} is not of the form KEY=VALUE", ExitCode.USAGE)
    try:
        template = parse_template(namespace)
    except BadTemplate as error:
        raise Failure(f"--namespace: {error}", ExitCode.USAGE) from error
    return Choice(template, frozenset(arns), tuple(tags), managed=managed, paused=paused)


def _check_folder(output: Path | None, folder: Path | None) -> None:
    """Before minutes of reading: whether there is a place for the result. Nobody's files are mixed with ours."""
    from ivs_operator.commands.import_files import KUSTOMIZATION, is_ours

    if output is not None and folder is not None:
        raise Failure("give --output or --output-dir, not both", ExitCode.USAGE)
    if folder is None or not folder.exists() or not any(folder.iterdir()):
        return
    earlier = folder / KUSTOMIZATION
    if not earlier.is_file() or not is_ours(earlier.read_text(encoding="utf-8", errors="replace")):
        message = f"--output-dir: {folder} has files that no import has written; name a new or empty folder"
        raise Failure(message, ExitCode.USAGE)


def _regions_of(arns: Sequence[str]) -> str | None:
    return ",".join(dict.fromkeys(arn.split(":")[3] for arn in arns)) or None


def _write(imports: "Sequence[Import]", output: Path | None, folder: Path | None, *, namespaces: bool) -> None:
    from ivs_operator.commands.import_files import as_folder, as_stream

    if folder is not None:
        write_folder(folder, as_folder(imports, namespaces=namespaces))
    elif output is not None:
        write_file(output, as_stream(imports, namespaces=namespaces))
    else:
        give(as_stream(imports, namespaces=namespaces))


def _report(outcome: "Outcome", notes: Notes, target: Path | None) -> None:
    from ivs_operator.commands.import_files import count_of
    from ivs_operator.domain.inventory_rows import visible

    where = f" to {target}" if target is not None else ""
    notes.say(f"{count_of(outcome.imports)} imported{where}" if outcome.imports else _NOTHING)
    for made in outcome.imports:
        for remark in made.remarks:
            notes.say(visible(f"{made.namespace}/{made.name}: {remark}"))
    quiet = [str(entry) for entry in outcome.left_out if not entry.trouble]
    for line in quiet[:_MOST_TOLD]:
        notes.say(visible(line))
    if len(quiet) > _MOST_TOLD:
        notes.say(f"and {len(quiet) - _MOST_TOLD} more were left out")


def _missing(outcome: "Outcome") -> list[str]:
    """What was asked for and did not come, or not whole."""
    lines = [str(entry) for entry in outcome.left_out if entry.trouble]
    return lines + [
        f"{made.namespace}/{made.name} does not select all that use {made.arn}"
        for made in outcome.imports
        if not made.complete
    ]
