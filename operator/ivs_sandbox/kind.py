"""A cluster that `kind` makes for us in Docker."""

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ivs_sandbox.cluster import Cluster
from ivs_sandbox.errors import SandboxError
from ivs_sandbox.existing import ExistingCluster


class KindCluster(ExistingCluster):
    """Made by start(), deleted by stop(); named after its folder, so that several processes can use one.

    Unlike our own control plane it outlives a run that is killed: `kind get clusters` shows it.
    """

    def __init__(self, kubectl_program: Path, directory: Path, environ: Mapping[str, str]) -> None:
        Cluster.__init__(self, kubectl_program, directory.absolute())
        self._environ = dict(environ)
        self._name = f"ivs-operator-{hashlib.sha256(str(self.directory).encode()).hexdigest()[:8]}"
        self._written = self.directory / "kubeconfigs" / "kind.yaml"
        if self._written.exists():
            self._adopt_written()

    def start(self) -> None:
        """Make it and wait until its node is ready (about a minute)."""
        self._written.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._kind("create", "cluster", "--name", self._name, "--wait", "120s", "--kubeconfig", str(self._written))
        self._adopt_written()

    def stop(self) -> None:
        """Delete it; nothing when there is none."""
        self._kind("delete", "cluster", "--name", self._name)
        self._written.unlink(missing_ok=True)

    def _adopt_written(self) -> None:
        super().__init__(self._kubectl_program, self.directory, kubeconfig=self._written, environ=self._environ)

    def _kind(self, *arguments: str) -> None:
        answer = subprocess.run(  # noqa: S603 - the user asked for kind
            ["kind", *arguments],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=self._environ,
        )
        if answer.returncode != 0:
            raise SandboxError(f"`kind {' '.join(arguments[:2])}` failed: {answer.stderr.strip()}")
