"""Settings as options: what `run` takes, other commands take under the same names and from the same environment."""

from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.settings import Settings

__all__ = ["setting_options", "settings_from"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def setting_options(*names: str) -> Callable[[_Command], _Command]:
    """One option for each of these settings (none named: all); what is not given is left to the environment."""

    def decorate(command: _Command) -> _Command:
        for name in reversed(names or tuple(Settings.model_fields)):
            field = Settings.model_fields[name]
            command = click.option(_flag(name), name, metavar="VALUE", help=_help(name, field))(command)
        return command

    return decorate


def settings_from(given: dict[str, str | None]) -> Settings:
    """The settings as options, environment and defaults have them, in this order.

    Raises:
        Failure: some can't be used; one line for each.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        *others, last = [_mistake(mistake) for mistake in error.errors()]
        for text in others:
            click.echo(f"ivs-operator: {text}", err=True)
        raise Failure(last, ExitCode.USAGE) from error


def _mistake(mistake: Any) -> str:
    name = str(mistake["loc"][0]) if mistake["loc"] else "settings"
    text = mistake["msg"].removeprefix("Value error, ")
    return f"{_flag(name)} (or IVS_OPERATOR_{name.upper()}): {text}; got {mistake['input']!r}"


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _help(name: str, field: FieldInfo) -> str:
    default = field.default
    shown = {True: "on", False: "off"}.get(default, default) if isinstance(default, bool) else default
    text = f"[default: {shown}] " if shown not in (None, (), {}) else ""
    return f"{field.description}. {text}[env: IVS_OPERATOR_{name.upper()}]"
