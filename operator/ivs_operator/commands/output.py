"""What a command gives out: whole or not at all, and apart from what it says meanwhile.

Results go to standard output or to files; what is said meanwhile goes to standard error, unless `--quiet`.
"""

import contextlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO, TypeVar

import click

__all__ = ["Notes", "colours", "hush_logs", "quiet_option", "write_file", "write_folder"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

_WIDTH: Final = 78  # narrower than usual terminals: a line that wraps could not be overwritten
_PACE: Final = 0.2  # seconds between two states of the line on a terminal
_QUIET_START: Final = 1.0  # seconds; what takes less needs no progress


def quiet_option(command: _Command) -> _Command:
    """`--quiet`: nothing on standard error but errors, and what is missing from a result."""
    return click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors and the result.")(command)


def colours(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether standard output gets colours: on a terminal that has them, and never with NO_COLOR (no-color.org)."""
    return not _plain(environ) and sys.stdout is not None and sys.stdout.isatty()


def _plain(environ: Mapping[str, str]) -> bool:
    """Whether nothing but text is wanted, nor understood."""
    return bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"


def hush_logs() -> None:
    """No log lines on standard error, neither ours nor those of libraries: a command tells what goes wrong itself.

    With IVS_OPERATOR_LOG_LEVEL=debug everything is logged, for whoever looks for a fault of the program.
    """
    from ivs_operator import logs

    logs.configure("text", "debug" if os.environ.get("IVS_OPERATOR_LOG_LEVEL", "").lower() == "debug" else "critical")
    if logging.getLogger("ivs_operator").level != logging.DEBUG:
        for name in (None, "asyncio", "kopf"):
            logging.getLogger(name).setLevel(logging.CRITICAL)


@dataclass(slots=True)
class Notes:
    """What a command says meanwhile: `say` for lines, `progress` for a line that is overwritten on a terminal."""

    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _began: float = field(init=False)
    _shown_at: float = field(init=False, default=0.0)
    _shown: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def say(self, text: str) -> None:
        """A line that a person may want to know, and a script need not."""
        if not self.quiet:
            self._write(f"{text}\n")

    def warn(self, text: str) -> None:
        """A line that tells what is missing from the result: said even when quiet."""
        self._write(f"{text}\n")

    def progress(self, text: str) -> None:
        """How far it is. Only on a terminal, and only if it takes its time; call it as often as you like."""
        now = self.clock()
        if self.quiet or now - self._began < _QUIET_START or now - self._shown_at < _PACE or not self.stream.isatty():
            return
        self._shown_at, self._shown = now, True
        self.stream.write(f"{self._blank()}{text[:_WIDTH]}")
        self.stream.flush()

    def end(self) -> None:
        """Take the progress line off the terminal."""
        if self._shown:
            self._shown = False
            self.stream.write(self._blank())
            self.stream.flush()

    def _blank(self) -> str:
        """Empties the line: by an escape sequence, or by spaces where none is wanted."""
        return f"\r{' ' * _WIDTH}\r" if _plain(self.environ) else "\r\x1b[K"

    def _write(self, text: str) -> None:
        self.end()
        self.stream.write(text)
        self.stream.flush()


def write_file(path: Path, content: str) -> None:
    """Write a file whole or not at all: under another name beside it, then renamed.

    Raises:
        OSError: it can't be written; what was there before is untouched.
    """
    with _told_of(path):
        if path.exists() and not path.is_file():  # /dev/stdout, a named pipe: nothing to rename
            path.write_text(content, encoding="utf-8")
            return
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.chmod(_mode(path))
            partial.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                partial.unlink()
            raise


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, by relative names, into a folder: each whole or not at all, none before all fit on the disk.

    Raises:
        OSError: they can't be written; the folder is as it was, or lacks but the last renames.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staged: list[tuple[Path, Path]] = []
    with _told_of(folder), tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as name:
        for number, (relative, content) in enumerate(files.items()):
            staged.append((Path(name) / str(number), folder / relative))
            write_file(staged[-1][0], content)
        for source, target in staged:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)


@contextlib.contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors name what was asked for, and not a file beside it that nobody knows; a full disk's name nothing at all."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _mode(path: Path) -> int:
    """What the file has, or would get: a temporary file is private, which a result need not be."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
