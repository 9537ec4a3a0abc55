"""Two replicas as they run out of the box: one works, one stands by, and never do both write."""

from __future__ import annotations

import json
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from support.deadlines import until
from support.walk import CHAT, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

ZONES = ("Pacific/Kiritimati", "America/Los_Angeles")
"""26 hours apart: a local time written as UTC would make a lease expire at once, or never."""


class Replicas:
    """Two processes of one release that differ in access key, so that AWS's log tells them apart, and in time zone."""

    def __init__(self, walk: Walk, processes: list[OperatorProcess]) -> None:
        self.walk = walk
        self.processes = processes

    def key(self, process: OperatorProcess) -> str:
        return f"REPLICA{self.processes.index(process)}"

    def leader(self, *, among: list[OperatorProcess] | None = None, timeout: float = 60.0) -> OperatorProcess:
        """The replica that says it leads."""
        return until(
            lambda: next((one for one in among or self.processes if leads(one)), None),
            "a replica leads",
            timeout=timeout,
            last=lambda: "\n".join(one.tail() for one in self.processes),
        )

    def other(self, process: OperatorProcess) -> OperatorProcess:
        return next(one for one in self.processes if one is not process)

    def writes(self) -> list[str]:
        """Access keys of all writes to IVS and IVS Chat by the replicas, in the order of arrival."""
        found = self.walk.control.requests(write=True)
        return [entry["access_key"] for entry in found if entry["access_key"].startswith("REPLICA")]

    def lease(self) -> dict[str, Any]:
        leases = self.walk.api.call("GET", "/apis/coordination.k8s.io/v1/namespaces/ivs-operator/leases")["items"]
        holder = [item["spec"] for item in leases if item["metadata"]["name"] == self.lease_name]
        return dict(holder[0])

    @property
    def lease_name(self) -> str:
        return str(self.processes[0].wait_line(event="leading")["lease"]).partition("/")[2]


def leads(process: OperatorProcess) -> bool:
    return process.runs and process.probe("/readyz") == (200, "ok: leading\n")


def stands_by(process: OperatorProcess) -> bool:
    return process.probe("/readyz")[1].startswith("ok: standing by")


def turns(writers: list[str]) -> list[str]:
    """Who wrote, without repetition of neighbours."""
    return [key for number, key in enumerate(writers) if number == 0 or writers[number - 1] != key]


@pytest.fixture
def replicas(
    begin: Callable[..., Walk], make_operator: Callable[..., OperatorProcess], service_account: Path, namespace: str
) -> Callable[[float], Replicas]:
    """`(lease duration) -> replicas`; the first one leads."""

    def start(duration: float) -> Replicas:
        options = {"leader_elect": "on", "lease_duration": duration, "create_grace": 3}
        environments = [{"AWS_ACCESS_KEY_ID": f"REPLICA{n}", "TZ": zone} for n, zone in enumerate(ZONES)]
        walk = begin(environment=environments[0], **options)
        mine = {"namespaces": namespace, "cluster_id": namespace, "lease_namespace": "ivs-operator", **options}
        both = Replicas(walk, [walk.operator, make_operator(service_account, environment=environments[1], **mine)])
        both.leader(among=both.processes[:1])
        both.processes[1].start()
        return both

    return start


def test_one_works_and_the_other_stands_by_and_says_so(replicas: Callable[[float], Replicas]) -> None:
    both = replicas(15)
    first, second = both.processes
    until(lambda: stands_by(second), "the second stands by", last=second.tail)
    walk = both.walk
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    walk.ready(CHAT, "logs")
    assert set(both.writes()) == {both.key(first)}
    assert "ivs_operator_leader 1.0" in first.metrics()
    assert "ivs_operator_leader 0.0" in second.metrics()
    assert "ivs_operator_queue_depth 0.0" in second.metrics(), "what a follower sees is not its work"
    renewed = datetime.fromisoformat(both.lease()["renewTime"])
    assert abs((datetime.now(UTC) - renewed).total_seconds()) < 60, "the leader's clock shows a day ahead"


