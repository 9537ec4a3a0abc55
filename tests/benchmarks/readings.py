"""What happened between two moments, in counts: AWS calls by operation, Kubernetes writes by verb, CPU seconds."""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.walk import CHAT, RECORDING

if TYPE_CHECKING:
    from ivs_sandbox.audit import Mark
    from support.operator_process import OperatorProcess
    from support.walk import Walk

__all__ = ["LONG", "Meter", "Reading", "ended", "resident"]

LONG = 1800.0
"""Seconds; only ends what will never come: thousands of objects on a busy machine take their time."""

_TICKS = os.sysconf("SC_CLK_TCK")
_OF_SWEEPS = "List"
_SERVICE_OF = {RECORDING: "ivs", CHAT: "ivschat"}
_ENDED = re.compile(r"^ivs_operator_sweep_seconds_count (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts; `aws` by service and operation, `kube` by verb and resource. Seconds are of the clock and of the CPU."""

    aws: dict[str, int] = field(default_factory=dict)
    kube: dict[str, int] = field(default_factory=dict)
    throttled: int = 0
    sweeps: dict[str, int] = field(default_factory=dict)
    """First pages of each List: so many times somebody began to read it."""
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def ivs(self) -> int:
        """Calls of IVS and IVS Chat."""
        return sum(number for name, number in self.aws.items() if name.startswith(("ivs.", "ivschat.")))

    @property
    def writes(self) -> int:
        """Writes to IVS and IVS Chat."""
        reads = ("Get", "List", "BatchGet")
        return sum(
            number
            for name, number in self.aws.items()
            if name.startswith(("ivs.", "ivschat.")) and not name.partition(".")[2].startswith(reads)
        )

    @property
    def kube_writes(self) -> int:
        """Writes to Kubernetes, Events included."""
        return sum(self.kube.values())


class Meter:
    """From now until `read`; the operator is at rest at both moments unless `settle` is off."""

    def __init__(self, walk: Walk, *, settle: bool = True) -> None:
        self._walk = walk
        self._settle = settle
        self._sequence = walk.control.last_sequence()
        if settle:
            walk.rest(timeout=LONG)
        self._mark: Mark = walk.cluster.audit_log.mark()
        self._began, self._cpu = time.monotonic(), processor(walk.operator)

    def first_pages(self, operation: str) -> int:
        """How often a List was begun since."""
        return _first_pages(self._walk.control.requests(self._sequence, operation=operation)).get(operation, 0)

    def whole_lists(self, number: int) -> dict[str, int]:
        """Calls of the first so many Lists of each kind that have begun and ended since, by service and operation."""
        begun: Counter[str] = Counter()
        found: Counter[str] = Counter()
        for entry in self._walk.control.requests(self._sequence):
            name = f"{entry['service']}.{entry['operation']}"
            if entry["operation"].startswith(_OF_SWEEPS):
                begun[name] += "nextToken" not in entry["body"]
                found[name] += 1 <= begun[name] <= number
        return dict(found)

    def calls(self) -> Counter[str]:
        """Calls by operation since, and Lists by first pages."""
        requests = self._walk.control.requests(self._sequence)
        gets = Counter(entry["operation"] for entry in requests if not entry["operation"].startswith(_OF_SWEEPS))
        return gets + Counter(_first_pages(requests))

    def read(self, *, of: str | None = None) -> Reading:
        """What has happened since; `of` a plural: of AWS's calls those that concern that kind."""
        seconds, cpu = time.monotonic() - self._began, processor(self._walk.operator) - self._cpu
        if self._settle:
            self._walk.rest(timeout=LONG)
        requests = self._walk.control.requests(self._sequence)
        if of is not None:
            requests = [entry for entry in requests if entry["service"] == _SERVICE_OF[of]]
        kube = Counter(
            f"{entry.verb} {entry.resource}" + (f"/{entry.subresource}" if entry.subresource else "")
            for entry in self._walk.kube_writes(self._mark)
        )
        return Reading(
            aws=dict(sorted(Counter(f"{entry['service']}.{entry['operation']}" for entry in requests).items())),
            kube=dict(sorted(kube.items())),
            throttled=sum(entry["status"] == 429 for entry in requests),
            sweeps=_first_pages(requests),
            seconds=round(seconds, 2),
            cpu=round(cpu, 2),
        )


def resident(operator: OperatorProcess) -> dict[str, int]:
    """Resident memory of the process in kB, now and at its highest."""
    lines = Path(f"/proc/{operator._pid}/status").read_text().splitlines()
    told = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines) if name == "VmRSS"}
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return {"now": told["VmRSS"], "peak": peak}


def ended(operator: OperatorProcess) -> int:
    """Sweeps of one kind in one account and region that have ended since the process began, as its metrics tell."""
    found = _ENDED.search(operator.metrics())
    return int(float(found[1])) if found else 0


def processor(operator: OperatorProcess) -> float:
    """CPU seconds that the process has taken; 0 once it has ended."""
    try:
        text = Path(f"/proc/{operator._pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _first_pages(requests: list[dict[str, Any]]) -> dict[str, int]:
    found = Counter(
        entry["operation"]
        for entry in requests
        if entry["operation"].startswith(_OF_SWEEPS) and "nextToken" not in entry["body"]
    )
    return dict(sorted(found.items()))
