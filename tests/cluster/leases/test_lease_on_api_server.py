"""Leader election on a real API server, with the calls that the operator makes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cluster.leases.conftest import Candidate, Field
    from ivs_sandbox.cluster import Cluster
    from ivs_sandbox.control_plane import ControlPlane

DURATION = 6.0
MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MakeField = "Callable[[Path, str, float], Field]"


@pytest.fixture
def field(make_field: MakeField, control_plane: Cluster, namespace: str) -> Field:
    return make_field(control_plane.kubeconfig, namespace, DURATION)


@pytest.fixture
def lease(control_plane: Cluster, namespace: str) -> Callable[[], dict[str, Any]]:
    """The Lease's spec as kubectl shows it."""

    def read() -> dict[str, Any]:
        found = control_plane.kubectl("-n", namespace, "get", "lease", "ivs-operator", "-o", "json")
        return dict(json.loads(found.stdout)["spec"])

    return read


@pytest.fixture
def edit(control_plane: Cluster, namespace: str) -> Callable[..., None]:
    """Edit the Lease by hand."""

    def write(**spec: Any) -> None:
        patch = json.dumps({"spec": spec})
        control_plane.kubectl("-n", namespace, "patch", "lease", "ivs-operator", "--type=merge", f"--patch={patch}")

    return write


async def in_thread(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """kubectl, without holding up the candidates."""
    return await asyncio.to_thread(lambda: call(*arguments, **named))


async def three(field: Field) -> Candidate:
    for name in ("a", "b", "c"):
        await field.join(name)
    return await field.leader()


async def test_the_lease_says_who_leads_since_when_and_how_often_that_changed(field: Field, lease: Any) -> None:
    first = await three(field)
    spec = await in_thread(lease)
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (first.name, 6, 0)
    assert MICRO_TIME.fullmatch(spec["renewTime"])
    assert MICRO_TIME.fullmatch(spec["acquireTime"])
    renewed = datetime.fromisoformat(spec["renewTime"])
    assert abs((datetime.now(UTC) - renewed).total_seconds()) < 60, "in UTC, whatever the machine's time zone is"


async def test_stopping_hands_over_at_once_and_is_counted(field: Field, lease: Any) -> None:
    first = await three(field)
    took = []
    for transitions in (1, 2):
        began = time.monotonic()
        leader = field.leaders()[0]
        await leader.stop()
        await field.leader(leader)
        took.append(time.monotonic() - began)
        assert (await in_thread(lease))["leaseTransitions"] == transitions
    print(f"hand-over after a stop: {', '.join(f'{seconds:.3f}' for seconds in took)} s")
    assert max(took) < 2, first.log


async def test_a_leader_that_dies_is_replaced_within_the_duration(field: Field) -> None:
    leader = await three(field)
    await leader.kill()
    began = time.monotonic()
    await field.leader(leader)
    took = time.monotonic() - began
    print(f"hand-over after a death: {took:.2f} s of {DURATION:.0f}")
    assert DURATION / 3 < took < DURATION + 1, "not before the dead one's tenure ends; the second is for a slow machine"


@pytest.mark.parametrize(
    ("what", "spec"),
    [
        ("from the future", {"renewTime": "2999-12-31T23:59:59.000000Z"}),
        ("wiped out", {"holderIdentity": ""}),
        ("no holder", {"holderIdentity": None}),
        (
            "an absurd duration and the last transition",
            {"leaseDurationSeconds": 2**31 - 1, "leaseTransitions": 2**31 - 1},
        ),
        (
            "nothing left",
            {"holderIdentity": None, "renewTime": None, "leaseDurationSeconds": None, "acquireTime": None},
        ),
    ],
)
async def test_a_leader_shrugs_off_what_is_edited_by_hand(
    field: Field, lease: Any, edit: Any, what: str, spec: dict[str, Any]
) -> None:
    leader = await three(field)
    await in_thread(edit, **spec)
    edited = await in_thread(lease)

    async def put_right() -> None:
        while (found := await in_thread(lease)) == edited or found.get("holderIdentity") != leader.name:
            field.leaders()

    await asyncio.wait_for(put_right(), 30)
    assert field.leaders() == [leader], what
    assert (await in_thread(lease))["leaseDurationSeconds"] == DURATION


async def test_an_old_lease_from_the_future_is_taken_when_nobody_renews_it(
    field: Field, control_plane: Cluster, namespace: str
) -> None:
    spec = {
        "holderIdentity": "dead",
        "renewTime": "2999-12-31T23:59:59.000000Z",
        "leaseDurationSeconds": 1,
        "leaseTransitions": 41,
    }
    found = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "ivs-operator"},
        "spec": spec,
    }
    control_plane.kubectl("-n", namespace, "apply", "-f", "-", stdin=json.dumps(found))
    began = time.monotonic()
    await three(field)
    assert DURATION - 0.5 < time.monotonic() - began < 3 * DURATION


