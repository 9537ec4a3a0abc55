"""`ivs-operator emulator`: the AWS emulator alone."""

import click

from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.failure import Failure

__all__ = ["command"]

_EXAMPLES = """
ivs-operator emulator --port 4599
AWS_ENDPOINT_URL=http://127.0.0.1:4599 aws ivschat list-rooms
"""


@command_of(examples=_EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4599, show_default=True, type=click.IntRange(0, 65535), help="Port; 0: a free one.")
@click.option("--verbose", is_flag=True, help="Log every request.")
@click.pass_context
def command(context: click.Context, host: str, port: int, *, verbose: bool) -> None:
    """Run the AWS emulator alone, for boto3, the AWS CLI or Terraform.

    IVS and IVS Chat beside moto's S3, CloudWatch Logs, Firehose, CloudWatch and STS, all on one port. It prints the
    environment variables that clients need, and serves until SIGTERM or SIGINT.
    """
    try:
        from ivs_emulator.__main__ import run as serve
    except ModuleNotFoundError as error:
        message = f"the emulator needs the extra: pip install 'ivs-operator[emulator]' (missing: {error.name})"
        raise Failure(message) from error
    context.exit(serve(host, port, verbose=verbose))
