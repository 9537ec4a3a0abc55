"""A control plane with the admission policies that ship; they look at every namespace, so no other test shares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivs_sandbox.shipped import manifests
from support.api_server import ApiServer
from support.deadlines import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivs_sandbox.binaries import Binaries
    from ivs_sandbox.control_plane import ControlPlane

CRDS = manifests("base").parents[1] / "crds"


@pytest.fixture(scope="module")
def guarded(control_plane_binaries: Binaries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The control plane, once it enforces the policies."""
    from ivs_sandbox.control_plane import ControlPlane

    with ControlPlane(control_plane_binaries, tmp_path_factory.mktemp("admission") / "control-plane") as started:
        started.apply_crds(CRDS)
        started.start_controller_manager()
        applied = started.kubectl("apply", "--server-side", "--filename=-", stdin=rendered(started, "admission"))
        assert applied.stderr == "", "no warning: every field is known"
        until(lambda: _refuses(started), "the API server enforces the policies")
        yield started


@pytest.fixture(scope="module")
def api(guarded: ControlPlane) -> Iterator[ApiServer]:
    """The guarded API server over HTTP, as its administrator."""
    server = ApiServer(guarded.kubeconfig)
    yield server
    server.close()


def rendered(cluster: ControlPlane, folder: str) -> str:
    """What kustomize makes of a folder of manifests."""
    return str(cluster.kubectl("kustomize", _folder(folder)).stdout)


def _folder(name: str) -> Path:
    return manifests(name)


def _refuses(cluster: ControlPlane) -> bool:
    """Each policy is in force some moments after it was made, each by itself."""
    crd = cluster.kubectl(*("delete", "--dry-run=server", "crd", "awsaccounts.ivs-operator.dev"), check=False)
    cluster.kubectl("apply", "--filename=-", stdin=_CANARY)
    cluster.kubectl("patch", "ivscl", "canary", "--subresource=status", "--type=merge", f"--patch={_USED}")
    used = cluster.kubectl("delete", "--dry-run=server", "ivscl", "canary", check=False)
    named = cluster.kubectl("create", "--dry-run=server", "--filename=-", stdin=_NAMING, check=False)
    return 0 not in {crd.returncode, used.returncode, named.returncode}


_CANARY = """
apiVersion: ivs-operator.dev/v1alpha1
kind: ChatLoggingConfiguration
metadata: {name: canary, namespace: default}
spec: {destinationConfiguration: {s3: {bucketName: some-bucket}}}
---
apiVersion: ivs-operator.dev/v1alpha1
kind: AWSAccount
metadata: {name: canary}
spec: {roleARN: "arn:aws:iam::222233334444:role/ivs-operator"}
"""
_USED = '{"status": {"observedGeneration": 1, "associations": {"associated": 1}}}'
_NAMING = """
apiVersion: ivs-operator.dev/v1alpha1
kind: ChatLoggingConfiguration
metadata: {generateName: canary-, namespace: default}
spec: {accountRef: {name: canary}, destinationConfiguration: {s3: {bucketName: some-bucket}}}
"""
