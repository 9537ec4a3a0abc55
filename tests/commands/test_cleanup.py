"""`cleanup --orphans`: shows first, looks again before each delete, and leaves alone what somebody uses or names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC, TAG_UID
from ivs_operator.commands.sweeping import sweeping
from ivs_operator.settings import Settings
from support.command_process import Done, command
from support.emulator import REGION
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from support.walk import Walk

DELETES = {"ivs.DeleteRecordingConfiguration", "ivschat.DeleteLoggingConfiguration"}


def cleanup(walk: Walk, *options: str, cluster_id: str = "", **environment: str) -> Done:
    """`ivs-operator cleanup --orphans` as the administrator."""
    given = {**walk.emulator.environment(), "KUBECONFIG": str(walk.cluster.kubeconfig), **environment}
    return command("cleanup", "--orphans", f"--cluster-id={cluster_id or walk.namespace}", *options, environment=given)


def orphan(walk: Walk, plural: str, name: str, **tags: str) -> str:
    """An AWS object with the tags of an object that never was; returns its ARN."""
    owner = f"{walk.namespace}/{walk.namespace}/{name}"
    return walk.foreign(plural, name, **{TAG_OWNER: owner, TAG_UID: "gone", TAG_SPEC: "v1-made", **tags})


def exists(walk: Walk, plural: str) -> set[str]:
    return {item["arn"] for item in walk.configurations(plural) if item["state"] != "DELETING"}


def test_a_plan_then_the_deed(walk: Walk) -> None:
    lost, held = orphan(walk, RECORDING, "lost"), orphan(walk, CHAT, "held")
    wanted = orphan(walk, RECORDING, "wanted")
    room = walk.room("lobby", held)
    walk.apply(CHAT, "live", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    live = walk.ready(CHAT, "live")["arn"]
    # Paused, so that the operator does not take over its tags: it is an orphan by tag, and named all the same.
    walk.apply(
        RECORDING,
        "adopter",
        annotations={"ivs-operator.dev/paused": "true"},
        destinationConfiguration=s3("any"),
        existing={"arn": wanted},
        deletionPolicy="Retain",
    )
    since = walk.control.last_sequence()

    plan = cleanup(walk)

    assert plan.code == 0, plan.err
    assert f"delete {lost}" in plan.out
    assert "OwnerTagsStay" in plan.out, "what can't be told is said"
    assert f"keep   {held}" in plan.out
    assert "room (lobby" in plan.out, "who uses it is named"
    assert f"keep   {wanted}" in plan.out
    assert "adopter names it" in plan.out
    assert live not in plan.out
    assert "1 to delete, 2 to keep. Nothing was changed" in plan.out
    assert not walk.control.requests(since, write=True)

    done = cleanup(walk, "--yes", "--output=json")

    assert done.code == 3, "what was kept is told by the exit code, too"
    outcomes = {item["arn"]: item["outcome"] for item in json.loads(done.out)["orphans"]}
    assert outcomes == {lost: "deleted", held: "skipped", wanted: "skipped"}
    assert exists(walk, RECORDING) == {wanted}
    assert exists(walk, CHAT) == {held, live}
    assert walk.held_by(room) == [held]
    assert set(walk.aws_writes(since)) <= DELETES, "nothing but deletes"


async def test_what_changes_between_the_plan_and_the_deed(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three orphans without users when the plan is made; then one is joined, one gets its object back, one goes."""
    joined, restored, gone = (orphan(walk, CHAT, name) for name in ("joined", "restored", "gone"))
    environment = {**walk.emulator.environment(), "KUBECONFIG": str(walk.cluster.kubeconfig)}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    since = walk.control.last_sequence()

    async with sweeping(Settings(cluster_id=walk.namespace), "", act=True) as work:
        plan = {verdict.orphan.arn: verdict for verdict in await work.plan([REGION])}
        assert {arn: verdict.hindrance for arn, verdict in plan.items()} == dict.fromkeys((joined, restored, gone))
        walk.room("late", joined)
        paused = {"ivs-operator.dev/paused": "true"}
        walk.apply(CHAT, "restored", annotations=paused, destinationConfiguration=s3("any"))
        walk.chat.delete_logging_configuration(identifier=gone)
        walk.control.advance(60)  # AWS deletes in its own time
        done = {arn: await work.remove(verdict) for arn, verdict in plan.items()}

    assert {arn: verdict.outcome for arn, verdict in done.items()} == {
        joined: "skipped",
        restored: "skipped",
        gone: "gone",
    }
    assert "late" in str(done[joined].hindrance)
    assert "accounts for it" in str(done[restored].hindrance)
    assert walk.aws_writes(since).get("ivschat.DeleteLoggingConfiguration") == 1, "the test's own"


def test_it_refuses_what_it_can_not_be_sure_of(
    walk: Walk, kubeconfig_for_service_account: Callable[[str, str], Path]
) -> None:
    lost = orphan(walk, RECORDING, "lost")
    nobody = {"KUBECONFIG": str(kubeconfig_for_service_account(walk.namespace, "default"))}
    refusals: list[tuple[Done, str]] = [
        (cleanup(walk, "--yes", **nobody), "can't be read completely"),
        (cleanup(walk, "--yes"), "is it the right kubeconfig"),
        (cleanup(walk, "--yes", AWS_ENDPOINT_URL="http://127.0.0.1:9"), "can't be reached"),
    ]
    for done, says in refusals:
        assert done.code == 1, done
        (line,) = done.err.splitlines()
        assert says in line
    assert exists(walk, RECORDING) == {lost}

    elsewhere = cleanup(walk, "--yes", "--all-gone", f"--arn={lost}x")
    assert (elsewhere.code, "is no orphan" in elsewhere.err) == (1, True)
    assert exists(walk, RECORDING) == {lost}

    sure = cleanup(walk, "--yes", "--all-gone", "--quiet")
    assert (sure.code, sure.err) == (0, "")
    assert exists(walk, RECORDING) == set()


def test_the_cluster_id_must_be_known(
    kubeconfig_for_service_account: Callable[[str, str], Path], namespace: str
) -> None:
    environment: dict[str, Any] = {"KUBECONFIG": str(kubeconfig_for_service_account(namespace, "default"))}
    done = command("cleanup", "--orphans", environment=environment)
    assert done.code == 1
    assert "--cluster-id" in done.err
