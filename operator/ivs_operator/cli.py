"""The command line: `ivs-operator`, and `kubectl ivs` with those commands that people need beside kubectl."""

from ivs_operator.commands.catalogue import CATALOGUE
from ivs_operator.commands.command_line import CommandLine

__all__ = ["cli", "plugin"]

cli = CommandLine(
    "ivs-operator",
    CATALOGUE,
    help_="Amazon IVS recording configurations and IVS Chat logging configurations as Kubernetes custom resources.",
)

plugin = CommandLine(
    "kubectl-ivs",
    (entry for entry in CATALOGUE if entry.in_plugin),
    help_="Looks into what ivs-operator does, and into Amazon IVS, from beside kubectl.",
)
