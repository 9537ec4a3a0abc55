"""A cluster that exists, kind included, with the interface of our own; nothing of it is started or stopped."""

import base64
import json
import os
import subprocess
import urllib.parse
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

from ivs_sandbox.audit import AuditLog
from ivs_sandbox.certificates import signing_request
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.errors import ClusterRefusedError, SandboxError
from ivs_sandbox.files import file_name, write_private
from ivs_sandbox.kubeconfigs import certificate_credentials, write_kubeconfig_like

USE_VARIABLE = "USE_EXISTING_CLUSTER"
ALLOW_VARIABLE = "IVS_OPERATOR_TEST_ALLOW_SERVER"


def existing_is_wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment asks for a cluster that exists."""
    return environ.get(USE_VARIABLE, "").lower() in ("true", "1", "yes", "on")


def refusal(server: str, environ: Mapping[str, str]) -> str | None:
    """Why tests must not touch this server, with the remedy; None when it is on loopback or explicitly allowed."""
    host = urllib.parse.urlsplit(server).hostname or ""
    allowed = environ.get(ALLOW_VARIABLE, "")
    if _is_loopback(host) or (allowed and allowed.rstrip("/") == server.rstrip("/")):
        return None
    named = f"{ALLOW_VARIABLE} allows {allowed} instead. " if allowed else ""
    return (
        f"the cluster at {server} is not on this machine, and what runs here makes and deletes objects in it. {named}"
        f"If it is meant for that, set {ALLOW_VARIABLE}={server}"
    )


class ExistingCluster(Cluster):
    """The current context of a kubeconfig, kept in a file of ours: a later switch of context changes nothing.

    Raises:
        ClusterRefusedError: no such context, or a server that is neither on loopback nor allowed.
    """

    def __init__(
        self,
        kubectl_program: Path,
        directory: Path,
        *,
        kubeconfig: Path | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        super().__init__(kubectl_program, directory.absolute())
        self._adopt(_current_context(kubectl_program, kubeconfig, environ), environ)

    def _adopt(self, config: dict[str, Any], environ: Mapping[str, str]) -> None:
        self._url = str(config["clusters"][0]["cluster"]["server"])
        reason = refusal(self._url, environ)
        if reason is not None:
            raise ClusterRefusedError(reason)
        self._kubeconfig = write_private(self.directory / "kubeconfigs" / "admin.yaml", json.dumps(config).encode())

    @property
    def kubeconfig(self) -> Path:
        """What the kubeconfig's current context was."""
        return self._kubeconfig

    @property
    def url(self) -> str:
        """The API server's address."""
        return self._url

    @property
    def audit_log(self) -> AuditLog:
        """Never there: an API server's audit log is a file on its own machine."""
        raise ClusterRefusedError(
            f"the audit log of the cluster at {self._url} cannot be read from here; unset {USE_VARIABLE} to run "
            "this on a local control plane, which has one"
        )

    def user_kubeconfig(self, user: str, groups: Iterable[str] = ()) -> Path:
        """A kubeconfig with a certificate that the cluster signs for us (CertificateSigningRequest).

        Raises:
            SandboxError: the cluster does not sign client certificates, as some managed ones.
        """
        groups = tuple(groups)
        request, key = signing_request(user, groups)
        name = f"{file_name('ivs-operator', user).lower()[:40]}-{uuid4().hex[:8]}"
        spec = {
            "request": base64.b64encode(request).decode(),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "expirationSeconds": 24 * 3600,
            "usages": ["client auth"],
        }
        body = {"kind": "CertificateSigningRequest", "metadata": {"name": name}, "spec": spec}
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "certificates.k8s.io/v1"} | body))
        self.kubectl("certificate", "approve", name)
        wanted = "--for=jsonpath={.status.certificate}"
        signed = self.kubectl("wait", wanted, "--timeout=20s", "csr", name, check=False)
        if signed.returncode != 0:
            raise SandboxError(
                f"the cluster at {self._url} did not sign a certificate for user {user} within 20 s: "
                f"{signed.stderr.strip()}; use a service account instead"
            )
        certificate = self.kubectl("get", "csr", name, "--output=json").json()["status"]["certificate"]
        path = self.directory / "kubeconfigs" / f"{file_name('user', user, *groups)}.yaml"
        credentials = certificate_credentials(base64.b64decode(certificate), key)
        return write_kubeconfig_like(path, self._minified(), credentials)

    def start(self) -> None:
        """Nothing: it runs."""

    def start_controller_manager(self) -> None:
        """Nothing: it has one."""

    def stop(self) -> None:
        """Nothing: it is not ours."""

    def stop_api_server(self) -> None:
        """Refused: it is not ours."""
        raise ClusterRefusedError(
            f"the API server at {self._url} is not ours to stop; unset {USE_VARIABLE} to run this on a local one"
        )

    def restart_api_server(self) -> None:
        """Refused: it is not ours."""
        self.stop_api_server()


def _current_context(kubectl: Path, kubeconfig: Path | None, environ: Mapping[str, str]) -> dict[str, Any]:
    """The minified kubeconfig, read by kubectl itself: it alone knows how several files are merged."""
    chosen = [f"--kubeconfig={kubeconfig}"] if kubeconfig else []
    answer = subprocess.run(  # noqa: S603 - the kubectl that the resolver chose
        [kubectl, *chosen, "config", "view", "--minify", "--flatten", "--raw", "--output=json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env=dict(environ) | {"KUBERC": "off"},
    )
    where = str(kubeconfig or environ.get("KUBECONFIG") or "~/.kube/config")
    if answer.returncode != 0:
        raise ClusterRefusedError(
            f"{where} has no usable current context ({answer.stderr.strip()}); name a kubeconfig whose current "
            f"context is the cluster, or unset {USE_VARIABLE}"
        )
    config: dict[str, Any] = json.loads(answer.stdout)
    if not config.get("clusters"):
        raise ClusterRefusedError(f"{where} names no cluster; set KUBECONFIG to one that does, or unset {USE_VARIABLE}")
    return config


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
