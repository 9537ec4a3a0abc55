"""`ivs-operator emulator`: the AWS emulator alone."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure

__all__ = ["command"]

_EXAMPLES = """
ivs-operator emulator --port 4599
AWS_ENDPOINT_URL=http://127.0.0.1:4599 aws ivschat list-rooms
ivs-operator emulator --create-seconds 20 --list-lag-seconds 5 --enforce-rates
"""

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _behaviour(command: _Command) -> _Command:
    """One option for each setting of the emulator; none where it is not installed, as in the operator's image."""
    try:
        from ivs_emulator.settings import Settings
    except ModuleNotFoundError:
        return command
    for name, field in reversed(Settings.model_fields.items()):
        flag = f"--{name.replace('_', '-')}"
        default = getattr(field.default, "value", field.default)
        if isinstance(default, bool):
            shown = f"[default: {'on' if default else 'off'}]"
            switch = click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=f"{field.description}. {shown}")
            command = switch(command)
        else:
            text = f"{field.description}. [default: {default}]"
            command = click.option(flag, name, metavar="VALUE", help=text)(command)
    return command


@command_of(examples=_EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4599, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--verbose", is_flag=True, help="Log every request.")
@_behaviour
@click.pass_context
def command(context: click.Context, /, host: str, port: int, *, verbose: bool, **behaviour: Any) -> None:
    """Run the AWS emulator alone, for boto3, the AWS CLI or Terraform.

    IVS and IVS Chat beside moto's S3, CloudWatch Logs, Firehose, CloudWatch and STS, all on one port. It prints the
    environment variables that clients need, and serves until SIGTERM or SIGINT. How it behaves (times in seconds) can
    also be changed while it runs.
    """
    try:
        from ivs_emulator.__main__ import run as serve
        from ivs_emulator.settings import Settings, SettingsError
    except ModuleNotFoundError as error:
        message = f"the emulator needs the extra: pip install 'ivs-operator[emulator]' (missing: {error.name})"
        raise Failure(message) from error
    given = {name: value for name, value in behaviour.items() if value is not None}
    try:
        Settings.parse(given)
    except SettingsError as error:
        raise Failure(str(error), ExitCode.USAGE) from error
    context.exit(serve(host, port, verbose=verbose, **given))
