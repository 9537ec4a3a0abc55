"""The shared view: what Lists say, what own writes add, and what lags in between."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.inventory import SETTLING, Inventory
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound
from ivs_operator.domain.identity import Owner
from ivs_operator.domain.observed import Consumer, View
from ivs_operator.domain.selectors import Selector
from support.fake_aws import FakeAws, FakeGateway
from support.objects import CHAT, CLUSTER, RECORDING, arn_of, channel, configuration, consumer_arn, room
from support.virtual_time import START, VirtualClock, in_virtual_time

OWNER = Owner(CLUSTER, "live", "vod", "uid")
A = arn_of("a")
VA = arn_of("a", RECORDING)


class Place:
    """An inventory of AWS in memory."""

    def __init__(
        self,
        *items: Any,
        kind: Any = CHAT,
        lag: float = 0.0,
        trouble: Callable[[str, bool], str | None] = lambda *_: None,
    ) -> None:
        self.clock = VirtualClock()
        self.aws = FakeAws(self.clock, kind, lag)
        self.aws.put(*items)
        gateway: Any = FakeGateway(self.aws, trouble)
        self.inventory = Inventory(gateway, self.clock)

    def view(self, *names: str) -> View:
        return self.inventory.view(OWNER, names)

    async def refresh(self) -> None:
        await self.inventory.refresh(self.clock.now())

    def count(self, operation: str) -> int:
        return self.aws.count(operation=operation)


@in_virtual_time
async def test_a_view_holds_what_is_ours_what_is_named_and_what_is_elsewhere() -> None:
    place = Place(
        configuration("a"),
        configuration("named", owner=None),
        configuration("other", owner=f"{CLUSTER}/live/other"),
        configuration("far", owner="cluster-2/live/vod"),
    )
    before = place.view(arn_of("named"))
    assert (before.listed_at, before.owned, before.named) == (0.0, (), None), "before the first List"
    await place.refresh()
    view = place.view(arn_of("named"))
    assert [item.arn for item in view.owned] == [A]
    assert view.named is not None
    assert view.named.arn == arn_of("named")
    assert view.elsewhere == (), "whoever has an object of its own need not look elsewhere"
    assert set(view.owner_tags) == {A, arn_of("other"), arn_of("far")}
    place.aws.drop(A)
    await place.refresh()
    await place.inventory.inspect(A)
    assert [item.arn for item in place.view().elsewhere] == [arn_of("far")]


@in_virtual_time
async def test_listed_at_is_when_the_list_began() -> None:
    place = Place(*(configuration(f"{n}", owner=None) for n in range(30)))
    await asyncio.sleep(5)
    await place.refresh()
    assert place.clock.now() > START + 5
    assert place.view().listed_at == START + 5


@in_virtual_time
async def test_all_pages_are_read() -> None:
    place = Place(*(configuration(f"{n:02}") for n in range(11)))
    await place.refresh()
    assert len(place.view().owned) == 11


@in_virtual_time
async def test_an_own_write_wins_over_a_list_that_lags() -> None:
    place = Place(configuration("a"), lag=5)
    await asyncio.sleep(10)
    await place.refresh()
    place.inventory.put(await place.inventory.gateway.update(A, {"name": "new", "destinationConfiguration": {}}))
    place.inventory.retag(A, {"team": "live"})
    await place.inventory.gateway.tag(A, {"team": "live"})
    await asyncio.sleep(1)
    await place.refresh()
    (seen,) = place.view().owned
    assert (seen.settings["name"], seen.tags["team"]) == ("new", "live")


@in_virtual_time
async def test_an_own_write_does_not_hide_what_others_do_later() -> None:
    place = Place(configuration("a"))
    await place.refresh()
    place.inventory.put(await place.inventory.gateway.update(A, {"name": "ours", "destinationConfiguration": {}}))
    await asyncio.sleep(SETTLING + 1)
    place.aws.put(replace(place.aws.configurations[A], settings={"name": "theirs"}))
    await place.refresh()
    assert place.view().owned[0].settings["name"] == "theirs"


@in_virtual_time
async def test_what_was_just_made_and_is_not_listed_yet_is_not_gone() -> None:
    place = Place(lag=20)
    tags = {TAG_OWNER: OWNER.tag}
    made = await place.inventory.gateway.create({"name": "n", "destinationConfiguration": {}}, tags)
    place.inventory.put(made)
    await asyncio.sleep(2)
    await place.refresh()
    view = place.view()
    assert view.unlisted == {made.arn}
    assert [item.arn for item in view.owned] == [made.arn]
    await place.inventory.inspect(made.arn)
    assert place.view().unlisted == frozenset()
    await asyncio.sleep(30)
    await place.refresh()
    assert place.view().unlisted == frozenset()


@in_virtual_time
async def test_what_a_get_does_not_find_is_gone_until_a_list_shows_it_again() -> None:
    place = Place(configuration("a"))
    await place.refresh()
    place.aws.drop(A)
    await place.refresh()
    assert (place.view(A).unlisted, place.view(A).gone) == ({A}, frozenset())
    await place.inventory.inspect(A)
    assert (place.view(A).unlisted, place.view(A).gone, place.view(A).owned) == (frozenset(), {A}, ())
    place.aws.put(configuration("a"))
    await asyncio.sleep(SETTLING + 1)
    await place.refresh()
    assert place.view(A).gone == frozenset()


@in_virtual_time
async def test_a_list_that_lags_behind_a_confirmed_delete_does_not_bring_it_back() -> None:
    place = Place(configuration("a"), lag=5)
    await asyncio.sleep(10)
    await place.refresh()
    place.aws.drop(A)
    await place.inventory.inspect(A)
    await asyncio.sleep(1)
    await place.refresh()
    assert place.view(A).owned == ()


@in_virtual_time
async def test_what_nobody_here_owns_is_just_forgotten() -> None:
    place = Place(configuration("a", owner=None))
    await place.refresh()
    place.aws.drop(A)
    await place.refresh()
    assert place.view(A).unlisted == frozenset()
    assert place.view(A).named is None


@in_virtual_time
async def test_after_a_delete_it_counts_as_on_its_way_out_although_it_is_shown_as_it_was() -> None:
    """A deleted recording configuration is listed as ACTIVE for a while."""
    place = Place(configuration("a", RECORDING), kind=RECORDING)
    place.aws.busy = 20
    await place.refresh()
    await place.inventory.gateway.delete(VA)
    place.inventory.deleted(VA)
    for look in (place.refresh(), place.inventory.inspect(VA), place.inventory.poll(VA)):
        await look
        assert [item.state for item in place.view().owned] == ["DELETING"]
    await asyncio.sleep(30)
    await place.inventory.poll(VA)
    assert (place.view(VA).owned, place.view(VA).gone) == ((), {VA})


@in_virtual_time
async def test_what_only_get_tells_is_kept_when_a_list_leaves_it_out() -> None:
    place = Place(configuration("a", RECORDING, recordingReconnectWindowSeconds=60), kind=RECORDING)
    await place.refresh()
    assert not place.view().owned[0].complete
    await place.inventory.inspect(VA)
    await place.refresh()
    (seen,) = place.view().owned
    assert seen.complete
    assert seen.settings["recordingReconnectWindowSeconds"] == 60


@in_virtual_time
async def test_tags_that_were_written_and_not_read_since_are_unconfirmed() -> None:
    place = Place(configuration("a", owner=None))
    await place.refresh()
    await asyncio.sleep(1)
    place.inventory.retag(A, {TAG_OWNER: OWNER.tag})
    assert place.view(A).unconfirmed == {A}
    await asyncio.sleep(1)
    await place.inventory.inspect(A)
    assert place.view(A).unconfirmed == frozenset()
    assert place.view(A).owned == (), "and what is read counts: somebody else may have written"


@in_virtual_time
async def test_few_who_wait_are_polled_by_get_and_many_by_one_list() -> None:
    place = Place(*(configuration(f"{n}", state="CREATING") for n in range(8)))
    await place.refresh()
    lists = place.count("ListConfigurations")
    await asyncio.gather(*(place.inventory.poll(arn_of(f"{n}")) for n in range(2)))
    assert (place.count("Get"), place.count("ListConfigurations")) == (2, lists)
    await asyncio.gather(*(place.inventory.poll(arn_of(f"{n}")) for n in range(8)))
    assert place.count("Get") <= 2 + 4
    assert place.count("ListConfigurations") == lists + 1
    assert place.inventory._polling == set()


@in_virtual_time
async def test_a_list_that_fails_leaves_the_view_as_it_was() -> None:
    broken: list[str] = []
    place = Place(configuration("a"), room("r", "a"), trouble=lambda *_: broken[0] if broken else None)
    await place.inventory.sweep(consumers=True, streams=False)
    before = place.view(A)
    broken.append("unsent")
    await asyncio.sleep(60)
    place.aws.drop(A)
    with pytest.raises(CallFailed):
        await place.inventory.sweep(consumers=True, streams=False)
    assert replace(place.view(A), live=before.live) == before


@in_virtual_time
async def test_rooms_are_found_by_arn_name_and_tags_after_a_pass() -> None:
    place = Place(room("r", "a", name="lobby", env="prod"), room("s", env="prod"))
    assert place.view().consumers.listed_at == 0.0
    await place.inventory.audience.refresh(0.0)
    found = place.view().consumers
    assert found.listed_at == START
    for selector, count in (
        (Selector(arn=consumer_arn("r")), 1),
        (Selector(name="lobby"), 1),
        (Selector(match_tags=(("env", "prod"),)), 2),
        (Selector(match_tags=(("env", "test"),)), 0),
    ):
        assert len(list(found.matching(selector))) == count
    assert [item.arn for item in found.users(A)] == [consumer_arn("r")]


@in_virtual_time
async def test_what_is_read_or_written_during_a_pass_is_newer_than_the_pass() -> None:
    place = Place(*(room(f"r{n:02}", env="prod") for n in range(30)))
    passing = asyncio.create_task(place.inventory.audience.refresh(0.0))
    await asyncio.sleep(0.2)
    place.inventory.audience.put(room("r05", "a", env="prod"))
    await passing
    shown = place.view().consumers.get(consumer_arn("r05"))
    assert shown is not None
    assert shown.configurations == (A,)


@in_virtual_time
async def test_a_room_that_one_pass_misses_is_gone_only_after_a_get() -> None:
    place = Place(room("r"), room("s"), lag=5)
    await asyncio.sleep(10)
    await place.inventory.audience.refresh(0.0)
    place.aws.drop(consumer_arn("r"))
    place.aws.put(room("new"))
    place.inventory.audience.put(room("new"))  # just made: the Lists do not show it yet
    await asyncio.sleep(60)
    place.aws.lag = 55
    await place.inventory.sweep(consumers=True, streams=False)
    place.aws.lag = 0
    await asyncio.sleep(60)
    await place.inventory.sweep(consumers=True, streams=False)
    known = place.view().consumers
    assert known.get(consumer_arn("r")) is None
    assert known.get(consumer_arn("new")) is not None
    assert known.get(consumer_arn("s")) is not None


@in_virtual_time
async def test_between_full_passes_new_rooms_are_found_by_reading_the_newest_first() -> None:
    place = Place(*(room(f"r{n:03}") for n in range(60)))
    await place.inventory.sweep(consumers=True, streams=False)
    place.aws.put(room("late", env="prod"))
    passes = place.view().consumers.listed_at
    await asyncio.sleep(2)
    await place.inventory.sweep(consumers=True, streams=False)
    assert place.view().consumers.listed_at == passes, "twenty pages a second time would be above a fifth of the rate"
    assert place.view().consumers.get(consumer_arn("late")) is not None


@in_virtual_time
async def test_beside_the_first_pass_a_sweep_reads_no_rooms() -> None:
    """All it saw would be news, so it would read every page, at the cost of the pass."""
    place = Place(*(room(f"r{n:03}") for n in range(60)))
    passing = asyncio.create_task(place.inventory.audience.refresh(0.0))
    await asyncio.sleep(0.01)
    await place.inventory.sweep(consumers=True, streams=False)
    assert not passing.done()
    await passing
    assert place.count("ListConsumers") == 1


@in_virtual_time
async def test_filtered_lists_are_counted_and_correct_what_is_known() -> None:
    place = Place(room("r", "a"))
    await place.inventory.audience.refresh(0.0)
    await place.inventory.audience.list_users(A)
    assert place.view().users[A].empty_in_a_row == 0
    place.aws.put(room("r"))
    for expected in (1, 2):
        await place.inventory.audience.list_users(A)
        assert place.view().users[A].empty_in_a_row == expected
    assert list(place.view().consumers.users(A)) == []
    place.inventory.audience.put(room("s", "a"))
    assert place.view().users[A].empty_in_a_row == 0, "who was just joined ends the row"


@in_virtual_time
async def test_a_room_that_does_not_exist_is_told_with_its_own_reason() -> None:
    place = Place()
    with pytest.raises(NotFound) as caught:
        await place.inventory.audience.inspect(consumer_arn("r"))
    assert caught.value.fault.reason is Reason.ROOM_NOT_FOUND


@in_virtual_time
async def test_streams_are_asked_for_when_somebody_waits() -> None:
    place = Place(channel("c"), kind=RECORDING)
    place.aws.live.add(consumer_arn("c", RECORDING))
    await place.inventory.sweep(consumers=True, streams=False)
    assert place.view().live == frozenset()
    await place.inventory.sweep(consumers=True, streams=True)
    assert place.view().live == {consumer_arn("c", RECORDING)}


class Guarded(FakeGateway):
    """Get of some rooms is refused: a policy that goes by tags says so also of what is gone and has none."""

    refused: frozenset[str] = frozenset()

    async def get_consumer(self, arn: str) -> Consumer:
        if arn in self.refused:
            message = f"GetRoom: not authorized on {arn}"
            raise CallFailed(Fault(FaultClass.SLOW, Reason.ACCESS_DENIED, message, code="AccessDeniedException"))
        return await super().get_consumer(arn)


@pytest.mark.parametrize("refused", [1, 30])
@in_virtual_time
async def test_rooms_that_may_not_be_read_do_not_hold_up_what_is_found_out_of_others(refused: int) -> None:
    rooms = [room(f"{number:02}") for number in range(60)]
    place = Place(*rooms)
    gateway = Guarded(place.aws)
    gateway.refused = frozenset(item.arn for item in rooms[:refused])
    inventory = Inventory(gateway, place.clock)  # type: ignore[arg-type]
    await inventory.sweep(consumers=True, streams=False)
    place.aws.drop(*(item.arn for item in rooms))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with capture_logs() as lines:
        for _ in range(8):
            await asyncio.sleep(60)
            await inventory.sweep(consumers=True, streams=False)
    assert {item.arn for item in inventory.audience.index} == gateway.refused, "of which nobody can tell"
    told = [arn for line in lines for arn in line["arns"]]
    assert sorted(told) == sorted(gateway.refused), "each is told once"


@in_virtual_time
async def test_what_is_gone_is_remembered_for_those_who_name_it_and_forgotten_for_the_rest() -> None:
    named, other = arn_of("named"), arn_of("other")
    place = Place()
    for arn in (named, other):
        await place.inventory.inspect(arn)
    for _ in range(3 * 60):
        await asyncio.sleep(60)
        await place.refresh()
        assert place.view(named).gone == {named}, "else it would be looked for again and again"
    assert set(place.inventory._gone) == {named}
    await asyncio.sleep(2 * 3600)
    await place.refresh()
    assert (place.inventory._gone, place.inventory._gone_asked) == ({}, {}), "nobody names it any more"
