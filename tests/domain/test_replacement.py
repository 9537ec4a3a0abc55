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
from support.virtual_time import run
from support.world import World

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
FULL = "CreateRecordingConfiguration: no more; raise the quota in Service Quotas or delete one"

CASES = [
    pytest.param(
        situation(after(), [old()], [LOBBY]),
        Expect(INTENT, reason=Reason.REPLACING, in_sync=False, says=("meanwhile", OLD, "1 channel", "serves")),
        id="a new one is made while the old one serves",
    ),
    pytest.param(
        situation(after(), [old()], [LOBBY], failures=[failure("create", reason=Reason.QUOTA_EXCEEDED, message=FULL)]),
        Expect(reason=Reason.QUOTA_EXCEEDED, says=(f"{FULL}; replacing needs one more object for a while; ", OLD)),
        id="without a spare slot in the quota that is said, after AWS's words and the remedy",
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
        situation(after(deletionPolicy="Retain"), [old(state="CREATE_FAILED"), new()], [MOVED], users=UNUSED),
        Expect(Delete(OLD), reason=None),
        id="but what AWS could not create has never served, and goes",
    ),
    pytest.param(
        situation(after(), [old(tags={"ivs-operator.dev/spec": "adopted-v1-x"}), new()], [MOVED], users=UNUSED),
        Expect(Untag(OLD, ("ivs-operator.dev/owner", "ivs-operator.dev/spec", "ivs-operator.dev/uid")), reason=None),
        id="one that was there before us is untagged and left, whatever the policy: nobody asked to delete it",
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

SPARE = arn_of("spare", RECORDING)
"""Made by an edit that another one has overtaken."""


def spare(**more: Any) -> Any:
    return made_for(resource(RECORDING, recordingReconnectWindowSeconds=7), "spare", **more)


def unused(arn: str) -> dict[str, Users]:
    return {arn: Users(NOW - 1, 2)}


CASES += [
    pytest.param(
        situation(after(), [old(), spare()], [LOBBY]),
        Expect(ListUsers(SPARE), reason=Reason.REPLACING, says=("place of the new one", f"meanwhile {OLD}")),
        id="what a former edit made and nobody uses would hold the only spare place in the quota: who uses it is asked",
    ),
    pytest.param(
        situation(after(), [old(), spare()], [LOBBY], users={SPARE: Users(NOW - 0.4, 1)}),
        Expect(reason=Reason.REPLACING, wake=NOW + 0.6),
        id="twice",
    ),
    pytest.param(
        situation(after(), [old(), spare()], [LOBBY], users=unused(SPARE)),
        Expect(Delete(SPARE), reason=Reason.REPLACING),
        id="and then it goes before the new one is made",
    ),
    pytest.param(
        situation(after(), [old(), spare()], [LOBBY], users=unused(SPARE), failures=[failure(Delete(SPARE).target)]),
        Expect(INTENT, reason=Reason.REPLACING),
        id="if it can't, there may still be a place: the new one is tried",
    ),
    pytest.param(
        situation(after(), [old(), spare(state="CREATING")], [LOBBY], users=unused(SPARE)),
        Expect(INTENT, reason=Reason.REPLACING),
        id="what AWS is still creating can't go yet",
    ),
    pytest.param(
        situation(after(), [old(), spare()], [LOBBY, channel("d", "spare")], users=unused(SPARE)),
        Expect(INTENT, reason=Reason.REPLACING, says=(OLD, SPARE, "serve")),
        id="what a channel uses stays",
    ),
    pytest.param(
        situation(after(deletionPolicy="Retain"), [old(), spare()], [LOBBY], users=unused(SPARE)),
        Expect(INTENT, reason=Reason.REPLACING),
        id="under Retain nothing is deleted",
    ),
    pytest.param(
        situation(after(deletionPolicy="Retain"), [old(), spare(state="CREATE_FAILED")], [LOBBY], users=unused(SPARE)),
        Expect(Delete(SPARE), reason=Reason.REPLACING),
        id="but what AWS could not create, by a typo say",
    ),
    pytest.param(
        situation(after(), [old(state="CREATE_FAILED")], [channel("c", name="lobby")], users=unused(OLD)),
        Expect(Delete(OLD), reason=Reason.CREATING),
        id="the first creation has failed and the spec was corrected: its shell goes first and serves nobody",
    ),
    pytest.param(
        situation(after(), [old(state="CREATE_FAILED"), new(state="CREATING")], [LOBBY], read_at=NOW),
        Expect(reason=Reason.CREATING),
        id="a shell is no predecessor that serves",
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


QUOTA = failure("create", reason=Reason.QUOTA_EXCEEDED)
LEFT: list[Any] = [
    pytest.param([LOBBY], (), "True", id="the channel that is meant records with the old one: nothing to do"),
    pytest.param(
        [channel("c", name="lobby")],
        (),
        "False",
        id="one that came into the spec waits for the new one, and that is told",
    ),
    pytest.param(
        [LOBBY, channel("d", "old", name="gone")],
        (Associate(consumer=consumer_arn("d", RECORDING), remove=frozenset({OLD})),),
        "False",
        id="one that left the spec is let go",
    ),
]


@pytest.mark.parametrize(("channels", "actions", "associated"), LEFT)
def test_channels_while_no_new_one_can_be_made(channels: Any, actions: Any, associated: str) -> None:
    """A quota may be full for days: the selectors are the user's to change meanwhile."""
    recorded = {"associations": {"selectors": [*ENTRIES, {"name": "gone"}]}}
    s = situation(after(status=recorded), [old()], channels, failures=[QUOTA])
    made = plan(s)
    assert made.actions == actions
    told = {item["type"]: item["status"] for item in status_of(s, made)["conditions"]}
    assert (told["Ready"], told["Associated"]) == ("False", associated)


BUCKETS = [
    pytest.param(["typo", "right"], 2, 1, False, id="a typo in the first edit: the shell has the only spare place"),
    pytest.param(["second", "third"], 2, 0, True, id="an edit while a live channel still uses the first"),
    pytest.param(["second", "third"], 2, 0, False, id="an edit while the second is being created"),
]


@pytest.mark.parametrize(("edits", "quota", "failing", "live"), BUCKETS)
def test_one_spare_place_in_the_quota_is_enough(edits: list[str], quota: int, failing: int, live: bool) -> None:
    """An object of ours that nobody needs must not keep its successor from being made."""

    def with_bucket(name: str) -> dict[str, Any]:
        spec: dict[str, Any] = {"destinationConfiguration": {"s3": {"bucketName": name}}, "channels": ENTRIES}
        return resource(RECORDING, replacePolicy="CreateBeforeDelete", **spec)

    async def story() -> None:
        async with World() as world:
            aws = world.aws[RECORDING]
            aws.quota = quota
            aws.put(channel("c", name="lobby"))
            key = world.cluster.apply(with_bucket("first"))
            await world.until_at_rest()
            aws.failing = failing
            aws.live = {C} if live else set()
            for name in edits:
                world.cluster.apply(with_bucket(name))
                await world.for_(30 if live or failing else 1)
            aws.live = set()
            await world.until_at_rest()
            assert world.cluster.ready(key) == ("True", "Available")
            (left,) = aws.owned()
            assert left.settings["destinationConfiguration"] == {"s3": {"bucketName": edits[-1]}}
            assert aws.users(left.arn) == [C]
            assert not world.breaches

    run(story())


def test_a_first_creation_that_failed_does_not_hold_the_place_of_the_next() -> None:
    async def story() -> None:
        async with World() as world:
            aws = world.aws[RECORDING]
            aws.quota = aws.failing = 1
            world.cluster.apply(resource(RECORDING, replacePolicy="CreateBeforeDelete"))
            await world.for_(20)
            spec: dict[str, Any] = {"destinationConfiguration": {"s3": {"bucketName": "right"}}}
            key = world.cluster.apply(resource(RECORDING, replacePolicy="CreateBeforeDelete", **spec))
            await world.until_at_rest()
            assert world.cluster.ready(key) == ("True", "Available")

    run(story())