def test_a_stop_hands_over_at_once_and_the_next_leader_knows_everything(replicas: Callable[[float], Replicas]) -> None:
    both = replicas(15)
    first, second = both.processes
    walk = both.walk
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    walk.ready(CHAT, "logs")
    before = both.writes()
    began = time.monotonic()
    first.signal(signal.SIGTERM)
    both.leader(among=[second])
    took = time.monotonic() - began
    print(f"hand-over on SIGTERM: {took:.2f} s")
    assert took < 5, "far less than the 15 s of the lease; 2 s on a machine that is not busy"
    assert first.wait() == 0
    walk.sweeps(CHAT, 2)
    assert both.writes() == before, "there was nothing to do for the next leader"
    walk.edit(CHAT, "logs", tags={"team": "live"})
    walk.ready(CHAT, "logs")
    assert turns(both.writes()) == [both.key(first), both.key(second)]
    assert both.lease()["leaseTransitions"] >= 1


def test_a_killed_leader_is_replaced_within_the_lease_and_its_work_is_finished(
    replicas: Callable[[float], Replicas],
) -> None:
    both = replicas(6)
    first, second = both.processes
    walk = both.walk
    held = walk.control.add_fault(operation="CreateLoggingConfiguration", hold="after", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    walk.control.wait_held(held)
    began = time.monotonic()
    first.kill()
    both.leader(among=[second])
    took = time.monotonic() - began
    print(f"hand-over on SIGKILL: {took:.2f} s of 6")
    assert took < 6 + 3, "the lease, and what a busy machine adds"
    walk.control.clear_faults(discard=True)
    walk.ready(CHAT, "logs")
    assert len(walk.configurations(CHAT)) == 1, "what the dead leader made was found, not made again"
    assert turns(both.writes())[:1] == [both.key(first)]


def test_a_leader_frozen_beyond_its_lease_writes_nothing_when_it_thaws(replicas: Callable[[float], Replicas]) -> None:
    both = replicas(4)
    first, second = both.processes
    walk = both.walk
    rooms = [walk.room(f"room-{number}", team="live") for number in range(60)]
    walk.apply(
        CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")), rooms=[{"matchTags": {"team": "live"}}]
    )
    until(lambda: len(both.writes()) > 8, "the first is in the middle of its work", last=first.tail)
    first.signal(signal.SIGSTOP)
    both.leader(among=[second])
    until(lambda: both.key(second) in both.writes(), "the second goes on", last=second.tail)
    first.signal(signal.SIGCONT)
    until(lambda: stands_by(first), "the first has noticed", last=first.tail)
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.associated(rooms, arn)
    assert turns(both.writes()) == [both.key(first), both.key(second)], (
        "each write of the first came before any of the second"
    )
    assert len(walk.configurations(CHAT)) == 1


def test_a_stop_in_the_middle_of_a_create_puts_its_result_on_record(replicas: Callable[[float], Replicas]) -> None:
    both = replicas(15)
    first, second = both.processes
    walk = both.walk
    held = walk.control.add_fault(operation="CreateLoggingConfiguration", hold="after", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    walk.control.wait_held(held)
    first.begin_stop()
    assert stands_by(second), "the lease is kept until the call is answered"
    walk.control.clear_faults()
    assert first.wait() == 0
    assert walk.status(CHAT, "logs")["arn"], "written before the end"
    both.leader(among=[second])
    walk.ready(CHAT, "logs")
    assert len(walk.configurations(CHAT)) == 1
    operations = [entry["operation"] for entry in walk.control.requests(write=True, access_key=both.key(second))]
    assert "CreateLoggingConfiguration" not in operations


def test_an_api_server_away_longer_than_the_lease_stops_all_writes_until_it_is_back(
    make_operator: Callable[..., OperatorProcess], own_control_plane: ControlPlane, emulator: Emulator
) -> None:
    operator = make_operator(own_control_plane.kubeconfig, leader_elect="on", lease_duration=4)
    operator.start()
    walk = Walk(own_control_plane, "default", emulator, operator)
    spec = {"destinationConfiguration": s3(emulator.bucket("logs")), "rooms": [{"matchTags": {"team": "live"}}]}
    walk.apply(CHAT, "logs", **spec)
    arn = walk.ready(CHAT, "logs")["arn"]
    own_control_plane.stop_api_server()
    until(lambda: "ivs_operator_leader 0.0" in operator.metrics(), "the tenure ends", last=operator.tail)
    room = walk.room("late", team="live")
    since = walk.control.last_sequence()
    status, words = operator.probe("/readyz")
    assert (status, "does not answer" in words) == (503, True), words
    ends = time.monotonic() + 4
    until(lambda: time.monotonic() > ends, "several sweeps would have come by")
    assert json.dumps(walk.control.requests(since, write=True)) == "[]", "nobody leads, so nobody writes"
    own_control_plane.restart_api_server()
    walk.associated([room], arn)
    assert operator.runs, "the same process goes on"
    walk.api.close()
