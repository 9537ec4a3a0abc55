"""`helm test` of a release whose replicas are processes beside the cluster."""

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import yaml

from helm.nodes import Words
from helm.releases import Release
from helm.replicas import addressed, resolving
from support.deadlines import until
from support.operator_process import OperatorProcess

__all__ = ["ask_readiness", "helm_test"]


def ask_readiness(
    release: Release, port: int, seconds: str = "1", *, addresses: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run what the pod of `helm test` would run, in the release's words, against the process."""
    hooks = release.helm("get", "hooks", release.name, f"--namespace={release.name}").stdout
    (pod,) = [item for item in yaml.safe_load_all(hooks) if item and item["kind"] == "Pod"]
    (container,) = pod["spec"]["containers"]
    assert container["command"] == ["python3", "-c"]
    script, name, rendered_port, _ = container["args"]
    assert name == f"{release.name}.{release.name}.svc"
    assert rendered_port == release.variable("IVS_OPERATOR_HEALTH_PORT")
    program = resolving(script, name, addresses or ["127.0.0.1"])
    line = [sys.executable, "-c", program, name, str(port), seconds]
    return subprocess.run(line, capture_output=True, text=True, check=False)


def helm_test(release: Release, words: Words, replicas: list[OperatorProcess]) -> tuple[list[str], str]:
    """What the pod of `helm test --logs` says of these replicas, and what Helm prints.

    kwok runs nothing: what the pod would have run is run here, and the pod is told to have said it and to have ended.
    """
    kubectl = release.cluster.kubectl
    name, within = f"{release.name}-test", f"--namespace={release.name}"
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: release.helm("test", release.name, within, "--logs", "--timeout=60s"))
        until(lambda: not kubectl("get", "pod", name, within, check=False).returncode, "the pod is there")
        labels = release.get("pod", name)["metadata"]["labels"]
        selector = release.get("service", release.name)["spec"]["selector"]
        assert not selector.items() <= labels.items(), "the Service must not count the test among the replicas"
        ports = {f"127.0.0.{number}": process.port("health") or 0 for number, process in enumerate(replicas, 11)}
        with addressed(ports) as port:
            done = ask_readiness(release, port, "10", addresses=list(ports))
        assert done.returncode == 0, done.stdout
        pods = kubectl("get", "pods", within, "--output=name").stdout.split()
        inside = next(pod.removeprefix("pod/") for pod in pods if name not in pod)  # where the host has the pod's name
        said = done.stdout.replace(f"{socket.gethostname()}_", f"{inside}_")
        words.say(said)
        until(lambda: release.get("pod", name)["status"].get("phase") == "Running", "kwok runs it")
        ended = json.dumps({"status": {"phase": "Succeeded"}})
        kubectl("patch", "pod", name, within, "--subresource=status", "--type=merge", f"--patch={ended}")
        return said.splitlines(), running.result(timeout=60).stdout
