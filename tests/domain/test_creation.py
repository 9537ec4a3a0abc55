"""No AWS object is ours: what is done, and above all what is not done, before another one is made."""

import math
from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Create, Inspect, Ledger, PendingCreate, Poll, Refresh, WriteLedger
from ivs_operator.domain.creation import INTENT_LIFETIME, intended
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Attempt
from ivs_operator.domain.times import format_time
from support.objects import CHAT, RECORDING, arn_of, configuration, desired_of, made_for, resource
from support.plans import Expect
from support.situations import NOW, failure, situation

FRESH = resource()
DESIRED = desired_of(FRESH)
HASH = DESIRED.spec_hash
CREATE = Create(DESIRED.settings, DESIRED.tags)
INTENT = WriteLedger(Ledger(pending=PendingCreate(HASH, NOW)), intends_create=True)


def pending(since: float, hash_: str = HASH, **members: Any) -> dict[str, Any]:
    return resource(status={"pendingCreate": {"specHash": hash_, "since": format_time(since)}, **members})


def attempt(since: float, acknowledged_at: float | None = None, **members: bool) -> Attempt:
    return Attempt(since=since, acknowledged_at=since if acknowledged_at is None else acknowledged_at, **members)


CASES = [
    pytest.param(
        situation(FRESH, listed_at=0.0),
        Expect(Refresh(newer_than=0.0), reason=Reason.CREATING, blind=True),
        id="before the first List nothing is known, so nothing is made",
    ),
    pytest.param(
        situation(FRESH),
        Expect(INTENT, reason=Reason.CREATING, says=("logging configuration", "us-west-2")),
        id="the intent goes on record before anything else",
    ),
    pytest.param(
        situation(resource(tags={"team": "live"}, rooms=[{"name": "lobby"}])),
        Expect(
            WriteLedger(
                Ledger(
                    pending=PendingCreate(
                        desired_of(resource(tags={"team": "live"}, rooms=[{"name": "lobby"}])).spec_hash, NOW
                    ),
                    selectors=(Selector(name="lobby"),),
                    tag_keys=frozenset({"team"}),
                ),
                intends_create=True,
            ),
            reason=Reason.CREATING,
        ),
        id="selectors and tag keys go on record with the intent, which saves a write",
    ),
    pytest.param(
        situation(
            resource(
                status={"associations": {"selectors": [{"name": "old"}]}, "tagKeys": ["old"]},
                rooms=[{"name": "new"}],
            )
        ),
        Expect(
            WriteLedger(
                Ledger(PendingCreate(HASH, NOW), (Selector(name="new"), Selector(name="old")), frozenset({"old"})),
                intends_create=True,
            ),
            reason=Reason.CREATING,
        ),
        id="what was on record stays on record",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 3), listed_at=NOW - 5),
        Expect(Refresh(newer_than=NOW - 3), reason=Reason.CREATING),
        id="an acknowledged intent still needs a List that began after it",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 3), listed_at=NOW - 3),
        Expect(CREATE, reason=Reason.CREATING),
        id="intent acknowledged, newer List empty: now, and only now, Create",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 3, called=True)),
        Expect(reason=Reason.CREATING, wake=NOW - 3 + INTENT_LIFETIME + 30, says=("made twice",)),
        id="a Create that was called and not answered is never repeated before the grace",
    ),
    pytest.param(
        situation(pending(NOW - 3)),
        Expect(reason=Reason.CREATING, wake=NOW - 3 + INTENT_LIFETIME + 30),
        id="an intent of an earlier process may have been acted on: wait out the grace",
    ),
    pytest.param(
        situation(pending(NOW - 7200), met_at=NOW - 3),
        Expect(reason=Reason.CREATING, wake=NOW - 3 + INTENT_LIFETIME + 30),
        id="that process may have had a slow clock: its intent is no older than our first sight of the object",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 900)),
        Expect(reason=Reason.CREATING, wake=NOW - 3 + INTENT_LIFETIME + 30),
        id="an intent on record that is not the one this process wrote counts as somebody's call",
    ),
    pytest.param(
        situation(pending(NOW - 41), listed_at=NOW - 5),
        Expect(Refresh(newer_than=NOW - 1), reason=Reason.CREATING),
        id="after the grace only a List that began after it may be trusted",
    ),
    pytest.param(
        situation(pending(NOW - 41), listed_at=NOW - 0.5),
        Expect(INTENT, reason=Reason.CREATING),
        id="after the grace and a newer empty List: nothing was made, so a new intent",
    ),
    pytest.param(
        situation(pending(NOW - 13), grace=2.0, listed_at=NOW - 0.5),
        Expect(INTENT, reason=Reason.CREATING),
        id="the grace is a setting",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 3, called=True, answered=True)),
        Expect(INTENT, reason=Reason.CREATING),
        id="AWS said for certain that nothing was made: no grace is needed",
    ),
    pytest.param(
        situation(pending(NOW - INTENT_LIFETIME - 1), attempt=attempt(NOW - INTENT_LIFETIME - 1)),
        Expect(INTENT, reason=Reason.CREATING),
        id="a process that was frozen since its intent, and called nothing, writes a new one",
    ),
    pytest.param(
        situation(pending(NOW - 3, "v1-other"), attempt=attempt(NOW - 3)),
        Expect(INTENT, reason=Reason.CREATING),
        id="an intent for another spec is not acted on",
    ),
    pytest.param(
        situation(FRESH, attempt=attempt(NOW - 3)),
        Expect(INTENT, reason=Reason.CREATING),
        id="an intent that is no longer on record (status wiped) is not acted on",
    ),
    pytest.param(
        situation(pending(NOW - 3), attempt=attempt(NOW - 3), failures=[failure("create")]),
        Expect(reason=Reason.ACCESS_DENIED, says=("denied",), wake=NOW + 40, stalled=False),
        id="a refused Create waits for its turn and says why",
    ),
    pytest.param(
        situation(FRESH, failures=[failure("create", FaultClass.INVALID, Reason.CREATE_FAILED, message="bad name")]),
        Expect(reason=Reason.CREATE_FAILED, says=("bad name",), wake=NOW + 40, stalled=True),
        id="what AWS calls invalid is a person's to change; it is tried again in an hour, too",
    ),
    pytest.param(
        situation(FRESH, failures=[failure("create", FaultClass.FAST, Reason.UNAVAILABLE, age=5, wait=3)]),
        Expect(reason=Reason.CREATING, wake=NOW + 3, trouble=False),
        id="a passing trouble keeps quiet for ten seconds",
    ),
    pytest.param(
        situation(FRESH, failures=[failure("create", FaultClass.FAST, Reason.UNAVAILABLE, age=11, wait=3)]),
        Expect(reason=Reason.UNAVAILABLE, wake=NOW + 3, trouble=True, stalled=False),
        id="a trouble that does not pass is told",
    ),
    pytest.param(
        situation(FRESH, failures=[failure("create", wait=-1)]),
        Expect(INTENT, reason=Reason.CREATING),
        id="a refusal whose time is over holds nothing back",
    ),
    pytest.param(
        situation(FRESH, failures=[failure("ledger")]),
        Expect(reason=Reason.ACCESS_DENIED),
        id="an intent that can't be written is no intent",
    ),
    pytest.param(
        situation(FRESH, [made_for(FRESH, state="DELETING")], read_at=NOW - 20),
        Expect(Poll(arn_of("a")), reason=Reason.CREATING, says=("gone", arn_of("a"))),
        id="the former object is on its way out: it goes first",
    ),
    pytest.param(
        situation(FRESH, [configuration(owner="cluster-2/live/vod")], default_id=True),
        Expect(
            reason=Reason.OWNED_ELSEWHERE,
            stalled=True,
            says=("--cluster-id=cluster-2", arn_of("a"), "an id of its own"),
        ),
        id="the same object under another cluster id, while ours is a default, is likely a rebuilt cluster",
    ),
    pytest.param(
        situation(FRESH, [configuration(owner="cluster-2/live/vod")]),
        Expect(INTENT, reason=Reason.CREATING),
        id="with an explicit cluster id another cluster's object is simply another's",
    ),
    pytest.param(
        situation(FRESH, [configuration(owner="cluster-2/live/other")], default_id=True),
        Expect(INTENT, reason=Reason.CREATING),
        id="another cluster's other objects are no concern",
    ),
    pytest.param(
        situation(FRESH, [configuration(owner=None)]),
        Expect(INTENT, reason=Reason.CREATING),
        id="an object of the same name that carries no owner tag is not ours",
    ),
    pytest.param(
        situation(resource(driftPolicy="Report", status={"arn": arn_of("a")}), gone=[arn_of("a")]),
        Expect(reason=Reason.DRIFT_DETECTED, stalled=True, says=("no longer exists", "driftPolicy to Correct")),
        id="with Report, an object that vanished is reported and not made again",
    ),
    pytest.param(
        situation(resource(status={"arn": arn_of("a")}), gone=[arn_of("a")]),
        Expect(INTENT, reason=Reason.CREATING),
        id="with Correct, an object that vanished is made again",
    ),
    pytest.param(
        situation(resource(status={"arn": arn_of("a")}), unlisted=[arn_of("a")]),
        Expect(Inspect(arn_of("a")), reason=Reason.UPDATING, blind=True),
        id="missing from a List is not gone: a Get decides, for Lists lag",
    ),
    pytest.param(
        situation(resource(status={"arn": arn_of("a")})),
        Expect(Inspect(arn_of("a")), reason=Reason.UPDATING, blind=True),
        id="after a restart the first List may not show what status names: a Get decides before another is made",
    ),
    pytest.param(
        situation(resource(status={"arn": arn_of("a")}), [configuration(owner=None)]),
        Expect(INTENT, reason=Reason.CREATING),
        id="what status names and is there without our tag is not ours, and no reason to wait",
    ),
]


