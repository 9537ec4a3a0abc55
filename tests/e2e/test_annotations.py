"""Annotations: a pause that is one, and `reconcile-at`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.walk import CHAT, s3

if TYPE_CHECKING:
    from support.walk import Walk


def test_paused_means_no_write_at_aws_neither_for_an_edit_nor_for_a_deletion(walk: Walk) -> None:
    room = walk.room("lobby")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.annotate(CHAT, "logs", "paused=true")
    walk.reason(CHAT, "logs", "Paused")
    since = walk.control.last_sequence()

    walk.edit(CHAT, "logs", name="renamed", rooms=[{"arn": room}])
    walk.reason(CHAT, "logs", "Paused")
    walk.delete(CHAT, "logs")
    message = walk.wait(
        CHAT,
        "logs",
        lambda item: "Retain" in str(item["status"]["conditions"]),
        "tells the way out of a paused deletion",
    )
    walk.sweeps(CHAT, 2)

    assert message is not None
    assert walk.aws_writes(since) == {}
    walk.edit(CHAT, "logs", deletionPolicy="Retain")
    walk.gone(CHAT, "logs")
    assert walk.aws_writes(since) == {}, "a pause is a pause: not even our tags are taken off"
    assert [item["arn"] for item in walk.configurations(CHAT)] == [arn]


def test_an_object_created_paused_is_made_when_the_pause_ends(walk: Walk) -> None:
    annotations = {"ivs-operator.dev/paused": "true"}
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")), annotations=annotations)
    walk.reason(CHAT, "logs", "Paused")
    assert walk.configurations(CHAT) == []

    walk.annotate(CHAT, "logs", "paused-")

    walk.ready(CHAT, "logs")
    assert len(walk.configurations(CHAT)) == 1


def test_reconcile_at_is_echoed_and_costs_one_write(walk: Walk) -> None:
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("archive")))
    walk.ready(CHAT, "logs")
    walk.sweeps(CHAT, 1)
    since, mark = walk.control.last_sequence(), walk.mark()

    asked = "x" * 70
    walk.annotate(CHAT, "logs", f"reconcile-at={asked}")
    walk.wait(CHAT, "logs", lambda item: item["status"].get("lastHandledReconcileAt") == asked[:64], "echoes it")
    walk.sweeps(CHAT, 2)

    assert len(walk.kube_writes(mark)) == 1
    assert walk.aws_writes(since) == {}
