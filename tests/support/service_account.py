"""The service account that ships, on a test's cluster: what its role does not allow is refused in tests, too."""

from pathlib import Path

from ivs_sandbox.cluster import Cluster

__all__ = ["BASE", "USER", "install_service_account"]

BASE = Path(__file__).parents[2] / "manifests" / "base"
USER = "system:serviceaccount:ivs-operator:ivs-operator"
_FILES = ("namespace", "service-account", "cluster-role", "cluster-role-binding", "lease-role", "lease-role-binding")


def install_service_account(cluster: Cluster) -> Path:
    """Apply account and role as they ship; returns a kubeconfig with a token of the account."""
    sources = [f"--filename={BASE / name}.yaml" for name in _FILES]
    cluster.kubectl("apply", "--server-side", "--force-conflicts", *sources)
    return cluster.service_account_kubeconfig("ivs-operator", "ivs-operator")
