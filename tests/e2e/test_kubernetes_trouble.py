"""What the API server refuses, forgets or takes away: the operator says what is missing, and goes on by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.api_proxy import ApiProxy
from support.deadlines import until
from support.service_account import BASE
from support.walk import CHAT, RECORDING, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess


def _role_without(name: str, resource: str, verb: str) -> dict[str, Any]:
    """The role that ships, less one verb."""
    role: dict[str, Any] = yaml.safe_load((BASE / "cluster-role.yaml").read_text())
    role["metadata"] = {"name": name}
    rules = []
    for rule in role["rules"]:
        for item in rule["resources"]:
            verbs = [word for word in rule["verbs"] if (item, word) != (resource, verb)]
            rules += [{**rule, "resources": [item], "verbs": verbs}] if verbs else []
    return {**role, "rules": rules}


@pytest.mark.parametrize(
    ("resource", "verb", "said"),
    [
        ("chatloggingconfigurations/status", "patch", "patch chatloggingconfigurations/status.ivs-operator.dev"),
        ("recordingconfigurations", "watch", "watch recordingconfigurations.ivs-operator.dev"),
        ("events", "create", "create events.events.k8s.io"),
    ],
)
def test_a_right_that_is_missing_is_named_and_used_once_it_is_there(  # noqa: PLR0917 - fixtures
    make_operator: Callable[..., OperatorProcess],
    control_plane: Cluster,
    namespace: str,
    emulator: Emulator,
    resource: str,
    verb: str,
    said: str,
) -> None:
    limited: Any = control_plane
    role = _role_without(namespace, resource, verb)
    control_plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump(role))
    control_plane.kubectl(
        "create", "clusterrolebinding", namespace, f"--clusterrole={namespace}", f"--user={namespace}"
    )
    process = make_operator(limited.user_kubeconfig(namespace), namespaces=namespace, cluster_id=namespace)
    process.launch()

    line = process.wait_line(event="rights are missing", level="error")
    assert line["missing"] == f"{said} in namespace {namespace}", "this one and no other"
    status, text = process.probe("/readyz")
    assert status == 503
    assert said in text
    assert process.probe("/healthz")[0] == 200, "a restart would not help"

    control_plane.kubectl(
        "apply",
        "-f",
        "-",
        stdin=(BASE / "cluster-role.yaml").read_text().replace("name: ivs-operator\n", f"name: {namespace}\n", 1),
    )
    process.wait_ready()
    walk = Walk(control_plane, namespace, emulator, process)
    for plural in (CHAT, RECORDING):
        walk.apply(plural, "vod", destinationConfiguration=s3(emulator.bucket(f"{namespace[:40]}-{plural[:4]}")))
        walk.ready(plural, "vod")
    assert len(process.lines(event="rights are missing")) == 1
    walk.api.close()


@pytest.fixture
def through_proxy(
    make_operator: Callable[..., OperatorProcess],
    control_plane: Cluster,
    namespace: str,
    emulator: Emulator,
    tmp_path: Path,
) -> Iterator[tuple[Walk, ApiProxy]]:
    """A walk whose operator reaches the API server through a proxy."""
    with ApiProxy(control_plane.kubeconfig, tmp_path) as proxy:
        process = make_operator(proxy.kubeconfig, namespaces=namespace, cluster_id=namespace)
        process.start()
        walk = Walk(control_plane, namespace, emulator, process)
        yield walk, proxy
        process.end()
        walk.api.close()


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"status": 429, "headers": {"Retry-After": "1"}}, id="too many requests"),
        pytest.param({"status": 503}, id="unavailable"),
        pytest.param({"status": 409}, id="conflict"),
        pytest.param({"status": 403}, id="forbidden for a moment"),
        pytest.param({"delay": 1.0}, id="slow"),
    ],
)
def test_writes_that_do_not_get_through_are_made_later_and_nothing_is_made_twice(
    through_proxy: tuple[Walk, ApiProxy], trouble: dict[str, Any]
) -> None:
    walk, proxy = through_proxy
    proxy.add(method="PATCH", count=4, **trouble)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))

    status = walk.ready(CHAT, "logs")

    assert [item["arn"] for item in walk.configurations(CHAT)] == [status["arn"]]
    assert walk.aws_writes()["ivschat.CreateLoggingConfiguration"] == 1
    assert walk.operator.probe("/healthz")[0] == 200


def test_a_watch_that_fails_for_good_costs_no_restart_and_no_write(through_proxy: tuple[Walk, ApiProxy]) -> None:
    """A new process would have asked AWS anew, and waited for the kubelet before that."""
    walk, proxy = through_proxy
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "before", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "before")
    mark = walk.mark()
    since = walk.control.last_sequence()

    proxy.add(part=f"/{CHAT}?watch", count=1, line={"type": "ERROR", "object": {"kind": "Status", "code": 500}})
    proxy.add(part=f"/{CHAT}?limit", count=6, status=403)
    proxy.cut()
    walk.operator.wait_line(event="the watch has ended and begins again", timeout=180)  # kopf's own retries come first
    walk.apply(CHAT, "after", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "after", timeout=120)

    assert len(walk.operator.lines(event="operator started")) == 1, "the same process"
    patched = walk.cluster.audit_log.entries(since=mark, namespace=walk.namespace, verbs=("patch",))
    assert {entry.name for entry in patched} - {"after"} == set(), "what was Ready is left alone"
    assert not walk.control.requests(since, service="sts")


def test_what_vanished_behind_the_operators_back_is_forgotten(through_proxy: tuple[Walk, ApiProxy]) -> None:
    """A List tells what there is; that something is gone it does not tell, and kopf neither."""
    walk, proxy = through_proxy
    walk.apply(CHAT, "ghost", destinationConfiguration=s3("some-bucket"), accountRef={"name": "nowhere"})
    walk.reason(CHAT, "ghost", "AccountNotFound")
    walk.apply(CHAT, "stays", destinationConfiguration=s3(walk.emulator.bucket("stays")))
    walk.ready(CHAT, "stays")

    proxy.add(part=f"/{CHAT}?watch", status=503)
    proxy.cut()
    walk.delete(CHAT, "ghost")
    walk.gone(CHAT, "ghost")
    walk.operator.wait_line(event="the watch has ended and begins again", timeout=120)
    proxy.clear()

    assert walk.operator.wait_line(event="gone unnoticed", timeout=120)["object"].endswith("/ghost")
    walk.apply(CHAT, "later", destinationConfiguration=s3("stays"))
    walk.ready(CHAT, "later", timeout=120)
    assert len(walk.operator.lines(event="gone unnoticed")) == 1, "nothing else"


def test_a_crd_that_goes_and_comes_back_is_served_again(
    make_operator: Callable[..., OperatorProcess], own_control_plane: ControlPlane, emulator: Emulator
) -> None:
    process = make_operator(own_control_plane.kubeconfig, cluster_id="crds")
    process.start()
    walk = Walk(own_control_plane, "default", emulator, process)
    bucket = emulator.bucket("logs")
    walk.apply(CHAT, "first", destinationConfiguration=s3(bucket), deletionPolicy="Retain")
    walk.ready(CHAT, "first")
    name = f"{CHAT}.ivs-operator.dev"
    crd = own_control_plane.kubectl("get", "crd", name, "--output=yaml").stdout

    own_control_plane.kubectl("delete", "crd", name)
    until(lambda: not own_control_plane.kubectl("get", "crd", name, "--ignore-not-found").stdout, "the CRD is gone")
    walk.apply(RECORDING, "meanwhile", destinationConfiguration=s3(bucket))
    walk.ready(RECORDING, "meanwhile")
    own_control_plane.kubectl("create", "-f", "-", stdin=crd)
    own_control_plane.kubectl("wait", "--for=condition=Established", f"crd/{name}")
    until(
        lambda: own_control_plane.kubectl("get", CHAT, check=False).returncode == 0,
        "the kind is served",
        last=process.tail,
    )
    walk.apply(CHAT, "second", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "second")

    assert len(process.lines(event="operator started")) == 1
    assert process.probe("/readyz")[0] == 200
    walk.api.close()


def test_an_object_too_large_for_its_status_does_not_slow_others(walk: Walk) -> None:
    """Entries are recorded in status before they are acted upon; etcd takes 1.5 MB for both."""
    entry = {"matchTags": {f"key-{number:03}-{'k' * 100}": "v" * 250 for number in range(25)}}
    rooms = [{"matchTags": {**entry["matchTags"], "number": str(number)}} for number in range(90)]
    resource = yaml.safe_load(walk.manifest(CHAT, "large", destinationConfiguration=s3(walk.emulator.bucket("large"))))
    resource["spec"]["rooms"] = rooms
    walk.api.call("POST", f"/apis/ivs-operator.dev/v1alpha1/namespaces/{walk.namespace}/{CHAT}", resource)

    def told() -> bool:
        lines = walk.operator.lines(event="reconcile did not finish", level="warning")
        return any("too large" in line["error"] and line["object"].endswith("/large") for line in lines)

    walk.apply(CHAT, "small", destinationConfiguration=s3(walk.emulator.bucket("small")))
    walk.ready(CHAT, "small")

    until(told, "the log names the large one", last=walk.operator.tail)
    assert walk.operator.probe("/healthz")[0] == 200
