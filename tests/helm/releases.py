"""Releases of the chart in a real API server, and the operator as a process with what its pod would have been given."""

import base64
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from helm.chart import CHART, Helm
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.ports import free_port
from support.emulator import Emulator
from support.operator_process import OperatorProcess

__all__ = ["Release", "previous_chart"]

OLD_VERSION = "0.0.9"
_SECRET = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Release:
    """One release, in a namespace of the same name. Its operator is a process: there is no machine to run a pod."""

    def __init__(self, cluster: Cluster, emulator: Emulator, name: str, folder: Path, **settings: Any) -> None:
        self.cluster = cluster
        self.helm = Helm(cluster.kubeconfig)
        self.name = name
        self._emulator = emulator
        self._folder = folder
        self._started: list[OperatorProcess] = []
        # In a pod the lease's namespace is the pod's own, told by a file that a process beside the cluster has not.
        ports = {"healthPort": free_port(), "metricsPort": free_port()}
        self.values: dict[str, Any] = {
            "fullnameOverride": name,
            "settings": {"sweepInterval": 1, "leaseNamespace": name, "leaseDuration": 5, **ports, **settings},
            "awsCredentialsSecret": {"name": "aws"},
            "extraEnv": [
                {"name": key, "value": value} for key, value in emulator.environment().items() if key not in _SECRET
            ],
        }
        cluster.kubectl("create", "namespace", name)
        keys = emulator.environment()
        literals = [
            f"--from-literal={key.lower()}={keys[key]}" for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
        ]
        cluster.kubectl("create", "secret", "generic", "aws", f"--namespace={name}", *literals)

    def install(self, chart: Path = CHART, **values: Any) -> str:
        """`helm install`, waiting for the Deployment; returns what Helm printed."""
        return self.helm.apply("install", self.name, chart, {**self.values, **values}).stdout

    def upgrade(self, chart: Path = CHART, **values: Any) -> str:
        """`helm upgrade`, waiting for the Deployment; returns what Helm printed."""
        return self.helm.apply("upgrade", self.name, chart, {**self.values, **values}).stdout

    def uninstall(self) -> str:
        """`helm uninstall`; returns what Helm printed."""
        return self.helm("uninstall", self.name, f"--namespace={self.name}", "--wait").stdout

    def start(self) -> OperatorProcess:
        """The operator as the pod would run it, ready."""
        process = self.launch()
        process.wait_ready()
        return process

    def launch(self, environment: Mapping[str, str] | None = None, **flags: object) -> OperatorProcess:
        """The operator as the pod would run it: command, variables and service account are the Deployment's.

        `environment` is what the pod would find beside them, such as AWS; `flags` tell replicas on one machine apart.
        """
        deployment = self.get("deployment", self.name)
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"] == ["run"], "what OperatorProcess runs"
        given = {item["name"]: self._value(item) for item in container["env"]} | dict(environment or {})
        given["KUBECONFIG"] = str(self.cluster.service_account_kubeconfig(self.name, pod["serviceAccountName"]))
        folder = self._folder / f"{self.name}-{len(self._started)}"
        folder.mkdir(parents=True)
        rendered = {"health_port": None, "metrics_port": None, "log_format": None}
        process = OperatorProcess(folder, given, **{**rendered, **flags})
        self._started.append(process)
        process.launch()
        return process

    def end(self) -> None:
        """Stop what still runs; politely, since a Lease that is not released holds up the next test's operator."""
        for process in self._started:
            if process.runs:
                process.stop()

    def get(self, *what: str) -> dict[str, Any]:
        """`kubectl get` of one thing in the release's namespace."""
        found: dict[str, Any] = self.cluster.kubectl("get", *what, f"--namespace={self.name}", "--output=json").json()
        return found

    def variable(self, name: str) -> str:
        """A variable of the Deployment's container, as the pod would find it."""
        (container,) = self.get("deployment", self.name)["spec"]["template"]["spec"]["containers"]
        return next(self._value(item) for item in container["env"] if item["name"] == name)

    def _value(self, item: dict[str, Any]) -> str:
        if "value" in item:
            return str(item["value"])
        reference = item["valueFrom"]["secretKeyRef"]
        return base64.b64decode(self.get("secret", reference["name"])["data"][reference["key"]]).decode()


def previous_chart(folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The chart as an older version: other image, and CRDs to which `change` has been done."""
    chart = Path(shutil.copytree(CHART, folder / "previous"))
    about = chart / "Chart.yaml"
    about.write_text(
        re.sub(r"^(version|appVersion): .*$", rf"\1: {OLD_VERSION}", about.read_text(), flags=re.MULTILINE)
    )
    for path in (chart / "files" / "crds").glob("*.yaml"):
        crd = yaml.safe_load(path.read_text())
        change(crd)
        path.write_text(yaml.safe_dump(crd, sort_keys=False))
    return chart
