"""The operator's own credentials: a source that hangs or fails holds nobody up, and others take their place in time."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aws.test_estate import Opened, surroundings, write_credentials
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.own import OwnAccount
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.domain.placement import Identity
from support.emulator import ACCOUNT, Emulator
from support.objects import CHAT
from support.virtual_time import VirtualClock, in_virtual_time

__all__ = ["surroundings"]

OTHER = "222233334444"
ROLE = Role(f"arn:aws:iam::{OTHER}:role/ivs-operator")


def _own(opened: Opened) -> Awaitable[Identity]:
    return opened.estate.identity(CHAT)


def _assumed(opened: Opened) -> Awaitable[Identity]:
    return opened.estate.assume(CHAT, "prod", ROLE)


WAYS = [pytest.param(_own, "", id="our own account"), pytest.param(_assumed, "AWSAccount prod: ", id="an AWSAccount")]


@pytest.mark.parametrize(("ask", "of"), WAYS)
async def test_a_source_of_credentials_that_hangs_holds_up_nothing_else_and_its_failure_is_told(
    surroundings: pytest.MonkeyPatch, tmp_path: Path, ask: Callable[[Opened], Awaitable[Identity]], of: str
) -> None:
    """A process, an agent or a metadata service: boto3 asks for credentials while it makes a client."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    _write_process(f"read line < '{pipe}'; echo out of order >&2; exit 1")
    surroundings.setenv("AWS_REGION", "us-west-2")
    made = Opened()
    try:
        asked = asyncio.create_task(_awaited(ask(made)))
        with await asyncio.to_thread(pipe.open, "w"):  # opens when the process reads
            assert not asked.done(), "it is not the event loop that waits"
        found = await asyncio.wait_for(asked, 30)
    finally:
        made.estate.close()
    assert found.account_id is None
    assert found.fault is not None
    assert (found.fault.reason, found.fault.applied) == (Reason.ACCESS_DENIED, False)
    assert found.fault.message.startswith(f"{of}no usable AWS credentials: Error when retrieving credentials")
    assert "out of order" in found.fault.message


@in_virtual_time
async def test_while_an_attempt_is_under_way_nobody_is_told_to_look_again_at_a_moment_that_has_passed() -> None:
    """Else an object whose look waits for nothing is looked at again at once, and the attempt never gets its turn."""
    release = asyncio.Event()
    clock = VirtualClock()

    class Busy(OwnAccount):
        async def _ask(self) -> None:
            await release.wait()

    own = Busy(region=None, clock=clock, threads=lambda _: ThreadPoolExecutor(1), on_change=lambda: None)
    own._refused(Fault(FaultClass.FAST, Reason.UNAVAILABLE, "no answer"))
    await asyncio.sleep(60)
    first = asyncio.create_task(own.look())
    await asyncio.sleep(0)
    await own.look()
    assert own.retry_at > clock.now()
    first.cancel()
    release.set()


def _write_process(script: str) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(f'[default]\ncredential_process = sh -c "{script}"\n')


async def _awaited(ask: Awaitable[Identity]) -> Identity:
    return await ask


@pytest.mark.parametrize(("ask", "of"), WAYS)
async def test_a_profile_that_does_not_exist_is_told_and_not_raised(
    surroundings: pytest.MonkeyPatch, ask: Callable[[Opened], Awaitable[Identity]], of: str
) -> None:
    surroundings.setenv("AWS_REGION", "us-west-2")
    made = Opened()
    try:
        surroundings.setenv("AWS_PROFILE", "gone")
        fault = (await ask(made)).fault
    finally:
        made.estate.close()
    assert fault is not None
    assert (fault.reason, fault.message) == (
        Reason.ACCESS_DENIED,
        f"{of}no usable AWS credentials: The config profile (gone) could not be found",
    )


