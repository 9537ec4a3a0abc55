"""The real control plane: what the fixtures promise to every other test."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ivs_sandbox.audit import AuditLog
from ivs_sandbox.binaries import Binaries
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.control_plane import API_SERVER, CONTROLLER_MANAGER, ETCD, ControlPlane
from ivs_sandbox.errors import KubectlError, ProcessDiedError, SandboxError
from ivs_sandbox.kubectl import KubectlResult
from ivs_sandbox.processes import start_time
from ivs_sandbox.waiting import wait_until

Run = Callable[..., KubectlResult]

_ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: operator}]
"""


def test_kubectl_applies_what_it_is_given_and_reads_it_back(kubectl: Run, namespace: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"colour": "blue"}}
    kubectl("apply", "--namespace", namespace, "-f", "-", stdin=json.dumps(manifest))
    assert kubectl("get", "configmap", "a", "--namespace", namespace, "-o", "json").json()["data"] == {"colour": "blue"}


def test_a_failed_kubectl_says_command_and_answer(kubectl: Run, namespace: str) -> None:
    with pytest.raises(KubectlError, match=f"`kubectl get pod none --namespace {namespace}` ended with 1.*NotFound"):
        kubectl("get", "pod", "none", "--namespace", namespace)
    answer = kubectl("get", "pod", "none", "--namespace", namespace, check=False)
    assert answer.returncode == 1
    assert "NotFound" in answer


def test_the_server_tells_a_release_version(kubectl: Run) -> None:
    server = kubectl("version", "-o", "json").json()["serverVersion"]
    assert server["gitVersion"].startswith("v1."), "Helm's kubeVersion checks need it"


def test_our_kinds_are_served(kubectl: Run) -> None:
    crds = {file.stem for file in (Path(__file__).parents[2] / "crds").glob("*.yaml")}
    assert crds, "no CRDs: run `make generate`"
    served = kubectl("api-resources", "--api-group=ivs-operator.dev", "--output=name").stdout.split()
    assert crds <= {name.partition(".")[0] for name in served}


def test_a_service_account_has_what_its_role_says_and_gets_a_real_403_beyond(
    kubectl: Run, namespace: str, kubeconfig_for_service_account: Callable[[str, str], Path], audit_log: AuditLog
) -> None:
    kubectl("create", "serviceaccount", "operator", "--namespace", namespace)
    kubectl("apply", "--namespace", namespace, "-f", "-", stdin=_ROLE)
    kubeconfig = kubeconfig_for_service_account(namespace, "operator")
    user = f"system:serviceaccount:{namespace}:operator"
    before = audit_log.mark()
    kubectl("get", "configmaps", "--namespace", namespace, kubeconfig=kubeconfig)
    denied = kubectl("create", "configmap", "b", "--namespace", namespace, kubeconfig=kubeconfig, check=False)
    assert f'User "{user}" cannot create resource "configmaps"' in denied.stderr
    after = audit_log.mark()

    mine = audit_log.entries(since=before, user=user, resource="configmaps")
    assert [(entry.verb, entry.code, entry.decision) for entry in mine] == [
        ("list", 200, "allow"),
        ("create", 403, "forbid"),
    ]
    assert f'RoleBinding "reader/{namespace}"' in mine[0].allowed_by
    assert audit_log.entries(since=before, user=user, verbs=["create", "patch"], code=403) == mine[1:]
    assert audit_log.entries(since=after, user=user) == [], "a mark excludes the request just answered"


def test_a_token_for_a_service_account_that_is_not_there_says_how_to_make_it(
    control_plane: Cluster, namespace: str
) -> None:
    with pytest.raises(SandboxError, match=f"kubectl create serviceaccount nobody --namespace {namespace}"):
        control_plane.service_account_kubeconfig(namespace, "nobody")


