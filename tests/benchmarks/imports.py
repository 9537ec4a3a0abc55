"""What a start takes before anything is done: the modules that `run` needs, their time, and the memory they keep."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

__all__ = ["imported"]

_MODULES = ("__main__", "commands.run", "logs", "aws.endpoints", "aws.regions", "handlers", "wiring")
_PROGRAM = f"""
import resource
{"; ".join(f"import ivs_operator.{name}" for name in _MODULES)}
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_LINE = re.compile(r"^import time:\s*(\d+) \|\s*\d+ \|\s*(\S+)$", re.MULTILINE)
_TOLD = 6  # packages that are told by name


def imported() -> dict[str, Any]:
    """Milliseconds in all and of the packages that take longest, modules, and the process' kilobytes afterwards.

    What the bare interpreter imports by itself is left out.
    """
    done, bare = _timed(_PROGRAM), _timed("pass")
    own = {name for _, name in _LINE.findall(bare.stderr)}
    lines = [(int(micros) / 1000, name) for micros, name in _LINE.findall(done.stderr) if name not in own]
    packages: dict[str, float] = {}
    for millis, name in lines:
        package = name.partition(".")[0]
        packages[package] = packages.get(package, 0.0) + millis
    longest = sorted(packages.items(), key=lambda pair: -pair[1])[:_TOLD]
    return {
        "milliseconds": round(sum(packages.values())),
        "modules": len(lines),
        "resident": int(done.stdout),
        "packages": {name: round(millis) for name, millis in longest},
    }


def _timed(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True)
