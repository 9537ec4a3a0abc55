"""A start with something missing: one clear line with the remedy, and patience where waiting can help."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.deadlines import until
from support.service_account import install_service_account
from support.walk import CHAT, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess

CRDS = Path(__file__).parents[2] / "crds"


def _one_line(process: OperatorProcess) -> str:
    """The line on standard error that is no log."""
    lines = [line for line in process.text().splitlines() if line and not line.startswith("{")]
    assert len(lines) == 1, process.tail()
    return lines[0]


def test_a_kubeconfig_that_is_not_there_ends_with_one_line(
    make_operator: Callable[..., OperatorProcess], tmp_path: Path
) -> None:
    process = make_operator(tmp_path / "missing.yaml")
    process.launch()

    assert process.wait() == 1
    line = _one_line(process)
    assert line.startswith("ivs-operator: no cluster")
    assert "KUBECONFIG" in line


def test_a_broken_kubeconfig_ends_with_one_line(make_operator: Callable[..., OperatorProcess], tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("{ not: [a, kubeconfig")
    process = make_operator(broken)
    process.launch()

    assert process.wait() == 1
    line = _one_line(process)
    assert line.startswith("ivs-operator: ")
    assert "KUBECONFIG" in line


@pytest.mark.parametrize("setting", ["health_port", "metrics_port"])
def test_a_port_that_is_taken_ends_with_one_line_that_names_the_setting(
    make_operator: Callable[..., OperatorProcess], service_account: Path, setting: str
) -> None:
    with socket.socket(socket.AF_INET6) as taken:
        taken.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        taken.bind(("::", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = make_operator(service_account, **{setting: port})
        process.launch()

        assert process.wait() == 1
        line = _one_line(process)
    assert f"port {port} is taken" in line
    assert f"--{setting.replace('_', '-')}" in line


def test_a_wrong_setting_ends_with_a_line_that_names_flag_and_variable(
    make_operator: Callable[..., OperatorProcess], service_account: Path
) -> None:
    process = make_operator(service_account, sweep_interval="soon")
    process.launch()

    assert process.wait() == 2
    line = _one_line(process)
    assert "--sweep-interval" in line
    assert "IVS_OPERATOR_SWEEP_INTERVAL" in line
    assert "'soon'" in line


_RIGHT = re.compile(
    r"(?P<verb>\w+) (?P<resource>[a-z/]+)(?:\.(?P<group>[a-z0-9.-]+))?"
    r"(?: (?!in namespace)(?P<name>\S+))?(?: in namespace (?P<namespace>\S+))?"
)
"""As the log words a right."""


def _grant(cluster: ControlPlane, user: str, missing: str) -> None:
    """Exactly the rights that the words name: those in a namespace there, the others in the cluster."""
    rules: dict[str | None, list[dict[str, Any]]] = {}
    for words in missing.split(", "):
        right = _RIGHT.fullmatch(words)
        assert right, words
        rule = {"apiGroups": [right["group"] or ""], "resources": [right["resource"]], "verbs": [right["verb"]]}
        rules.setdefault(right["namespace"], []).append(
            {**rule, "resourceNames": [right["name"]]} if right["name"] else rule
        )
    api = "rbac.authorization.k8s.io"
    for namespace, those in rules.items():
        prefix, metadata = ("", {"name": user, "namespace": namespace}) if namespace else ("Cluster", {"name": user})
        about = {"apiVersion": f"{api}/v1", "metadata": metadata}
        role = {**about, "kind": f"{prefix}Role", "rules": those}
        binding = {
            **about,
            "kind": f"{prefix}RoleBinding",
            "roleRef": {"apiGroup": api, "kind": f"{prefix}Role", "name": user},
            "subjects": [{"apiGroup": api, "kind": "User", "name": user}],
        }
        cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all([role, binding]))


@pytest.mark.parametrize(
    "cluster_id", [pytest.param(None, id="the UID of kube-system"), pytest.param("named", id="a cluster id")]
)
def test_all_rights_that_are_missing_are_told_at_once_and_no_other_is_needed(
    make_operator: Callable[..., OperatorProcess],
    control_plane: ControlPlane,
    namespace: str,
    emulator: Emulator,
    cluster_id: str | None,
) -> None:
    """Whoever grants what one line names is done: no second line names the next."""
    process = make_operator(
        control_plane.user_kubeconfig(namespace),
        namespaces=namespace,
        leader_elect="on",
        lease_namespace=namespace,
        cluster_id=cluster_id,
    )
    process.launch()

    line = process.wait_line(event="rights are missing", level="error")
    assert "service account" in line["remedy"]
    assert ("--cluster-id" in line["remedy"]) == (cluster_id is None)
    until(lambda: line["missing"] in process.probe("/readyz")[1], "/readyz says the same", last=process.tail)
    assert process.probe("/readyz")[0] == 503
    assert process.probe("/healthz")[0] == 200, "a restart would not help"
    told = [line for line in process.lines() if line["level"] in {"warning", "error"}]
    assert told == [line], "the one line, and none beside it"

    _grant(control_plane, namespace, line["missing"])
    process.wait_ready()
    walk = Walk(control_plane, namespace, emulator, process)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(emulator.bucket("logs")))
    walk.ready(CHAT, "logs")
    walk.api.close()


def test_no_region_is_told_at_the_start_and_in_the_object(begin: Callable[..., Walk]) -> None:
    walk = begin(environment={"AWS_REGION": "", "AWS_DEFAULT_REGION": ""})
    warned = walk.operator.lines(level="warning")
    assert any("--region" in line["event"] for line in warned), walk.operator.tail()

    walk.apply(CHAT, "logs", destinationConfiguration=s3("anything"))

    assert "--region" in walk.reason(CHAT, "logs", "UnsupportedRegion")


def test_the_process_ends_on_sigint_too(begin: Callable[..., Walk]) -> None:
    walk = begin()
    walk.operator.signal(signal.SIGINT)
    assert walk.operator.wait() in {0, 130}, walk.operator.tail()


def test_an_api_server_that_comes_later_is_waited_for_and_crds_too(
    make_operator: Callable[..., OperatorProcess], bare_control_plane: ControlPlane, emulator: Emulator
) -> None:
    kubeconfig = install_service_account(bare_control_plane)
    bare_control_plane.stop_api_server()
    process = make_operator(kubeconfig, cluster_id="patient")
    process.launch()

    waiting = process.wait_line(event="waiting for Kubernetes", level="warning")
    assert bare_control_plane.url in waiting["error"]
    assert process.probe("/healthz")[0] == 200, "alive, so that nobody restarts it"
    assert process.probe("/readyz")[0] == 503

    bare_control_plane.restart_api_server()
    missing = process.wait_line(event="CRDs are missing; waiting")
    assert "ivs-operator crds" in missing["remedy"]
    assert "CRDs" in process.probe("/readyz")[1]

    bare_control_plane.apply_crds(CRDS)
    process.wait_ready()
    walk = Walk(bare_control_plane, "default", emulator, process)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(emulator.bucket("logs")))
    walk.ready(CHAT, "logs")
    walk.api.close()


def test_an_api_server_that_restarts_is_met_again(
    make_operator: Callable[..., OperatorProcess], own_control_plane: ControlPlane, emulator: Emulator
) -> None:
    process = make_operator(install_service_account(own_control_plane), cluster_id="steady")
    process.start()
    walk = Walk(own_control_plane, "default", emulator, process)
    bucket = emulator.bucket("logs")
    held = emulator.control.add_fault(operation="CreateLoggingConfiguration", hold="after", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    emulator.control.wait_held(held)

    own_control_plane.stop_api_server()
    emulator.control.remove_fault(held)
    until(lambda: process.lines(event="reconcile did not finish"), "the lost write is noticed", last=process.tail)
    own_control_plane.restart_api_server()

    status = walk.ready(CHAT, "logs")
    assert [item["arn"] for item in walk.configurations(CHAT)] == [status["arn"]]
    walk.apply(CHAT, "later", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "later")
    walk.api.close()
