"""Status: what is written is read again, and fits."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ivs_operator.api.account import AWSAccountStatus
from ivs_operator.api.names import aws_name
from ivs_operator.api.selectors import Selector
from ivs_operator.api.status import (
    MAX_MESSAGE,
    MAX_VALUE,
    UNOBSERVED,
    Associations,
    Condition,
    DriftField,
    Observed,
    ObservedDestination,
    ObservedS3,
    PendingCreate,
    Problem,
    Status,
    Superseded,
)
from ivs_operator.api.validation import parse_status

NOW = datetime(2026, 11, 21, 12, 30, 15, 123456, tzinfo=UTC)
CL = "ChatLoggingConfiguration"

FULL = Status(
    observed_generation=3,
    arn="arn:aws:ivschat:us-west-2:111122223333:logging-configuration/abcdABCDefgh",
    id="abcdABCDefgh",
    account_id="111122223333",
    region="us-west-2",
    state="ACTIVE",
    create_time=NOW,
    update_time=NOW,
    observed=Observed(
        name="lobby",
        destination_configuration=ObservedDestination(s3=ObservedS3(bucket_name="my-logs")),
        tags={"team": "live"},
    ),
    location="s3://my-logs/AWSLogs/111122223333/IVSChatLogs/1.0/us-west-2/",
    associations=Associations(
        summary="0/0",
        problems=(Problem(arn="a", reason="RoomFull", message="full"),),
        selectors=(Selector(match_tags={"env": "prod"}), Selector(name="lobby")),
    ),
    superseded=(Superseded(arn="b", associated=3),),
    drift=(DriftField(field="name", desired="a", observed="b"),),
    pending_create=PendingCreate(spec_hash="v1-abc", since=NOW),
    last_handled_reconcile_at="today",
    conditions=(Condition(type="Ready", status="True", reason="Available", last_transition_time=NOW),),
)


def test_what_is_written_is_read_again() -> None:
    assert parse_status(CL, FULL.to_object()) == FULL


def test_names_are_those_of_the_contract() -> None:
    written = FULL.to_object()
    assert list(written) == [
        "observedGeneration", "arn", "id", "accountID", "region", "state", "createTime", "updateTime", "observed",
        "location", "associations", "superseded", "drift", "pendingCreate", "lastHandledReconcileAt", "conditions",
    ]  # fmt: skip
    assert written["associations"]["matched"] == 0, "zero is said, absence would be a question"
    assert written["pendingCreate"] == {"specHash": "v1-abc", "since": "2026-11-21T12:30:15.123456Z"}


def test_what_says_nothing_is_not_written() -> None:
    assert Status().to_object() == {"observedGeneration": UNOBSERVED}


def test_an_object_not_looked_at_has_the_default_of_the_schema() -> None:
    assert parse_status(CL, None) == parse_status(CL, {"observedGeneration": -1}) == Status()
    assert parse_status("AWSAccount", None) == AWSAccountStatus()


def test_times_have_one_spelling_whatever_the_zone() -> None:
    """boto3 gives local zones: the same moment must not look like a change."""
    local = NOW.astimezone(timezone(timedelta(hours=2)))
    assert Status(create_time=local) == Status(create_time=NOW)
    assert Status(create_time=local).to_object()["createTime"] == "2026-11-21T12:30:15Z"


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="timezone"):
        Status(create_time=NOW.replace(tzinfo=None))


def test_words_that_aws_may_add_are_read() -> None:
    """A newer operator, or a newer AWS, wrote this status."""
    status = parse_status(CL, {"state": "HIBERNATING", "novelty": 1, "observed": {"tags": {"a,b": "{}"}, "mood": "x"}})
    assert isinstance(status, Status)
    assert status.state == "HIBERNATING"


def test_bounded_cuts_lists_and_texts() -> None:
    problems = tuple(Problem(arn=f"{n:03}", reason="RoomFull", message="m" * 9_999) for n in reversed(range(50)))
    status = Status(
        associations=Associations(matched=50, problems=problems),
        superseded=tuple(Superseded(arn=str(n)) for n in range(50)),
        drift=tuple(DriftField(field=str(n), desired="d" * 9_999) for n in range(50)),
        last_handled_reconcile_at="t" * 100,
        conditions=(Condition(type="Ready", status="False", message="m" * 9_999, last_transition_time=NOW),),
    ).bounded()
    assert status.associations is not None
    assert [problem.arn for problem in status.associations.problems] == [f"{n:03}" for n in range(10)]
    assert status.associations.matched == 50
    assert {len(problem.message) for problem in status.associations.problems} == {MAX_MESSAGE}
    assert (len(status.superseded), len(status.drift), len(status.last_handled_reconcile_at or "")) == (20, 20, 64)
    assert len(status.drift[0].desired or "") == MAX_VALUE
    assert len(status.conditions[0].message) == MAX_MESSAGE
    assert status.bounded() == status


def test_bounded_leaves_what_fits() -> None:
    assert FULL.bounded() == FULL
    assert Status().bounded() == Status()


def test_condition_by_type() -> None:
    ready = FULL.condition("Ready")
    assert ready is not None
    assert ready.reason == "Available"
    assert FULL.condition("Stalled") is None


@pytest.mark.parametrize(
    ("spec_name", "object_name", "name"),
    [(None, "vod.live", "vod-live"), ("vod", "x", "vod"), ("", "x", "")],
)
def test_the_name_at_aws(spec_name: str | None, object_name: str, name: str) -> None:
    assert aws_name(spec_name, object_name) == name
