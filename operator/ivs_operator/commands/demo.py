"""`ivs-operator demo`: the operator's story on this machine."""

import click

from ivs_operator.commands.command_line import command as command_of
from ivs_operator.commands.failure import Failure

__all__ = ["command"]

_EXAMPLES = """
ivs-operator demo
ivs-operator demo --keep
"""


@command_of(examples=_EXAMPLES)
@click.option("--keep", is_flag=True, help="Leave everything running at the end, until Ctrl-C.")
@click.pass_context
def command(context: click.Context, *, keep: bool) -> None:
    """Tell the operator's story on this machine, without a cluster and without AWS.

    Starts a local control plane and the AWS emulator, applies the samples, and shows objects becoming Ready, rooms and
    channels being associated, and a deletion that is held back until a room lets go.
    """
    try:
        from ivs_sandbox.demo import run as tell
    except ModuleNotFoundError as error:
        message = f"the demo needs the extra: pip install 'ivs-operator[sandbox]' (missing: {error.name})"
        raise Failure(message) from error
    context.exit(tell(keep=keep))
