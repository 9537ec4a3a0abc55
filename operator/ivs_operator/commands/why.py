"""`ivs-operator why`: one object explained."""

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from ivs_operator.commands.cluster_options import cluster_options
from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.output import Notes, hush_logs, quiet_option
from ivs_operator.commands.setting_options import setting_options, settings_from

if TYPE_CHECKING:
    from ivs_operator.domain.explanation import Explanation
    from ivs_operator.domain.identity import Key
    from ivs_operator.settings import Settings

__all__ = ["command", "key_from"]

_EXAMPLES = """
ivs-operator why recordingconfiguration/live/vod
ivs-operator why ivscl/live/chat-archive
ivs-operator why ivsrc/live/vod -o json | jq .next
kubectl ivs why ivsrc/vod -n live
"""


_SETTINGS = (
    "region",
    "cluster_id",
    "default_tags",
    "default_account_namespaces",
    "adoption",
    "create_grace",
    "sweep_interval",
    "namespaces",
    "watch_selector",
)
"""Those that a plan, or the name of the operator's Lease, depends on."""


class _ObjectName(click.ParamType[str]):
    """`<kind>/<namespace>/<name>`."""

    name = "object"

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Kinds, until the first slash."""
        if "/" in incomplete:
            return []
        names = [word for words in _words().values() for word in words]
        return [CompletionItem(f"{name}/") for name in names if name.startswith(incomplete.lower())]


@command_of(examples=_EXAMPLES)
@click.argument("object_", metavar="KIND/NAMESPACE/NAME", type=_ObjectName())
@click.option("--namespace", "-n", help="Namespace, for KIND/NAME. [default: the kubeconfig's]")
@click.option("--output", "-o", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
@cluster_options
@setting_options(*_SETTINGS)
@quiet_option
@click.pass_context
def command(
    context: click.Context, /, object_: str, namespace: str | None, format_: str, *, quiet: bool, **given: str | None
) -> None:
    """Explain one object: what is wanted, what AWS has, who blocks, what happens next.

    KIND is a kind, its plural, or a short name (ivsrc, ivscl). It asks Kubernetes and AWS with your credentials and
    plans with the operator's own planner, so that both come to the same; nothing is ever written. Settings that the
    operator runs with (default tags, cluster id) must be given here, too. Where AWS can't be asked, it says what the
    status remembers, and the exit code is 3.
    """
    hush_logs()  # also what reads the kubeconfig for its namespace logs
    key = key_from(object_, namespace)
    settings = settings_from(given)
    import asyncio

    from ivs_operator.commands.why_text import as_json, show

    found = asyncio.run(_explain(settings, key, Notes(quiet=quiet)))
    if format_ == "json":
        click.echo(as_json(found))
    else:
        show(found)
    context.exit(ExitCode.PARTIAL if found.aws.trouble is not None else ExitCode.SUCCESS)


def key_from(text: str, namespace: str | None) -> "Key":
    """The object that `kind/namespace/name` means, or `kind/name` with a namespace beside it.

    Raises:
        Failure: it means none.
    """
    from ivs_operator.domain.identity import Key, Kind

    parts = text.split("/")
    kinds = {word: kind for kind, words in _words().items() for word in words}
    if len(parts) == 2:  # noqa: PLR2004 - as kubectl writes it
        parts = [parts[0], namespace or _usual_namespace(), parts[1]]
    elif namespace is not None and parts[1:2] != [namespace]:
        raise Failure(f"{text}: names a namespace, and --namespace names {namespace}", ExitCode.USAGE)
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - kind, namespace, name
        raise Failure(f"{text}: give KIND/NAMESPACE/NAME, such as ivsrc/live/vod", ExitCode.USAGE)
    kind = kinds.get(parts[0].lower().partition(".")[0])
    if kind is None:
        raise Failure(f"{parts[0]}: no kind of ours; use one of {', '.join(kinds)}", ExitCode.USAGE)
    return Key(Kind(kind), parts[1], parts[2])


def _usual_namespace() -> str:
    from ivs_operator.kube.connection import usual_namespace

    return usual_namespace()


def _words() -> dict[str, tuple[str, ...]]:
    from ivs_operator.api.kinds import MANAGED_KINDS

    return {kind.kind: (kind.singular, kind.plural, *kind.short_names) for kind in MANAGED_KINDS}


async def _explain(settings: "Settings", key: "Key", notes: Notes) -> "Explanation":
    from ivs_operator.commands.onlooker import onlooker

    async with onlooker(settings, notes) as eyes:
        return await eyes.explain(key)
