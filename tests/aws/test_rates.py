"""Token buckets in virtual time: never above the rate, half after a throttle, back slowly, people first."""

import asyncio

import pytest

from ivs_operator.aws.rates import RATES, Bucket, Limiter
from ivs_operator.priority import NOT_AFTER
from support.virtual_time import START, VirtualClock, in_virtual_time


async def times(bucket: Bucket, count: int, *, background: bool = False) -> list[float]:
    """When each of `count` calls that all begin now may leave, in seconds from the start."""
    clock = VirtualClock()

    async def one() -> float:
        await bucket.take(background=background)
        return clock.now() - START

    return sorted(await asyncio.gather(*(one() for _ in range(count))))


@pytest.mark.parametrize("rate", [3.0, 5.0, 10.0])
def test_never_above_the_rate(rate: float) -> None:
    @in_virtual_time
    async def story() -> None:
        left = await times(Bucket(rate, VirtualClock()), 60)
        for first in left:
            window = [time for time in left if first <= time < first + 10]
            assert len(window) <= 11 * rate, "over ten seconds: the rate, and what was saved up"
        assert left[-1] <= 60 / rate * 1.03, "and hardly below it either"

    story()


@in_virtual_time
async def test_what_is_not_used_is_saved_for_less_than_the_second_that_aws_saves() -> None:
    """Calls that leave one after the other may arrive together, so that a burst as large as AWS allows is too large."""
    bucket = Bucket(5, VirtualClock())
    await asyncio.sleep(3600)
    began = VirtualClock().now() - START
    left = await times(bucket, 20)
    assert sum(1 for time in left if time == began) == 3


@in_virtual_time
async def test_a_throttle_halves_the_rate_down_to_a_tenth_and_it_comes_back() -> None:
    bucket = Bucket(10, VirtualClock())
    full = bucket.rate
    rates = []
    for _ in range(6):
        bucket.throttled()
        rates.append(round(bucket.rate / full, 3))
    assert rates == [0.5, 0.25, 0.125, 0.1, 0.1, 0.1]
    await asyncio.sleep(10)
    await bucket.take()
    assert 0.55 < bucket.rate / full < 0.75, "slowly: others use the account's quota as well"
    await asyncio.sleep(60)
    await bucket.take()
    assert bucket.rate == full


@in_virtual_time
async def test_a_throttle_takes_away_what_was_saved() -> None:
    bucket = Bucket(5, VirtualClock())
    bucket.throttled()
    left = await times(bucket, 1)
    assert left[0] > 0.3


@in_virtual_time
async def test_people_go_first_and_in_their_order() -> None:
    bucket = Bucket(1, VirtualClock())
    order: list[str] = []

    async def call(name: str, *, background: bool) -> None:
        await bucket.take(background=background)
        order.append(name)

    tasks = [asyncio.create_task(call(f"sweep-{n}", background=True)) for n in range(3)]
    await asyncio.sleep(0.1)
    tasks += [asyncio.create_task(call(f"edit-{n}", background=False)) for n in range(2)]
    await asyncio.gather(*tasks)
    assert order == ["sweep-0", "edit-0", "edit-1", "sweep-1", "sweep-2"]


@in_virtual_time
async def test_one_token_in_eight_is_the_backgrounds_however_many_people_wait() -> None:
    """Else thousands of associations would blind the sweeps until the last of them has left."""
    bucket = Bucket(5, VirtualClock())
    await times(bucket, 3)
    order: list[str] = []

    async def call(name: str, *, background: bool) -> None:
        await bucket.take(background=background)
        order.append(name)

    async with asyncio.TaskGroup() as calls:
        for _ in range(80):
            calls.create_task(call("edit", background=False))
        for _ in range(5):
            calls.create_task(call("page", background=True))
    assert [place for place, name in enumerate(order) if name == "page"] == [7, 15, 23, 31, 39]
    assert VirtualClock().now() - START < 85 / 5 * 1.05, "at the full rate all the while"


@in_virtual_time
async def test_an_edit_waits_for_one_call_of_the_background_at_most() -> None:
    bucket = Bucket(5, VirtualClock())
    await times(bucket, 3)
    pages = [asyncio.create_task(bucket.take(background=True)) for _ in range(1000)]
    await asyncio.sleep(10)
    began = VirtualClock().now()
    await bucket.take()
    assert VirtualClock().now() - began <= 2 / 5 * 1.05
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


@in_virtual_time
async def test_who_gives_up_waiting_takes_no_token() -> None:
    bucket = Bucket(1, VirtualClock())
    await bucket.take()
    waiting = [asyncio.create_task(bucket.take()) for _ in range(10)]
    await asyncio.sleep(0.1)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    left = await times(bucket, 1)
    assert left[0] < 1.2


@in_virtual_time
async def test_who_comes_too_late_or_waits_until_it_is_takes_no_token() -> None:
    clock = VirtualClock()
    limiter = Limiter(clock)

    async def call(left: float) -> bool:
        NOT_AFTER.set(clock.now() + left)
        return await limiter.take("CreateRecordingConfiguration", background=False)

    assert not await asyncio.create_task(call(0.0)), "although there is a token"
    assert not await asyncio.create_task(call(-5.0))
    at_once = await asyncio.gather(*(call(1.0) for _ in range(30)))
    assert VirtualClock().now() - START == pytest.approx(1.0, abs=0.01), "nobody waits in vain"
    assert sum(at_once) == 4, "a second's worth, and what was saved up: none of it was lost"
    assert await asyncio.create_task(call(0.5)), "those who left before have taken none"


def test_each_operation_has_its_own_bucket_at_the_documented_rate() -> None:
    limiter = Limiter(VirtualClock())
    for operation, rate in (("TagResource", 10), ("CreateRecordingConfiguration", 3), ("ListRooms", 5)):
        assert rate * 0.95 < limiter.bucket(operation).rate <= rate
    assert limiter.bucket("ListRooms") is limiter.bucket("ListRooms")
    assert limiter.bucket("ListRooms") is not limiter.bucket("GetRoom")
    assert set(RATES.values()) == {10.0, 3.0}
