"""On what was measured, and when."""

import datetime as dt
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["described"]

_PACKAGES = ("ivs-operator", "kopf", "boto3", "kubernetes", "pydantic")


def described(*, shared: bool) -> dict[str, Any]:
    """Processor, memory, versions, the day, and whether other work went on beside."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _told("/proc/cpuinfo", "model name") or platform.machine(),
        "memory_gb": round(int((_told("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) / 1024**2),
        "kernel": platform.release().partition("-")[0],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "shared": shared,
    }


def _told(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
