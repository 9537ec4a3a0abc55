"""A terminal of a given width: what a program shows on it, and what a picture of one says."""

import fcntl
import html
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from support.deadlines import TIMEOUT
from support.operator_process import clean_environment

__all__ = ["OURS", "Cue", "interrupt", "on_terminal", "rows_of"]

OURS = (sys.executable, "-c", "from ivs_operator.__main__ import main; main()")
"""`ivs-operator`, of this checkout."""

_SOURCES = Path(__file__).parents[2] / "operator"
_CLEARED = re.compile(r".*(?:\r|\x1b\[K)(?!$)")
"""What a line of progress had before it was written over."""
_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_CURSOR = re.compile(r"\x1b\[(?:\?25[lh]|K)|\r")
_ROW = re.compile(r'<text class="[^"]*-r\d+"[^>]* y="([\d.]+)"[^>]*>(.*?)</text>', re.DOTALL)


Cue = tuple[str, Callable[[subprocess.Popen[bytes]], object]]
"""What must have been shown, and what to do then."""


def interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)


def on_terminal(line: Sequence[str], environment: Mapping[str, str], *, columns: int, cues: Sequence[Cue] = ()) -> str:
    """What a program shows until it ends, colours included, without what it has written over.

    Raises:
        TimeoutError: it shows nothing more, and does not end.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    ours_alone = {"PYTHONPATH": str(_SOURCES), "TERM": "xterm-256color", "COLUMNS": str(columns)}
    given = clean_environment({**environment, **ours_alone})
    process = subprocess.Popen(line, env=given, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        return _settled(_watched(ours, process, [*cues]))
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _watched(terminal: int, process: subprocess.Popen[bytes], cues: list[Cue]) -> str:
    shown = b""
    with suppress(OSError):  # how Linux tells that nobody has the terminal open any more
        while select.select([terminal], [], [], TIMEOUT)[0]:
            part = os.read(terminal, 1 << 16)
            if not part:
                break
            shown += part
            if cues and cues[0][0] in _COLOUR.sub("", shown.decode(errors="replace")):
                cues.pop(0)[1](process)
        else:
            raise TimeoutError(f"{shown.decode(errors='replace')}\nand nothing more")
    return shown.decode()


def _settled(text: str) -> str:
    """What stands there in the end, where lines of progress were written over."""
    lines = (_CURSOR.sub("", _CLEARED.sub("", line.rstrip("\r"))) for line in text.split("\n"))
    return "\n".join(lines).rstrip("\n") + "\n"


def rows_of(picture: str) -> list[str]:
    """The lines in a picture of a terminal, from top to bottom, but empty ones."""
    rows: dict[float, str] = {}
    for match in _ROW.finditer(picture):
        rows[float(match[1])] = rows.get(float(match[1]), "") + html.unescape(match[2]).replace("\xa0", " ")
    return [rows[height].rstrip() for height in sorted(rows) if rows[height].strip()]
