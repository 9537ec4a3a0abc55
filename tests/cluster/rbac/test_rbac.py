"""The role that ships is what the operator needs and not more, told from the API server's own audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_operator import __version__
from support.accounts import OTHER, AccountWalk
from support.deadlines import until
from support.emulator import emulator, emulator_process
from support.operator_process import OperatorProcess
from support.service_account import BASE, USER, install_service_account
from support.walk import CHAT, RECORDING, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from ivs_sandbox.audit import AuditEntry
    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator

__all__ = ["emulator", "emulator_process"]


@dataclass(frozen=True, order=True)
class Permission:
    """One verb on one resource, as a rule gives it."""

    group: str
    resource: str
    verb: str
    name: str = ""


@pytest.fixture(scope="module")
def rendered(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """What `kubectl kustomize manifests/base` prints."""
    cluster = request.getfixturevalue("control_plane")
    return list(yaml.safe_load_all(cluster.kubectl("kustomize", BASE).stdout))


def test_the_base_holds_everything_an_installation_needs(rendered: list[dict[str, Any]]) -> None:
    kinds = sorted(item["kind"] for item in rendered)
    assert kinds == [
        *["ClusterRole"] * 3,
        "ClusterRoleBinding",
        *["CustomResourceDefinition"] * 3,
        "Deployment",
        "Namespace",
        "Role",
        "RoleBinding",
        "ServiceAccount",
    ]


def test_the_deployment_runs_this_version_confined(rendered: list[dict[str, Any]]) -> None:
    spec = next(item for item in rendered if item["kind"] == "Deployment")["spec"]
    pod = spec["template"]["spec"]
    container = pod["containers"][0]

    assert spec["replicas"] == 2, "one leads, one stands by"
    assert spec["strategy"]["type"] == "RollingUpdate", "the standby goes on while the leader is renewed"
    assert container["image"] == f"ghcr.io/ivs-operator/ivs-operator:{__version__}"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {probe: container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")} == {
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports == {"health": 8080, "metrics": 9090}


def test_the_api_server_accepts_the_base_and_admits_its_pod_under_restricted(own_control_plane: ControlPlane) -> None:
    """Without controllers no Pod is made of the Deployment, so its template is sent as one."""
    own_control_plane.kubectl("apply", "--server-side", "-k", BASE)
    deployment = own_control_plane.kubectl(
        "get", "deployment", "ivs-operator", "--namespace=ivs-operator", "--output=json"
    ).json()
    template = deployment["spec"]["template"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "trial", "namespace": "ivs-operator", "labels": template["metadata"]["labels"]},
        "spec": template["spec"] | {"automountServiceAccountToken": False},
    }

    answer = own_control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
    assert "violate PodSecurity" not in answer

    unconfined = json.dumps({**pod, "spec": {**pod["spec"], "securityContext": {}}})
    refused = own_control_plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=unconfined, check=False)
    assert "violates PodSecurity" in refused, "the namespace enforces it"


def test_every_request_is_allowed_and_every_rule_is_needed(
    own_control_plane: ControlPlane, emulator: Emulator, make_process: Callable[..., OperatorProcess]
) -> None:
    """As it ships, then with what can be chosen: a replica that takes over, and --namespaces."""
    leader, standby = make_process(), make_process()
    leader.start()
    _live_and_die(Walk(own_control_plane, "default", emulator, leader), "vod-1")
    standby.start()
    assert leader.stop() == 0, leader.tail()
    walk = Walk(own_control_plane, "default", emulator, standby)
    _live_and_die(walk, "vod-2")
    _live_in_another_account(walk)
    walk.api.close()
    assert standby.stop() == 0, standby.tail()
    narrow = make_process(namespaces="default")
    narrow.start()
    _live_and_die(Walk(own_control_plane, "default", emulator, narrow), "vod-3")
    assert narrow.stop() == 0, narrow.tail()

    log, granted = own_control_plane.audit_log, set(_granted())
    until(
        lambda: not _needless(granted, log.entries(user=USER)),
        "every rule is used: none is too wide",
        timeout=5,
        last=lambda: str(_needless(granted, log.entries(user=USER))),
    )
    assert [entry for entry in log.entries(user=USER) if entry.code in {401, 403}] == [], "no rule is missing"


@pytest.fixture
def make_process(
    own_control_plane: ControlPlane, emulator: Emulator, tmp_path: Path
) -> Iterator[Callable[..., OperatorProcess]]:
    """Operators under the service account that ships, with their lease where the pod would have it."""
    kubeconfig = install_service_account(own_control_plane)
    environment = {**emulator.environment(), "KUBECONFIG": str(kubeconfig)}
    made: list[OperatorProcess] = []

    def make(**options: object) -> OperatorProcess:
        folder = tmp_path / f"operator-{len(made)}"
        folder.mkdir()
        usual = {"sweep_interval": 1, "lease_namespace": "ivs-operator", "lease_duration": 5}
        made.append(OperatorProcess(folder, environment, **{**usual, **options}))
        return made[-1]

    yield make
    for process in made:
        process.end()


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("get", "secrets"),
        ("list", "configmaps"),
        ("create", "chatloggingconfigurations.ivs-operator.dev"),
        ("delete", "chatloggingconfigurations.ivs-operator.dev"),
        ("update", "recordingconfigurations.ivs-operator.dev"),
        ("patch", "customresourcedefinitions.apiextensions.k8s.io"),
        ("list", "events.events.k8s.io"),
        ("list", "pods"),
    ],
)
def test_what_the_operator_may_not_do(control_plane: ControlPlane, verb: str, resource: str) -> None:
    install_service_account(control_plane)

    answer = control_plane.kubectl("auth", "can-i", verb, resource, f"--as={USER}", "--all-namespaces", check=False)

    assert answer.stdout.strip() == "no"


def _live_and_die(walk: Walk, name: str) -> None:
    """Created, associated, Ready, edited, held back, deleted."""
    bucket = walk.emulator.bucket(f"bucket-of-{name}")
    room = walk.room(name)
    walk.apply(CHAT, name, destinationConfiguration=s3(bucket), rooms=[{"arn": room}])
    walk.apply(RECORDING, name, destinationConfiguration=s3(bucket))
    walk.ready(CHAT, name)
    walk.ready(RECORDING, name)
    for plural in (CHAT, RECORDING):
        walk.delete(plural, name)
    walk.reason(CHAT, name, "DeletionBlocked")
    walk.edit(CHAT, name, deletionPolicy="DetachAndDelete")
    for plural in (CHAT, RECORDING):
        walk.gone(plural, name)
    walk.api.close()


def _live_in_another_account(walk: Walk) -> None:
    """By an AWSAccount that selects namespaces by their labels, and that goes together with its object."""
    account = AccountWalk(walk)
    account.trust()
    account.apply(allowedNamespaces={"selector": {"matchLabels": {"kubernetes.io/metadata.name": walk.namespace}}})
    bucket = walk.emulator.bucket("bucket-elsewhere", account=OTHER)
    walk.apply(CHAT, "elsewhere", accountRef=account.reference, destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "elsewhere")
    account.ready()
    account.delete()
    walk.delete(CHAT, "elsewhere")
    walk.gone(CHAT, "elsewhere")
    account.gone()


def _granted() -> Iterable[Permission]:
    roles = [yaml.safe_load((BASE / name).read_text()) for name in ("cluster-role.yaml", "lease-role.yaml")]
    for rule in (rule for role in roles for rule in role["rules"]):
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in rule["verbs"]:
                    for name in rule.get("resourceNames", [""]):
                        yield Permission(group, resource, verb, name)


def _needless(granted: set[Permission], entries: Iterable[AuditEntry]) -> set[Permission]:
    used = {_used(entry) for entry in entries if entry.resource}
    return {rule for rule in granted if not any(_covers(rule, request) for request in used)}


def _used(entry: AuditEntry) -> Permission:
    resource = f"{entry.resource}/{entry.subresource}" if entry.subresource else entry.resource
    return Permission(entry.group, resource, entry.verb, entry.name)


def _covers(rule: Permission, request: Permission) -> bool:
    same = (rule.group, rule.resource, rule.verb) == (request.group, request.resource, request.verb)
    return same and rule.name in {"", request.name}
