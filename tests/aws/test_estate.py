"""Account and regions of the operator's own credentials, and one view per kind, account and region."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.estate import AwsEstate, default_region, supported_regions
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, PermitLost
from support.emulator import ACCOUNT, Emulator
from support.objects import CHAT, RECORDING


class Steady(Clock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        super().__init__()
        self.at = super().now()

    def now(self) -> float:
        return self.at


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """No AWS settings of the machine."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


class Opened:
    """An estate whose permission a test may take away."""

    def __init__(self) -> None:
        self.clock = Steady()
        self.permitted = True
        self.estate = AwsEstate(self.clock, region=None, workers=2, permitted=lambda: self.permitted)


@pytest.fixture
def opened(surroundings: pytest.MonkeyPatch, emulator: Emulator) -> Iterator[Opened]:
    for name, value in emulator.environment().items():
        surroundings.setenv(name, value)
    made = Opened()
    yield made
    made.estate.close()


async def test_the_account_is_asked_for_once(opened: Opened, emulator: Emulator) -> None:
    for kind in (CHAT, RECORDING, CHAT):
        identity = await opened.estate.identity(kind)
        assert (identity.account_id, identity.default_region, identity.fault) == (ACCOUNT, "us-west-2", None)
        assert "us-west-2" in identity.regions
    assert emulator.control.counts(service="sts").total == 1


async def test_an_account_that_can_not_be_told_says_why_and_is_asked_for_again_in_a_moment(
    opened: Opened, emulator: Emulator
) -> None:
    fault = emulator.control.add_fault(service="sts", error={"code": "ExpiredToken", "status": 403, "message": "old"})
    first = await opened.estate.identity(CHAT)
    assert first.account_id is None
    assert first.fault is not None
    assert first.fault.reason is Reason.ACCESS_DENIED
    assert first.fault.message == "GetCallerIdentity: old; give valid credentials as docs/iam.md has it"
    for _ in range(20):
        await opened.estate.identity(CHAT)
    assert emulator.control.counts(service="sts").total == 1, "STS is not hammered"
    assert first.retry_at > opened.clock.now()
    opened.clock.at = first.retry_at + 0.1
    second = await opened.estate.identity(CHAT)
    assert second.fault_since == first.fault_since
    emulator.control.remove_fault(fault)
    opened.clock.at = second.retry_at + 60
    assert (await opened.estate.identity(CHAT)).account_id == ACCOUNT


async def test_without_credentials_that_is_what_is_said(surroundings: pytest.MonkeyPatch) -> None:
    surroundings.setenv("AWS_REGION", "us-west-2")
    estate = AwsEstate(Steady(), region=None, workers=1, permitted=lambda: True)
    found = (await estate.identity(CHAT)).fault
    estate.close()
    assert found is not None
    assert found.reason is Reason.ACCESS_DENIED
    assert found.message.startswith("no usable AWS credentials: none were found in the environment, the shared files, ")
    assert found.message.endswith("; give the operator a role as docs/iam.md has it")


async def test_one_view_for_all_of_one_kind_account_and_region(opened: Opened) -> None:
    region = opened.estate.region
    assert region(CHAT, ACCOUNT, "us-west-2") is region(CHAT, ACCOUNT, "us-west-2")
    assert region(CHAT, ACCOUNT, "us-west-2") is not region(RECORDING, ACCOUNT, "us-west-2")
    assert region(CHAT, ACCOUNT, "us-west-2") is not region(CHAT, ACCOUNT, "eu-west-1")


async def test_calls_go_to_the_region_that_was_asked_for(opened: Opened, emulator: Emulator) -> None:
    await opened.estate.region(CHAT, ACCOUNT, "eu-west-1").refresh(0.0)
    (request,) = emulator.control.requests(service="ivschat")
    assert request["region"] == "eu-west-1"


async def test_what_a_service_to_look_at_refuses_is_no_reason_to_doubt_the_credentials(
    opened: Opened, emulator: Emulator
) -> None:
    await opened.estate.identity(CHAT)
    opened.clock.at += 60
    emulator.control.add_fault(service="s3", error={"code": "InvalidAccessKeyId", "status": 403})
    with pytest.raises(CallFailed):
        await opened.estate.calls("s3", ACCOUNT, "us-west-2")("ListBuckets")
    assert (await opened.estate.identity(CHAT)).fault is None
    assert emulator.control.counts(service="sts").total == 1


async def test_without_permission_no_write_leaves_and_reads_do(opened: Opened, emulator: Emulator) -> None:
    """Permission is asked for when the request is about to leave: it may have waited for its rate."""
    view = opened.estate.region(CHAT, ACCOUNT, "us-west-2")
    opened.permitted = False
    with pytest.raises(PermitLost):
        await view.gateway.create({"name": "n", "destinationConfiguration": {"s3": {"bucketName": "bbb"}}}, {})
    await view.refresh(0.0)
    assert emulator.control.counts(write=True).total == 0
    assert emulator.control.counts(service="ivschat").total == 1