async def test_a_lease_deleted_by_hand_is_made_again_by_its_holder(
    field: Field, lease: Any, control_plane: Cluster, namespace: str
) -> None:
    leader = await three(field)
    await in_thread(control_plane.kubectl, "-n", namespace, "delete", "lease", "ivs-operator")

    async def remade() -> None:
        while True:
            found = await in_thread(
                control_plane.kubectl,
                "-n",
                namespace,
                "get",
                "lease",
                "ivs-operator",
                "--ignore-not-found",
                "-o",
                "name",
            )
            if found.stdout.strip():
                return

    await asyncio.wait_for(remade(), 30)
    assert field.leaders() == [leader]
    assert (await in_thread(lease))["holderIdentity"] == leader.name


async def test_a_missing_namespace_is_named_and_waited_for(
    make_field: MakeField, control_plane: Cluster, namespace: str
) -> None:
    later = f"{namespace[:50]}-later"
    field = make_field(control_plane.kubeconfig, later, DURATION)
    candidate = await field.join("a")
    await field.until(lambda: candidate.elector.trouble, "the trouble is said")
    assert f'namespaces "{later}" not found' in str(candidate.elector.trouble)
    assert "--lease-namespace" in str(candidate.elector.trouble)
    await in_thread(control_plane.kubectl, "create", "namespace", later)
    await field.leader()
    assert candidate.elector.trouble is None


async def test_missing_rights_are_named_and_waited_for(
    field: Field, control_plane: Cluster, namespace: str, kubeconfig_for_service_account: Callable[[str, str], Path]
) -> None:
    control_plane.kubectl("-n", namespace, "create", "serviceaccount", "poor")
    candidate = await field.join("a", kubeconfig=kubeconfig_for_service_account(namespace, "poor"))
    await field.until(lambda: candidate.elector.trouble, "the trouble is said")
    trouble = str(candidate.elector.trouble)
    assert "leases" in trouble
    assert "forbidden" in trouble
    assert f"allow get, create, update and watch of leases (coordination.k8s.io) in namespace {namespace}" in trouble
    role = ("create", "role", "leases", "--resource=leases.coordination.k8s.io")
    await in_thread(control_plane.kubectl, "-n", namespace, *role, "--verb=get,create,update")
    binding = ("create", "rolebinding", "leases", "--role=leases", f"--serviceaccount={namespace}:poor")
    await in_thread(control_plane.kubectl, "-n", namespace, *binding)
    assert await field.leader() is candidate, "watch is a convenience: without it the Lease is looked at more often"


async def test_an_api_server_that_is_away_longer_than_the_lease_ends_the_tenure(
    make_field: MakeField, own_control_plane: ControlPlane
) -> None:
    field = make_field(own_control_plane.kubeconfig, "default", DURATION)
    await field.join("a")
    leader = await field.leader()
    await field.join("b")
    began = time.monotonic()
    await in_thread(own_control_plane.stop_api_server)
    await field.until(lambda: not field.leaders(), "nobody leads")
    lost_after = time.monotonic() - began
    assert lost_after < DURATION, "before anybody else could take it"
    await field.until(lambda: leader.log[-1][0] == "lost", "the work is told to end")
    await field.until(lambda: time.monotonic() > began + 1.5 * DURATION, "the lease has expired")
    assert field.leaders() == [], "nobody can know"
    await in_thread(own_control_plane.restart_api_server)
    await field.leader()
    print(f"tenure ended {lost_after:.1f} s after the API server went away")
