"""What the operator asks of Kubernetes and of AWS, in counts: they are the same on every machine, unlike seconds.

The bounds are the targets of the project; `make bench` measures the same at the size that they speak of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.audit import Mark
    from support.walk import Walk

_SWEEPS = 10
_LISTS = {"ivs.ListRecordingConfigurations", "ivschat.ListLoggingConfigurations"}
_OBJECTS = 20  # of each kind; 3 creations a second are AWS's documented rate


@dataclass(frozen=True, slots=True)
class Meter:
    """What has happened since it was made."""

    walk: Walk
    since: int
    mark: Mark

    @classmethod
    def start(cls, walk: Walk) -> Meter:
        """From now on."""
        mark = walk.mark()  # which waits for what has been asked to be on record
        return cls(walk, walk.control.last_sequence(), mark)

    def calls(self) -> dict[str, int]:
        """Calls of IVS and IVS Chat by operation."""
        operations = self.walk.control.counts(self.since).operations
        return {name: number for name, number in operations.items() if name.startswith(("ivs.", "ivschat."))}

    def read(self, what: str) -> tuple[int, int, int]:
        """Kubernetes writes, AWS writes, AWS reads; printed as a row."""
        counts = self.walk.control.counts(self.since)
        kube = len(self.walk.kube_writes(self.mark))
        row = (kube, counts.writes, sum(self.calls().values()) - counts.writes)
        print(f"| {what} | {row[0]} | {row[1]} | {row[2]} |")
        return row


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["logging configuration", "recording configuration"])
def test_one_object_from_apply_to_ready_and_one_edit(walk: Walk, plural: str) -> None:
    bucket = walk.emulator.bucket("archive")
    meter = Meter.start(walk)
    walk.apply(plural, "one", destinationConfiguration=s3(bucket), tags={"team": "live"})
    walk.ready(plural, "one")
    walk.sweeps(plural, 2)
    kube, writes, _ = meter.read(f"one of {plural} to Ready")
    assert (kube <= 4, writes) == (True, 1)

    meter = Meter.start(walk)
    walk.edit(plural, "one", tags={"team": "chat"})
    walk.ready(plural, "one")
    walk.sweeps(plural, 2)
    kube, writes, _ = meter.read(f"one tag edited in {plural}")
    assert (kube <= 2, writes) == (True, 1)


def test_associating_costs_one_write_for_each_room(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    walk.control.seed(rooms=30, tags={"env": "prod"})
    meter = Meter.start(walk)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    walk.ready(CHAT, "logs")
    walk.sweeps(CHAT, 2)
    kube, writes, _ = meter.read("one logging configuration with 30 rooms to Ready")
    assert (kube <= 5, writes) == (True, 31)


def test_rest_and_restart(begin: Callable[..., Walk]) -> None:
    walk = begin(create_grace=3)
    walk.control.set(recording_configurations_quota=1000, logging_configurations_quota=1000)
    bucket = walk.emulator.bucket("shared")
    for number in range(_OBJECTS):
        walk.apply(RECORDING, f"vod-{number}", destinationConfiguration=s3(bucket))
        walk.apply(CHAT, f"logs-{number}", destinationConfiguration=s3(bucket))
    for number in range(_OBJECTS):
        walk.ready(RECORDING, f"vod-{number}", timeout=120)
        walk.ready(CHAT, f"logs-{number}", timeout=120)
    walk.sweeps(CHAT, 2)

    meter = Meter.start(walk)
    walk.sweeps(RECORDING, _SWEEPS)
    kube, writes, _ = meter.read(f"{_SWEEPS} sweeps at rest, {_OBJECTS} objects of each kind")
    assert (kube, writes) == (0, 0)
    lists = meter.calls()
    assert set(lists) == _LISTS, "one List for each kind and sweep, however many objects"
    assert max(lists.values()) - min(lists.values()) <= 1

    meter = Meter.start(walk)
    walk.operator.kill()
    walk.operator.start()
    walk.sweeps(RECORDING, 2)
    kube, writes, _ = meter.read(f"SIGKILL and restart, {_OBJECTS} Ready objects of each kind")
    assert (kube, writes) == (0, 0)
