"""The command line. Imports of what a command needs stay inside it, so that `--help` is fast."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ivs_operator import __version__
from ivs_operator.settings import Settings

__all__ = ["cli"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

EXIT_CODES = """\b
Exit codes: 0 success, 1 failure (one line on standard error says why), 2 wrong usage or setting.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="ivs-operator")
def cli() -> None:
    """Amazon IVS recording configurations and IVS Chat logging configurations as Kubernetes custom resources."""


def _options_of_settings(command: _Command) -> _Command:
    """One option per setting; what is not given is left to the environment and the defaults."""
    for name, field in reversed(Settings.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        command = click.option(flag, name, metavar="VALUE", help=_help(name, field))(command)
    return command


def _help(name: str, field: FieldInfo) -> str:
    default = field.default
    shown = {True: "on", False: "off"}.get(default, default) if isinstance(default, bool) else default
    text = f"[default: {shown}] " if shown not in (None, (), {}) else ""
    return f"{field.description}. {text}[env: IVS_OPERATOR_{name.upper()}]"


@cli.command()
@_options_of_settings
def run(**given: str | None) -> None:
    """Run the operator until SIGTERM or SIGINT.

    \b
    In a cluster it uses the pod's service account, else KUBECONFIG. AWS credentials, profiles and endpoints are
    boto3's own: AWS_PROFILE, AWS_ENDPOINT_URL, IRSA, EKS Pod Identity, ...

    \b
    Example: ivs-operator run --region us-west-2 --namespaces live,chat --log-format json
    """  # noqa: D301 - click wants the control character itself, or it rewraps the paragraph
    settings = _settings(given)
    import asyncio

    from ivs_operator import logs
    from ivs_operator.handlers import register
    from ivs_operator.health import PortTaken
    from ivs_operator.kube.connection import NoCluster
    from ivs_operator.wiring import Operator, StartFailed

    logs.configure(settings.log_format, settings.log_level)
    try:
        asyncio.run(Operator(settings).run(register))
    except (NoCluster, PortTaken, StartFailed) as error:
        _fail(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _settings(given: dict[str, str | None]) -> Settings:
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        for mistake in error.errors():
            name = str(mistake["loc"][0]) if mistake["loc"] else "settings"
            flag = "--" + name.replace("_", "-")
            text = mistake["msg"].removeprefix("Value error, ")
            click.echo(
                f"ivs-operator: {flag} (or IVS_OPERATOR_{name.upper()}): {text}; got {mistake['input']!r}", err=True
            )
        sys.exit(2)


@cli.command()
@click.option("--output-dir", type=click.Path(path_type=Path), help="Write one file per kind here instead.")
def crds(output_dir: Path | None) -> None:
    """Print the CustomResourceDefinitions as YAML.

    \b
    Example: ivs-operator crds | kubectl apply --server-side -f -
    """  # noqa: D301 - click wants the control character itself, or it rewraps the paragraph
    from ivs_operator.api import crd

    if output_dir is None:
        click.echo("---\n".join(crd.render(item) for item in crd.crds()), nl=False)
        return
    try:
        crd.write(output_dir)
    except OSError as error:
        _fail(f"{error.filename or output_dir}: {error.strerror or error}")


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4599, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--verbose", is_flag=True, help="Log every request.")
def emulator(host: str, port: int, *, verbose: bool) -> None:
    """Run the AWS emulator alone: IVS, IVS Chat, moto's S3, Logs, Firehose, CloudWatch and STS on one port.

    \b
    Example: ivs-operator emulator --port 4599
    then:    AWS_ENDPOINT_URL=http://127.0.0.1:4599 aws ivschat list-rooms
    """  # noqa: D301 - click wants the control character itself, or it rewraps the paragraph
    try:
        from ivs_emulator.__main__ import run as serve
    except ModuleNotFoundError as error:
        _fail(f"the emulator needs the extra: pip install 'ivs-operator[emulator]' (missing: {error.name})")
    sys.exit(serve(host, port, verbose=verbose))


@cli.command()
@click.option("--keep", is_flag=True, help="Leave everything running at the end, until Ctrl-C.")
def demo(*, keep: bool) -> None:
    """Tell the operator's story on this machine, without a cluster and without AWS.

    Starts a local control plane and the AWS emulator, applies the samples, and shows objects becoming Ready, rooms and
    channels being associated, and a deletion that is held back until a room lets go.
    """
    try:
        from ivs_sandbox.demo import run as tell
    except ModuleNotFoundError as error:
        _fail(f"the demo needs the extra: pip install 'ivs-operator[sandbox]' (missing: {error.name})")
    sys.exit(tell(keep=keep))


def _fail(message: str) -> NoReturn:
    click.echo(f"ivs-operator: {message}", err=True)
    sys.exit(1)
