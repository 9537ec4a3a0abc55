"""`kubectl delete crd` is no wish to delete anything at AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deadlines import until
from support.walk import CHAT, Walk, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.control_plane import ControlPlane
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess


def test_deleting_the_crd_deletes_nothing_at_aws_and_retain_is_the_way_out(
    own_control_plane: ControlPlane, make_operator: Callable[..., OperatorProcess], emulator: Emulator
) -> None:
    operator = make_operator(own_control_plane.kubeconfig, cluster_id="own", namespaces="default")
    walk = Walk(own_control_plane, "default", emulator, operator)
    walk.operator.start()
    room = walk.room("lobby")
    bucket = emulator.bucket("archive")
    for name, policy in (("kept", "Delete"), ("detached", "DetachAndDelete")):
        walk.apply(CHAT, name, destinationConfiguration=s3(bucket), rooms=[{"arn": room}], deletionPolicy=policy)
    arns = {name: walk.ready(CHAT, name)["arn"] for name in ("kept", "detached")}
    since = walk.control.last_sequence()

    walk.kubectl("delete", "crd", f"{CHAT}.ivs-operator.dev", "--wait=false")
    for name in arns:
        message = walk.reason(CHAT, name, "DeletionBlocked")
        assert "CustomResourceDefinition" in message
        assert "Retain" in message
    walk.sweeps(CHAT, 2)
    assert walk.aws_writes(since) == {}

    for name in arns:
        walk.edit(CHAT, name, deletionPolicy="Retain")
    crd = (
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions?fieldSelector=metadata.name%3D{CHAT}.ivs-operator.dev"
    )
    until(lambda: walk.api.call("GET", crd)["items"] == [], "the CRD is gone", last=walk.operator.tail)
    walk.api.close()

    assert sorted(item["arn"] for item in walk.configurations(CHAT)) == sorted(arns.values())
    assert sorted(walk.held_by(room)) == sorted(arns.values())
