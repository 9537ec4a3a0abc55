"""Ownership: tags at AWS say whose an object is, through adoption, restores, lost replies and deletions in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk

_OWN = "ivs-operator.dev/"
_CREATES = {CHAT: "CreateLoggingConfiguration", RECORDING: "CreateRecordingConfiguration"}


def _tags(walk: Walk, plural: str, arn: str) -> dict[str, str]:
    return next(dict(item["tags"]) for item in walk.configurations(plural) if item["arn"] == arn)


def _adopt(walk: Walk, plural: str, name: str, arn: str, bucket: str, /, **spec: Any) -> None:
    """An object that names an existing one; `foreign` names those by what they are called."""
    given = {"name": "theirs", "deletionPolicy": "Retain", **spec}
    walk.apply(plural, name, destinationConfiguration=s3(bucket), existing={"arn": arn}, **given)


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_an_existing_object_is_adopted_with_its_tags_and_let_go_again(walk: Walk, plural: str) -> None:
    arn = walk.foreign(plural, "theirs", team="video")
    since = walk.control.last_sequence()

    _adopt(walk, plural, "mine", arn, "theirs-bucket-1")
    status = walk.ready(plural, "mine")

    assert status["arn"] == arn
    tags = _tags(walk, plural, arn)
    assert tags["team"] == "video"
    assert tags[f"{_OWN}owner"] == f"{walk.namespace}/{walk.namespace}/mine"
    service = "ivschat" if plural == CHAT else "ivs"
    assert walk.aws_writes(since).keys() == {f"{service}.TagResource"}, "nothing is created"
    walk.delete(plural, "mine")
    walk.gone(plural, "mine")
    assert _tags(walk, plural, arn) == {"team": "video"}


def test_an_adopted_recording_configuration_that_differs_is_named_and_not_replaced(walk: Walk) -> None:
    arn = walk.foreign(RECORDING, "theirs")
    _adopt(walk, RECORDING, "mine", arn, "theirs-bucket-0", recordingReconnectWindowSeconds=60)

    message = walk.reason(RECORDING, "mine", "ReplacementRequired")

    assert "recordingReconnectWindowSeconds" in message
    assert "without spec.existing" in message, "the remedy that applies to an adopted one"
    assert len(walk.configurations(RECORDING)) == 1


def test_an_adopted_logging_configuration_that_differs_is_updated_in_place(walk: Walk) -> None:
    arn = walk.foreign(CHAT, "theirs")
    bucket = walk.emulator.bucket("mine")
    since = walk.control.last_sequence()

    _adopt(walk, CHAT, "mine", arn, bucket)
    walk.ready(CHAT, "mine")

    found = walk.chat.get_logging_configuration(identifier=arn)
    assert found["destinationConfiguration"] == s3(bucket)
    assert walk.aws_writes(since)["ivschat.UpdateLoggingConfiguration"] == 1


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_with_report_an_adopted_object_that_differs_is_only_described(walk: Walk, plural: str) -> None:
    arn = walk.foreign(plural, "theirs")
    since = walk.control.last_sequence()

    _adopt(walk, plural, "mine", arn, "theirs-bucket-0", name="wanted", driftPolicy="Report")
    walk.reason(plural, "mine", "DriftDetected")

    drift = walk.status(plural, "mine")["drift"]
    assert drift == [{"field": "name", "desired": "wanted", "observed": "theirs"}]
    walk.sweeps(plural, 2)
    assert {name.partition(".")[2] for name in walk.aws_writes(since)} == {"TagResource"}, (
        "our owner tags, nothing else"
    )


def test_an_object_that_does_not_exist_is_not_adopted_and_not_made(walk: Walk) -> None:
    arn = walk.foreign(CHAT, "theirs")
    walk.chat.delete_logging_configuration(identifier=arn)
    until(lambda: walk.configurations(CHAT) == [], "AWS has deleted it")

    _adopt(walk, CHAT, "mine", arn, "theirs-bucket-0")

    assert arn in walk.reason(CHAT, "mine", "ExistingNotFound")
    assert condition(walk.get(CHAT, "mine") or {}, "Stalled")["status"] == "True"
    walk.sweeps(CHAT, 2)
    assert walk.configurations(CHAT) == []


def test_of_two_objects_that_name_one_the_older_has_it_and_the_younger_gets_it_afterwards(walk: Walk) -> None:
    arn = walk.foreign(CHAT, "theirs")
    _adopt(walk, CHAT, "zz-older", arn, "theirs-bucket-0")
    walk.ready(CHAT, "zz-older")
    walk.outlive_second(walk.get(CHAT, "zz-older") or {})

    _adopt(walk, CHAT, "aa-younger", arn, "theirs-bucket-0")
    message = walk.reason(CHAT, "aa-younger", "AmbiguousOwner")
    assert f"{walk.namespace}/zz-older" in message
    walk.sweeps(CHAT, 2)
    assert _tags(walk, CHAT, arn)[f"{_OWN}owner"].endswith("/zz-older")

    walk.delete(CHAT, "zz-older")
    walk.gone(CHAT, "zz-older")
    assert walk.ready(CHAT, "aa-younger")["arn"] == arn
    assert _tags(walk, CHAT, arn)[f"{_OWN}owner"].endswith("/aa-younger")


def test_an_object_restored_from_a_backup_takes_its_aws_object_again(walk: Walk) -> None:
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]
    before = walk.get(CHAT, "logs") or {}
    walk.operator.stop()
    walk.kubectl("patch", CHAT, "logs", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    walk.kubectl("delete", CHAT, "logs", "--timeout=30s")  # the cluster is lost, AWS keeps everything
    since = walk.control.last_sequence()

    backup = {key: before[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": "logs"}}
    walk.kubectl("create", "-f", "-", stdin=yaml.safe_dump(backup))
    walk.operator.start()
    status = walk.ready(CHAT, "logs")

    uid = (walk.get(CHAT, "logs") or {})["metadata"]["uid"]
    assert uid != before["metadata"]["uid"]
    assert status["arn"] == arn
    assert _tags(walk, CHAT, arn)[f"{_OWN}uid"] == uid
    assert walk.held_by(room) == [arn]
    assert walk.aws_writes(since) == {"ivschat.TagResource": 1}


def test_a_rebuilt_cluster_with_a_default_id_creates_nothing_and_says_which_id_to_set(
    begin: Callable[..., Walk],
) -> None:
    walk = begin(cluster_id=None)
    former = "0f8fad5b-d9cb-469f-a165-70867728950e"
    owned = walk.foreign(CHAT, "theirs", **{f"{_OWN}owner": f"{former}/{walk.namespace}/logs"})

    walk.apply(CHAT, "logs", destinationConfiguration=s3("theirs-bucket-1"))
    message = walk.reason(CHAT, "logs", "OwnedElsewhere")

    assert f"--cluster-id={former}" in message
    assert owned in message
    walk.sweeps(CHAT, 2)
    assert [item["arn"] for item in walk.configurations(CHAT)] == [owned]


def test_started_with_the_former_id_the_rebuilt_cluster_takes_over(begin: Callable[..., Walk]) -> None:
    former = "0f8fad5b-d9cb-469f-a165-70867728950e"
    walk = begin(cluster_id=former)
    owned = walk.foreign(CHAT, "theirs", **{f"{_OWN}owner": f"{former}/{walk.namespace}/logs"})

    walk.apply(CHAT, "logs", name="theirs", destinationConfiguration=s3("theirs-bucket-1"))

    assert walk.ready(CHAT, "logs")["arn"] == owned
    assert len(walk.configurations(CHAT)) == 1


def test_with_an_id_of_its_own_a_cluster_does_not_mind_the_same_name_elsewhere(walk: Walk) -> None:
    other = walk.foreign(CHAT, "theirs", **{f"{_OWN}owner": f"another/{walk.namespace}/logs"})

    walk.apply(CHAT, "logs", destinationConfiguration=s3("theirs-bucket-1"))

    assert walk.ready(CHAT, "logs")["arn"] != other
    assert len(walk.configurations(CHAT)) == 2


def test_twins_become_one_and_the_rooms_of_the_other_move(walk: Walk) -> None:
    rooms = [walk.room("one", env="prod"), walk.room("two", env="prod")]
    bucket = walk.emulator.bucket("archive")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    first = walk.ready(CHAT, "logs")["arn"]
    walk.operator.stop()
    made = walk.chat.create_logging_configuration(
        name="logs", destinationConfiguration=s3(bucket), tags=_tags(walk, CHAT, first)
    )
    second = str(made["arn"])
    walk.control.set_state(second, "ACTIVE")
    walk.chat.update_room(identifier=rooms[1], loggingConfigurationIdentifiers=[second])
    since = walk.control.last_sequence()

    walk.operator.start()
    until(lambda: len(walk.configurations(CHAT)) == 1, "one of the two is deleted", last=walk.operator.tail)
    status = walk.ready(CHAT, "logs")

    kept = min(first, second)
    assert status["arn"] == kept, "both are in use, so the ARN decides"
    assert [walk.held_by(room) for room in rooms] == [[kept], [kept]]
    assert walk.aws_writes(since) == {"ivschat.UpdateRoom": 1, "ivschat.DeleteLoggingConfiguration": 1}


def test_a_spec_tag_of_an_unknown_version_replaces_nothing_and_is_rewritten(walk: Walk) -> None:
    bucket = walk.emulator.bucket("archive")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), replacePolicy="CreateBeforeDelete")
    arn = walk.ready(RECORDING, "vod")["arn"]
    tag = _tags(walk, RECORDING, arn)[f"{_OWN}spec"]

    walk.ivs.tag_resource(resourceArn=arn, tags={f"{_OWN}spec": "v0-0123456789abcdef"})
    until(lambda: _tags(walk, RECORDING, arn)[f"{_OWN}spec"] == tag, "the tag is rewritten", last=walk.operator.tail)

    walk.sweeps(RECORDING, 2)
    assert walk.ready(RECORDING, "vod")["arn"] == arn
    assert len(walk.control.requests(operation="CreateRecordingConfiguration")) == 1


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_deleted_and_made_again_under_the_same_name_at_once_there_is_one_aws_object_of_the_new_life(
    walk: Walk, plural: str
) -> None:
    manifest = walk.manifest(plural, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.kubectl("apply", "-f", "-", stdin=manifest)
    walk.ready(plural, "vod")
    before = (walk.get(plural, "vod") or {})["metadata"]["uid"]

    walk.kubectl("replace", "--force", "-f", "-", stdin=manifest)
    status = walk.ready(plural, "vod")

    uid = (walk.get(plural, "vod") or {})["metadata"]["uid"]
    assert uid != before
    assert [item["arn"] for item in walk.configurations(plural)] == [status["arn"]]
    assert _tags(walk, plural, status["arn"])[f"{_OWN}uid"] == uid


@pytest.mark.parametrize("killed", [False, True], ids=["alive", "killed"])
def test_a_deletion_while_a_create_is_in_flight_removes_what_the_create_makes(
    begin: Callable[..., Walk], *, killed: bool
) -> None:
    walk = begin(create_grace=6)
    held = walk.control.add_fault(operation=_CREATES[CHAT], hold="before", count=1)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.control.wait_held(held)

    walk.delete(CHAT, "logs")
    if killed:
        walk.operator.kill()
        walk.operator.start()
    walk.control.remove_fault(held)
    walk.gone(CHAT, "logs")

    assert walk.configurations(CHAT) == []
    assert len([entry for entry in walk.control.requests(operation=_CREATES[CHAT]) if entry["applied"]]) == 1
