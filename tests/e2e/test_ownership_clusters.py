"""Two clusters on one AWS account: one object is one cluster's, a race has one winner, and a hand-over has no gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.clusters import OTHER_CLUSTER, begin_elsewhere
from support.walk import CHAT, RECORDING, is_ready, reason_of, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess
    from support.walk import Walk

_OWNER = "ivs-operator.dev/owner"


@pytest.fixture
def elsewhere(
    control_plane: Cluster, make_operator: Callable[..., OperatorProcess], service_account: Path, emulator: Emulator
) -> Iterator[Walk]:
    """The other cluster."""
    walk = begin_elsewhere(control_plane, make_operator, service_account, emulator)
    yield walk
    walk.api.close()


def _owner(walk: Walk, arn: str) -> str:
    return next(str(item["tags"].get(_OWNER, "")) for item in walk.configurations(CHAT) if item["arn"] == arn)


def test_two_clusters_that_adopt_one_object_at_the_same_time_find_out_who_has_it(walk: Walk, elsewhere: Walk) -> None:
    arn = walk.foreign(CHAT, "theirs")
    held = walk.control.add_fault(operation="TagResource", hold="before")
    for each in (walk, elsewhere):
        each.apply(
            CHAT,
            "logs",
            name="theirs",
            destinationConfiguration=s3("theirs-bucket-0"),
            existing={"arn": arn},
            deletionPolicy="Retain",
        )
    walk.control.wait_held(held, 2)  # both have seen it free; the later of the two writes wins

    walk.control.remove_fault(held)
    for each in (walk, elsewhere):
        each.wait(CHAT, "logs", lambda item: is_ready(item) or reason_of(item) == "OwnedElsewhere", "is decided")
    walk.sweeps(CHAT, 4)

    owner = _owner(walk, arn)
    winner, loser = (elsewhere, walk) if owner.startswith(OTHER_CLUSTER) else (walk, elsewhere)
    assert winner.ready(CHAT, "logs")["arn"] == arn
    message = loser.reason(CHAT, "logs", "OwnedElsewhere")
    assert owner in message
    assert "Retain" in message, "how to hand it over"

    winner.delete(CHAT, "logs")
    winner.gone(CHAT, "logs")
    assert loser.ready(CHAT, "logs")["arn"] == arn, "it heals when the cause goes"


def test_an_object_is_handed_over_between_clusters_without_losing_a_channel(walk: Walk, elsewhere: Walk) -> None:
    channel = walk.channel("stage")
    bucket = walk.emulator.bucket("archive")
    given = {"name": "vod", "destinationConfiguration": s3(bucket), "channels": [{"arn": channel}]}
    walk.apply(RECORDING, "vod", deletionPolicy="Retain", **given)
    arn = walk.ready(RECORDING, "vod")["arn"]
    since = walk.control.last_sequence()

    walk.delete(RECORDING, "vod")
    walk.gone(RECORDING, "vod")
    elsewhere.apply(RECORDING, "taken-over", deletionPolicy="Retain", existing={"arn": arn}, **given)
    status = elsewhere.ready(RECORDING, "taken-over")

    assert status["arn"] == arn
    assert status["associations"]["summary"] == "1/1"
    assert walk.recorded_by(channel) == arn
    assert walk.aws_writes(since).keys() == {"ivs.UntagResource", "ivs.TagResource"}
    assert walk.configurations(RECORDING)[0]["tags"][_OWNER].startswith(f"{OTHER_CLUSTER}/")


def test_what_another_cluster_owns_is_not_adopted(walk: Walk, elsewhere: Walk) -> None:
    bucket = walk.emulator.bucket("archive")
    elsewhere.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    arn = elsewhere.ready(CHAT, "logs")["arn"]
    since = walk.control.last_sequence()

    walk.apply(
        CHAT,
        "mine",
        destinationConfiguration=s3(bucket),
        existing={"arn": arn},
        deletionPolicy="Retain",
        driftPolicy="Report",
    )
    assert OTHER_CLUSTER in walk.reason(CHAT, "mine", "OwnedElsewhere")

    walk.sweeps(CHAT, 2)
    assert walk.aws_writes(since) == {}
