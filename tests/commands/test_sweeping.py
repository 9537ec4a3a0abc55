"""What `cleanup` asks right before a delete, in virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.inventory import Inventory
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.sweeping import Sweeping, role_of
from ivs_operator.domain.accounts import Account, Role
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.orphans import Holder, orphans_among
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.surplus import CONFIRM_GAP
from ivs_operator.settings import Settings
from support.fake_aws import FakeAws, FakeGateway
from support.objects import ACCOUNT, CLUSTER, REGION, arn_of, configuration, room
from support.virtual_time import VirtualClock, in_virtual_time

if TYPE_CHECKING:
    from ivs_operator.domain.cleanup import Verdict
    from ivs_operator.domain.identity import Key, Kind

A = arn_of("a")
OURS = {TAG_OWNER: f"{CLUSTER}/live/lost", TAG_SPEC: "v1-0"}
ROLE = Role("arn:aws:iam::222222222222:role/ivs")
REFUSED = Fault(FaultClass.SLOW, Reason.ACCESS_DENIED, "the role can't be assumed")


class Estate:
    """One region of one account, entered by a role that may be refused."""

    default_region = REGION

    def __init__(self, aws: FakeAws, clock: VirtualClock) -> None:
        self.inventory = Inventory(cast("Any", FakeGateway(aws)), clock)
        self.entered = 0
        self.fault: Fault | None = None

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        self.entered += 1
        return Identity(None if self.fault else ACCOUNT, REGION, frozenset({REGION}), fault=self.fault)

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Inventory:
        return self.inventory


class Bench(Sweeping):
    """A clean-up in a cluster without custom resources, and an orphan that nobody uses."""

    async def holders(self) -> dict[Key, Holder]:
        return {}

    async def judged(self) -> Verdict:
        """The orphan as the plan has it."""
        (orphan,) = orphans_among([configuration(owner=None, tags=OURS)], CLUSTER, {})
        return await self._judged(orphan, {})


def bench(**facts: Any) -> tuple[Bench, FakeAws, Estate]:
    clock = VirtualClock()
    aws = FakeAws(clock)
    aws.put(configuration(owner=None, tags=OURS))
    estate = Estate(aws, clock)
    settings = Settings(cluster_id=CLUSTER)
    return Bench(settings, cast("Any", None), cast("Any", estate), clock, cluster_id=CLUSTER, **facts), aws, estate


@in_virtual_time
async def test_only_what_is_named_goes_and_what_was_adopted_must_be_named() -> None:
    """Its tags stayed although it was let go, and it was there before the operator: nobody has asked for its end."""
    adopted = {**OURS, TAG_SPEC: "adopted-v1-0"}
    for chosen, outcome in ((frozenset(), "skipped"), (frozenset({A}), "deleted")):
        work, aws, _ = bench(chosen=chosen)
        aws.put(configuration(owner=None, tags=adopted))
        (orphan,) = orphans_among([configuration(owner=None, tags=adopted)], CLUSTER, {})
        done = await work.remove(await work._judged(orphan, {}))
        assert (done.outcome, aws.count(operation="Delete")) == (outcome, outcome == "deleted")


def asked(aws: FakeAws, since: int) -> list[str]:
    """The calls that reached AWS since there were `since` of them."""
    return [call.operation for call in aws.calls[since:]]


@in_virtual_time
async def test_two_new_lists_a_second_apart_come_right_before_the_delete() -> None:
    work, aws, _ = bench()
    planned = await work.judged()
    begun = len(aws.calls)
    done = await work.remove(planned)
    assert done.outcome == "deleted"
    assert asked(aws, begun)[:4] == ["ListUsers", "ListUsers", "Get", "Delete"], "the plan's own List does not count"
    assert aws.calls[begun + 1].at - aws.calls[begun].at >= CONFIRM_GAP


@in_virtual_time
async def test_whoever_joins_after_the_plan_is_seen_although_lists_lag() -> None:
    """The room joins 0.5 s before the deed, Lists are 1 s behind: the first does not show it, the second does."""
    work, aws, _ = bench()
    planned = await work.judged()
    await asyncio.sleep(60)
    aws.lag = 1.0
    aws.put(room("r", "a", name="late"))
    await asyncio.sleep(0.5)
    done = await work.remove(planned)
    assert done.outcome == "skipped"
    assert "late" in str(done.hindrance)
    assert aws.count(operation="Delete") == 0


KNOWN = {"team": Account("team", ROLE), "broken": Account("broken", None, invalid="spec.roleARN: must be an ARN")}


@pytest.mark.parametrize(
    ("known", "name", "says", "code"),
    [
        (KNOWN, "teem", "--account: there is no AWSAccount teem; there are: broken, team", ExitCode.USAGE),
        ({}, "team", "--account: there is no AWSAccount team; there are: none", ExitCode.USAGE),
        (
            KNOWN,
            "broken",
            "--account: AWSAccount broken can't be used: spec.roleARN: must be an ARN",
            ExitCode.FAILURE,
        ),
    ],
)
def test_an_account_that_can_t_be_used_is_told_with_the_reason(
    known: dict[str, Account], name: str, says: str, code: ExitCode
) -> None:
    with pytest.raises(Failure) as caught:
        role_of(known, name)
    assert (str(caught.value), caught.value.code) == (says, code)
    assert role_of(KNOWN, "team") == ROLE


@in_virtual_time
async def test_the_role_is_entered_anew_before_each_delete() -> None:
    work, aws, estate = bench(account="team", role=ROLE)
    planned = await work.judged()
    estate.fault, begun, entered = REFUSED, len(aws.calls), estate.entered
    refused = await work.remove(planned)
    assert (refused.outcome, refused.hindrance) == ("failed", REFUSED.message)
    assert asked(aws, begun) == [], "nothing is asked with credentials that may have ended"
    estate.fault = None
    assert (await work.remove(planned)).outcome == "deleted"
    assert estate.entered == entered + 2
