"""What the process tells its caller by its exit code: the same for every command."""

from enum import IntEnum
from typing import Final

__all__ = ["LEGEND", "ExitCode"]


class ExitCode(IntEnum):
    """Documented in `--help` and in docs/tools.md; scripts rely on them."""

    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    PARTIAL = 3
    INTERRUPTED = 130
    """128 + SIGINT, as shells report it."""
    BROKEN_PIPE = 141
    """128 + SIGPIPE: whoever reads our output has gone, as `head` does."""


LEGEND: Final = """\b
Exit codes:
  0    success
  1    failure; one line on standard error says why
  2    wrong usage or setting
  3    done in part; standard error names what is missing
  130  stopped by Ctrl-C
  141  nobody reads the output any more
"""
"""For click, which leaves lines as they are behind the control character."""
