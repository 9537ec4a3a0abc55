"""The manners that all commands share: loaded when needed, errors in one line, exit codes, no traceback ever.

Commands raise; here it is told. What a command raises on purpose (ours, boto3's, the kubeconfig loader's) is told by
its message, anything else as a fault of the program, with its kind.
"""

import errno
import importlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn

import click
from click.shell_completion import CompletionItem

from ivs_operator import __version__
from ivs_operator.commands.catalogue import CATALOGUE, Entry
from ivs_operator.commands.exit_codes import LEGEND, ExitCode
from ivs_operator.commands.failure import Failure, one_line

__all__ = ["CommandLine", "command"]

_SPOKEN: Final = frozenset({"ivs_operator", "ivs_emulator", "ivs_sandbox", "boto3", "botocore"})
"""Packages whose exceptions are written for people."""

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def command(*, examples: str, legend: bool = True) -> Callable[[Callable[..., Any]], click.Command]:
    """A click command whose help ends with examples, one a line, and the exit codes."""
    lines = "\n".join(f"  {line}" for line in examples.strip().splitlines())
    epilog = f"\b\nExamples:\n{lines}\n" + (f"\n{LEGEND}" if legend else "")
    return click.command(epilog=epilog, context_settings=dict(_CONTEXT))


class CommandLine(click.Group):
    """A group of commands that are imported when they are called."""

    def __init__(self, name: str, entries: Iterable[Entry], *, help_: str) -> None:
        super().__init__(name, help=help_, epilog=LEGEND, context_settings=dict(_CONTEXT))
        self.entries: Mapping[str, Entry] = {entry.name: entry for entry in entries}
        self.params.append(_version_option(name))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the catalogue's order."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The command itself, imported now."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        found = importlib.import_module(entry.module).command
        assert isinstance(found, click.Command)  # noqa: S101 - what a catalogue's entry promises
        found.name = entry.name
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the names of commands that are not imported as possibilities."""
        if args[0] not in self.entries and not args[0].startswith("-") and not ctx.resilient_parsing:
            if any(entry.name == args[0] for entry in CATALOGUE):  # the plugin has some of them only
                message = f"{args[0]} is a command of ivs-operator; run: ivs-operator {args[0]}"
                raise click.UsageError(message, ctx=ctx)
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self.entries, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """The catalogue's words, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.summary) for entry in self.entries.values()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands from the catalogue, then options."""
        names = [entry for entry in self.entries.values() if entry.name.startswith(incomplete)]
        items = [CompletionItem(entry.name, help=entry.summary) for entry in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run one command and end the process with its exit code."""
        del standalone_mode, windows_expand_args
        name = prog_name or self.name or ""
        given = list(sys.argv[1:] if args is None else args)
        self._main_shell_completion(extra, name, complete_var)
        sys.exit(_outcome(lambda: self._run(given, name, extra), name))

    def _run(self, given: list[str], name: str, extra: dict[str, Any]) -> int:
        try:
            with self.make_context(name, given, **extra) as context:
                self.invoke(context)
        except click.exceptions.Exit as end:
            return end.exit_code
        finally:
            if sys.stdout is not None:  # closed by whoever started us
                sys.stdout.flush()
        return ExitCode.SUCCESS


def _outcome(run: Callable[[], int], name: str) -> int:
    """The exit code of `run`; whatever it raises is told in one line."""
    try:
        return run()
    except (KeyboardInterrupt, click.Abort):
        _say(name, "interrupted")
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        return _refuse(name, error)
    except Failure as error:
        _say(name, one_line(error))
        return error.code
    except OSError as error:
        return _failed_io(name, error)
    except Exception as error:  # noqa: BLE001 - nobody is to see a traceback
        misled = _misled(error)
        _say(name, misled or _words(error))
        return ExitCode.USAGE if misled else ExitCode.FAILURE


def _refuse(name: str, error: click.ClickException) -> int:
    """Wrong usage: what is wrong and which help tells more. Without any command, the help itself."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _print(error.format_message())
        return error.exit_code
    message = " ".join(error.format_message().split())
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else name
    _say(name, f"{message} (see {path} --help)" if isinstance(error, click.UsageError) else message)
    return error.exit_code


def _failed_io(name: str, error: OSError) -> int:
    if error.errno == errno.EPIPE:
        _silence(sys.stdout)
        return ExitCode.BROKEN_PIPE
    if error.filename is None and error.errno in {errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EBADF}:
        _silence(sys.stdout)
        _say(name, f"standard output can't be written: {error.strerror}")
    else:
        _say(name, one_line(error))
    return ExitCode.FAILURE


def _misled(error: Exception) -> str:
    """Where the address of AWS comes from that boto3 refuses, without saying so; empty for all other errors."""
    if not isinstance(error, ValueError) or not str(error).startswith("Invalid endpoint"):
        return ""
    from ivs_operator.aws.endpoints import endpoint_trouble

    return endpoint_trouble() or f"an address that is configured for AWS is none ({one_line(error)})"


def _words(error: Exception) -> str:
    if type(error).__module__.partition(".")[0] in _SPOKEN:
        return one_line(error)
    return f"unexpected {type(error).__name__}: {one_line(error)}; this is a fault of the program"


def _silence(stream: Any) -> None:
    """Point a stream that can't be written elsewhere: Python would flush it at exit, and complain again."""
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _say(name: str, text: str) -> None:
    _print(f"{name}: {text}")


def _print(text: str) -> None:
    try:
        click.echo(text, err=True)
    except OSError:
        _silence(sys.stderr)


def _version_option(name: str) -> click.Option:
    def show(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
        if wanted and not context.resilient_parsing:
            click.echo(f"{name}, version {__version__}")
            context.exit()

    return click.Option(
        ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=show, help="Show the version and exit."
    )