def test_a_user_is_who_the_certificate_says(control_plane: Cluster) -> None:
    kubeconfig = control_plane.user_kubeconfig("jane", ["live", "video"])
    told = control_plane.kubectl("auth", "whoami", "-o", "json", kubeconfig=kubeconfig).json()["status"]["userInfo"]
    assert (told["username"], told["groups"]) == ("jane", ["live", "video", "system:authenticated"])


def test_the_controllers_collect_garbage_and_delete_namespaces(kubectl: Run, namespace: str) -> None:
    owner = kubectl("create", "configmap", "owner", "--namespace", namespace, "-o", "json").json()["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    owned = {"name": "owned", "ownerReferences": [reference]}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": owned}
    kubectl("create", "--namespace", namespace, "-f", "-", stdin=json.dumps(manifest))
    kubectl("delete", "configmap", "owner", "--namespace", namespace)
    kubectl("wait", "--for=delete", "configmap/owned", "--namespace", namespace, "--timeout=30s")
    kubectl("delete", "namespace", namespace, "--timeout=60s")
    assert "NotFound" in kubectl("get", "namespace", namespace, check=False)


def test_the_api_server_comes_back_with_its_data_and_address(own_control_plane: ControlPlane) -> None:
    cluster = own_control_plane
    cluster.kubectl("create", "namespace", "kept")
    url = cluster.url
    cluster.stop_api_server()
    assert "refused" in cluster.kubectl("get", "namespace", "kept", check=False)
    cluster.restart_api_server()
    cluster.kubectl("get", "namespace", "kept")
    cluster.restart_api_server()
    assert cluster.url == url
    assert "kept" in cluster.kubectl("get", "namespaces")


def test_a_server_that_dies_is_named_with_the_end_of_its_log(own_control_plane: ControlPlane) -> None:
    os.kill(own_control_plane.pids[ETCD], signal.SIGTERM)
    wait_until(lambda: ETCD not in own_control_plane.pids, what="etcd's end")
    os.kill(own_control_plane.pids[API_SERVER], signal.SIGTERM)
    wait_until(lambda: API_SERVER not in own_control_plane.pids, what="the API server's end")
    with pytest.raises(KubectlError, match=r"(?s)etcd has ended\. The end of .*etcd\.log.*kube-apiserver has ended"):
        own_control_plane.kubectl("get", "namespaces")


def test_a_flag_that_the_server_refuses_is_in_the_error(control_plane_binaries: Binaries, tmp_path: Path) -> None:
    broken = Binaries(control_plane_binaries.kubectl, *[control_plane_binaries.kubectl] * 3, origin="kubectl as etcd")
    with pytest.raises(ProcessDiedError, match=r"etcd ended before it was ready(?s:.*)unknown flag"):
        ControlPlane(broken, tmp_path).start()


def test_without_a_controller_manager_the_remedy_is_told(control_plane_binaries: Binaries, tmp_path: Path) -> None:
    some = control_plane_binaries
    envtest = Binaries(some.etcd, some.kube_apiserver, None, some.kubectl, origin="KUBEBUILDER_ASSETS")
    with pytest.raises(SandboxError, match="make control-plane"):
        ControlPlane(envtest, tmp_path).start_controller_manager()


def test_nothing_of_it_outlives_a_killed_parent(control_plane_binaries: Binaries, tmp_path: Path) -> None:
    code = f"""
import os, signal, sys
from pathlib import Path
from ivs_sandbox.control_plane import ControlPlane
from ivs_sandbox.resolver import resolve
started = ControlPlane(resolve(install=False), Path({str(tmp_path)!r}))
started.start()
started.start_controller_manager()
print("started", flush=True)
signal.pause()
"""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "started\n"
        guards = ControlPlane(control_plane_binaries, tmp_path).pids
        assert guards.keys() == {ETCD, API_SERVER, CONTROLLER_MANAGER}
        servers = {pid: start_time(pid) for guard in guards.values() for pid in (guard, *children(guard))}
        assert len(servers) == 6, "each guard has its server"
        parent.kill()
    wait_until(lambda: all(start_time(pid) != began for pid, began in servers.items()), timeout=10, what="their end")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
