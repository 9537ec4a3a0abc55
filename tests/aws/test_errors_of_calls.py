"""What only a call shows: answers that are nobody's, calls that hang, and a region that does not answer."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from ivs_operator.api.reasons import Reason
from ivs_operator.aws import calls as module
from ivs_operator.aws.calls import CLIENT_CONFIG, Calls, LazyClient
from ivs_operator.aws.rates import Limiter
from ivs_operator.aws.reach import Reach
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass
from ivs_operator.priority import NOT_AFTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOM = "arn:aws:ivschat:us-west-2:123456789012:room/abcdefghijkl"


class Hands:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> float:
        return self.at


class Body:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._raw

    def read(self, *_: Any) -> bytes:
        return self._raw


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.threads.shutdown()


class Line:
    """Calls of a real client whose HTTP is a function of the test."""

    def __init__(self) -> None:
        self.clock = Hands()
        self.threads = ThreadPoolExecutor(4)
        self.sent: list[str] = []
        self.reply: Callable[[], Any] = lambda: (200, b"{}")
        client = boto3.Session().client(
            "ivschat",
            region_name="us-west-2",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=CLIENT_CONFIG,
        )
        client.meta.events.register("before-send", self._send)
        self.faults: list[Fault] = []
        limiter = Limiter(self.clock)
        reach = Reach(self.clock)
        source = LazyClient(lambda: client)
        self.calls = Calls("ivschat", source, limiter, self.threads, reach=reach, on_fault=self.faults.append)

    def _send(self, event_name: str, **_: Any) -> AWSResponse:
        self.sent.append(event_name.rpartition(".")[2])
        status, raw = self.reply()
        return AWSResponse("http://127.0.0.1:9", status, {}, Body(raw))

    async def fault(self, operation: str, **parameters: Any) -> Fault:
        """What a call fails with."""
        with pytest.raises(CallFailed) as caught:
            await self.calls(operation, **parameters)
        self.clock.at += 0.5  # the rate is not what is tried here
        return caught.value.fault


@pytest.mark.parametrize("body", [b"<html>Welcome to the hotel</html>", b"{", b""])
@pytest.mark.parametrize(
    ("operation", "parameters"),
    [("ListRooms", {}), ("GetRoom", {"identifier": ROOM}), ("UpdateRoom", {"identifier": ROOM})],
)
async def test_a_success_that_is_not_awss_is_no_success(
    line: Line, operation: str, parameters: dict[str, Any], body: bytes
) -> None:
    """A proxy in between: to take its page for an empty List would mean that everything is gone."""
    line.reply = lambda: (200, body)
    fault = await line.fault(operation, **parameters)
    assert (fault.kind, fault.reason, fault.applied) == (FaultClass.FAST, Reason.UNAVAILABLE, None)
    assert "proxy" in fault.message


async def test_a_call_that_our_own_rate_kept_back_for_too_long_does_not_blame_aws(line: Line) -> None:
    limit = NOT_AFTER.set(line.clock.now())
    try:
        fault = await line.fault("UpdateRoom", identifier=ROOM)
    finally:
        NOT_AFTER.reset(limit)
    assert (fault.kind, fault.reason, fault.applied) == (FaultClass.FAST, Reason.THROTTLED, False)
    assert fault.message.startswith("UpdateRoom was not called: the operator's own rate")
    assert line.sent == []
    assert line.faults == [], "it says nothing of the credentials"


async def test_an_empty_list_is_an_answer(line: Line) -> None:
    line.reply = lambda: (200, b'{"rooms": []}')
    assert (await line.calls("ListRooms"))["rooms"] == []


async def test_what_has_no_answer_to_read_needs_none(line: Line) -> None:
    line.reply = lambda: (204, b"")
    await line.calls("TagResource", resourceArn=ROOM, tags={"a": "b"})


async def test_a_read_that_hangs_is_given_up_before_its_connection_is(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(module, "_READ_PATIENCE", 0.05)

    def hang() -> tuple[int, bytes]:
        answered.wait(30)
        return 200, b'{"rooms": []}'

    line.reply = hang
    fault = await line.fault("ListRooms")
    answered.set()
    assert (fault.kind, fault.reason) == (FaultClass.FAST, Reason.UNAVAILABLE)


async def test_a_write_is_waited_for_longer_than_a_read(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """To give it up would leave open whether it took effect."""
    answered = threading.Event()
    monkeypatch.setattr(module, "_READ_PATIENCE", 0.01)

    def hang() -> tuple[int, bytes]:
        answered.wait(30)
        return 200, b'{"arn": "x"}'

    line.reply = hang
    call = asyncio.create_task(line.calls("UpdateRoom", identifier=ROOM))
    done, _ = await asyncio.wait([call], timeout=0.2)
    assert not done
    answered.set()
    assert (await call)["arn"] == "x"


async def test_a_write_whose_answer_never_ends_counts_as_unanswered(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer in drops outlives the read time-out, which is one of silence. Intent and grace take over."""
    answered = threading.Event()
    monkeypatch.setattr(module, "_WRITE_PATIENCE", 0.05)

    def drip() -> tuple[int, bytes]:
        answered.wait(30)
        return 200, b'{"arn": "x"}'

    line.reply = drip
    fault = await line.fault("UpdateRoom", identifier=ROOM)
    answered.set()
    assert (fault.kind, fault.reason, fault.applied) == (FaultClass.FAST, Reason.UNAVAILABLE, None)
    assert fault.message.startswith("UpdateRoom: no answer from AWS (Read timeout on endpoint URL")


