"""Trust policies: who may use a role. For pods on EKS (two ways), and for the operator's role from another account.

Sources: EKS user guide (IAM roles for service accounts; Pod Identity), IAM user guide (external ids).
"""

from dataclasses import dataclass
from typing import Any

__all__ = ["ServiceAccount", "trust_account", "trust_irsa", "trust_pod_identity"]


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """The Kubernetes service account that the operator runs as."""

    namespace: str = "ivs-operator"
    name: str = "ivs-operator"


def trust_irsa(account_id: str, issuer: str, service_account: ServiceAccount) -> dict[str, Any]:
    """For IAM roles for service accounts; `issuer` is the cluster's OIDC issuer without `https://`."""
    subject = f"system:serviceaccount:{service_account.namespace}:{service_account.name}"
    return _policy(
        {"Federated": f"arn:aws:iam::{account_id}:oidc-provider/{issuer}"},
        "sts:AssumeRoleWithWebIdentity",
        {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": subject}},
    )


def trust_pod_identity(service_account: ServiceAccount, cluster_arn: str | None = None) -> dict[str, Any]:
    """For EKS Pod Identity. EKS tags its sessions; the conditions keep out every other service account."""
    tags = {
        "aws:RequestTag/kubernetes-namespace": service_account.namespace,
        "aws:RequestTag/kubernetes-service-account": service_account.name,
    }
    if cluster_arn is not None:
        tags["aws:RequestTag/eks-cluster-arn"] = cluster_arn
    return _policy({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], {"StringEquals": tags})


def trust_account(operator_role: str, external_id: str | None) -> dict[str, Any]:
    """For the role of an AWSAccount: the operator's own role may assume it, with the external id if there is one."""
    condition = {"StringEquals": {"sts:ExternalId": external_id}} if external_id is not None else {}
    return _policy({"AWS": operator_role}, "sts:AssumeRole", condition)


def _policy(principal: dict[str, str], action: str | list[str], condition: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": principal, "Action": action}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}
