"""AWSAccounts in walks: the role at AWS with its trust, and the object in Kubernetes. Both are named after the walk."""

import json
from collections.abc import Callable
from typing import Any

import yaml

from ivs_sandbox.audit import AuditEntry, Mark
from support.api_server import GROUP_PATH, Refused
from support.deadlines import until
from support.emulator import ACCOUNT
from support.walk import WRITES, Resource, Walk, condition

__all__ = ["OTHER", "AccountWalk"]

OTHER = "222233334444"
_ROLE = "ivs-operator"


class AccountWalk:
    """One AWSAccount, of this walk alone, since AWSAccounts live in no namespace."""

    def __init__(self, walk: Walk, name: str = "prod") -> None:
        self.walk = walk
        self.name = f"{walk.namespace}-{name}"
        self.reference = {"name": self.name}

    def apply(self, account: str = OTHER, **spec: Any) -> None:
        """`kubectl apply` of the AWSAccount; it allows the walk's namespace unless `spec` says otherwise."""
        usual = {"roleARN": role_arn(account), "allowedNamespaces": {"list": [self.walk.namespace]}}
        given = {name: value for name, value in {**usual, **spec}.items() if value is not None}
        resource = {
            "apiVersion": "ivs-operator.dev/v1alpha1",
            "kind": "AWSAccount",
            "metadata": {"name": self.name},
            "spec": given,
        }
        self.walk.kubectl("apply", "-f", "-", stdin=str(yaml.safe_dump(resource)))

    def get(self) -> Resource | None:
        """The AWSAccount, None when there is none."""
        try:
            return self.walk.api.call("GET", f"{GROUP_PATH}/awsaccounts/{self.name}")
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def finalizers(self) -> list[str]:
        """Finalizers of the AWSAccount."""
        return list((self.get() or {"metadata": {}})["metadata"].get("finalizers") or [])

    def kube_writes(self, since: Mark) -> list[AuditEntry]:
        """The operator's writes to the AWSAccount."""
        found = self.walk.cluster.audit_log.entries(since=since, verbs=WRITES)
        ours = [entry for entry in found if entry.user.startswith("system:serviceaccount:")]
        return [entry for entry in ours if (entry.resource, entry.name) == ("awsaccounts", self.name)]

    def wait(self, test: Callable[[Resource], object], what: str) -> Resource:
        """The AWSAccount as soon as `test` holds for it."""

        def look() -> Resource | None:
            found = self.get()
            return found if found is not None and test(found) else None

        def seen() -> str:
            return f"{yaml.safe_dump(self.get())}\n{self.walk.operator.tail()}"

        return until(look, f"AWSAccount {self.name} {what}", last=seen)

    def ready(self) -> dict[str, Any]:
        """The status as soon as Ready is True for the present generation."""
        return dict(self.wait(lambda found: _ready(found) == "True", "is Ready")["status"])

    def reason(self, reason: str) -> str:
        """Ready's message as soon as Ready is False for this reason."""

        def test(found: Resource) -> bool:
            return _ready(found) == "False" and condition(found, "Ready")["reason"] == reason

        return str(condition(self.wait(test, f"is not Ready because of {reason}"), "Ready")["message"])

    def delete(self) -> None:
        """`kubectl delete` without waiting."""
        self.walk.kubectl("delete", "awsaccount", self.name, "--wait=false")

    def gone(self) -> None:
        """Return as soon as it does not exist any more."""
        until(lambda: self.get() is None, f"AWSAccount {self.name} is gone", last=lambda: str(self.get()))

    def trust(self, account: str = OTHER, *, external_id: str | None = None, of: str = ACCOUNT) -> None:
        """Give the role in `account` a trust policy for the account `of`; makes the role if there is none."""
        statement: dict[str, Any] = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{of}:root"},
            "Action": "sts:AssumeRole",
        }
        if external_id is not None:
            statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam = self.walk.emulator.client("iam", account=account)
        if any(role["RoleName"] == _ROLE for role in iam.list_roles()["Roles"]):
            iam.update_assume_role_policy(RoleName=_ROLE, PolicyDocument=policy)
        else:
            iam.create_role(RoleName=_ROLE, AssumeRolePolicyDocument=policy)


def role_arn(account: str) -> str:
    """ARN of the role that is assumed in an account."""
    return f"arn:aws:iam::{account}:role/{_ROLE}"


def _ready(found: Resource) -> str | None:
    ready = condition(found, "Ready")
    return ready.get("status") if ready.get("observedGeneration") == found["metadata"]["generation"] else None
