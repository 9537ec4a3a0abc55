"""Every kustomization that ships is one that the API server takes whole, and what each of them is for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_sandbox.shipped import manifests
from support.api_server import ApiServer
from support.deadlines import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ivs_sandbox.cluster import Cluster

MANIFESTS = manifests("base").parent
RBAC = "rbac.authorization.k8s.io"
FOLDERS = sorted(path.parent.relative_to(MANIFESTS) for path in MANIFESTS.rglob("kustomization.yaml"))


@pytest.fixture(scope="module")
def built(control_plane: Cluster) -> dict[str, list[dict[str, Any]]]:
    """What each kustomization makes."""
    return {
        str(folder): list(yaml.safe_load_all(control_plane.kubectl("kustomize", MANIFESTS / folder).stdout))
        for folder in FOLDERS
    }


def one(items: list[dict[str, Any]], kind: str, name: str = "ivs-operator") -> dict[str, Any]:
    """The object of a kind and name."""
    (found,) = [item for item in items if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def test_there_is_a_kustomization_for_each_way_to_install(built: dict[str, list[dict[str, Any]]]) -> None:
    assert set(built) == {
        "admission",
        "base",
        "overlays/high-availability",
        "overlays/irsa",
        "overlays/namespaced",
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_the_api_server_takes_it_whole(
    folder: Any, built: dict[str, list[dict[str, Any]]], control_plane: Cluster, namespace: str
) -> None:
    """Strictly, without a warning; its namespaces are made for the time of the trial, since a dry run makes none."""
    text = yaml.safe_dump_all(_moved(item, namespace) for item in built[str(folder)])

    applied = control_plane.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", "-"),
        stdin=text,
    )

    assert applied.stderr == "", "no warning either"
    assert applied.stdout.count("serverside-applied (server dry run)") == len(built[str(folder)])


@pytest.mark.parametrize("folder", ["base", "overlays/high-availability", "overlays/irsa", "overlays/namespaced"])
def test_no_service_becomes_a_setting(folder: str, built: dict[str, list[dict[str, Any]]]) -> None:
    """Of a Service ivs-operator-metrics Kubernetes makes IVS_OPERATOR_METRICS_PORT=tcp://..., which `run` refuses."""
    assert one(built[folder], "Deployment")["spec"]["template"]["spec"]["enableServiceLinks"] is False


def _moved(item: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = item["metadata"]
    return {**item, "metadata": {**metadata, "namespace": namespace}} if "namespace" in metadata else item


def test_high_availability_survives_a_drain(built: dict[str, list[dict[str, Any]]]) -> None:
    items = built["overlays/high-availability"]
    deployment, budget = one(items, "Deployment")["spec"], one(items, "PodDisruptionBudget")["spec"]

    assert deployment["replicas"] == 3
    assert budget["minAvailable"] < deployment["replicas"], "else a drain would wait for ever"
    assert budget["selector"] == deployment["selector"]
    spread = deployment["template"]["spec"]["topologySpreadConstraints"]
    assert {each["topologyKey"] for each in spread} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}


def test_irsa_names_a_role_on_the_service_account_and_nothing_else(built: dict[str, list[dict[str, Any]]]) -> None:
    account = one(built["overlays/irsa"], "ServiceAccount")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].startswith("arn:aws:iam::")

    rest = [item for item in built["overlays/irsa"] if item["kind"] != "ServiceAccount"]
    assert rest == [item for item in built["base"] if item["kind"] != "ServiceAccount"]


def test_namespaced_watches_our_kinds_in_its_namespace_only(built: dict[str, list[dict[str, Any]]]) -> None:
    """Together its two roles give what the base gives, and everything but watching and telling stays cluster-wide.

    The List does so, too: before an AWSAccount goes, nobody anywhere may need it any more.
    """
    items = built["overlays/namespaced"]
    wide, narrow = permissions(one(items, "ClusterRole")), permissions(one(items, "Role"))

    assert wide | narrow == permissions(one(built["base"], "ClusterRole")), (
        "PYTHONPATH=tests python -m gitops.generated"
    )
    kinds = {"recordingconfigurations", "chatloggingconfigurations"}
    assert wide & narrow == {("ivs-operator.dev", kind, "list", "") for kind in kinds}
    assert narrow == {("ivs-operator.dev", kind, verb, "") for kind in kinds for verb in ("list", "watch")} | {
        ("events.k8s.io", "events", "create", "")
    }
    assert one(items, "Role")["metadata"]["namespace"] == "live"
    arguments = one(items, "Deployment")["spec"]["template"]["spec"]["containers"][0]["args"]
    assert "--namespaces=live" in arguments


def permissions(role: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """Group, resource, verb and name of all that a role allows."""
    return {
        (group, resource, verb, name)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
    }


RIGHTS = [
    pytest.param("view", "get,list,watch", "create,update,patch,delete", id="view"),
    pytest.param("edit", "get,list,watch,create,update,patch,delete,deletecollection", "", id="edit"),
    pytest.param("admin", "get,list,watch,create,update,patch,delete,deletecollection", "", id="admin"),
]


@pytest.fixture(scope="module")
def api(control_plane: Cluster) -> Iterator[ApiServer]:
    """The API server as its administrator, with the roles for people as they ship."""
    roles = MANIFESTS / "base" / "aggregated-roles.yaml"
    control_plane.kubectl("apply", "--server-side", "--force-conflicts", f"--filename={roles}")
    server = ApiServer(control_plane.kubeconfig)
    yield server
    server.close()


@pytest.mark.parametrize(("role", "may", "may_not"), RIGHTS)
def test_the_roles_that_people_have_hold_for_our_kinds(
    role: str, may: str, may_not: str, api: ApiServer, namespace: str
) -> None:
    """By aggregation: nobody needs a binding of ours. Nobody but administrators of the cluster sees AWSAccounts."""
    binding = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "people"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "jo"}],
    }
    api.call("POST", f"/apis/{RBAC}/v1/namespaces/{namespace}/rolebindings", binding)

    def allowed(verb: str, resource: str) -> bool:
        plural, _, subresource = resource.partition("/")
        what = {"group": "ivs-operator.dev", "resource": plural, "subresource": subresource, "verb": verb}
        spec = {"user": "jo", "resourceAttributes": {**what, "namespace": namespace}}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        return bool(api.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)["status"]["allowed"])

    until(lambda: allowed("list", "recordingconfigurations"), "the role is aggregated")
    for plural in ("recordingconfigurations", "chatloggingconfigurations"):
        assert [verb for verb in may.split(",") if not allowed(verb, plural)] == []
        assert [verb for verb in filter(None, may_not.split(",")) if allowed(verb, plural)] == []
        assert not allowed("patch", f"{plural}/status"), "status is the operator's"
    assert not allowed("list", "awsaccounts")
