"""`ivs-operator completion`: what a shell needs to complete commands and options."""

import click
from click.shell_completion import get_completion_class

from ivs_operator.commands.command_line import command as command_of

__all__ = ["command"]

_EXAMPLES = """
source <(ivs-operator completion bash)
ivs-operator completion zsh > ~/.zfunc/_ivs-operator
ivs-operator completion fish > ~/.config/fish/completions/ivs-operator.fish
"""

_SHELLS = ("bash", "zsh", "fish")


@command_of(examples=_EXAMPLES)
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print what makes a shell complete our commands."""
    root = context.find_root()
    name = root.info_name or "ivs-operator"
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    complete = get_completion_class(shell)
    assert complete is not None  # noqa: S101 - click has all of `_SHELLS`
    click.echo(complete(root.command, {}, name, variable).source())
