"""Bad input and bad luck: each ends in a state that explains itself, and heals when the cause goes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from support.walk import CHAT, RECORDING, Walk, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess


@pytest.fixture
def two_namespaces(
    control_plane: Cluster,
    make_operator: Callable[..., OperatorProcess],
    service_account: Path,
    emulator: Emulator,
    namespace: str,
) -> Iterator[tuple[Walk, Walk]]:
    """The same operator seen from two namespaces."""
    other = f"other-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", other)
    operator = make_operator(service_account, namespaces=f"{namespace},{other}", cluster_id=namespace)
    operator.start()
    walks = Walk(control_plane, namespace, emulator, operator), Walk(control_plane, other, emulator, operator)
    yield walks
    for walk in walks:
        walk.api.close()


def test_two_namespaces_with_the_same_name_and_rooms_both_log(two_namespaces: tuple[Walk, Walk]) -> None:
    first, second = two_namespaces
    bucket = first.emulator.bucket("archive")
    room = first.room("lobby", env="prod")

    for walk in two_namespaces:
        walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    arns = [walk.ready(CHAT, "logs")["arn"] for walk in two_namespaces]
    first.associated([room], arns[0])
    first.associated([room], arns[1])

    assert arns[0] != arns[1]
    first.edit(CHAT, "logs", rooms=[])
    first.released([room], arns[0])
    assert second.held_by(room) == [arns[1]], "one lets go of its own only"


def test_two_namespaces_with_the_same_name_and_channel_one_has_it_until_it_lets_go(
    two_namespaces: tuple[Walk, Walk],
) -> None:
    first, second = two_namespaces
    bucket = first.emulator.bucket("archive")
    channel = first.channel("stage")
    given = {"destinationConfiguration": s3(bucket), "channels": [{"name": "stage"}]}
    first.apply(RECORDING, "vod", **given)
    arn = first.ready(RECORDING, "vod")["arn"]

    second.apply(RECORDING, "vod", channelConflictPolicy="Replace", **given)
    message = second.reason(RECORDING, "vod", "ChannelTaken")
    assert arn in message
    second.sweeps(RECORDING, 3)
    assert first.recorded_by(channel) == arn, "two objects of ours never fight over a channel"

    first.edit(RECORDING, "vod", channels=[])
    assert second.ready(RECORDING, "vod")["arn"] == second.recorded_by(channel)
    first.ready(RECORDING, "vod")


def test_a_room_deleted_between_get_and_update_is_named_and_the_rest_goes_on(walk: Walk) -> None:
    doomed, other = walk.room("doomed"), walk.room("other")
    bucket = walk.emulator.bucket("archive")
    held = walk.control.add_fault(operation="UpdateRoom", hold="before", contains=doomed)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"arn": doomed}, {"arn": other}])
    walk.control.wait_held(held)

    walk.chat.delete_room(identifier=doomed)
    walk.control.remove_fault(held)
    message = walk.reason(CHAT, "logs", "RoomNotFound")

    assert doomed in message, "which room"
    assert walk.status(CHAT, "logs")["associations"]["summary"] == "1/1"
    walk.edit(CHAT, "logs", rooms=[{"arn": other}])
    assert walk.held_by(other) == [walk.ready(CHAT, "logs")["arn"]]


def test_a_room_matched_by_tags_and_deleted_between_get_and_update_is_forgotten(walk: Walk) -> None:
    doomed = walk.room("doomed", env="prod")
    bucket = walk.emulator.bucket("archive")
    held = walk.control.add_fault(operation="UpdateRoom", hold="before", contains=doomed)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    walk.control.wait_held(held)

    walk.chat.delete_room(identifier=doomed)
    walk.control.remove_fault(held)

    assert walk.ready(CHAT, "logs")["associations"]["summary"] == "0/0"


def test_a_channel_that_goes_live_between_get_and_update_waits_for_the_end_of_its_stream(walk: Walk) -> None:
    channel = walk.channel("stage")
    bucket = walk.emulator.bucket("archive")
    held = walk.control.add_fault(operation="UpdateChannel", hold="before")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=[{"arn": channel}])
    walk.control.wait_held(held)

    walk.control.go_live(channel)
    walk.control.remove_fault(held)
    assert channel in walk.reason(RECORDING, "vod", "ChannelLive")
    assert walk.recorded_by(channel) == ""

    walk.control.go_offline(channel)
    assert walk.ready(RECORDING, "vod")["arn"] == walk.recorded_by(channel)


def test_an_adopted_object_without_room_for_our_tags_says_so_and_is_taken_once_there_is_room(walk: Walk) -> None:
    arn = walk.foreign(CHAT, "theirs", **{f"key-{number:02}": "theirs" for number in range(49)})
    given = {"destinationConfiguration": s3("theirs-bucket-49"), "name": "theirs", "existing": {"arn": arn}}
    walk.apply(CHAT, "mine", deletionPolicy="Retain", **given)

    found = walk.wait(CHAT, "mine", lambda item: "50 tags" in condition(item, "Ready").get("message", ""), "says why")
    assert condition(found, "Ready")["status"] == "False"
    assert len(walk.configurations(CHAT)) == 1, "nothing is created instead"
    assert len(walk.configurations(CHAT)[0]["tags"]) == 49, "and nothing is half done"

    walk.chat.untag_resource(resourceArn=arn, tagKeys=["key-00", "key-01"])
    walk.annotate(CHAT, "mine", "reconcile-at=now")
    assert walk.ready(CHAT, "mine")["arn"] == arn


def test_a_destination_that_aws_refuses_only_at_an_update_is_named_and_used_once_it_exists(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.edit(CHAT, "logs", destinationConfiguration=s3("not-there-yet"))
    message = walk.reason(CHAT, "logs", "UpdateFailed")
    assert arn in message
    assert "destination" in message

    walk.emulator.bucket("not-there-yet")
    walk.sweeps(CHAT, 3)  # AWS tells in whole seconds when it failed: what is asked in the same one may be older
    walk.annotate(CHAT, "logs", "reconcile-at=now")
    assert walk.ready(CHAT, "logs")["location"].startswith("s3://not-there-yet/")


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_a_name_that_aws_refuses_stalls_with_its_words_until_the_spec_is_edited(walk: Walk, plural: str) -> None:
    bucket = walk.emulator.bucket("archive")
    refusal = {"code": "ValidationException", "message": "Value at 'name' is reserved"}
    walk.control.add_fault(operation="Create*", contains="reserved", error=refusal)

    walk.apply(plural, "vod", name="reserved", destinationConfiguration=s3(bucket))
    found = walk.wait(plural, "vod", lambda item: condition(item, "Stalled").get("status") == "True", "is stalled")
    message = condition(found, "Ready")["message"]
    assert "Value at 'name' is reserved" in message
    since = walk.control.last_sequence()
    walk.sweeps(plural, 3)
    assert walk.control.counts(since, write=True).total == 0, "asking again would get the same answer"

    replaceable = {"replacePolicy": "CreateBeforeDelete"} if plural == RECORDING else {}
    walk.edit(plural, "vod", name="allowed", **replaceable)
    walk.ready(plural, "vod")
    assert [item["name"] for item in walk.configurations(plural)] == ["allowed"]