async def test_own_credentials_that_end_are_read_again_when_only_awsaccounts_use_them(
    surroundings: pytest.MonkeyPatch, emulator: Emulator
) -> None:
    """Nobody asks for our own account then."""
    surroundings.setenv("AWS_ENDPOINT_URL", emulator.url)
    surroundings.setenv("AWS_REGION", "us-west-2")
    file = os.environ["AWS_SHARED_CREDENTIALS_FILE"]
    write_credentials(file, ACCOUNT)
    made = Opened()
    try:
        await _assumed(made)
        fault = emulator.control.add_fault(
            operation="AssumeRole", error={"code": "ExpiredToken", "status": 403, "message": "old"}
        )
        made.clock.at += 3600
        assert (await _assumed(made)).account_id is None
        write_credentials(file, "333344445555")
        emulator.control.remove_fault(fault)
        made.clock.at += 10
        assert (await _assumed(made)).account_id == OTHER
        assert [entry["account"] for entry in emulator.control.requests(operation="AssumeRole")] == [
            ACCOUNT,
            ACCOUNT,
            "333344445555",
        ]
    finally:
        made.estate.close()


@pytest.fixture
def steadfast(surroundings: pytest.MonkeyPatch, emulator: Emulator) -> Any:
    for name, value in emulator.environment().items():
        surroundings.setenv(name, value)
    made = Opened()
    yield made
    made.estate.close()


async def test_a_region_that_refuses_all_credentials_disturbs_no_other(steadfast: Opened, emulator: Emulator) -> None:
    """A region that an account has not enabled says the same as to an invalid token."""
    emulator.control.add_fault(
        service="ivschat",
        region="us-east-1",
        error={"code": "UnrecognizedClientException", "status": 403, "message": "invalid token"},
    )
    await _own(steadfast)
    session = steadfast.estate._own.session
    changes = 0
    for _ in range(120):
        steadfast.clock.at += 10
        with pytest.raises(CallFailed):
            await steadfast.estate.region(CHAT, ACCOUNT, "us-east-1").refresh(steadfast.clock.now())
        found = await _own(steadfast)
        assert (found.account_id, found.fault) == (ACCOUNT, None), "who is not concerned goes on"
        await told(steadfast)
        changes += steadfast.estate._own.session is not session
        session = steadfast.estate._own.session
    await steadfast.estate.region(CHAT, ACCOUNT, "us-west-2").refresh(steadfast.clock.now())
    assert emulator.control.counts(service="sts").total == changes + 1
    assert 1 <= changes <= 8, "in 20 minutes; each waits twice as long as the one before, at most 5 minutes"


async def told(opened: Opened) -> None:
    """Until AWS has told whose the credentials are that are asked for behind the backs of all."""
    asking = opened.estate._own._asking
    if asking is not None:
        await asyncio.wait([asking])


async def test_credentials_that_sts_refuses_too_serve_nobody(steadfast: Opened, emulator: Emulator) -> None:
    await _own(steadfast)
    steadfast.clock.at += 60
    emulator.control.add_fault(error={"code": "ExpiredTokenException", "status": 403, "message": "old"})
    with pytest.raises(CallFailed):
        await steadfast.estate.region(CHAT, ACCOUNT, "us-west-2").refresh(steadfast.clock.now())
    await _own(steadfast)
    await told(steadfast)
    found = await _own(steadfast)
    assert found.account_id is None
    assert found.fault is not None
    assert found.fault.message == "GetCallerIdentity: old; give valid credentials as docs/iam.md has it"


async def test_while_sts_is_out_of_reach_what_is_known_holds(steadfast: Opened, emulator: Emulator) -> None:
    await _own(steadfast)
    steadfast.clock.at += 60
    emulator.control.add_fault(service="ivschat", error={"code": "ExpiredTokenException", "status": 403})
    emulator.control.add_fault(service="sts", error={"code": "ServiceUnavailable", "status": 503})
    with pytest.raises(CallFailed):
        await steadfast.estate.region(CHAT, ACCOUNT, "us-west-2").refresh(steadfast.clock.now())
    await _own(steadfast)
    await told(steadfast)
    assert (await _own(steadfast)).account_id == ACCOUNT
