"""The gateways against the emulator over HTTP: what boto3 sends and gets, as our values."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.calls import Calls, LazyClient
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, FaultClass, NotFound
from ivs_operator.domain.settings import canonical
from support.emulator import Emulator
from support.objects import CHAT, RECORDING, desired_of, resource


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


@pytest.fixture
def chat(emulator: Emulator, threads: ThreadPoolExecutor) -> ChatLoggingGateway:
    emulator.bucket("my-bucket")
    return ChatLoggingGateway(
        Calls("ivschat", LazyClient(lambda: emulator.client("ivschat")), Limiter(Clock()), threads)
    )


@pytest.fixture
def recording(emulator: Emulator, threads: ThreadPoolExecutor) -> RecordingGateway:
    emulator.bucket("my-bucket")
    return RecordingGateway(Calls("ivs", LazyClient(lambda: emulator.client("ivs")), Limiter(Clock()), threads))


async def everything(pages: Any) -> list[Any]:
    return [item async for page in pages for item in page]


async def test_a_logging_configuration_from_create_to_delete(emulator: Emulator, chat: ChatLoggingGateway) -> None:
    emulator.control.set(create_seconds=0, update_seconds=0, delete_seconds=0)
    wanted = desired_of(resource(CHAT))
    made = await chat.create(wanted.settings, {**wanted.tags, "team": "live"})
    assert made.settings == wanted.settings, "what AWS answers compares equal to what was asked for"
    assert made.tags == {**wanted.tags, "team": "live"}
    assert made.arn.endswith(f"/{made.id}")
    assert (made.create_time or "").endswith("Z")
    assert await everything(chat.configurations()) == [await chat.get(made.arn)]
    settings = {**wanted.settings, "name": "other"}
    assert (await chat.update(made.arn, settings)).settings == settings
    await chat.tag(made.arn, {"k": "v"})
    await chat.untag(made.arn, ["team"])
    seen = await chat.get(made.arn)
    assert (seen.state, seen.settings, seen.tags) == ("ACTIVE", settings, {**wanted.tags, "k": "v"})
    await chat.delete(made.arn)
    with pytest.raises(NotFound):
        await chat.get(made.arn)
    await chat.delete(made.arn)  # what is missing counts as deleted


async def test_a_recording_configuration_from_create_to_delete(emulator: Emulator, recording: RecordingGateway) -> None:
    emulator.control.set(create_seconds=0)
    spec: dict[str, Any] = {
        "thumbnailConfiguration": {
            "recordingMode": "INTERVAL",
            "resolution": "HD",
            "storage": ["SEQUENTIAL", "LATEST"],
        },
        "renditionConfiguration": {"renditionSelection": "CUSTOM", "renditions": ["SD", "HD"]},
        "recordingReconnectWindowSeconds": 60,
    }
    wanted = desired_of(resource(RECORDING, **spec))
    made = await recording.create(wanted.settings, wanted.tags)
    assert made.settings == wanted.settings
    (listed,) = await everything(recording.configurations())
    assert (listed.arn, listed.tags, listed.complete) == (made.arn, wanted.tags, False)
    assert set(listed.settings) == {"name", "destinationConfiguration"}
    seen = await recording.get(made.arn)
    assert (seen.settings, seen.complete, seen.state) == (wanted.settings, True, "ACTIVE")
    await recording.delete(made.arn)
    with pytest.raises(NotFound):
        await recording.get(made.arn)
    await recording.delete(made.arn)


async def test_what_the_user_leaves_out_compares_equal_to_what_aws_fills_in(recording: RecordingGateway) -> None:
    wanted = desired_of(resource(RECORDING))
    sent = {"name": "vod", "destinationConfiguration": {"s3": {"bucketName": "my-bucket"}}}
    made = await recording.create(sent, {})
    assert made.settings == canonical(RECORDING, sent) == wanted.settings


async def test_rooms(emulator: Emulator, chat: ChatLoggingGateway) -> None:
    arns = emulator.control.seed(logging_configurations=4)["loggingConfigurations"]
    client = emulator.client("ivschat")
    for n in range(60):
        client.create_room(name=f"room-{n}", tags={"n": str(n)})
    rooms = await everything(chat.consumers())
    assert len(rooms) == 60, "more than a page"
    times = [item.update_time for item in rooms]
    assert times == sorted(times, reverse=True), "newest first, and comparable as text"
    first = rooms[7]
    after = await chat.associate(first.arn, tuple(arns[:2]))
    assert after.configurations == tuple(arns[:2])
    assert await chat.get_consumer(first.arn) == after
    assert (after.name, after.tags) == (first.name, first.tags)
    assert await chat.users(arns[1]) == [after]
    assert await chat.users(arns[3]) == []
    assert (await chat.associate(first.arn, ())).configurations == ()
    assert await chat.users("arn:aws:ivschat:us-west-2:123456789012:logging-configuration/gone00000000") == []


async def test_channels(emulator: Emulator, recording: RecordingGateway) -> None:
    (one, *_) = emulator.control.seed(recording_configurations=2)["recordingConfigurations"]
    client = emulator.client("ivs")
    arns = [client.create_channel(name=f"c-{n}", tags={"n": str(n)})["channel"]["arn"] for n in range(3)]
    assert {item.arn for item in await everything(recording.consumers())} == set(arns)
    after = await recording.associate(arns[0], (one,))
    assert after.configurations == (one,)
    assert await recording.users(one) == [await recording.get_consumer(arns[0])]
    emulator.control.go_live(arns[0])
    assert await recording.live() == {arns[0]}
    with pytest.raises(CallFailed) as caught:
        await recording.associate(arns[0], ())
    assert (caught.value.fault.reason, caught.value.fault.kind) == (Reason.CHANNEL_LIVE, FaultClass.FAST)
    emulator.control.go_offline(arns[0])
    assert await recording.live() == frozenset()
    assert (await recording.associate(arns[0], ())).configurations == ()


MISSING = [
    pytest.param("chat", "room/missing00000", Reason.ROOM_NOT_FOUND, id="a room"),
    pytest.param("recording", "channel/missing00000", Reason.CHANNEL_NOT_FOUND, id="a channel"),
]


@pytest.mark.parametrize(("name", "path", "reason"), MISSING)
async def test_what_is_missing_is_named(request: pytest.FixtureRequest, name: str, path: str, reason: Reason) -> None:
    gateway = request.getfixturevalue(name)
    service = "ivschat" if name == "chat" else "ivs"
    with pytest.raises(NotFound) as caught:
        await gateway.get_consumer(f"arn:aws:{service}:us-west-2:123456789012:{path}")
    assert caught.value.fault.reason is reason


async def test_a_quota_is_told_in_awss_words_and_with_a_remedy(emulator: Emulator, chat: ChatLoggingGateway) -> None:
    emulator.control.set(logging_configurations_quota=0)
    with pytest.raises(CallFailed) as caught:
        await chat.create(desired_of(resource()).settings, {})
    fault = caught.value.fault
    assert (fault.reason, fault.kind, fault.applied) == (Reason.QUOTA_EXCEEDED, FaultClass.SLOW, False)
    assert "The quota of 0 " in fault.message
    assert "raise the quota in Service Quotas or delete one" in fault.message


async def test_a_reply_that_is_lost_leaves_open_whether_it_took_effect_and_is_not_repeated(
    emulator: Emulator, chat: ChatLoggingGateway
) -> None:
    emulator.control.add_fault(operation="CreateLoggingConfiguration", drop="after", count=1)
    with pytest.raises(CallFailed) as caught:
        await chat.create(desired_of(resource()).settings, {})
    assert caught.value.fault.applied is None
    assert len(emulator.control.resources("logging-configuration")) == 1
    assert emulator.control.counts(operation="CreateLoggingConfiguration").total == 1


async def test_a_throttle_slows_the_operation_down(emulator: Emulator, threads: ThreadPoolExecutor) -> None:
    limiter = Limiter(Clock())
    calls = Calls("ivschat", LazyClient(lambda: emulator.client("ivschat")), limiter, threads)
    emulator.control.add_fault(operation="ListRooms", throttle=True, count=1)
    full = limiter.bucket("ListRooms").rate
    with pytest.raises(CallFailed) as caught:
        await calls("ListRooms")
    assert caught.value.fault.reason is Reason.THROTTLED
    assert limiter.bucket("ListRooms").rate == pytest.approx(full / 2, rel=0.1)


async def test_a_call_that_has_left_is_finished_when_its_task_is_cancelled(
    emulator: Emulator, chat: ChatLoggingGateway
) -> None:
    held = emulator.control.add_fault(operation="CreateLoggingConfiguration", hold="before")
    task = asyncio.create_task(chat.create(desired_of(resource()).settings, {}))
    await asyncio.to_thread(emulator.control.wait_held, held)
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=0)
    assert not done
    await asyncio.to_thread(emulator.control.release, held)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(emulator.control.resources("logging-configuration")) == 1
