"""AWS objects of ours without a custom resource: told once, counted, never deleted, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deadlines import until
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from support.walk import Walk

_METRIC = 'ivs_operator_orphans{region="us-west-2"}'


def test_an_orphan_is_told_once_and_comes_back_with_its_custom_resource(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    walk.apply(CHAT, "stays", destinationConfiguration=s3(bucket))
    for plural in (CHAT, RECORDING):
        walk.apply(plural, "lost", destinationConfiguration=s3(bucket))
    walk.apply(RECORDING, "stays", destinationConfiguration=s3(bucket))
    for plural in (CHAT, RECORDING):
        walk.ready(plural, "stays")
    arns = {plural: walk.ready(plural, "lost")["arn"] for plural in (CHAT, RECORDING)}
    since = walk.control.last_sequence()
    walk.operator.stop()  # else it would put its finalizer back
    for plural in (CHAT, RECORDING):
        walk.kubectl("patch", plural, "lost", "--type=merge", '--patch={"metadata": {"finalizers": null}}')
        walk.delete(plural, "lost")
        walk.gone(plural, "lost")
    walk.operator.start()

    until(lambda: f"{_METRIC} 2.0" in walk.operator.metrics(), "both are counted", last=walk.operator.tail)
    until(lambda: walk.events("lost").count(("Warning", "Orphaned")) == 2, "two Events", last=walk.operator.tail)
    walk.sweeps(CHAT, 3)
    walk.sweeps(RECORDING, 1)
    assert walk.events("lost").count(("Warning", "Orphaned")) == 2, "one for each"
    lines = walk.operator.lines(event="orphan at AWS; nothing is deleted")
    assert {line["arn"] for line in lines} == set(arns.values())
    assert walk.aws_writes(since) == {}, "nothing is deleted"

    walk.apply(CHAT, "lost", destinationConfiguration=s3(bucket))
    assert walk.ready(CHAT, "lost")["arn"] == arns[CHAT]
    until(lambda: f"{_METRIC} 1.0" in walk.operator.metrics(), "one is left", last=walk.operator.tail)