async def test_a_stop_waits_a_moment_for_a_write_that_has_left(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    left, answered = threading.Event(), threading.Event()
    monkeypatch.setattr(module, "_STOP_PATIENCE", 0.2)

    def hang() -> tuple[int, bytes]:
        left.set()
        answered.wait(30)
        return 200, b'{"arn": "x"}'

    line.reply = hang
    call = asyncio.create_task(line.calls("UpdateRoom", identifier=ROOM))
    await asyncio.to_thread(left.wait, 30)
    call.cancel()
    done, _ = await asyncio.wait([call], timeout=0.01)
    assert not done, "its answer may come"
    done, _ = await asyncio.wait([call], timeout=30)
    answered.set()
    assert done, "though not for ever"
    assert call.cancelled()


async def test_a_write_that_was_given_up_before_it_left_never_leaves(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials that come late: nobody expects its effect any more."""
    there = threading.Event()
    monkeypatch.setattr(module, "_WRITE_PATIENCE", 0.05)
    client = line.calls._access.client.get()

    def make() -> Any:
        there.wait(30)
        return client

    line.calls.use(LazyClient(make), on_fault=line.faults.append)
    fault = await line.fault("UpdateRoom", identifier=ROOM)
    there.set()
    await asyncio.to_thread(line.threads.shutdown)
    assert (fault.reason, fault.applied, line.sent) == (Reason.ACCESS_DENIED, False, [])


URL = "https://ivschat.us-west-2.amazonaws.com"


@pytest.mark.parametrize("error", [ReadTimeoutError, ConnectTimeoutError])
async def test_a_region_that_does_not_answer_is_left_alone_but_for_one_attempt_now_and_then(
    line: Line, error: type[ReadTimeoutError | ConnectTimeoutError]
) -> None:
    def silent() -> Any:
        raise error(endpoint_url=f"{URL}/{line.sent[-1]}")

    line.reply = silent
    asked = [await line.fault("ListRooms") for _ in range(2)] + [await line.fault("GetRoom", identifier=ROOM)]
    assert len(line.sent) == 3
    refused = await line.fault("GetRoom", identifier=ROOM)
    assert len(line.sent) == 3, "not called"
    assert (refused.kind, refused.reason, refused.applied) == (FaultClass.FAST, Reason.UNAVAILABLE, False)
    assert refused.message == asked[-1].message, "a status that told two messages in turn would be written for ever"
    assert asked[0].message.partition(": ")[2] == refused.message.partition(": ")[2], "whichever operation was tried"

    line.clock.at += 20
    faults = await asyncio.gather(*(line.fault("ListRooms") for _ in range(5)))
    assert len(line.sent) == 4, "one tries for all"
    assert sum(fault.code == "NotCalled" for fault in faults) == 4

    line.clock.at += 20
    line.reply = lambda: (200, b'{"rooms": []}')
    for _ in range(5):
        await line.calls("ListRooms")
        line.clock.at += 0.5
    assert len(line.sent) == 9, "all is well again"


@pytest.mark.parametrize(
    ("status", "code", "slower"),
    [
        (429, "SomethingNew", True),
        (503, "SlowDown", True),
        (400, "ThrottlingException", True),
        (403, "AccessDeniedException", False),
    ],
)
async def test_whatever_is_a_throttle_slows_the_operation_down(
    line: Line, status: int, code: str, slower: bool
) -> None:
    full = line.calls._limiter.bucket("ListRooms").rate
    line.reply = lambda: (status, b'{"__type": "%s"}' % code.encode())
    assert (await line.fault("ListRooms")).code == code
    assert (line.calls._limiter.bucket("ListRooms").rate < full * 0.9) is slower


async def test_refusals_and_lost_replies_between_answers_are_no_reason_to_give_a_region_up(line: Line) -> None:
    answers = iter([None, None, (403, b"{}"), None, None, (500, b""), None, (200, b'{"rooms": []}')])

    def next_one() -> Any:
        answer = next(answers)
        if answer is None:
            raise ReadTimeoutError(endpoint_url="x")
        return answer

    line.reply = next_one
    for _ in range(7):
        assert (await line.fault("ListRooms")).code != "NotCalled"
    await line.calls("ListRooms")


async def test_credentials_that_are_withdrawn_while_a_call_waits_for_a_thread_are_not_used(line: Line) -> None:
    """Nor is what is refused here a failure of AWS's: it was not asked."""
    withdrawn = threading.Event()

    def admit() -> None:
        if withdrawn.is_set():
            raise CallFailed(Fault(FaultClass.FAST, Reason.ACCOUNT_NOT_FOUND, "gone", code="NotCalled"))

    line.calls.use(line.calls._access.client, admit=admit, on_fault=line.faults.append)
    goes_on = threading.Event()
    busy = [line.threads.submit(goes_on.wait, 30) for _ in range(4)]
    waiting = asyncio.create_task(line.fault("ListRooms"))
    async with asyncio.timeout(10):
        while line.threads._work_queue.empty():  # noqa: ASYNC110 - an executor tells nobody that something waits
            await asyncio.sleep(0)
    withdrawn.set()
    goes_on.set()
    assert (await waiting).reason is Reason.ACCOUNT_NOT_FOUND
    assert (await line.fault("GetRoom", identifier=ROOM)).reason is Reason.ACCOUNT_NOT_FOUND
    assert (line.sent, line.faults) == ([], [])
    assert all(item.result() for item in busy)
