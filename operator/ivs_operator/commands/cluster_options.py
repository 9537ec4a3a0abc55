"""Which cluster a command asks: kubectl's own options, also after `kubectl ivs`, where kubectl hands them on."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["cluster_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def cluster_options(command: _Command) -> _Command:
    """`--kubeconfig` and `--context`; they become the environment that the connection is made from."""
    for flag, variable, metavar, text in (
        ("--context", "IVS_OPERATOR_KUBE_CONTEXT", "NAME", "Context of the kubeconfig. [default: its current one]"),
        ("--kubeconfig", "KUBECONFIG", "PATH", "The kubeconfig. [env: KUBECONFIG] [default: ~/.kube/config]"),
    ):
        option = click.option(flag, metavar=metavar, expose_value=False, callback=_exported(variable), help=text)
        command = option(command)
    return command


def _exported(variable: str) -> Callable[[click.Context, click.Parameter, str | None], None]:
    def export(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value is not None and not context.resilient_parsing:
            os.environ[variable] = value

    return export
