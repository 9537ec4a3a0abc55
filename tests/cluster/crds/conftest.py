"""One namespace for a module's tables: the objects in it have names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from cluster.crds.objects import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivs_sandbox.cluster import Cluster
    from ivs_sandbox.kubectl import KubectlResult

LABEL = "ivs-operator.dev/made-by-test"


class User:
    """Somebody with kubectl and a namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self.kubectl = cluster.kubectl
        self.namespace = namespace

    def run(self, *arguments: str, manifest: dict[str, Any] | None = None, check: bool = True) -> KubectlResult:
        stdin = None if manifest is None else as_text(manifest)
        return self.kubectl(f"--namespace={self.namespace}", *arguments, stdin=stdin, check=check)

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """The response of the API server to a creation."""
        manifest["metadata"]["labels"] = {LABEL: self.namespace}
        created: dict[str, Any] = self.run("create", "--filename=-", "--output=json", manifest=manifest).json()
        return created

    def replace(self, manifest: dict[str, Any]) -> dict[str, Any]:
        replaced: dict[str, Any] = self.run("replace", "--filename=-", "--output=json", manifest=manifest).json()
        return replaced

    def refused(self, verb: str, manifest: dict[str, Any], *options: str) -> str:
        """What kubectl says when the object is refused."""
        result = self.run(verb, "--filename=-", *options, manifest=manifest, check=False)
        assert result.returncode != 0, f"accepted: {result.stdout}"
        return result.stderr

    def apply(self, manager: str, manifest: dict[str, Any], *options: str) -> dict[str, Any]:
        """Server-side apply, as Argo CD and Flux do it."""
        result = self.run(
            "apply", "--server-side", f"--field-manager={manager}", "--filename=-", "--output=json", *options,
            manifest=manifest,
        )  # fmt: skip
        applied: dict[str, Any] = result.json()
        return applied

    def write_status(self, manifest: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
        """What the operator does; returns the status as it was stored."""
        result = self.run(
            "patch", manifest["kind"], manifest["metadata"]["name"], "--subresource=status", "--type=merge",
            "--patch-file=/dev/stdin", "--output=json", manifest={"status": status},
        )  # fmt: skip
        stored: dict[str, Any] = result.json()["status"]
        return stored


@pytest.fixture(scope="module")
def user(control_plane: Cluster) -> Iterator[User]:
    namespace = f"crds-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", namespace)
    yield User(control_plane, namespace)
    # The only kind that is in no namespace; on a cluster that outlives the run it would stay.
    control_plane.kubectl("delete", "awsaccounts", f"--selector={LABEL}={namespace}", "--wait=false")
