"""A command of the command line as its user runs it: a process, its exit code and both streams."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.operator_process import clean_environment

__all__ = ["Done", "command"]

_SOURCES = Path(__file__).parents[2] / "operator"


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str


def command(*arguments: str, environment: Mapping[str, str] | None = None, program: str = "main") -> Done:
    """Run `ivs-operator` (or the program `kubectl_plugin`) with these arguments; nothing ambient configures it."""
    entry = f"from ivs_operator.__main__ import {program}; {program}()"
    given = clean_environment({"PYTHONPATH": str(_SOURCES), **(environment or {})})
    done = subprocess.run(
        [sys.executable, "-c", entry, *arguments], env=given, capture_output=True, text=True, check=False, timeout=120
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)
