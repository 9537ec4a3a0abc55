"""`python -m ivs_operator`, and the entry points of the console scripts."""

from typing import NoReturn

from ivs_operator.cli import cli, plugin

__all__ = ["kubectl_plugin", "main"]


def main() -> NoReturn:
    """`ivs-operator`."""
    cli.main(prog_name="ivs-operator")


def kubectl_plugin() -> NoReturn:
    """`kubectl ivs`: kubectl runs the executable `kubectl-ivs` on the PATH."""
    plugin.main(prog_name="kubectl ivs")


if __name__ == "__main__":
    main()
