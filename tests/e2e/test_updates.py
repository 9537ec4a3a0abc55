"""Edits: what AWS can change in place is changed there, what it can't is refused with the remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk


def test_a_logging_configuration_gets_another_destination_and_name_in_place_with_two_writes(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    group = walk.emulator.log_group("/aws/vendedlogs/chat")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "logs")["arn"]
    since, mark = walk.control.last_sequence(), walk.mark()

    walk.edit(
        CHAT, "logs", name="renamed", destinationConfiguration={"s3": None, "cloudWatchLogs": {"logGroupName": group}}
    )
    status = walk.ready(CHAT, "logs")

    after = walk.chat.get_logging_configuration(identifier=arn)
    assert (after["name"], after["destinationConfiguration"]) == (
        "renamed",
        {"cloudWatchLogs": {"logGroupName": group}},
    )
    assert status["arn"] == arn
    assert status["observed"]["destinationConfiguration"] == after["destinationConfiguration"]
    assert group in status["location"]
    assert walk.aws_writes(since) == {"ivschat.UpdateLoggingConfiguration": 1}
    walk.sweeps(CHAT, 2)
    writes = [f"{entry.verb} {entry.resource}/{entry.subresource}" for entry in walk.kube_writes(mark)]
    assert len(writes) <= 2, writes


def test_tags_change_in_place_and_those_of_others_stay(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), tags={"team": "live", "stage": "beta"})
    arn = walk.ready(RECORDING, "vod")["arn"]
    walk.ivs.tag_resource(resourceArn=arn, tags={"cost-center": "42"})

    walk.edit(RECORDING, "vod", tags={"team": "vod", "stage": None})
    walk.wait(RECORDING, "vod", lambda item: item["status"]["observed"]["tags"].get("team") == "vod", "shows the tag")
    walk.ready(RECORDING, "vod")

    tags = walk.ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["tags"]
    own = {key: value for key, value in tags.items() if not key.startswith("ivs-operator.dev/")}
    assert own == {"team": "vod", "cost-center": "42"}, "ours changed and taken off, the other team's kept"
    assert len(tags) - len(own) == 3, "the owner tags"


def test_with_all_tags_taken_out_of_the_spec_those_of_others_stay(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), tags={"mine": "1"})
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.chat.tag_resource(resourceArn=arn, tags={"theirs": "1"})

    walk.edit(CHAT, "logs", tags=None)
    walk.wait(CHAT, "logs", lambda item: "mine" not in item["status"]["observed"]["tags"], "shows no tag of ours")

    assert walk.chat.get_logging_configuration(identifier=arn)["tags"].get("theirs") == "1"


def test_what_somebody_changes_at_aws_is_put_back(walk: Walk) -> None:
    bucket, other = walk.emulator.bucket("logs"), walk.emulator.bucket("other")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "logs")["arn"]
    since = walk.control.last_sequence()

    walk.chat.update_logging_configuration(identifier=arn, destinationConfiguration=s3(other))
    walk.control.wait_for_request(since + 1, operation="UpdateLoggingConfiguration")
    walk.sweeps(CHAT, 2)
    walk.ready(CHAT, "logs")

    assert walk.chat.get_logging_configuration(identifier=arn)["destinationConfiguration"] == s3(bucket)


def test_with_report_drift_is_told_and_not_corrected(walk: Walk) -> None:
    bucket, other = walk.emulator.bucket("logs"), walk.emulator.bucket("other")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), driftPolicy="Report")
    arn = walk.ready(CHAT, "logs")["arn"]

    walk.chat.update_logging_configuration(identifier=arn, destinationConfiguration=s3(other))
    message = walk.reason(CHAT, "logs", "DriftDetected")

    assert "driftPolicy" in message
    drift = walk.status(CHAT, "logs")["drift"]
    assert any(bucket in entry["desired"] and other in entry["observed"] for entry in drift), drift
    assert walk.chat.get_logging_configuration(identifier=arn)["destinationConfiguration"] == s3(other)


def test_a_recording_configuration_can_not_be_edited_under_never_and_the_refusal_says_the_remedy(walk: Walk) -> None:
    bucket = walk.emulator.bucket("vod")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    walk.ready(RECORDING, "vod")
    mark = walk.mark()

    refused = walk.edit(RECORDING, "vod", recordingReconnectWindowSeconds=60, check=False)

    assert refused.returncode != 0
    assert "CreateBeforeDelete" in refused.stderr
    assert walk.kube_writes(mark) == []


def test_an_object_that_differs_under_never_says_replacement_required_and_is_left_alone(walk: Walk) -> None:
    arn = walk.foreign(RECORDING, "legacy")
    walk.apply(
        RECORDING,
        "adopted",
        existing={"arn": arn},
        name="legacy",
        deletionPolicy="Retain",
        destinationConfiguration=s3("another-bucket"),
    )

    message = walk.reason(RECORDING, "adopted", "ReplacementRequired")

    assert "destinationConfiguration" in message
    found = walk.wait(RECORDING, "adopted", lambda item: condition(item, "Stalled"), "is stalled")
    assert condition(found, "Synced")["status"] == "False"
    assert [item["arn"] for item in walk.configurations(RECORDING)] == [arn]


def test_a_status_edited_by_hand_is_put_right(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    before = walk.ready(CHAT, "logs")
    nonsense = {
        "arn": "arn:aws:ivschat:us-west-2:123456789012:logging-configuration/NotThere",
        "state": "LOST",
        "conditions": None,
        "pendingCreate": {"specHash": "", "since": "2020-01-01T00:00:00Z"},
    }

    walk.patch_status(CHAT, "logs", nonsense)

    walk.wait(CHAT, "logs", lambda item: item["status"].get("state") == "ACTIVE", "has its state again")
    after = walk.ready(CHAT, "logs")
    assert after["arn"] == before["arn"]
    assert "pendingCreate" not in after
    assert [item["arn"] for item in walk.configurations(CHAT)] == [before["arn"]], "nothing made anew, nothing lost"
