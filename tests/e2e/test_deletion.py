"""Deletions: held back while anything uses the object, with names and the remedy; three policies decide the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from support.walk import Walk

_OWN = "ivs-operator.dev/"


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_an_unused_object_goes_with_its_aws_object(walk: Walk, plural: str) -> None:
    walk.apply(plural, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.ready(plural, "vod")

    walk.kubectl("delete", plural, "vod", "--timeout=60s")

    assert walk.get(plural, "vod") is None
    assert walk.configurations(plural) == []


def test_a_deletion_is_held_back_by_a_foreign_room_and_carried_out_when_it_lets_go(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    room = walk.room("stubborn", arn)

    walk.delete(CHAT, "logs")
    message = walk.reason(CHAT, "logs", "DeletionBlocked")

    assert room in message
    assert "stubborn" in message
    assert "Retain" in message, "a remedy is named"
    assert ("Warning", "DeletionBlocked") in walk.events("logs")
    walk.sweeps(CHAT, 2)
    assert walk.held_by(room) == [arn]

    walk.chat.update_room(identifier=room, loggingConfigurationIdentifiers=[])
    walk.gone(CHAT, "logs")
    assert walk.configurations(CHAT) == []


def test_own_rooms_hold_a_deletion_back_too_and_the_policy_edited_meanwhile_takes_effect_at_once(walk: Walk) -> None:
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.delete(CHAT, "logs")
    message = walk.reason(CHAT, "logs", "DeletionBlocked")
    assert "DetachAndDelete" in message
    assert walk.held_by(room) == [arn]

    walk.edit(CHAT, "logs", deletionPolicy="DetachAndDelete")
    walk.gone(CHAT, "logs")
    assert walk.held_by(room) == []
    assert walk.configurations(CHAT) == []


def test_emptied_selectors_let_a_waiting_deletion_go_on(walk: Walk) -> None:
    channel = walk.channel("lobby")
    walk.apply(
        RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("archive")), channels=[{"arn": channel}]
    )
    walk.ready(RECORDING, "vod")

    walk.delete(RECORDING, "vod")
    walk.reason(RECORDING, "vod", "DeletionBlocked")
    walk.edit(RECORDING, "vod", channels=[])

    walk.gone(RECORDING, "vod")
    assert walk.recorded_by(channel) == ""
    assert walk.configurations(RECORDING) == []


def test_detach_and_delete_lets_go_its_own_rooms_only_and_waits_for_the_others(walk: Walk) -> None:
    own = walk.room("own")
    walk.apply(
        CHAT,
        "logs",
        destinationConfiguration=s3(walk.emulator.bucket("archive")),
        rooms=[{"arn": own}],
        deletionPolicy="DetachAndDelete",
    )
    arn = walk.ready(CHAT, "logs")["arn"]
    foreign = walk.room("foreign", arn)

    walk.delete(CHAT, "logs")
    walk.released([own], arn)
    message = walk.reason(CHAT, "logs", "DeletionBlocked")

    assert foreign in message
    assert own not in message
    assert walk.held_by(foreign) == [arn]
    walk.chat.delete_room(identifier=foreign)
    walk.gone(CHAT, "logs")


@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_retain_keeps_object_and_associations_and_takes_only_our_tags_off(walk: Walk, plural: str) -> None:
    user = walk.room("lobby") if plural == CHAT else walk.channel("lobby")
    entries = {"rooms" if plural == CHAT else "channels": [{"arn": user}]}
    walk.apply(
        plural,
        "vod",
        destinationConfiguration=s3(walk.emulator.bucket("archive")),
        tags={"team": "live"},
        deletionPolicy="Retain",
        **entries,
    )
    arn = walk.ready(plural, "vod")["arn"]

    walk.delete(plural, "vod")
    walk.gone(plural, "vod")

    left = walk.configurations(plural)
    assert [(item["arn"], item["state"]) for item in left] == [(arn, "ACTIVE")]
    assert left[0]["tags"] == {"team": "live"}
    assert walk.users(user) == [arn]


def test_retain_is_the_way_out_of_a_deletion_that_is_held_back(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    room = walk.room("stubborn", arn)
    walk.delete(CHAT, "logs")
    walk.reason(CHAT, "logs", "DeletionBlocked")

    walk.edit(CHAT, "logs", deletionPolicy="Retain")
    walk.gone(CHAT, "logs")

    assert walk.held_by(room) == [arn]
    assert not [key for key in walk.configurations(CHAT)[0]["tags"] if key.startswith(_OWN)]


def test_deleting_what_was_never_created_for_want_of_an_account_takes_no_call(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3("anything"), accountRef={"name": "prod"})
    assert "prod" in walk.reason(CHAT, "logs", "AccountNotFound")
    since = walk.control.last_sequence()

    walk.delete(CHAT, "logs")
    walk.gone(CHAT, "logs")

    assert walk.aws_writes(since) == {}
    assert walk.configurations(CHAT) == []
