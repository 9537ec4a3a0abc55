"""A cluster that exists, and the refusal to touch one that may be somebody's."""

import json
from pathlib import Path

import pytest

from ivs_sandbox.cluster import Cluster
from ivs_sandbox.clusters import open_cluster
from ivs_sandbox.errors import ClusterRefusedError, SandboxError
from ivs_sandbox.existing import ExistingCluster, refusal
from sandbox.fake_tools import script
from support.walk import Walk

_FAR = "https://far.example:6443"


@pytest.mark.parametrize(
    ("server", "allowed", "refused", "reason"),
    [
        ("https://127.0.0.1:6443", "", False, "loopback"),
        ("https://127.8.9.1:6443", "", False, "all of 127/8 is"),
        ("https://[::1]:6443", "", False, "so is this"),
        ("https://localhost:6443", "", False, "by its name, as kind writes it"),
        (_FAR, "", True, "somebody's cluster"),
        (_FAR, _FAR, False, "allowed by name"),
        (_FAR, f"{_FAR}/", False, "a slash makes no other server"),
        (_FAR, "https://other.example:6443", True, "another one is allowed"),
        (_FAR, "true", True, "no way to allow all"),
        ("https://127.0.0.1.far.example", "", True, "looks like loopback and is not"),
        ("https://10.0.0.1", "", True, "a private network is not this machine"),
    ],
)
def test_only_loopback_or_what_is_allowed_by_name(server: str, allowed: str, refused: bool, reason: str) -> None:
    answer = refusal(server, {"IVS_OPERATOR_TEST_ALLOW_SERVER": allowed})
    assert (answer is not None) is refused, reason
    assert answer is None or f"IVS_OPERATOR_TEST_ALLOW_SERVER={server}" in answer


def asked(control_plane: Cluster, kubeconfig: Path) -> dict[str, str]:
    kubectl = control_plane._kubectl_program
    return {"USE_EXISTING_CLUSTER": "true", "KUBECONFIG": str(kubeconfig), "TEST_ASSET_KUBECTL": str(kubectl)}


@pytest.fixture
def existing(control_plane: Cluster, tmp_path: Path) -> Cluster:
    """Ours, seen as a stranger's."""
    return open_cluster(tmp_path, environ=asked(control_plane, control_plane.kubeconfig), announce=lambda _: None)


def test_it_has_the_interface_of_our_own(existing: Cluster, control_plane: Cluster) -> None:
    with existing as started:
        started.start_controller_manager()
        assert started.url == control_plane.url
        started.kubectl("get", "namespaces")
        token = started.service_account_kubeconfig("default", "default")
        me = started.kubectl("auth", "whoami", "-o", "json", kubeconfig=token).json()["status"]["userInfo"]
        assert me["username"] == "system:serviceaccount:default:default"
    control_plane.kubectl("get", "namespaces")  # it still runs


def test_its_own_authority_makes_users(existing: Cluster) -> None:
    kubeconfig = existing.user_kubeconfig("jane", ["live"])
    me = existing.kubectl("auth", "whoami", "-o", "json", kubeconfig=kubeconfig).json()["status"]["userInfo"]
    assert (me["username"], me["groups"]) == ("jane", ["live", "system:authenticated"])


def test_what_it_has_not_is_refused_with_the_way_to_have_it(existing: Cluster) -> None:
    with pytest.raises(ClusterRefusedError, match="unset USE_EXISTING_CLUSTER"):
        _ = existing.audit_log
    for refused in (existing.stop_api_server, existing.restart_api_server):
        with pytest.raises(ClusterRefusedError, match="not ours to stop"):
            refused()


@pytest.mark.parametrize(
    ("content", "said", "reason"),
    [
        ({}, "no usable current context|names no cluster", "an empty file"),
        ({"current-context": "gone"}, "no usable current context", "a context that is not there"),
        (
            {
                "current-context": "c",
                "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": _FAR}}],
                "users": [{"name": "u", "user": {}}],
            },
            f"IVS_OPERATOR_TEST_ALLOW_SERVER={_FAR}",
            "far away: refused before anything is asked of it",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used(
    control_plane: Cluster, tmp_path: Path, content: dict[str, object], said: str, reason: str
) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps({"apiVersion": "v1", "kind": "Config"} | content))
    with pytest.raises(ClusterRefusedError, match=said):
        open_cluster(tmp_path / "cluster", environ=asked(control_plane, kubeconfig), announce=lambda _: None)


def test_kind_is_made_when_asked_for_and_nothing_else_is_there(control_plane: Cluster, tmp_path: Path) -> None:
    """`kind` is a stand-in that hands out the running cluster and writes down what it was asked."""
    copy = f'while [ $# -gt 0 ]; do [ "$1" = --kubeconfig ] && cp {control_plane.kubeconfig} "$2"; shift; done'
    script(tmp_path / "path" / "kind", f'echo "$1 $2 $4" >> {tmp_path}/asked\n{copy}')
    script(tmp_path / "path" / "docker", "exit 0")
    environ = {
        "PATH": f"{tmp_path}/path:/usr/bin:/bin",
        "XDG_CACHE_HOME": f"{tmp_path}/cache",
        "XDG_DATA_HOME": f"{tmp_path}/data",
        "TEST_ASSET_KUBECTL": str(control_plane._kubectl_program),
    }
    with pytest.raises(SandboxError, match="lacks"):
        open_cluster(tmp_path / "cluster", environ=environ, install=False)
    environ["IVS_OPERATOR_USE_KIND"] = "true"
    said: list[str] = []
    with open_cluster(tmp_path / "cluster", environ=environ, install=False, announce=said.append) as cluster:
        assert cluster.url == control_plane.url
        again = open_cluster(tmp_path / "cluster", environ=environ, install=False, announce=said.append)
        assert isinstance(again, ExistingCluster)
        assert again.url == cluster.url, "another process of the run uses the same"
    calls = [line.split() for line in (tmp_path / "asked").read_text().splitlines()]
    assert [call[:2] for call in calls] == [["create", "cluster"], ["delete", "cluster"]]
    assert calls[0][2] == calls[1][2]
    assert "IVS_OPERATOR_USE_KIND" in said[0]


@pytest.mark.usefixtures("audit_log")
def test_a_test_that_asks_for_an_audit_log_is_marked(request: pytest.FixtureRequest) -> None:
    """So that `-m "not local_control_plane"` leaves it out where there is none."""
    assert request.node.get_closest_marker("local_control_plane") is not None


def test_a_test_that_counts_writes_is_marked_and_others_are_not(request: pytest.FixtureRequest) -> None:
    def counts(walk: Walk) -> None:
        walk.kube_writes()

    assert request.node.get_closest_marker("local_control_plane") is None
    counting = pytest.Function.from_parent(request.node.parent, name="counts", callobj=counts)
    request.config.hook.pytest_collection_modifyitems(session=request.session, config=request.config, items=[counting])
    assert counting.get_closest_marker("local_control_plane") is not None
