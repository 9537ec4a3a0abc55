"""Replacing what AWS can't change: first the new one, then the channels, then the old one goes; nothing is lost."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import (
    Associate,
    Delete,
    Inspect,
    Ledger,
    ListUsers,
    PendingCreate,
    Tag,
    Untag,
    WriteLedger,
)
from ivs_operator.domain.observed import Users
from ivs_operator.domain.plan import plan
from ivs_operator.domain.report import status_of
from ivs_operator.domain.selectors import Selector
from support.objects import RECORDING, arn_of, channel, consumer_arn, desired_of, made_for, resource
from support.plans import Expect
from support.situations import NOW, failure, situation

OLD, NEW = arn_of("old", RECORDING), arn_of("new", RECORDING)
BEFORE = resource(RECORDING)
ENTRIES = [{"name": "lobby"}]
C = consumer_arn("c", RECORDING)


def after(**spec: Any) -> dict[str, Any]:
    """The same object with an edit that AWS can't carry out in place."""
    return resource(
        RECORDING,
        generation=2,
        replacePolicy="CreateBeforeDelete",
        recordingReconnectWindowSeconds=60,
        channels=ENTRIES,
        status={"arn": OLD, "associations": {"selectors": ENTRIES}, **spec.pop("status", {})},
        **spec,
    )


def old(**more: Any) -> Any:
    return made_for(BEFORE, "old", **more)


def new(**more: Any) -> Any:
    return made_for(after(), "new", **more)


INTENT = WriteLedger(
    Ledger(PendingCreate(desired_of(after()).spec_hash, NOW), (Selector(name="lobby"),)), intends_create=True
)
LOBBY = channel("c", "old", name="lobby")
MOVED = channel("c", "new", name="lobby")
UNUSED = {OLD: Users(NOW - 1, 2)}

CASES = [
    pytest.param(
        situation(after(), [old()], [LOBBY]),
        Expect(INTENT, reason=Reason.REPLACING, in_sync=False, says=("meanwhile", OLD, "1 channel", "serves")),
        id="a new one is made while the old one serves",
    ),
    pytest.param(
        situation(after(), [old()], [LOBBY], failures=[failure("create", reason=Reason.QUOTA_EXCEEDED)]),
        Expect(reason=Reason.QUOTA_EXCEEDED, says=("one more object", "raise the quota", OLD)),
        id="without a spare slot in the quota that is said",
    ),
    pytest.param(
        situation(after(), [old(), new(state="CREATING")], [LOBBY], read_at=NOW),
        Expect(reason=Reason.REPLACING, says=(OLD,)),
        id="no channel moves before the new one is ACTIVE",
    ),
    pytest.param(
        situation(after(), [old(), new()], [LOBBY]),
        Expect(
            Associate(consumer=C, add=NEW, remove=frozenset({OLD}), wanted_by=(Selector(name="lobby"),)),
            reason=Reason.REPLACING,
        ),
        id="then each channel moves by one call",
    ),
    pytest.param(
        situation(after(), [old(), new()], [LOBBY], live=[C]),
        Expect(reason=Reason.REPLACING),
        id="a live channel moves when its stream ends",
    ),
    pytest.param(
        situation(after(), [old(), new()], [MOVED]),
        Expect(ListUsers(OLD), reason=None),
        id="all have moved: Ready, and who still uses the old one is asked",
    ),
    pytest.param(
        situation(after(), [old(), new()], [MOVED], users=UNUSED),
        Expect(Delete(OLD), reason=None),
        id="nobody uses the old one: it goes",
    ),
    pytest.param(
        situation(after(), [old(), new()], [MOVED, channel("d", "old")], users={OLD: Users(NOW - 1, 0)}),
        Expect(reason=None),
        id="a channel of others still records with the old one: it stays",
    ),
    pytest.param(
        situation(after(deletionPolicy="Retain"), [old(), new()], [MOVED]),
        Expect(Untag(OLD, ("ivs-operator.dev/owner", "ivs-operator.dev/spec", "ivs-operator.dev/uid")), reason=None),
        id="under Retain the old one is untagged and left",
    ),
    pytest.param(
        situation(after(driftPolicy="Report"), [old()], [LOBBY]),
        Expect(reason=Reason.DRIFT_DETECTED, stalled=True),
        id="with Report nothing is replaced",
    ),
    pytest.param(
        situation(after(), [old(tags={"ivs-operator.dev/spec": "v9-later"}, complete=False)], [LOBBY]),
        Expect(Inspect(OLD), reason=Reason.UPDATING),
        id="a spec tag of another version tells nothing: the settings are read",
    ),
    pytest.param(
        situation(after(), [new(tags={"ivs-operator.dev/spec": "v9-later"})], [MOVED], generation_seen_at=NOW - 9),
        Expect(
            Tag(NEW, {"ivs-operator.dev/spec": desired_of(after()).spec_hash}), reason=Reason.UPDATING, serving=True
        ),
        id="and never a reason to replace what is as declared",
    ),
]


@pytest.mark.parametrize(("s", "expected"), CASES)
def test_replacing(s: Any, expected: Expect) -> None:
    expected.of(s)


MADE = {
    "arn": NEW,
    "id": "new",
    "state": "CREATING",
    "observed": {"name": "vod"},
    "superseded": [{"arn": OLD, "associated": 1}],
}
UNSEEN = [
    pytest.param({}, (Inspect(NEW),), id="it is looked at before anything is made"),
    pytest.param({"failures": [failure(Inspect(NEW).target, age=1)]}, (), id="the Get has just failed"),
    pytest.param({"failures": [failure(Inspect(NEW).target, age=60)]}, (), id="the Get has been failing for a while"),
]


@pytest.mark.parametrize(("facts", "actions"), UNSEEN)
def test_a_successor_that_no_list_shows_yet_is_not_made_twice(facts: dict[str, Any], actions: Any) -> None:
    """After a restart only the status knows of it, and would forget it by naming the predecessor while a Get fails."""
    s = situation(after(status=MADE), [old()], [LOBBY], **facts)
    made = plan(s)
    assert made.actions == actions

    written = status_of(s, made)
    assert {name: written.get(name) for name in MADE} == MADE, "the record stays until AWS has answered"
    assert plan(situation(after(status=written), [old()], [LOBBY])).actions == (Inspect(NEW),)


def test_a_successor_that_a_get_did_not_find_is_made_anew() -> None:
    """The record is no reason to wait for ever for what is not there."""
    assert plan(situation(after(status=MADE), [old()], [LOBBY], gone=[NEW])).actions == (INTENT,)
