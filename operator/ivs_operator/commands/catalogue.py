"""Which commands there are. What is said here is known without importing them, so that `--help` is fast."""

from dataclasses import dataclass
from typing import Final

__all__ = ["CATALOGUE", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: a click command named `command` in the module."""

    name: str
    module: str
    summary: str
    """The first line of the command's help; a test compares."""
    in_plugin: bool = False
    """Whether `kubectl ivs` has it, too."""


_HERE: Final = "ivs_operator.commands"

CATALOGUE: Final = (
    Entry("run", f"{_HERE}.run", "Run the operator until SIGTERM or SIGINT."),
    Entry("crds", f"{_HERE}.crds", "Print the CustomResourceDefinitions as YAML."),
    Entry("import", f"{_HERE}.import_", "Write AWS objects that exist as custom resources.", True),
    Entry("inventory", f"{_HERE}.inventory", "List every recording and logging configuration, managed or not.", True),
    Entry(
        "why",
        f"{_HERE}.why",
        "Explain one object: what is wanted, what AWS has, who blocks, what happens next.",
        in_plugin=True,
    ),
    Entry(
        "cleanup",
        f"{_HERE}.cleanup",
        "Show AWS objects that nothing in the cluster accounts for, and delete them with --yes.",
    ),
    Entry("iam-policy", f"{_HERE}.iam_policy", "Print the least IAM policy for what the operator is used for."),
    Entry("demo", f"{_HERE}.demo", "Tell the operator's story on this machine, without a cluster and without AWS."),
    Entry("emulator", f"{_HERE}.emulator", "Run the AWS emulator alone, for boto3, the AWS CLI or Terraform."),
    Entry("completion", f"{_HERE}.completion", "Print what makes a shell complete our commands."),
)
"""In the order in which the help lists them."""
