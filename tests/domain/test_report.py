"""The status that a plan amounts to."""

from typing import Any

import pytest

from ivs_operator.api.status import MAX_DRIFT, MAX_PROBLEMS, MAX_RECONCILE_AT, MAX_SUPERSEDED
from ivs_operator.api.validation import parse_status
from ivs_operator.domain.actions import Ledger, PendingCreate
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.plan import plan
from ivs_operator.domain.report import ledger_status, location, progress_only, status_of
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Attempt, Placement
from ivs_operator.domain.times import format_time
from support.fake_cluster import misfits, status_schema
from support.objects import ACCOUNT, CHAT, RECORDING, REGION, arn_of, desired_of, made_for, resource, room
from support.situations import NOW, failure, fault, ready_status, situation

PLAIN = resource()
A = arn_of("a")
PROD = [{"matchTags": {"env": "prod"}}]


def status(*arguments: Any, **facts: Any) -> dict[str, Any]:
    s = situation(*arguments, **facts)
    return status_of(s, plan(s))


def test_the_status_of_an_object_as_wanted() -> None:
    found = status(PLAIN, [made_for(PLAIN)], None)
    del found["conditions"]
    assert found == {
        "observedGeneration": 1,
        "accountID": ACCOUNT,
        "region": REGION,
        "arn": A,
        "id": "a",
        "state": "ACTIVE",
        "observed": {
            "name": "vod",
            "destinationConfiguration": {"s3": {"bucketName": "my-bucket"}},
            "tags": made_for(PLAIN).tags,
        },
        "location": f"s3://my-bucket/AWSLogs/{ACCOUNT}/IVSChatLogs/1.0/{REGION}/",
    }


FITTING = [
    pytest.param(situation(PLAIN), id="nothing there"),
    pytest.param(situation(PLAIN, [made_for(PLAIN)], None), id="chat"),
    pytest.param(situation(resource(RECORDING), [made_for(resource(RECORDING))], None), id="recording"),
    pytest.param(
        situation(resource(rooms=PROD), [made_for(PLAIN)], [room("r", "x", "y", "z", env="prod")]), id="associations"
    ),
    pytest.param(situation(resource(destinationConfiguration={})), id="unreadable"),
    pytest.param(situation(resource(driftPolicy="Report"), [made_for(PLAIN, name="other")], None), id="drift"),
    pytest.param(situation(PLAIN, failures=[failure("create", message="m" * 9000)]), id="a long message"),
    pytest.param(
        situation(PLAIN, [made_for(PLAIN, "a"), *(made_for(PLAIN, f"b{n:02}") for n in range(40))]), id="many twins"
    ),
    pytest.param(
        situation(resource(annotations={"ivs-operator.dev/reconcile-at": "x" * 999}), [made_for(PLAIN)]), id="a request"
    ),
    pytest.param(
        situation(
            resource(rooms=PROD), [made_for(PLAIN)], [room(f"{n}", "x", "y", "z", env="prod") for n in range(40)]
        ),
        id="many problems",
    ),
]


@pytest.mark.parametrize("s", FITTING)
def test_every_status_fits_the_schema_and_is_read_again(s: Any) -> None:
    """What does not fit would be pruned, and written again for ever."""
    found = status_of(s, plan(s))
    assert misfits(status_schema(str(s.subject.kind)), found) == []
    parse_status(str(s.subject.kind), found)
    assert len(found.get("associations", {}).get("problems", ())) <= MAX_PROBLEMS
    assert len(found.get("superseded", ())) <= MAX_SUPERSEDED
    assert len(found.get("drift", ())) <= MAX_DRIFT
    assert len(found.get("lastHandledReconcileAt", "")) <= MAX_RECONCILE_AT


BEFORE = ready_status(arn=A, id="a", state="ACTIVE", observed={"name": "vod"}, location="s3://x/")
KEPT = [
    pytest.param({"listed_at": 0.0}, True, id="not looked yet"),
    pytest.param({"unlisted": [A]}, True, id="missing from a List, and a Get has not decided"),
    pytest.param({"placement": Placement(fault=fault())}, True, id="the account can't be told"),
    pytest.param({"gone": [A]}, False, id="gone"),
]


@pytest.mark.parametrize(("facts", "kept"), KEPT)
def test_the_object_that_status_names_is_believed_until_it_is_known_to_be_gone(facts: Any, kept: bool) -> None:
    found = status(resource(status=BEFORE), **facts)
    assert ("arn" in found, "state" in found, "location" in found) == (kept, kept, kept)


def test_the_region_once_on_record_stays() -> None:
    assert status(resource(status={"region": "eu-west-1"}))["region"] == "eu-west-1"
    assert "region" not in status(PLAIN, placement=Placement(region="us-west-2", fault=fault()))


