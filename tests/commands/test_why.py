"""`why` beside an operator at work: it comes to the same, says what happens next, and writes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.permissions import Feature, Scope, action_of, statements_for
from support.accounts import OTHER, AccountWalk
from support.command_process import Done, command
from support.deadlines import until
from support.emulator import ACCOUNT
from support.objects import consumer_arn
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.walk import Walk

DENIED = {"code": "AccessDeniedException", "message": "not authorized", "status": 403}


def why(walk: Walk, name: str, *options: str, **environment: str) -> Done:
    """`ivs-operator why` as the administrator, with the emulator's credentials."""
    given = {**walk.emulator.environment(), "KUBECONFIG": str(walk.cluster.kubeconfig), **environment}
    kind, _, object_ = name.partition("/")
    return command("why", f"{kind}/{walk.namespace}/{object_}", *options, environment=given)


def explained(walk: Walk, name: str, *options: str, **environment: str) -> dict[str, Any]:
    """What `why -o json` says."""
    done = why(walk, name, "-o", "json", *options, **environment)
    assert done.code == 0, done.err
    return dict(json.loads(done.out))


def steps(found: dict[str, Any]) -> list[str]:
    return [step["call"] for step in found["next"]["steps"]]


@pytest.fixture
def in_the_pod(walk: Walk, service_account: Path, kubeconfig_for_service_account: Callable[[str, str], Path]) -> Path:
    """A kubeconfig with the rights that the operator itself has, as with `kubectl exec` into its pod."""
    assert service_account.exists(), "the role that ships is installed"
    subject = f"--serviceaccount={walk.namespace}:default"
    walk.kubectl("create", "clusterrolebinding", walk.namespace, "--clusterrole=ivs-operator", subject)
    return kubeconfig_for_service_account(walk.namespace, "default")


def test_an_object_that_is_well_and_one_that_is_blocked(walk: Walk, in_the_pod: Path) -> None:
    bucket = walk.emulator.bucket("logs")
    others = [walk.foreign(CHAT, f"other-{number}") for number in range(3)]
    lobby, full = walk.room("lobby"), walk.room("full", *others)
    walk.apply(CHAT, "well", destinationConfiguration=s3(bucket), rooms=[{"arn": lobby}])
    walk.apply(CHAT, "blocked", destinationConfiguration=s3(bucket), rooms=[{"arn": full}])
    arn = walk.ready(CHAT, "well")["arn"]
    walk.reason(CHAT, "blocked", "RoomFull")
    walk.sweeps(CHAT, 1)
    since, mark = walk.control.last_sequence(), walk.mark()

    well = explained(walk, "ivscl/well")
    assert (well["status"]["ready"], well["found"]["ready"]) == (True, True)
    assert (well["aws"]["arn"], well["aws"]["state"], well["aws"]["differences"]) == (arn, "ACTIVE", [])
    assert (well["next"]["steps"], well["blockers"], well["failures"]) == ([], [], [])
    assert any(walk.namespace in note for note in well["notes"]), "the operator's cluster id was found out and is named"

    cluster_id = f"--cluster-id={walk.namespace}"
    blocked = explained(walk, "ChatLoggingConfigurations/blocked", cluster_id, KUBECONFIG=str(in_the_pod))
    assert (blocked["status"]["reason"], blocked["found"]["reason"]) == ("RoomFull", "RoomFull")
    (blocker,) = blocked["blockers"]
    assert blocker["arn"] == full
    assert all(other in blocker["message"] for other in others), "who has the three slots"
    assert "as soon as that changes" in blocked["next"]["when"]["text"]
    (note,) = blocked["notes"]
    assert note.startswith("Events can't be read"), "the operator may make Events, not read them"

    walk.delete(CHAT, "well")
    walk.reason(CHAT, "well", "DeletionBlocked")
    deleting = explained(walk, "chatloggingconfiguration/well")
    assert deleting["deleting"]
    assert [item["arn"] for item in deleting["blockers"]] == [lobby]
    text = why(walk, "ivscl/well").out
    assert "DeletionBlocked" in text
    assert "room lobby logs to it" in text

    writers = {entry["operation"] for entry in walk.control.requests(since, write=True)}
    assert writers == set(), "looking changes nothing at AWS"
    administrator = [
        entry
        for entry in walk.cluster.audit_log.entries(since=mark, namespace=walk.namespace)
        if not entry.user.startswith("system:") and entry.verb not in {"get", "list", "watch"}
    ]
    assert [entry.verb for entry in administrator] == ["delete"], "that was the test's own kubectl"


