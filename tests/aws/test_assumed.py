"""Credentials of an assumed role: renewed in time, replaced when revoked, and never another account's."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws.test_estate import Opened, surroundings
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.assumed import AssumedRole
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import CallFailed
from ivs_operator.domain.placement import Identity
from support.emulator import ACCOUNT, Emulator
from support.objects import CHAT, RECORDING

__all__ = ["surroundings"]

OTHER, THIRD = "222233334444", "333344445555"
ROLE = Role(f"arn:aws:iam::{OTHER}:role/ivs-operator", "live-platform")
HOUR = 3600.0


@pytest.fixture
def opened(surroundings: pytest.MonkeyPatch, emulator: Emulator) -> Iterator[Opened]:
    for name, value in emulator.environment().items():
        surroundings.setenv(name, value)
    made = Opened()
    made.told = []  # type: ignore[attr-defined]
    made.estate.on_account = made.told.append  # type: ignore[attr-defined]
    yield made
    made.estate.close()


async def enter(opened: Opened, role: Role = ROLE, name: str = "prod") -> Identity:
    return await opened.estate.assume(CHAT, name, role)


def assumed(emulator: Emulator) -> int:
    return emulator.control.counts(operation="AssumeRole").total


async def renewed(opened: Opened) -> None:
    """Until what is renewed behind the backs of those who use it has been."""
    standing: Any = opened.estate.standing("prod")
    if standing._renewal is not None:
        await standing._renewal


async def test_a_role_is_assumed_once_for_everything(opened: Opened, emulator: Emulator) -> None:
    found = [await opened.estate.assume(kind, "prod", ROLE) for kind in (CHAT, RECORDING, CHAT)]
    assert [(item.account_id, item.default_region, item.fault) for item in found] == [(OTHER, "us-west-2", None)] * 3
    (request,) = emulator.control.requests(service="sts")
    assert (request["operation"], request["account"]) == ("AssumeRole", ACCOUNT)
    assert opened.told == ["prod"], "its AWSAccount is looked at"  # type: ignore[attr-defined]


async def test_calls_are_made_in_the_roles_account_and_region(opened: Opened, emulator: Emulator) -> None:
    await enter(opened)
    await opened.estate.region(CHAT, OTHER, "eu-west-1", "prod").refresh(0.0)
    (request,) = emulator.control.requests(service="ivschat")
    assert (request["account"], request["region"]) == (OTHER, "eu-west-1")
    assert request["access_key"].startswith("ASIA"), "temporary ones"


async def test_many_who_ask_at_once_share_one_call(opened: Opened, emulator: Emulator) -> None:
    found = await asyncio.gather(*(enter(opened) for _ in range(50)))
    assert {item.account_id for item in found} == {OTHER}
    assert assumed(emulator) == 1


async def test_credentials_are_renewed_before_they_end_and_nobody_waits_for_that(
    opened: Opened, emulator: Emulator
) -> None:
    await enter(opened)
    await opened.estate.region(CHAT, OTHER, "us-west-2", "prod").refresh(0.0)
    opened.clock.at += HOUR - 1000
    await enter(opened)
    assert assumed(emulator) == 1, "there is time yet"
    held = emulator.control.add_fault(operation="AssumeRole", hold="before")
    opened.clock.at += 200
    async with asyncio.timeout(5):
        assert (await enter(opened)).account_id == OTHER, "the old ones serve while STS is asked"
    await asyncio.to_thread(emulator.control.wait_held, held)
    emulator.control.remove_fault(held)
    await renewed(opened)
    assert assumed(emulator) == 2
    await opened.estate.region(CHAT, OTHER, "us-west-2", "prod").refresh(opened.clock.now())
    first, second = (entry["access_key"] for entry in emulator.control.requests(service="ivschat"))
    assert first != second, "the same view goes on with the new ones"


async def test_credentials_that_could_not_be_renewed_serve_until_their_end(opened: Opened, emulator: Emulator) -> None:
    await enter(opened)
    emulator.control.add_fault(operation="AssumeRole", error={"code": "AccessDenied", "status": 403, "message": "no"})
    opened.clock.at += HOUR - 800
    assert (await enter(opened)).account_id == OTHER
    await renewed(opened)
    found = await enter(opened)
    assert (found.account_id, found.fault is not None) == (OTHER, True), "told already, by the AWSAccount"
    opened.clock.at += 790
    assert (await enter(opened)).account_id is None


async def test_a_refusal_is_told_with_its_remedy_and_repeated_with_patience(opened: Opened, emulator: Emulator) -> None:
    session = "arn:aws:sts::123456789012:assumed-role/operator/botocore-session-1700000000"
    message = f"User: {session} is not authorized to perform: sts:AssumeRole on resource: {ROLE.arn}"
    fault = emulator.control.add_fault(
        operation="AssumeRole", error={"code": "AccessDenied", "status": 403, "message": message}
    )
    first = await enter(opened)
    assert first.account_id is None
    assert first.fault is not None
    assert first.fault.reason is Reason.ACCESS_DENIED
    assert first.fault.message.startswith(f"AWSAccount prod: role {ROLE.arn} can't be assumed: ")
    assert "condition on sts:ExternalId must equal spec.externalID" in first.fault.message
    assert "assumed-role/operator is not" in first.fault.message, "a session's name would rewrite the status"
    for _ in range(20):
        await enter(opened)
    assert assumed(emulator) == 1, "not before its time"
    waits = []
    for _ in range(6):
        found = await enter(opened)
        waits.append(round(found.retry_at - opened.clock.now()))
        opened.clock.at = found.retry_at + 0.001
        assert (await enter(opened)).fault == first.fault
    assert waits == [5, 10, 20, 40, 60, 60]
    emulator.control.remove_fault(fault)
    opened.clock.at += 61
    assert (await enter(opened)).account_id == OTHER


async def test_without_an_external_id_the_message_says_to_set_one(opened: Opened, emulator: Emulator) -> None:
    emulator.control.add_fault(operation="AssumeRole", error={"code": "AccessDenied", "status": 403})
    found = await enter(opened, Role(ROLE.arn))
    assert found.fault is not None
    assert "if it has a condition on sts:ExternalId, set spec.externalID" in found.fault.message
    assert "ExternalId" not in emulator.control.requests(operation="AssumeRole")[0]["body"]


REVOKED = [
    ("ExpiredTokenException", "The security token included in the request is expired", 2),
    ("AccessDeniedException", "not authorized, with an explicit deny in an identity-based policy", 2),
    ("AccessDeniedException", "no identity-based policy allows the ivschat:ListLoggingConfigurations action", 1),
]


@pytest.mark.parametrize(("code", "message", "assumptions"), REVOKED)
async def test_credentials_that_were_revoked_are_replaced(
    opened: Opened, emulator: Emulator, code: str, message: str, assumptions: int
) -> None:
    """A right that the role lacks is no such case: new credentials would lack it, too."""
    await enter(opened)
    opened.clock.at += 60
    emulator.control.add_fault(service="ivschat", error={"code": code, "status": 403, "message": message})
    with pytest.raises(CallFailed):
        await opened.estate.region(CHAT, OTHER, "us-west-2", "prod").refresh(opened.clock.now())
    assert (await enter(opened)).account_id == OTHER, "who is not concerned goes on meanwhile"
    await renewed(opened)
    assert assumed(emulator) == assumptions


async def test_a_region_that_refuses_all_credentials_has_roles_assumed_ever_more_seldom(
    opened: Opened, emulator: Emulator
) -> None:
    """A region that an account has not enabled says the same as to an invalid token."""
    emulator.control.add_fault(
        service="ivschat", error={"code": "UnrecognizedClientException", "status": 403, "message": "invalid token"}
    )
    await enter(opened)
    for _ in range(120):
        opened.clock.at += 10
        with pytest.raises(CallFailed):
            await opened.estate.region(CHAT, OTHER, "us-east-1", "prod").refresh(opened.clock.now())
        await enter(opened)
        await renewed(opened)
    assert assumed(emulator) <= 1 + 8, "in 20 minutes; each waits twice as long as the one before, at most 5 minutes"


async def test_a_role_of_another_account_never_serves_the_former_ones_view(opened: Opened, emulator: Emulator) -> None:
    await enter(opened)
    former = opened.estate.region(CHAT, OTHER, "us-west-2", "prod")
    await former.refresh(0.0)
    assert (await enter(opened, Role(f"arn:aws:iam::{THIRD}:role/x"))).account_id == THIRD
    opened.clock.at += 1
    with pytest.raises(CallFailed):
        await former.refresh(opened.clock.now())
    assert {entry["account"] for entry in emulator.control.requests(service="ivschat")} == {OTHER}
    with pytest.raises(CallFailed) as refused:
        opened.estate.region(CHAT, OTHER, "eu-west-1", "prod")
    assert refused.value.fault.reason is Reason.ACCOUNT_CHANGED
    assert opened.estate.inventories() == (), "and the former one's is freed"
    await enter(opened)
    await opened.estate.region(CHAT, OTHER, "us-west-2", "prod").refresh(opened.clock.now())


async def test_another_role_of_the_same_account_takes_over_its_views(opened: Opened, emulator: Emulator) -> None:
    await enter(opened)
    view = opened.estate.region(CHAT, OTHER, "us-west-2", "prod")
    await view.refresh(0.0)
    await enter(opened, Role(f"arn:aws:iam::{OTHER}:role/second"))
    opened.clock.at += 1
    await view.refresh(opened.clock.now())
    first, second = (entry["access_key"] for entry in emulator.control.requests(service="ivschat"))
    assert first != second


async def test_accounts_share_no_view_and_roles_of_one_account_share_its_rates(opened: Opened) -> None:
    await enter(opened)
    await enter(opened, name="second")
    one = opened.estate.calls("ivschat", OTHER, "us-west-2", "prod")
    two = opened.estate.calls("ivschat", OTHER, "us-west-2", "second")
    assert one is not two
    assert one._limiter is two._limiter
    views = [opened.estate.region(CHAT, OTHER, "us-west-2", name) for name in ("prod", "second")]
    assert views[0].creations is views[1].creations, "and so few are about to create, whoever's role leads there"
    assert one._threads is not two._threads


async def test_an_account_whose_sts_hangs_takes_nothing_from_another(opened: Opened, emulator: Emulator) -> None:
    held = emulator.control.add_fault(operation="AssumeRole", contains=THIRD, hold="before")
    hanging = [asyncio.create_task(enter(opened, Role(f"arn:aws:iam::{THIRD}:role/x"), "bad")) for _ in range(30)]
    await asyncio.to_thread(emulator.control.wait_held, held)
    async with asyncio.timeout(5):
        assert (await enter(opened)).account_id == OTHER
    assert not any(task.done() for task in hanging)
    assert assumed(emulator) == 2, "and one call of thirty is enough"
    await asyncio.to_thread(emulator.control.clear_faults, discard=True)
    await asyncio.gather(*hanging)


SECOND = Role(f"arn:aws:iam::{OTHER}:role/second")
DENIED = {"code": "AccessDenied", "status": 403, "message": "no"}


def refused(opened: Opened, region: str = "us-west-2") -> Reason:
    """Why calls by the role are refused here, without AWS."""
    with pytest.raises(CallFailed) as caught:
        opened.estate.calls("s3", OTHER, region, "prod")
    with pytest.raises(CallFailed) as again:
        opened.estate.region(CHAT, OTHER, region, "prod")
    assert caught.value.fault == again.value.fault
    assert caught.value.fault.code == "NotCalled"
    return caught.value.fault.reason


async def test_the_former_roles_credentials_serve_nobody_while_the_new_role_can_not_be_assumed(
    opened: Opened, emulator: Emulator
) -> None:
    await enter(opened)
    view = opened.estate.region(CHAT, OTHER, "us-west-2", "prod")
    await view.refresh(0.0)
    fault = emulator.control.add_fault(operation="AssumeRole", error=DENIED)
    assert (await enter(opened, SECOND)).account_id is None
    opened.clock.at += 1
    with pytest.raises(CallFailed) as inside:
        await view.refresh(opened.clock.now())
    assert inside.value.fault.message == "AWSAccount prod names a role that has not been assumed yet; nothing is called"
    assert refused(opened) is Reason.UNAVAILABLE
    assert opened.estate.within_reach() == ()
    assert emulator.control.counts(service="ivschat").total == 1
    emulator.control.remove_fault(fault)
    opened.clock.at += 61
    assert (await enter(opened, SECOND)).account_id == OTHER
    assert opened.estate.region(CHAT, OTHER, "us-west-2", "prod") is view, "of the same account"
    await view.refresh(opened.clock.now())


async def test_of_an_account_that_is_gone_nothing_is_called_and_nothing_is_left(
    opened: Opened, emulator: Emulator
) -> None:
    estate = opened.estate
    await enter(opened)
    await enter(opened, name="second")
    view = estate.region(CHAT, OTHER, "us-west-2", "prod")
    other = estate.region(CHAT, OTHER, "us-west-2", "second")
    await view.refresh(0.0)
    estate.calls("s3", OTHER, "eu-west-1", "prod")
    pools = [pool for key, pool in estate._threads.items() if key[0] == "prod"]
    estate.drop("prod")
    opened.clock.at += 1
    with pytest.raises(CallFailed) as inside:
        await view.refresh(opened.clock.now())
    assert inside.value.fault.reason is Reason.ACCOUNT_NOT_FOUND
    assert refused(opened) is Reason.ACCOUNT_NOT_FOUND
    assert emulator.control.counts(service="ivschat").total == 1
    assert len(pools) == 3, "STS, IVS Chat, S3"
    assert all(pool._shutdown for pool in pools)
    tables = (estate._calls, estate._inventories, estate._threads, estate._roles)
    assert not [key for table in tables for key in table if "prod" in key]
    assert set(estate._limiters) == {(OTHER, "ivschat", "us-west-2")}, "which the other way uses"
    await other.refresh(opened.clock.now())


async def test_a_call_in_flight_ends_well_when_its_account_goes(opened: Opened, emulator: Emulator) -> None:
    await enter(opened)
    view = opened.estate.region(CHAT, OTHER, "us-west-2", "prod")
    held = emulator.control.add_fault(service="ivschat", hold="before")
    reading = asyncio.create_task(view.refresh(opened.clock.now()))
    await asyncio.to_thread(emulator.control.wait_held, held)
    opened.estate.drop("prod")
    emulator.control.remove_fault(held)
    await reading
    assert view.listed_at > 0


async def test_what_the_former_role_is_refused_is_no_reason_to_doubt_the_new_one(
    opened: Opened, emulator: Emulator
) -> None:
    await enter(opened)
    opened.clock.at += 60
    view = opened.estate.region(CHAT, OTHER, "us-west-2", "prod")
    held = emulator.control.add_fault(
        service="ivschat", hold="before", error={"code": "ExpiredTokenException", "status": 403}
    )
    reading = asyncio.create_task(view.refresh(opened.clock.now()))
    await asyncio.to_thread(emulator.control.wait_held, held)
    await enter(opened, SECOND)
    opened.clock.at += 60
    emulator.control.remove_fault(held)
    with pytest.raises(CallFailed):
        await reading
    await enter(opened, SECOND)
    await renewed(opened)
    assert assumed(emulator) == 2, "once each"


LATE = datetime(2026, 11, 21, 12, tzinfo=UTC)
DATED = {"HTTPHeaders": {"date": "Sat, 21 Nov 2026 11:00:00 GMT"}}


@pytest.mark.parametrize("ahead", [-2 * HOUR, 0.0, 2 * HOUR])
@pytest.mark.parametrize(
    ("expiration", "metadata"),
    [
        pytest.param(lambda: LATE, DATED, id="by the date of the answer"),
        pytest.param(lambda: datetime.now(UTC) + timedelta(hours=1), {}, id="by this machine's, where it has none"),
    ],
)
async def test_credentials_live_as_long_as_aws_says_whatever_our_clock_was_at_the_start(
    opened: Opened, ahead: float, expiration: Callable[[], datetime], metadata: dict[str, Any]
) -> None:
    """Hours ahead and set right since, all credentials looked as if they had ended."""
    opened.clock.at = datetime.now(UTC).timestamp() + ahead

    async def ask(_: Role) -> dict[str, Any]:
        lent = {"AccessKeyId": "a", "SecretAccessKey": "b", "SessionToken": "c", "Expiration": expiration()}
        user = {"Arn": f"arn:aws:sts::{OTHER}:assumed-role/r/ivs-operator"}
        return {"Credentials": lent, "AssumedRoleUser": user, "ResponseMetadata": metadata}

    role = AssumedRole(
        "prod", ROLE, ask=ask, loader=opened.estate._loader, clock=opened.clock, on_change=lambda _: None
    )
    await role.look()
    opened.clock.at += HOUR - 120
    assert role.usable
    opened.clock.at += 120
    assert not role.usable


UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({}, "KeyError: 'Credentials'"),
    ({"Credentials": {"AccessKeyId": "a"}, "AssumedRoleUser": {"Arn": "a"}}, "KeyError: 'SecretAccessKey'"),
    ({"Credentials": {}}, "KeyError: 'AssumedRoleUser'"),
]


@pytest.mark.parametrize(("answer", "words"), UNREADABLE)
async def test_an_answer_that_can_not_be_read_is_a_fault_and_not_asked_for_at_once(
    opened: Opened, answer: dict[str, Any], words: str
) -> None:
    asked = 0

    async def ask(_: Role) -> dict[str, Any]:
        nonlocal asked
        asked += 1
        return answer

    told: list[AssumedRole] = []
    role = AssumedRole("prod", ROLE, ask=ask, loader=opened.estate._loader, clock=opened.clock, on_change=told.append)
    for _ in range(70):
        await role.look()
        opened.clock.at += 1
    assert role.fault is not None
    assert (role.fault.reason, role.usable, role.account_id) == (Reason.UNAVAILABLE, False, None)
    assert role.fault.message == f"AWSAccount prod: AssumeRole: the answer can't be read ({words})"
    assert asked == 4, "after 5, 10 and 20 s, the next after 40"
    assert told == [role], "one news"
