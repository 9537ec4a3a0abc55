"""The API server killed, and etcd frozen, in the middle of a Create: what AWS has made is found again, and used."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivs_sandbox.control_plane import ETCD
from support.deadlines import TIMEOUT, until
from support.walk import CHAT, RECORDING, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

_NEEDED = 3 * TIMEOUT  # seconds; an API server whose etcd was frozen needs some before it serves and watches again


@contextmanager
def _frozen(server: ControlPlane) -> Iterator[None]:
    """Etcd neither answers nor ends."""
    guard = server.pids[ETCD]
    (program,) = map(int, Path(f"/proc/{guard}/task/{guard}/children").read_text().split())
    os.kill(program, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(program, signal.SIGCONT)


@contextmanager
def _killed(server: ControlPlane) -> Iterator[None]:
    server.stop_api_server()
    try:
        yield
    finally:
        server.restart_api_server()


@pytest.mark.timeout(600)
def test_an_api_server_that_dies_or_hangs_during_a_create_costs_no_second_object(
    make_operator: Callable[..., OperatorProcess], own_control_plane: ControlPlane, emulator: Emulator
) -> None:
    """One control plane for all: first it is killed, then its etcd is frozen, and at last both while objects go."""
    process = make_operator(own_control_plane.kubeconfig, cluster_id="outages", create_grace=5)
    process.start()
    walk = Walk(own_control_plane, "default", emulator, process)
    bucket = emulator.bucket("archive")
    for plural, operation, trouble in (
        (CHAT, "CreateLoggingConfiguration", _killed),
        (RECORDING, "CreateRecordingConfiguration", _frozen),
    ):
        held = walk.control.add_fault(operation=operation, hold="after", count=1)
        walk.apply(plural, "vod", destinationConfiguration=s3(bucket))
        walk.control.wait_held(held, timeout=_NEEDED)
        since = walk.control.last_sequence()
        with trouble(own_control_plane):
            walk.control.remove_fault(held)  # AWS answers, and nobody can write it down
            until(lambda since=since: len(walk.control.requests(since)) > 3, "AWS is still swept", last=process.tail)
            assert process.probe("/healthz")[0] == 200, "a restart would not help"
        status = walk.ready(plural, "vod", timeout=_NEEDED)
        assert [item["arn"] for item in walk.configurations(plural)] == [status["arn"]]
        assert walk.aws_writes()[_full(plural, operation)] == 1

    _check_deletions(walk, own_control_plane)
    assert len(process.lines(event="operator started")) == 1, "the same process all the time"
    assert "Traceback" not in process.text()
    walk.api.close()


def _check_deletions(walk: Walk, server: ControlPlane) -> None:
    """A deletion that AWS carries out while Kubernetes is away is finished, and not begun again."""
    held = walk.control.add_fault(operation="DeleteLoggingConfiguration", hold="after", count=1)
    walk.delete(CHAT, "vod")
    walk.control.wait_held(held, timeout=_NEEDED)
    with _killed(server):
        walk.control.remove_fault(held)
        until(lambda: walk.configurations(CHAT) == [], "AWS has deleted it")
    walk.gone(CHAT, "vod", timeout=_NEEDED)
    assert walk.aws_writes()["ivschat.DeleteLoggingConfiguration"] == 1
    assert len(walk.configurations(RECORDING)) == 1, "the other one is left alone"


def _full(plural: str, operation: str) -> str:
    return f"{'ivschat' if plural == CHAT else 'ivs'}.{operation}"
