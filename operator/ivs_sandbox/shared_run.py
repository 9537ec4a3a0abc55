"""One cluster for all processes of a test run.

The first process that needs it starts it, under a lock; the others use it through its folder. It belongs to the
process of the whole run (xdist's controller, or the only one), and ends with it even when that is killed.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from ivs_sandbox.errors import SandboxError
from ivs_sandbox.processes import start_time

if TYPE_CHECKING:
    from ivs_sandbox.audit import AuditLog
    from ivs_sandbox.cluster import Cluster

_PREFIX = "ivs-operator-tests-"
_LOGS_PREFIX = "ivs-operator-logs-"
_LOGS_KEPT = 3


@dataclass(frozen=True, slots=True)
class SharedRun:
    """A test run, named by its folder; cheap until a cluster is asked for."""

    directory: Path
    owner_pid: int

    @classmethod
    def of_this_process(cls) -> Self:
        """A new run. The folder's name holds the owner, so that a later run can tell it is abandoned."""
        pid = os.getpid()
        return cls(Path(tempfile.gettempdir()) / f"{_PREFIX}{pid}-{start_time(pid)}-{uuid4().hex[:8]}", pid)

    def cluster(self, crds: Path) -> "Cluster":
        """The run's cluster with the CRDs of the folder served and the controllers running.

        Raises SandboxError with the remedy when there is none; nothing is downloaded or built in the middle of a test.
        """
        with self._locked():
            cluster = self._open(announce=print)
            ready = self.directory / "ready"
            if not ready.exists():
                _forget_abandoned_runs()
                cluster.stop()  # what a process that was killed in the middle of this has left
                cluster.start()
                cluster.apply_crds(crds)
                cluster.start_controller_manager()
                ready.touch()
            return cluster

    def audit_log(self) -> "AuditLog | None":
        """The audit log of the run's own API server; None when no test needed one, or it is one that existed before.

        For the process that the run belongs to, when the others have ended.
        """
        if not (self.directory / "ready").exists():
            return None
        with suppress(SandboxError):
            return self._open(announce=lambda _: None).audit_log
        return None

    def close(self, *, keep_logs: bool) -> str | None:
        """End the run's cluster, if one was started; returns the folder of its logs when they are kept."""
        if not self.directory.exists():
            return None
        with self._locked():
            with suppress(SandboxError):  # then no test could open it either, and has said why
                self._open(announce=lambda _: None).stop()
            logs = self.directory / "cluster" / "logs"
            kept = _keep(logs, self.directory.name) if keep_logs and logs.exists() else None
            shutil.rmtree(self.directory, ignore_errors=True)
            return kept

    def _open(self, announce: Callable[[str], None]) -> "Cluster":
        # Imported late: a run of unit tests must not pay for certificates and processes.
        from ivs_sandbox.clusters import open_cluster

        folder = self.directory / "cluster"
        return open_cluster(folder, install=False, owner_pid=self.owner_pid, announce=announce)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.directory.mkdir(mode=0o700, exist_ok=True)
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _keep(logs: Path, run: str) -> str:
    """Put a run's logs where no later run takes them for abandoned; the oldest of those kept make room."""
    folder = Path(tempfile.gettempdir())
    kept = sorted(folder.glob(f"{_LOGS_PREFIX}*"), key=lambda path: path.stat().st_mtime)
    for oldest in kept[: len(kept) - _LOGS_KEPT + 1]:
        shutil.rmtree(oldest, ignore_errors=True)
    return str(shutil.move(logs, folder / f"{_LOGS_PREFIX}{run.removeprefix(_PREFIX)}"))


def _forget_abandoned_runs() -> None:
    """Remove the folders of runs that were killed; their servers have ended by themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        pid, _, began = folder.name.removeprefix(_PREFIX).rpartition("-")[0].partition("-")
        if pid.isdigit() and began != str(start_time(int(pid))):
            shutil.rmtree(folder, ignore_errors=True)