def test_a_failure_is_named_with_its_request_id_and_what_comes_next(walk: Walk) -> None:
    elsewhere = AccountWalk(walk)
    elsewhere.trust()
    elsewhere.apply()
    there = walk.emulator.bucket("there", account=OTHER)
    walk.apply(CHAT, "remote", accountRef=elsewhere.reference, destinationConfiguration=s3(there))
    bucket = walk.emulator.bucket("vod")
    walk.control.add_fault(operation="CreateRecordingConfiguration", error=DENIED)
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    message = walk.reason(RECORDING, "vod", "AccessDenied")
    (refused, *_) = walk.control.requests(operation="CreateRecordingConfiguration")

    found = explained(walk, "ivsrc/vod")

    assert found["status"]["message"] == message
    assert [failure["reason"] for failure in found["failures"]] == ["AccessDenied"]
    assert found["failures"][0]["requestId"] == refused["request_id"]
    assert "ivs:CreateRecordingConfiguration" in steps(found)
    assert "15 minutes" in found["next"]["when"]["text"]
    assert found["next"]["when"]["canHurry"]
    text = why(walk, "ivsrc/vod").out
    assert refused["request_id"] in text
    assert "kubectl -n" in text
    assert "\x1b" not in text, "no colours where no terminal is"

    walk.annotate(RECORDING, "vod", "paused=true")
    walk.reason(RECORDING, "vod", "Paused")
    paused = explained(walk, "ivsrc/vod")
    assert paused["paused"]
    assert paused["next"]["when"]["text"].startswith("nothing, until the annotation")

    arn = walk.ready(CHAT, "remote")["arn"]
    remote = explained(walk, "ivscl/remote")
    assert (remote["found"]["ready"], remote["aws"]["trouble"], remote["aws"]["arn"]) == (True, None, arn)
    assert remote["wanted"]["account"] == OTHER, "it has looked by the AWSAccount's role"

    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    unreached = why(walk, "ivsrc/vod", "-o", "json", **nowhere)
    assert unreached.code == 3, "AWS could not be asked"
    assert json.loads(unreached.out)["status"]["reason"] == "Paused"


def test_what_it_calls_is_what_iam_policy_allows_for_it(walk: Walk) -> None:
    """Every read: Lists, a Get of what Lists do not show any more, and of rooms and channels that they do not show."""
    bucket = s3(walk.emulator.bucket("logs"))
    room, channel = consumer_arn("r", account=ACCOUNT), consumer_arn("c", Kind.RECORDING, account=ACCOUNT)
    walk.apply(CHAT, "logs", destinationConfiguration=bucket, rooms=[{"arn": room}, {"name": "nobody"}])
    walk.apply(RECORDING, "vod", destinationConfiguration=bucket, channels=[{"arn": channel}, {"name": "nobody"}])
    for plural in (CHAT, RECORDING):
        walk.apply(plural, "lost", destinationConfiguration=bucket)
    walk.reason(CHAT, "logs", "RoomNotFound")
    walk.reason(RECORDING, "vod", "ChannelNotFound")
    lost = {plural: walk.ready(plural, "lost")["arn"] for plural in (CHAT, RECORDING)}
    walk.operator.stop()
    walk.chat.delete_logging_configuration(identifier=lost[CHAT])
    walk.ivs.delete_recording_configuration(arn=lost[RECORDING])
    until(lambda: [len(walk.configurations(plural)) for plural in lost] == [1, 1], "both are gone")
    since = walk.control.last_sequence()

    for name in ("ivscl/logs", "ivsrc/vod", "ivscl/lost", "ivsrc/lost"):
        explained(walk, name, f"--cluster-id={walk.namespace}")

    called = {action_of(entry["service"], entry["operation"]) for entry in walk.control.requests(since)} - {None}
    allowed = {action for statement in statements_for([Feature.WHY], Scope()) for action in statement.actions}
    assert called == allowed


def test_what_is_not_there_is_one_line(control_plane: Cluster) -> None:
    environment = {"KUBECONFIG": str(control_plane.kubeconfig)}
    done = command("why", "ivscl/live/missing", environment=environment)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        "ivs-operator: there is no ChatLoggingConfiguration live/missing; kubectl get ivs -A lists all"
    ]
