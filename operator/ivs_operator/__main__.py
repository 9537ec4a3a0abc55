"""`python -m ivs_operator`, and the entry points of the console scripts."""

import sys
from typing import NoReturn

from click.shell_completion import ShellComplete

from ivs_operator.cli import cli, plugin

__all__ = ["kubectl_completion", "kubectl_plugin", "main"]

_NO_FILES, _NO_SPACE = 4, 2
"""Bits of what ends an answer to kubectl. Source: cobra's ShellCompDirective."""


def main() -> NoReturn:
    """`ivs-operator`."""
    cli.main(prog_name="ivs-operator")


def kubectl_plugin() -> NoReturn:
    """`kubectl ivs`: kubectl runs the executable `kubectl-ivs` on the PATH."""
    plugin.main(prog_name="kubectl ivs")


def kubectl_completion() -> None:
    """Completions for `kubectl ivs`: kubectl asks the executable `kubectl_complete-ivs`, the last word being begun."""
    *words, begun = sys.argv[1:] or [""]
    items = ShellComplete(plugin, {}, "kubectl ivs", "").get_completions(words, begun)
    for item in items:
        print(item.value, item.help or "", sep="\t")  # noqa: T201 - for kubectl
    unfinished = any(item.value.endswith("/") for item in items)
    print(f":{_NO_FILES + _NO_SPACE * unfinished}")  # noqa: T201 - for kubectl


if __name__ == "__main__":
    main()
