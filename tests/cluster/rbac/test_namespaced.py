"""The overlay `namespaced`: an operator of one namespace, as it ships, touches nothing outside of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_sandbox.shipped import manifests
from support.deadlines import until
from support.emulator import emulator, emulator_process
from support.operator_process import OperatorProcess
from support.service_account import USER
from support.walk import CHAT, RECORDING, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator

__all__ = ["emulator", "emulator_process"]

WATCHED, OWN = "live", "ivs-operator"


@pytest.fixture
def walk(own_control_plane: ControlPlane, emulator: Emulator, tmp_path: Path) -> Iterator[Walk]:
    """A walk in the overlay's namespace, with everything of the overlay but the Deployment, whose arguments it has."""
    own_control_plane.start_controller_manager()
    own_control_plane.kubectl("create", "namespace", WATCHED)
    items = list(
        yaml.safe_load_all(own_control_plane.kubectl("kustomize", manifests("overlays") / "namespaced").stdout)
    )
    arguments = next(item for item in items if item["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"]
    rest = yaml.safe_dump_all(item for item in items if item["kind"] not in {"Deployment", "CustomResourceDefinition"})
    own_control_plane.kubectl("apply", "--server-side", "--filename=-", stdin=rest)

    environment = {
        **emulator.environment(),
        "KUBECONFIG": str(own_control_plane.service_account_kubeconfig(OWN, OWN)),
    }
    process = OperatorProcess(
        tmp_path, environment, **shipped(arguments[0]["args"]), sweep_interval=1, lease_namespace=OWN
    )
    process.start()
    made = Walk(own_control_plane, WATCHED, emulator, process)
    yield made
    made.api.close()
    process.end()


def shipped(arguments: list[str]) -> dict[str, Any]:
    """The Deployment's flags, but for the command and the form of the log."""
    flags = dict(each.removeprefix("--").split("=", 1) for each in arguments[1:])
    return {name.replace("-", "_"): value for name, value in flags.items()}


def test_it_works_in_its_namespace_until_that_is_gone_and_asks_for_nothing_elsewhere(walk: Walk) -> None:
    bucket, room = walk.emulator.bucket("archive"), walk.room("lobby")
    elsewhere = walk.manifest(CHAT, "not-ours", destinationConfiguration=s3(bucket))
    walk.cluster.kubectl("apply", "--namespace=default", "--filename=-", stdin=elsewhere)
    walk.apply(CHAT, "chat", destinationConfiguration=s3(bucket), rooms=[{"arn": room}])
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    for plural, name in ((CHAT, "chat"), (RECORDING, "vod")):
        walk.ready(plural, name)

    # The namespace's RoleBinding goes with it, before the objects do.
    walk.kubectl("delete", "namespace", WATCHED, "--wait=false")
    walk.reason(CHAT, "chat", "DeletionBlocked")
    walk.chat.update_room(identifier=room, loggingConfigurationIdentifiers=[])
    until(
        lambda: walk.kubectl("get", "namespace", WATCHED, check=False).returncode != 0,
        "the namespace is gone",
        last=walk.operator.tail,
    )

    assert walk.configurations(CHAT) == walk.configurations(RECORDING) == [], "and nothing is left at AWS"
    asked = walk.cluster.audit_log.entries(user=USER)
    assert {entry.namespace for entry in asked if entry.resource != "namespaces"} <= {WATCHED, OWN, ""}
    mine = {entry.resource for entry in asked if not entry.namespace and entry.group == "ivs-operator.dev"}
    assert mine <= {"awsaccounts"}, "our namespaced kinds are never asked for in the whole cluster"
    refused = [entry for entry in asked if entry.decision == "forbid" and not _after_its_end(entry)]
    assert refused == []
    untouched = walk.api.get(CHAT, "default", "not-ours")
    assert untouched is not None
    assert untouched["status"] == {"observedGeneration": -1}, "nobody looked at it"
    assert "finalizers" not in untouched["metadata"]


def _after_its_end(entry: Any) -> bool:
    """Reading and telling in a namespace whose RoleBinding is gone already."""
    return entry.namespace == WATCHED and entry.verb in {"list", "watch", "create"}
