"""What `inventory` and `import` learn from a cluster: the roles of AWSAccounts, and which AWS objects are orphans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.commands.exit_codes import ExitCode
from support.accounts import OTHER, role_arn
from support.command_here import run_here
from support.emulator import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.cluster import Cluster
    from support.command_here import RunHere
    from support.command_process import Done
    from support.emulator import Emulator

__all__ = ["run_here"]

REMOTE = "eu-west-1"
CLUSTER_ID = "the-cluster"


@pytest.fixture
def tool(run_here: RunHere, emulator: Emulator, control_plane: Cluster) -> Callable[..., Done]:
    """`tool(*arguments)` with the emulator's credentials and the cluster's kubeconfig."""
    environment = {**emulator.environment(), "KUBECONFIG": str(control_plane.kubeconfig)}
    return lambda *arguments, **more: run_here(*arguments, environment={**environment, **more})


def apply(cluster: Cluster, kind: str, metadata: dict[str, str], spec: dict[str, Any]) -> None:
    resource = {"apiVersion": "ivs-operator.dev/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    cluster.kubectl("apply", "-f", "-", stdin=str(yaml.safe_dump(resource)))


def test_accounts_by_their_roles(
    tool: Callable[..., Done], emulator: Emulator, control_plane: Cluster, namespace: str
) -> None:
    prod, broken = f"{namespace}-prod", f"{namespace}-broken"
    apply(control_plane, "AWSAccount", {"name": prod}, {"roleARN": role_arn(OTHER), "defaultRegion": REMOTE})
    apply(control_plane, "AWSAccount", {"name": broken}, {"roleARN": role_arn("333344445555")})
    emulator.control.seed(logging_configurations=1, prefix="mine")
    emulator.control.seed(logging_configurations=1, prefix="there", account=OTHER, region=REMOTE)

    done = tool("inventory", "--format=json", f"--accounts=own,{prod}")
    assert (done.code, done.err) == (0, "")
    found = {row["name"]: (row["account_id"], row["region"]) for row in json.loads(done.out)}
    assert found == {"mine-0": (ACCOUNT, "us-west-2"), "there-0": (OTHER, REMOTE)}, "each in its default region"

    (document,) = yaml.safe_load_all(tool("import", f"--account={prod}").out)
    assert document["spec"]["accountRef"] == {"name": prod}
    assert document["spec"]["region"] == REMOTE

    denied = {"code": "AccessDenied", "message": "not authorized", "status": 403}
    emulator.control.add_fault(operation="AssumeRole", contains="333344445555", error=denied)
    partial = tool("inventory", "--format=json", f"--accounts={prod},{broken}")
    assert partial.code == ExitCode.PARTIAL
    assert f"could not read anything in AWSAccount {broken}: AssumeRole: not authorized" in partial.err
    assert len(json.loads(partial.out)) == 1, "the other account is shown"

    unknown = tool("inventory", "--accounts=nobody")
    assert unknown.code == ExitCode.USAGE
    assert "--accounts: there is no AWSAccount nobody; there are: " in unknown.err


def test_orphans_are_what_nobody_accounts_for(
    tool: Callable[..., Done], emulator: Emulator, control_plane: Cluster, namespace: str
) -> None:
    def made(name: str, owner: str) -> str:
        (arn,) = emulator.control.seed(logging_configurations=1, prefix=name, tags={TAG_OWNER: owner})[
            "loggingConfigurations"
        ]
        return arn

    lost = made("lost", f"{CLUSTER_ID}/{namespace}/lost")
    made("kept", f"{CLUSTER_ID}/{namespace}/kept")
    made("elsewhere", f"another-cluster/{namespace}/lost")
    emulator.control.seed(logging_configurations=1, prefix="nobodys")
    spec = {"destinationConfiguration": {"s3": {"bucketName": "any"}}}
    apply(control_plane, "ChatLoggingConfiguration", {"name": "kept", "namespace": namespace}, spec)

    done = tool("inventory", "--orphans", "--format=json", f"--cluster-id={CLUSTER_ID}")
    assert (done.code, done.err) == (0, "")
    assert [row["arn"] for row in json.loads(done.out)] == [lost]
    named = f"--kubeconfig={control_plane.kubeconfig}"
    own_id = tool("inventory", "--orphans", "--format=json", named, KUBECONFIG="/nowhere/kubeconfig")
    assert (own_id.code, json.loads(own_id.out)) == (0, []), "by the UID of kube-system none of them is ours"
    assert own_id.err == "there are no orphans\n"


@pytest.mark.parametrize("arguments", [("--orphans",), ("--accounts=prod",)])
def test_without_a_cluster_nothing_is_guessed(
    tool: Callable[..., Done], emulator: Emulator, arguments: tuple[str, ...]
) -> None:
    emulator.control.seed(logging_configurations=1, tags={TAG_OWNER: f"{CLUSTER_ID}/ns/lost"})
    done = tool("inventory", *arguments, KUBECONFIG="/nowhere/kubeconfig")
    assert (done.code, done.out) == (ExitCode.FAILURE, "")
    assert done.err.startswith("ivs-operator: no cluster: ")
    assert len(done.err.splitlines()) == 1
