"""What tests and demo can do with a cluster, ours or one that exists."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from ivs_sandbox.audit import AuditLog
from ivs_sandbox.errors import KubectlError, SandboxError
from ivs_sandbox.files import file_name
from ivs_sandbox.kubeconfigs import write_kubeconfig_like
from ivs_sandbox.kubectl import Kubectl, KubectlResult

# Longer than any test run or demo; servers that allow less answer with what they allow.
_LIFETIME = "8h"


class Cluster(ABC):
    """An API server with its administrator's kubeconfig. A context manager that starts and stops what is ours."""

    def __init__(self, kubectl_program: Path, directory: Path) -> None:
        self.directory = directory
        self._kubectl_program = kubectl_program

    @property
    @abstractmethod
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The API server's address."""

    @property
    @abstractmethod
    def audit_log(self) -> AuditLog:
        """The API server's audit log; raises ClusterRefusedError where there is none to read."""

    @abstractmethod
    def user_kubeconfig(self, user: str, groups: Iterable[str] = ()) -> Path:
        """A kubeconfig with a client certificate of this user, who has only what RBAC gives."""

    @abstractmethod
    def start(self) -> None:
        """Start what is ours to start; for a cluster that exists, nothing."""

    @abstractmethod
    def start_controller_manager(self) -> None:
        """Start the controllers; after the CRDs are applied."""

    @abstractmethod
    def stop(self) -> None:
        """Stop what we started."""

    @abstractmethod
    def stop_api_server(self) -> None:
        """Make the API server unreachable, keeping its data and address."""

    @abstractmethod
    def restart_api_server(self) -> None:
        """Start the API server anew with its data and address, whether it runs or not."""

    def diagnosis(self) -> str:
        """What is wrong with the servers, for error messages; empty when nothing is known."""
        return ""

    def __enter__(self) -> Self:
        """Start; a start that fails half-way leaves nothing behind."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    def kubectl(
        self, *arguments: str | Path, stdin: str | None = None, kubeconfig: Path | None = None, check: bool = True
    ) -> KubectlResult:
        """Run kubectl, as the administrator unless another kubeconfig is given."""
        run = Kubectl(self._kubectl_program, self.kubeconfig, self.directory / "kubectl-cache", self.diagnosis)
        return run(*arguments, stdin=stdin, kubeconfig=kubeconfig, check=check)

    def apply_crds(self, folder: Path) -> list[str]:
        """Apply every `*.yaml` of the folder, all of them CRDs, and wait until they are served; returns their names."""
        files = sorted(folder.glob("*.yaml"))
        if not files:
            return []
        sources = [f"--filename={file}" for file in files]
        # Server side: a CRD may be bigger than the annotation that client-side apply makes of it.
        self.kubectl("apply", "--server-side", "--force-conflicts", *sources)
        self.kubectl("wait", "--for=condition=Established", "--timeout=30s", *sources)
        listed = self.kubectl("get", *sources, "--output=name")
        return [name.partition("/")[2] for name in listed.stdout.split()]

    def service_account_kubeconfig(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a token of this service account (TokenRequest), so that its RBAC is what is tested."""
        try:
            token = self.kubectl("create", "token", name, f"--namespace={namespace}", f"--duration={_LIFETIME}")
        except KubectlError as error:
            raise SandboxError(
                f"no token for service account {namespace}/{name}: {error}. Create it first: "
                f"kubectl create serviceaccount {name} --namespace {namespace}"
            ) from error
        path = self.directory / "kubeconfigs" / f"{file_name('service-account', namespace, name)}.yaml"
        return write_kubeconfig_like(path, self._minified(), {"token": token.stdout.strip()})

    def _minified(self) -> dict[str, object]:
        view = self.kubectl("config", "view", "--minify", "--flatten", "--raw", "--output=json")
        config: dict[str, object] = json.loads(view.stdout)
        return config
