"""What the create response says before any operator has run, and what status can hold."""

from datetime import UTC, datetime
from typing import Any

import pytest

from cluster.crds.conftest import User
from cluster.crds.objects import ACCOUNT, CL, RC, written
from ivs_operator.api.selectors import Selector
from ivs_operator.api.status import (
    Associations,
    Condition,
    DriftField,
    Observed,
    ObservedDestination,
    ObservedFirehose,
    ObservedLogGroup,
    ObservedRenditions,
    ObservedS3,
    ObservedThumbnails,
    PendingCreate,
    Problem,
    Status,
    Superseded,
)
from ivs_operator.api.validation import parse_spec, parse_status

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)
NOT_OBSERVED = {"observedGeneration": -1}

DEFAULTS: list[tuple[str, dict[str, Any]]] = [
    (
        RC,
        {
            "thumbnailConfiguration": {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL"]},
            "renditionConfiguration": {"renditionSelection": "ALL"},
            "recordingReconnectWindowSeconds": 0,
            "channelConflictPolicy": "Keep",
            "replacePolicy": "Never",
            "driftPolicy": "Correct",
        },
    ),
    (CL, {"driftPolicy": "Correct"}),
    (ACCOUNT, {}),
]

COMMON = Status(
    observed_generation=3,
    arn="arn",
    id="id",
    account_id="111122223333",
    region="us-west-2",
    state="ACTIVE",
    location="s3://x/",
    associations=Associations(
        summary="118/120",
        matched=120,
        associated=118,
        pending=2,
        foreign=1,
        problems=(Problem(arn="a", reason="RoomFull", message="full"),),
        selectors=(Selector(match_tags={"env": "prod"}), Selector(name="lobby"), Selector(arn="b")),
    ),
    superseded=(Superseded(arn="old", associated=3),),
    drift=(DriftField(field="name", desired="a", observed="b"),),
    pending_create=PendingCreate(spec_hash="v1-abc", since=NOW),
    last_handled_reconcile_at="today",
    conditions=(
        Condition(
            type="Ready",
            status="True",
            reason="Available",
            message="m",
            last_transition_time=NOW,
            observed_generation=3,
        ),
    ),
)
WHOLE = {
    RC: COMMON.model_copy(
        update={
            "observed": Observed(
                name="vod",
                destination_configuration=ObservedDestination(s3=ObservedS3(bucket_name="x")),
                thumbnail_configuration=ObservedThumbnails(
                    recording_mode="INTERVAL", target_interval_seconds=60, resolution="HD", storage=("LATEST",)
                ),
                rendition_configuration=ObservedRenditions(rendition_selection="CUSTOM", renditions=("HD",)),
                recording_reconnect_window_seconds=60,
                tags={"a": "b"},
            ),
        }
    ),
    CL: COMMON.model_copy(
        update={
            "create_time": NOW.replace(microsecond=0),
            "update_time": NOW.replace(microsecond=0),
            "observed": Observed(
                name="chat",
                destination_configuration=ObservedDestination(
                    cloud_watch_logs=ObservedLogGroup(log_group_name="g"),
                    firehose=ObservedFirehose(delivery_stream_name="s"),
                ),
                tags={"a": "b"},
            ),
        }
    ),
}


@pytest.mark.parametrize(("kind", "defaults"), DEFAULTS)
def test_the_create_response_has_the_defaults_and_only_those(user: User, kind: str, defaults: dict[str, Any]) -> None:
    manifest = written(kind)
    assert user.create(manifest)["spec"] == manifest["spec"] | defaults


@pytest.mark.parametrize("kind", [RC, CL, ACCOUNT])
def test_schema_and_operator_agree_on_the_defaults(user: User, kind: str) -> None:
    """An object as written, and the same as the API server stores it, are one spec to the operator."""
    manifest = written(kind)
    assert parse_spec(kind, user.create(manifest)["spec"]) == parse_spec(kind, manifest["spec"])


@pytest.mark.parametrize("kind", [RC, CL, ACCOUNT])
def test_a_fresh_object_counts_as_not_observed_at_once(user: User, kind: str) -> None:
    """Else tools that wait by kstatus would take it for done before the operator has seen it."""
    assert user.create(written(kind))["status"] == NOT_OBSERVED
    assert user.apply("git", written(kind))["status"] == NOT_OBSERVED


@pytest.mark.parametrize("kind", [RC, CL, ACCOUNT])
def test_a_forged_status_in_a_create_is_dropped(user: User, kind: str) -> None:
    """Whoever may create objects must not be able to say which AWS object they own."""
    member = {} if kind == ACCOUNT else {"arn": "arn:stolen", "region": "eu-west-1"}
    forged = written(kind) | {"status": {"accountID": "999999999999", "observedGeneration": 1, **member}}
    assert user.create(forged)["status"] == NOT_OBSERVED
    assert user.replace(forged | {"status": {"observedGeneration": 7}})["status"] == NOT_OBSERVED


@pytest.mark.parametrize("kind", [RC, CL])
def test_every_member_of_status_survives_the_api_server(user: User, kind: str) -> None:
    """What the schema does not know is pruned silently."""
    manifest = written(kind)
    user.create(manifest)
    whole = WHOLE[kind]
    assert user.write_status(manifest, whole.to_object()) == whole.to_object()
    assert parse_status(kind, user.run("get", kind, manifest["metadata"]["name"], "-o=json").json()["status"]) == whole


@pytest.mark.parametrize("kind", [RC, CL])
def test_a_word_that_aws_adds_does_not_make_the_status_write_fail(user: User, kind: str) -> None:
    manifest = written(kind)
    user.create(manifest)
    words = {"state": "HIBERNATING", "arn": "arn:aws-new:x", "location": "s3://" + "x" * 5_000}
    assert words.items() <= user.write_status(manifest, words).items()


def test_a_root_rule_does_not_stand_in_the_way_of_status(user: User) -> None:
    """Status writes pass the rules on the whole object: a region other than the one that spec pins must be writable."""
    manifest = written(RC, region="us-west-2")
    user.create(manifest)
    assert user.write_status(manifest, {"region": "eu-west-1"})["region"] == "eu-west-1"
