"""A node without a machine: kwok plays the kubelet, a thread the scheduler. Deployments become available, and
`kubectl logs` shows what a test has put down as the words of the pods.
"""

import http.client
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ivs_sandbox.cluster import Cluster
from ivs_sandbox.ports import free_port
from ivs_sandbox.processes import await_ready, spawn, stop
from support.api_server import ApiServer, Refused
from support.deadlines import TIMEOUT
from support.engines import engine

__all__ = ["Words", "pretended_node"]

NODE = "pretended"
_STAGES = Path(__file__).with_name("stages.yaml")
_PAUSE = 0.2  # seconds between looks for pods without a node


class Words:
    """What the pods of the pretended node have said, in the format of container run-times."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "said.log"
        self._path.touch()
        spec = {"logs": [{"logsFile": str(self._path)}]}
        self.settings = folder / "logs.yaml"
        """kwok's configuration for it."""
        about = {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "ClusterLogs", "metadata": {"name": "all"}}
        self.settings.write_text(json.dumps({**about, "spec": spec}))

    def say(self, text: str) -> None:
        """From now on every pod has said this, and nothing else."""
        self._path.write_text("".join(f"2026-01-01T00:00:00Z stdout F {line}\n" for line in text.splitlines()))


@contextmanager
def pretended_node(cluster: Cluster) -> Iterator[Words]:
    """While this lasts, pods run and are ready on a node that does not exist."""
    api = ApiServer(cluster.kubeconfig, kept=True)
    annotations = {"kwok.x-k8s.io/node": "fake"}
    with suppress(Refused):  # it is there from before
        api.call("POST", "/api/v1/nodes", {"metadata": {"name": NODE, "annotations": annotations}})
    folder = cluster.directory / "kwok"
    folder.mkdir(exist_ok=True)
    words, port = Words(folder), free_port()
    settings = (f"--kubeconfig={cluster.kubeconfig}", "--manage-all-nodes", f"--config={_STAGES},{words.settings}")
    kubelet = (f"--server-address=127.0.0.1:{port}", "--node-ip=127.0.0.1", f"--node-port={port}")
    command: list[str | Path] = [engine("kwok"), *settings, *kubelet]
    environ = {**os.environ, "HOME": str(folder)}
    kwok = spawn("kwok", command, owner_pid=os.getpid(), folder=folder, environ=environ)
    await_ready(kwok, lambda: _is_ready(api), TIMEOUT)
    ended = threading.Event()
    scheduler = threading.Thread(target=_schedule, args=(api, ended), name="scheduler", daemon=True)
    scheduler.start()
    try:
        yield words
    finally:
        ended.set()
        scheduler.join()
        stop(kwok)
        api.close()


def _is_ready(api: ApiServer) -> bool:
    conditions = api.call("GET", f"/api/v1/nodes/{NODE}").get("status", {}).get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _schedule(api: ApiServer, ended: threading.Event) -> None:
    while not ended.wait(_PAUSE):
        with suppress(OSError, http.client.HTTPException):
            for pod in api.call("GET", "/api/v1/pods", fieldSelector="spec.nodeName=")["items"]:
                _bind(api, pod["metadata"])


def _bind(api: ApiServer, pod: dict[str, Any]) -> None:
    target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
    body = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": pod["name"]}, "target": target}
    with suppress(Refused):  # it has gone meanwhile
        api.call("POST", f"/api/v1/namespaces/{pod['namespace']}/pods/{pod['name']}/binding", body)
