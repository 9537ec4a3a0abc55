"""From `kubectl apply` to Ready, and the quiet after it: what it costs Kubernetes and AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivs_operator.api.status import Status
from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk

_SWEEPS = 4


@pytest.mark.parametrize(
    ("plural", "create", "members"),
    [
        (CHAT, "ivschat.CreateLoggingConfiguration", {"createTime", "updateTime"}),
        (RECORDING, "ivs.CreateRecordingConfiguration", set()),
    ],
    ids=["chat logging", "recording"],
)
def test_one_object_becomes_ready_with_one_write_at_aws_and_four_at_kubernetes(
    walk: Walk, plural: str, create: str, members: set[str]
) -> None:
    bucket = walk.emulator.bucket("archive")
    since, mark = walk.control.last_sequence(), walk.mark()

    walk.apply(plural, "vod", destinationConfiguration=s3(bucket), tags={"team": "live"})
    status = walk.ready(plural, "vod")

    made = walk.configurations(plural)
    assert [item["state"] for item in made] == ["ACTIVE"]
    assert walk.aws_writes(since) == {create: 1}
    walk.sweeps(plural, 2)
    writes = [f"{entry.verb} {entry.resource}/{entry.subresource}" for entry in walk.kube_writes(mark)]
    assert len(writes) <= 4, writes
    assert walk.events("vod") == [("Normal", "Available")], "work that goes as it should is no Event"

    arn = made[0]["arn"]
    expected = {"observedGeneration", "arn", "id", "accountID", "region", "state", "observed", "location", "conditions"}
    assert expected | members <= set(status), "what a user looks for is there"
    assert (status["arn"], status["id"], status["region"]) == (arn, arn.rpartition("/")[2], "us-west-2")
    assert status["observed"]["destinationConfiguration"] == s3(bucket)
    assert status["observed"]["tags"]["team"] == "live"
    assert bucket in status["location"]
    Status.model_validate(status)


@pytest.mark.parametrize(
    "destination", ["s3", "cloudWatchLogs", "firehose"], ids=["bucket", "log group", "delivery stream"]
)
def test_chat_logs_go_to_each_kind_of_destination(walk: Walk, destination: str) -> None:
    emulator = walk.emulator
    given = {
        "s3": lambda: s3(emulator.bucket("logs")),
        "cloudWatchLogs": lambda: {"cloudWatchLogs": {"logGroupName": emulator.log_group("/aws/vendedlogs/chat")}},
        "firehose": lambda: {
            "firehose": {"deliveryStreamName": emulator.delivery_stream("chat", emulator.bucket("chat-logs"))}
        },
    }[destination]()

    walk.apply(CHAT, "logs", destinationConfiguration=given)

    status = walk.ready(CHAT, "logs")
    assert walk.configurations(CHAT)[0]["destinationConfiguration"] == given
    assert status["location"], "where to look for the output"


def test_kubectl_get_shows_the_state_in_columns_and_waits_for_ready(walk: Walk) -> None:
    walk.room("lobby", env="prod")
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])

    walk.kubectl("wait", "--for=condition=Ready", "--timeout=60s", f"{CHAT}/logs")

    shown = walk.kubectl("get", "ivs", "--output=wide").stdout.splitlines()
    assert shown[0].split()[:6] == ["NAME", "READY", "REASON", "STATE", "ASSOCIATED", "AGE"]
    row = shown[1].split()
    assert [*row[1:5], row[6]] == ["True", "Available", "ACTIVE", "1/1", "us-west-2"], shown


def test_at_rest_nothing_is_written_and_calls_do_not_grow_with_the_objects(walk: Walk) -> None:
    bucket = walk.emulator.bucket("shared")
    rooms = [walk.room(f"room-{number}", env="prod") for number in range(3)]
    for number in range(3):
        walk.apply(RECORDING, f"vod-{number}", destinationConfiguration=s3(bucket))
        rooms_of = [{"arn": rooms[number]}, {"matchTags": {"env": "prod"}}] if number == 0 else []
        walk.apply(CHAT, f"logs-{number}", destinationConfiguration=s3(bucket), rooms=rooms_of)
    for number in range(3):
        walk.ready(RECORDING, f"vod-{number}")
        walk.ready(CHAT, f"logs-{number}")
    walk.sweeps(CHAT, 2)

    since, mark = walk.control.last_sequence(), walk.mark()
    walk.sweeps(RECORDING, _SWEEPS)

    counts = walk.control.counts(since)
    assert walk.kube_writes(mark) == []
    assert counts.writes == 0
    sweeps = counts.operations["ivs.ListRecordingConfigurations"]
    assert set(counts.operations) == {
        "ivs.ListRecordingConfigurations",
        "ivschat.ListLoggingConfigurations",
        "ivschat.ListRooms",
    }, "no call per object"
    assert counts.total <= 3 * (sweeps + 1), "one List of each kind per sweep"


def test_a_restart_with_ready_objects_writes_nothing_and_calls_aws_a_few_times(begin: Callable[..., Walk]) -> None:
    walk = begin(sweep_interval=2)
    bucket = walk.emulator.bucket("shared")
    room = walk.room("lobby")
    for number in range(4):
        walk.apply(RECORDING, f"vod-{number}", destinationConfiguration=s3(bucket))
        walk.apply(
            CHAT, f"logs-{number}", destinationConfiguration=s3(bucket), rooms=[{"arn": room}] if not number else []
        )
    for number in range(4):
        walk.ready(RECORDING, f"vod-{number}")
        walk.ready(CHAT, f"logs-{number}")
    assert walk.operator.stop() == 0, walk.operator.tail()

    since, mark = walk.control.last_sequence(), walk.mark()
    walk.operator.start()
    walk.sweeps(CHAT, 1)

    assert walk.kube_writes(mark) == []
    counts = walk.control.counts(since)
    assert counts.writes == 0
    single = {name: number for name, number in counts.operations.items() if ".Get" in name and "Caller" not in name}
    assert single in ({}, {"ivschat.GetRoom": 1}), "no Get per object: Lists tell enough"


def test_what_is_deleted_at_aws_is_made_again_once(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    for plural in (CHAT, RECORDING):
        walk.apply(plural, "vod", destinationConfiguration=s3(bucket))
    before = {plural: walk.ready(plural, "vod")["arn"] for plural in (CHAT, RECORDING)}

    walk.chat.delete_logging_configuration(identifier=before[CHAT])
    walk.ivs.delete_recording_configuration(arn=before[RECORDING])

    for plural in (CHAT, RECORDING):
        walk.wait(
            plural, "vod", lambda item, old=before[plural]: item["status"].get("arn") not in {None, old}, "is new"
        )
        status = walk.ready(plural, "vod")
        walk.sweeps(plural, 2)
        assert [item["arn"] for item in walk.configurations(plural)] == [status["arn"]], "exactly one"
    creates = {name: count for name, count in walk.aws_writes().items() if ".Create" in name}
    assert creates == {
        "ivschat.CreateLoggingConfiguration": 2,
        "ivs.CreateRecordingConfiguration": 2,
    }


def test_an_existing_object_is_adopted_with_its_foreign_tags_and_not_made_anew(walk: Walk) -> None:
    arn = walk.foreign(CHAT, "legacy", owner="another-team")
    destination = walk.chat.get_logging_configuration(identifier=arn)["destinationConfiguration"]

    walk.apply(
        CHAT,
        "adopted",
        existing={"arn": arn},
        name="legacy",
        deletionPolicy="Retain",
        destinationConfiguration=destination,
        tags={"team": "live"},
    )
    status = walk.ready(CHAT, "adopted")

    assert status["arn"] == arn
    assert [item["arn"] for item in walk.configurations(CHAT)] == [arn]
    tags = walk.chat.get_logging_configuration(identifier=arn)["tags"]
    assert (tags["owner"], tags["team"]) == ("another-team", "live")
    assert tags["ivs-operator.dev/owner"] == f"{walk.namespace}/{walk.namespace}/adopted"
    assert condition({"status": status}, "Synced")["status"] == "True"
