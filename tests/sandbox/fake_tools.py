"""Small programs that answer as the real ones do, for what must be tried without them."""

from pathlib import Path

from ivs_sandbox.binaries import Tool

_ANSWERS = {
    Tool.ETCD: "etcd Version: {version}\\nGit SHA: 1234567\\nGo Version: go1.24.5",
    Tool.KUBE_APISERVER: "Kubernetes v{version}",
    Tool.KUBE_CONTROLLER_MANAGER: "Kubernetes v{version}",
    Tool.KUBECTL: '{{"clientVersion": {{"gitVersion": "v{version}"}}, "kustomizeVersion": "v5.7.1"}}',
}
EVERYTHING = tuple(Tool)
ENVTEST = (Tool.ETCD, Tool.KUBE_APISERVER, Tool.KUBECTL)


def script(path: Path, body: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def install(folder: Path, *tools: Tool, version: str = "1.36.1") -> Path:
    """Tools that tell this version (etcd its own)."""
    for tool in tools:
        told = _ANSWERS[tool].format(version="3.6.5" if tool is Tool.ETCD else version)
        script(folder / tool, f"printf '%b\\n' '{told}'")
    return folder