PENDING = {"specHash": desired_of(PLAIN).spec_hash, "since": format_time(NOW - 5)}
ON_RECORD = resource(status={"pendingCreate": PENDING})
INTENTS = [
    pytest.param(situation(ON_RECORD), True, id="its outcome is unknown"),
    pytest.param(situation(ON_RECORD, [made_for(PLAIN)], None), False, id="an object of ours is there"),
    pytest.param(
        situation(ON_RECORD, [made_for(PLAIN)], None, unlisted=[A], failures=[failure(f"get:{A}", age=1)]),
        True,
        id="it is there, a List has missed it, and the Get has failed: status does not name it yet",
    ),
    pytest.param(
        situation(ON_RECORD, attempt=Attempt(NOW - 5, NOW - 5, called=True, answered=True)),
        False,
        id="AWS said that none was made",
    ),
    pytest.param(
        situation(ON_RECORD, attempt=Attempt(NOW - 99, NOW - 5, called=True, answered=True)),
        True,
        id="AWS said so of another attempt",
    ),
]


@pytest.mark.parametrize(("s", "stays"), INTENTS)
def test_an_intent_stays_until_its_outcome_is_known(s: Any, stays: bool) -> None:
    assert status_of(s, plan(s)).get("pendingCreate") == (PENDING if stays else None)


def test_a_ledger_is_all_of_it_on_record_at_once() -> None:
    s = situation(resource(rooms=PROD))
    selectors = (Selector(name="lobby"), Selector(match_tags=(("env", "prod"),)))
    found = ledger_status(s, plan(s), Ledger(PendingCreate("v1-x", NOW), selectors, frozenset({"b", "a"})))
    assert found["pendingCreate"] == {"specHash": "v1-x", "since": format_time(NOW)}
    assert found["associations"] == {"selectors": [{"name": "lobby"}, *PROD]}
    assert found["tagKeys"] == ["a", "b"]
    assert misfits(status_schema("ChatLoggingConfiguration"), found) == []


TAG_KEYS = [
    pytest.param(["old"], {"old": "1"}, ["old"], id="a key that is still there is still ours"),
    pytest.param(["old"], {}, [], id="one that is gone and not wanted is forgotten"),
    pytest.param(["team"], {}, ["team"], id="one that is wanted stays, be it that it is not there"),
]


@pytest.mark.parametrize(("recorded", "there", "kept"), TAG_KEYS)
def test_tag_keys(recorded: list[str], there: dict[str, str | None], kept: list[str]) -> None:
    wanted = resource(tags={"team": "live"}, status={"tagKeys": recorded})
    assert status(wanted, [made_for(wanted, tags=there)], None).get("tagKeys", []) == kept


def test_what_a_list_leaves_out_is_taken_from_the_spec_that_its_tag_vouches_for() -> None:
    wanted = resource(RECORDING, recordingReconnectWindowSeconds=60)
    found = status(wanted, [made_for(wanted, complete=False)], None)
    assert found["observed"]["recordingReconnectWindowSeconds"] == 60


LOCATIONS: list[Any] = [
    (RECORDING, {"s3": {"bucketName": "b"}}, "s3://b/ivs/v1/1/"),
    (CHAT, {"s3": {"bucketName": "b"}}, "s3://b/AWSLogs/1/IVSChatLogs/1.0/r/"),
    (CHAT, {"cloudWatchLogs": {"logGroupName": "/aws/x"}}, "/aws/x aws/IVSChatLogs/1.0/"),
    (CHAT, {"firehose": {"deliveryStreamName": "s"}}, "arn:aws:firehose:r:1:deliverystream/s"),
    (CHAT, {}, None),
    (CHAT, {"s3": "garbage"}, None),
]


@pytest.mark.parametrize(("kind", "destination", "where"), LOCATIONS)
def test_location(kind: Kind, destination: dict[str, Any], where: str | None) -> None:
    assert location(kind, destination, "1", "r") == where


PROGRESS: list[Any] = [
    pytest.param({"associations": {"associated": 1}}, {"associations": {"associated": 2}}, True, id="counts"),
    pytest.param({}, {"state": "ACTIVE"}, True, id="AWS's word"),
    pytest.param({}, {"arn": "a"}, False, id="the ARN"),
    pytest.param({"observedGeneration": 1}, {"observedGeneration": 2}, False, id="the generation"),
    pytest.param({}, {"lastHandledReconcileAt": "x"}, False, id="the echo"),
    pytest.param(ready_status(), {**ready_status(), "conditions": []}, False, id="Ready"),
]


@pytest.mark.parametrize(("before", "after", "only"), PROGRESS)
def test_what_is_progress_only(before: Any, after: Any, only: bool) -> None:
    assert progress_only(before, after) is only
