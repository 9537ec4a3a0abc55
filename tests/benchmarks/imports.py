"""What a start takes before anything is done: the modules that `run` needs, their time, and the memory they keep."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

__all__ = ["imported"]

_PROGRAM = "import resource, ivs_operator.handlers; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
_LINE = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)$", re.MULTILINE)
_TOLD = 6  # packages that are told by name


def imported() -> dict[str, Any]:
    """Milliseconds in all and of the packages that take longest, modules, and the process' kilobytes afterwards."""
    command = [sys.executable, "-X", "importtime", "-c", _PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    packages: dict[str, float] = {}
    lines = [(int(micros) / 1000, name.partition(".")[0]) for micros, name in _LINE.findall(done.stderr)]
    for millis, package in lines:
        packages[package] = packages.get(package, 0.0) + millis
    longest = sorted(packages.items(), key=lambda pair: -pair[1])[:_TOLD]
    return {
        "milliseconds": round(sum(packages.values())),
        "modules": len(lines),
        "resident": int(done.stdout),
        "packages": {name: round(millis) for name, millis in longest},
    }