@pytest.mark.parametrize(("s", "expected"), CASES)
def test_nothing_of_ours(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_the_intent_is_dated_in_whole_seconds_as_status_carries_it() -> None:
    """Else the process would not recognise its own intent in what it reads back."""
    s = replace(situation(FRESH, now=NOW + 0.7), now=NOW + 0.7)
    Expect(INTENT, reason=Reason.CREATING).of(s)
    assert math.floor(s.now) == NOW


@pytest.mark.parametrize("kind", [CHAT, RECORDING])
def test_both_kinds_are_made_from_all_their_settings_and_owner_tags(kind: Any) -> None:
    wanted = desired_of(resource(kind))
    raw = resource(kind, status={"pendingCreate": {"specHash": wanted.spec_hash, "since": format_time(NOW - 2)}})
    s = situation(raw, attempt=attempt(NOW - 2))
    Expect(Create(wanted.settings, wanted.tags), reason=Reason.CREATING).of(s)
    assert {"ivs-operator.dev/owner", "ivs-operator.dev/uid", "ivs-operator.dev/spec"} <= set(wanted.tags)


OLD = NOW - INTENT_LIFETIME - 5
LISTED = OLD + 1

RENEWALS = [
    pytest.param(
        situation(pending(OLD), attempt=attempt(OLD)), OLD, id="nobody acted on it: what was listed since still holds"
    ),
    pytest.param(
        situation(pending(OLD), attempt=attempt(OLD, called=True, answered=True)),
        OLD,
        id="AWS said that nothing was made",
    ),
    pytest.param(
        situation(pending(OLD), attempt=replace(attempt(OLD), alone_since=OLD - 30)),
        OLD - 30,
        id="it was a renewal itself: the first of the row counts",
    ),
    pytest.param(
        situation(pending(OLD), attempt=attempt(OLD, called=True)), NOW, id="nobody knows what became of the call"
    ),
    pytest.param(situation(pending(OLD - 1), attempt=attempt(OLD)), NOW, id="another's intent is on record"),
    pytest.param(situation(FRESH, attempt=attempt(OLD)), NOW, id="none is on record"),
    pytest.param(situation(pending(OLD)), NOW, id="this process has written none"),
]


@pytest.mark.parametrize(("before", "shown_from"), RENEWALS)
def test_from_when_on_a_list_shows_what_was_made(before: Any, shown_from: float) -> None:
    renewed = intended(before, PendingCreate(HASH, NOW), NOW)
    assert (renewed.since, renewed.acknowledged_at, renewed.called, renewed.answered) == (NOW, NOW, False, False)
    assert renewed.shown_from == shown_from


def test_an_intent_of_the_same_second_is_the_same_and_lives_no_longer() -> None:
    """It is on record already, so that no write asks the API server whether anybody else has written meanwhile."""
    refused = attempt(NOW, acknowledged_at=NOW + 0.1, called=True, answered=True)
    before = situation(pending(NOW), attempt=refused, now=NOW + 0.9)
    assert intended(before, PendingCreate(HASH, NOW), NOW + 30) == attempt(NOW, acknowledged_at=NOW + 0.1)


def test_a_renewed_intent_is_acted_on_without_another_list() -> None:
    renewed = replace(attempt(NOW - 1), alone_since=OLD)
    expected = Expect(CREATE, reason=Reason.CREATING)
    expected.of(situation(pending(NOW - 1), attempt=renewed, listed_at=LISTED))