REGIONS = [
    ({"AWS_REGION": "a", "AWS_DEFAULT_REGION": "b"}, "c", "a"),
    ({"AWS_DEFAULT_REGION": "b"}, "c", "b"),
    ({}, "c", "c"),
    ({"AWS_REGION": ""}, None, None),
]


@pytest.mark.parametrize(("environ", "profile", "region"), REGIONS)
def test_the_default_region(environ: dict[str, str], profile: str | None, region: str | None) -> None:
    session: Any = SimpleNamespace(region_name=profile)
    assert default_region(session, environ) == region


def test_regions_are_botocores() -> None:
    session = boto3.Session()
    assert {"us-west-2", "eu-west-1"} <= supported_regions(session, RECORDING)
    assert "ca-west-1" not in supported_regions(session, CHAT)


def write_credentials(path: str, account: str) -> None:
    Path(path).write_text(f"[default]\naws_access_key_id = {account}\naws_secret_access_key = x\n")


async def test_credentials_that_appear_are_found(surroundings: pytest.MonkeyPatch, emulator: Emulator) -> None:
    surroundings.setenv("AWS_ENDPOINT_URL", emulator.url)
    surroundings.setenv("AWS_REGION", "us-west-2")
    made = Opened()
    try:
        assert (await made.estate.identity(CHAT)).account_id is None
        write_credentials(os.environ["AWS_SHARED_CREDENTIALS_FILE"], ACCOUNT)
        made.clock.at += 20
        assert (await made.estate.identity(CHAT)).account_id == ACCOUNT
    finally:
        made.estate.close()


OTHER = "222222222222"


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
@pytest.mark.parametrize("account", [ACCOUNT, OTHER])
async def test_credentials_that_are_refused_are_read_again_and_their_account_is_asked_for(
    surroundings: pytest.MonkeyPatch, emulator: Emulator, code: str, account: str
) -> None:
    """boto3 reads a file once; and new credentials may be those of another account, where nothing is ours."""
    surroundings.setenv("AWS_ENDPOINT_URL", emulator.url)
    surroundings.setenv("AWS_REGION", "us-west-2")
    file = os.environ["AWS_SHARED_CREDENTIALS_FILE"]
    write_credentials(file, ACCOUNT)
    made = Opened()
    try:
        await made.estate.identity(CHAT)
        region = made.estate.region(CHAT, ACCOUNT, "us-west-2")
        await region.refresh(made.clock.now())
        fault = emulator.control.add_fault(service="ivschat", error={"code": code, "status": 403, "message": "old"})
        made.clock.at += 20
        with pytest.raises(CallFailed):
            await region.refresh(made.clock.now())
        emulator.control.remove_fault(fault)
        write_credentials(file, account)
        made.clock.at += 20
        known = (await made.estate.identity(CHAT)).account_id
        assert known == ACCOUNT, "who is not concerned goes on while AWS is asked whose the new ones are"
        asking = made.estate._own._asking
        assert asking is not None
        await asking
        assert (await made.estate.identity(CHAT)).account_id == account
        since = emulator.control.last_sequence()
        await made.estate.region(CHAT, account, "us-west-2").refresh(made.clock.now())
        assert [entry["account"] for entry in emulator.control.requests(since)] == [account]
    finally:
        made.estate.close()


async def test_what_concerns_no_credentials_is_no_reason_to_look_for_others(opened: Opened, emulator: Emulator) -> None:
    await opened.estate.identity(CHAT)
    emulator.control.add_fault(service="ivschat", error={"code": "AccessDeniedException", "message": "no"})
    opened.clock.at += 20
    with pytest.raises(CallFailed):
        await opened.estate.region(CHAT, ACCOUNT, "us-west-2").refresh(opened.clock.now())
    await opened.estate.identity(CHAT)
    assert emulator.control.counts(service="sts").total == 1


async def test_a_region_that_hangs_takes_no_thread_from_another(opened: Opened, emulator: Emulator) -> None:
    held = emulator.control.add_fault(region="eu-west-1", hold="before")
    await opened.estate.identity(CHAT)
    now = opened.clock.now()
    hanging = [
        asyncio.create_task(opened.estate.region(CHAT, ACCOUNT, "eu-west-1").inspect(f"arn:{number}"))
        for number in range(30)
    ]
    await asyncio.to_thread(emulator.control.wait_held, held, 1)
    async with asyncio.timeout(5):
        await opened.estate.region(CHAT, ACCOUNT, "us-west-2").refresh(now)
    assert not any(task.done() for task in hanging)
    for task in hanging:
        task.cancel()
    await asyncio.to_thread(emulator.control.clear_faults, discard=True)
    await asyncio.gather(*hanging, return_exceptions=True)
