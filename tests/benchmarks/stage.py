"""Where benchmarks play: one API server, one emulator, a namespace for each operator, and objects loaded in bulk."""

from __future__ import annotations

import itertools
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from benchmarks.readings import LONG
from ivs_sandbox.shared_run import SharedRun
from support.api_server import ApiServer, custom
from support.deadlines import until
from support.emulator import running_emulator
from support.operator_process import OperatorProcess
from support.service_account import install_service_account
from support.walk import CHAT, RECORDING, Walk, is_ready, s3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator

__all__ = ["BUCKET", "Stage", "load", "opened", "settled", "start"]

_TESTS = Path(__file__).parents[1]
_CRDS = _TESTS.parent / "crds"
_CLIENTS = 6
_KINDS = {CHAT: "ChatLoggingConfiguration", RECORDING: "RecordingConfiguration"}
BUCKET = "benchmark"


@dataclass
class Stage:
    """What operators run on; `kubeconfig` is of the service account that ships."""

    cluster: Cluster
    emulator: Emulator
    kubeconfig: Path
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _walks: list[Walk] = field(default_factory=list)

    def clear(self) -> None:
        """An account without anything; quotas are out of the way."""
        self.emulator.control.reset()
        self.emulator.control.set(recording_configurations_quota=100_000, logging_configurations_quota=100_000)
        self.emulator.bucket(BUCKET)

    def walk(self, *, factor: float, program: Iterable[str] = (), **options: Any) -> Walk:
        """A namespace with the operator, not started yet, at `factor` times AWS's rates."""
        namespace = f"benchmark-{uuid4().hex[:8]}"
        self.cluster.kubectl("create", "namespace", namespace)
        return self.beside(namespace, factor=factor, program=program, **options)

    def beside(self, namespace: str, *, factor: float, program: Iterable[str] = (), **options: Any) -> Walk:
        """As `walk`, in a namespace that exists."""
        folder = self.folder / f"operator-{next(self._numbers)}"
        folder.mkdir()
        environment = {
            **self.emulator.environment(),
            "KUBECONFIG": str(self.kubeconfig),
            "PYTHONPATH": str(_TESTS),
        }
        usual = {
            "namespaces": namespace,
            "cluster_id": namespace,
            "leader_elect": "off",
            "lease_namespace": "ivs-operator",
            "create_grace": 3,
            **options,
        }
        process = OperatorProcess(folder, environment, **usual)
        process.program = [*program] or [sys.executable, "-m", "benchmarks.scaled", str(factor)]
        self._walks.append(Walk(self.cluster, namespace, self.emulator, process))
        return self._walks[-1]

    def end(self) -> None:
        """End every operator that still runs."""
        for walk in self._walks:
            walk.operator.end()
            walk.api.close()


@contextmanager
def opened() -> Iterator[Stage]:
    """A stage of one's own; everything ends with it."""
    run = SharedRun.of_this_process()
    try:
        with TemporaryDirectory(prefix="ivs-operator-benchmarks-") as folder, running_emulator() as emulator:
            cluster = run.cluster(_CRDS)
            stage = Stage(cluster, emulator, install_service_account(cluster), Path(folder))
            try:
                yield stage
            finally:
                stage.end()
    finally:
        run.close(keep_logs=False)


def load(walk: Walk, plural: str, numbers: Iterable[int], *, labels: dict[str, str] | None = None, **spec: Any) -> None:
    """Create custom resources `one-<number>`, several at a time."""
    queue = list(numbers)

    def create(share: list[int]) -> None:
        api = ApiServer(walk.cluster.kubeconfig)
        for number in share:
            metadata = {"name": f"one-{number}", "namespace": walk.namespace, "labels": labels or {}}
            wanted = {"destinationConfiguration": s3(BUCKET), **spec}
            body = {"apiVersion": "ivs-operator.dev/v1alpha1", "kind": _KINDS[plural], "metadata": metadata}
            api.call("POST", custom(plural, walk.namespace), {**body, "spec": wanted})
        api.close()

    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(create, [queue[first::_CLIENTS] for first in range(_CLIENTS)]))


def start(walk: Walk) -> None:
    """Start the operator, and wait until it has read everything and is ready."""
    walk.operator.launch()
    until(
        lambda: walk.operator.probe("/readyz")[0] == HTTPStatus.OK, "it is ready", timeout=LONG, last=walk.operator.tail
    )


def settled(walk: Walk, *plurals: str) -> None:
    """Return once every object is Ready and the operator is at rest."""

    def all_ready() -> bool:
        walk.rest(timeout=LONG)
        return all(is_ready(item) for plural in plurals for item in _listed(walk, plural))

    until(all_ready, f"all of {plurals} are Ready", timeout=LONG, last=walk.operator.tail)


def _listed(walk: Walk, plural: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = walk.api.call("GET", custom(plural, walk.namespace))["items"]
    return found
