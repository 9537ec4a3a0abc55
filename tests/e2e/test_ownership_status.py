"""A status edited by hand: the tags at AWS win over every word of it, and nothing of others is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.walk import CHAT, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk

_NOWHERE = "arn:aws:ivschat:us-west-2:123456789012:logging-configuration/abcdefghijkl"


@pytest.mark.parametrize("whose", ["nobody's", "somebody else's", "none"])
def test_a_wrong_arn_in_the_status_is_put_right_from_the_tags(walk: Walk, whose: str) -> None:
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]
    wrong = {"nobody's": _NOWHERE, "somebody else's": walk.foreign(CHAT, "theirs"), "none": None}[whose]
    since = walk.control.last_sequence()

    walk.patch_status(CHAT, "logs", {"arn": wrong, "id": "abcdefghijkl"})
    walk.wait(CHAT, "logs", lambda item: item["status"].get("arn") == arn, "names its own again")
    status = walk.ready(CHAT, "logs")

    assert status["id"] == arn.rpartition("/")[2]
    walk.sweeps(CHAT, 2)
    assert walk.aws_writes(since) == {}
    assert walk.held_by(room) == [arn]


def test_somebody_elses_arn_in_the_status_is_not_deleted_with_the_object(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.ready(CHAT, "logs")
    foreign = walk.foreign(CHAT, "theirs", team="video")
    walk.operator.stop()
    walk.patch_status(CHAT, "logs", {"arn": foreign})
    walk.delete(CHAT, "logs")

    walk.operator.start()
    walk.gone(CHAT, "logs")

    assert [(item["arn"], item["tags"]) for item in walk.configurations(CHAT)] == [(foreign, {"team": "video"})]


def test_somebody_elses_arn_among_the_superseded_is_neither_deleted_nor_taken_off_a_room(walk: Walk) -> None:
    foreign = walk.foreign(CHAT, "theirs")
    room = walk.room("lobby", foreign)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), rooms=[{"arn": room}])
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.patch_status(CHAT, "logs", {"superseded": [{"arn": foreign, "associated": 1}]})
    walk.annotate(CHAT, "logs", "reconcile-at=now")
    walk.wait(CHAT, "logs", lambda item: "superseded" not in item["status"], "drops what was never ours")

    assert walk.held_by(room) == [foreign, arn]
    assert len(walk.configurations(CHAT)) == 2


def test_another_account_in_the_status_stops_everything_until_it_is_put_right(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    since = walk.control.last_sequence()

    walk.patch_status(CHAT, "logs", {"accountID": "999999999999"})
    walk.annotate(CHAT, "logs", "reconcile-at=one")
    message = walk.reason(CHAT, "logs", "AccountChanged")
    assert "999999999999" in message
    assert condition(walk.get(CHAT, "logs") or {}, "Stalled")["status"] == "True"
    assert walk.aws_writes(since) == {}

    walk.patch_status(CHAT, "logs", {"accountID": None})
    walk.annotate(CHAT, "logs", "reconcile-at=two")
    status = walk.ready(CHAT, "logs")
    assert (status["arn"], status["accountID"]) == (arn, "123456789012")
    assert walk.aws_writes(since) == {}
