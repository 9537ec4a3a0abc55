"""The cluster to use: one that exists when asked for, else our own control plane, else kind when asked for."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from ivs_sandbox.binaries import Tool
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.control_plane import ControlPlane
from ivs_sandbox.errors import SandboxError
from ivs_sandbox.existing import ExistingCluster, existing_is_wanted
from ivs_sandbox.kind import KindCluster
from ivs_sandbox.resolver import resolve, say_on_stderr

KIND_VARIABLE = "IVS_OPERATOR_USE_KIND"


def open_cluster(
    directory: Path,
    *,
    kubeconfig: Path | None = None,
    environ: Mapping[str, str] | None = None,
    install: bool = True,
    owner_pid: int | None = None,
    announce: Callable[[str], None] = say_on_stderr,
) -> Cluster:
    """The cluster for this environment, not started yet; kubeconfigs and logs go to `directory`.

    Raises:
        SandboxError: there is none; the message lists what was tried and what to do.
    """
    environ = os.environ if environ is None else environ
    if kubeconfig is not None or existing_is_wanted(environ):
        kubectl = resolve(environ, install=install, needed=frozenset({Tool.KUBECTL}), announce=lambda _: None).kubectl
        cluster = ExistingCluster(kubectl, directory, kubeconfig=kubeconfig, environ=environ)
        announce(f"cluster {cluster.url}, as asked for by {'--kubeconfig' if kubeconfig else 'USE_EXISTING_CLUSTER'}")
        return cluster
    try:
        return ControlPlane(resolve(environ, install=install, announce=announce), directory, owner_pid=owner_pid)
    except SandboxError as failure:
        if not _kind_can_be_used(environ):
            raise
        announce(f"cluster made by kind, as asked for by {KIND_VARIABLE}, since: {failure}")
    kubectl = resolve(environ, install=False, needed=frozenset({Tool.KUBECTL}), announce=lambda _: None).kubectl
    return KindCluster(kubectl, directory, environ)


def _kind_can_be_used(environ: Mapping[str, str]) -> bool:
    if environ.get(KIND_VARIABLE, "").lower() not in ("true", "1", "yes", "on"):
        return False
    absent = [program for program in ("kind", "docker") if shutil.which(program, path=environ.get("PATH", "")) is None]
    if absent:
        raise SandboxError(f"{KIND_VARIABLE} is set, but {' and '.join(absent)} are not on PATH; install or unset it")
    return True
