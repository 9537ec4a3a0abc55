"""One cluster for all processes of a test run: who starts it, who may end it, what is left."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivs_sandbox.binaries import Binaries
from ivs_sandbox.control_plane import ControlPlane
from ivs_sandbox.shared_run import SharedRun
from ivs_sandbox.waiting import wait_until

_CRDS = Path(__file__).parents[2] / "crds"
_WORKER = """
import sys
from pathlib import Path
from ivs_sandbox.shared_run import SharedRun
cluster = SharedRun(Path(sys.argv[1]), int(sys.argv[2])).cluster(Path(sys.argv[3]))
print(cluster.url, sorted(cluster.pids.values()), file=sys.stderr)
cluster.kubectl("get", "namespaces")
"""


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


@pytest.fixture
def owner() -> Iterator[subprocess.Popen[str]]:
    """Stands for the process of a whole test run."""
    with python("input()") as process:
        yield process
        process.kill()


def test_two_workers_get_one_cluster_that_outlives_them_and_ends_with_the_run(
    tmp_path: Path, owner: subprocess.Popen[str], control_plane_binaries: Binaries
) -> None:
    folder = tmp_path / "run"
    workers = [python(_WORKER, folder, owner.pid, _CRDS) for _ in range(2)]
    said = [worker.communicate(timeout=120)[1].splitlines()[-1] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0], said
    assert said[0] == said[1], "the same address and the same processes"
    cluster = ControlPlane(control_plane_binaries, folder / "cluster")
    assert len(cluster.pids) == 3, "both workers have ended and it still runs"
    cluster.kubectl("get", "crds")
    owner.kill()
    owner.wait()
    wait_until(lambda: not cluster.pids, timeout=10, what="the end of the servers")


def test_what_a_killed_worker_left_half_started_is_replaced(
    tmp_path: Path, owner: subprocess.Popen[str], control_plane_binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run = SharedRun(tmp_path / "run", owner.pid)
    run.directory.mkdir()
    half = ControlPlane(control_plane_binaries, run.directory / "cluster", owner_pid=owner.pid)
    half.start()  # and then the worker was killed: no CRDs, no controllers, not marked as ready
    before = set(half.pids.values())
    run.cluster(_CRDS)
    assert len(half.pids) == 3
    assert before.isdisjoint(half.pids.values())

    logs = run.close(keep_logs=True)
    assert logs is not None
    assert {"etcd.log", "kube-apiserver.log", "audit.log"} <= {file.name for file in Path(logs).iterdir()}
    assert not half.pids
    assert not run.directory.exists(), "the logs lie elsewhere, the data is gone"
    assert run.close(keep_logs=False) is None


def test_a_run_that_needs_no_cluster_leaves_nothing_and_imports_nothing_heavy(tmp_path: Path) -> None:
    code = """
import sys
from ivs_sandbox.shared_run import SharedRun
run = SharedRun.of_this_process()
assert run.close(keep_logs=True) is None
assert not run.directory.exists()
heavy = {"cryptography", "ivs_sandbox.control_plane", "ivs_sandbox.build", "ssl", "subprocess"} & sys.modules.keys()
sys.exit(f"imports {heavy}" if heavy else 0)
"""
    process = python(code)
    assert process.communicate(timeout=30)[1] == ""
    assert process.returncode == 0


def test_only_the_logs_of_the_last_failed_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ivs_sandbox import shared_run

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = []
    for number in range(5):
        logs = tmp_path / f"run-{number}"
        logs.mkdir()
        os.utime(logs, (number, number))
        kept.append(shared_run._keep(logs, f"ivs-operator-tests-{number}"))
    assert [Path(folder).exists() for folder in kept] == [False, False, True, True, True]


def test_the_folder_of_a_killed_run_is_removed_and_that_of_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivs_sandbox import shared_run

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    living = SharedRun.of_this_process().directory
    name = living.name.split("-")
    killed = tmp_path / "-".join([*name[:4], "1", name[-1]])  # the same process id, taken by a later process
    for folder in (living, killed):
        folder.mkdir()
    shared_run._forget_abandoned_runs()
    assert (living.exists(), killed.exists()) == (True, False)
