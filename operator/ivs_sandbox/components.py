"""Command lines of the three servers. Source: their own `--help` of the pinned versions, each flag tried."""

from dataclasses import dataclass
from pathlib import Path

from ivs_sandbox.certificates import Authority

# Everything, once per request, when it has been answered: RBAC and write counts are read from it, and every status that
# was ever written, with its object.
_AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: RequestResponse
  verbs: [update, patch]
  resources:
  - group: ivs-operator.dev
    resources: ["*/status"]
  omitManagedFields: true
- level: Metadata
"""
# lumberjack rotates at 100 MB when told nothing; a mark in a rotated file would point nowhere.
_AUDIT_MEGABYTES = 4096
_CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
    "deployment-controller",
    "replicaset-controller",
    "certificatesigningrequest-signing-controller",  # so that what works on any cluster can be tried on this one
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a control plane's folder."""

    root: Path

    @property
    def certificates(self) -> Path:
        """Keys and certificates."""
        return self.root / "certificates"

    @property
    def kubeconfigs(self) -> Path:
        """Kubeconfigs, the administrator's among them."""
        return self.root / "kubeconfigs"

    @property
    def admin_kubeconfig(self) -> Path:
        """Member of system:masters."""
        return self.kubeconfigs / "admin.yaml"

    @property
    def data(self) -> Path:
        """Etcd's data; may be deleted when the control plane has stopped."""
        return self.root / "etcd"

    @property
    def audit_log(self) -> Path:
        """The API server's audit log."""
        return self.root / "logs" / "audit.log"

    @property
    def state(self) -> Path:
        """Ports and process ids."""
        return self.root / "state.json"


def etcd_command(program: Path, layout: Layout, port: int, peer_port: int) -> list[str | Path]:
    """Plain HTTP: it listens on loopback, and lives as long as a test run."""
    client, peer = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{peer_port}"
    return [
        program,
        f"--data-dir={layout.data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync=true",  # nothing here survives a power cut, nor has to
        "--log-level=warn",
    ]


def api_server_command(program: Path, layout: Layout, authority: Authority, port: int, etcd: int) -> list[str | Path]:
    """RBAC, client certificates, TokenRequest, a blocking audit log."""
    certificate, key = authority.server("kube-apiserver")
    policy = layout.root / "audit-policy.yaml"
    policy.write_text(_AUDIT_POLICY)
    service_accounts = layout.certificates / "service-accounts.key"
    return [
        program,
        f"--etcd-servers=http://127.0.0.1:{etcd}",
        f"--cert-dir={layout.certificates}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--allow-privileged=true",
        "--authorization-mode=RBAC",
        f"--client-ca-file={authority.certificate_file}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={service_accounts}",
        f"--service-account-signing-key-file={service_accounts}",
        "--endpoint-reconciler-type=none",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-mode=blocking",
        f"--audit-log-maxsize={_AUDIT_MEGABYTES}",
    ]


def controller_manager_command(program: Path, layout: Layout, authority: Authority, port: int) -> list[str | Path]:
    """The controllers that tests meet; the others would only cost memory and requests."""
    certificate, key = authority.server("kube-controller-manager")
    return [
        program,
        f"--kubeconfig={layout.kubeconfigs / 'kube-controller-manager.yaml'}",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={layout.certificates / 'service-accounts.key'}",
        f"--root-ca-file={authority.certificate_file}",
        f"--cluster-signing-cert-file={authority.certificate_file}",
        f"--cluster-signing-key-file={authority.key_file}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--controllers={','.join(_CONTROLLERS)}",
    ]
