"""Large accounts: rooms and channels are mostly not ours, so looking at them is spread thin and believed slowly."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, s3

if TYPE_CHECKING:
    from support.walk import Walk

_ROOMS, _CHANNELS = 20_000, 5_000
_PAGE_OF_CHANNELS = 100
_RATE = 5.0  # calls per second that AWS documents for ListRooms and ListChannels
_SHARE = 0.2  # of it may go into full passes
_FIRST_PASS = 180.0  # seconds; 400 pages of rooms at the documented rate take 80


def _further_pages(walk: Walk, operation: str, since: int) -> list[float]:
    """When pages after the first were read, in seconds: only a full pass reads them, as long as little changes."""
    return [
        entry["time"] for entry in walk.control.requests(since, operation=operation) if "nextToken" in entry["body"]
    ]


def test_few_rooms_and_channels_among_very_many_are_found_and_sweeps_in_between_stay_small(walk: Walk) -> None:
    bucket = walk.emulator.bucket("archive")
    walk.control.seed(rooms=_ROOMS - 3, prefix="room")
    walk.control.seed(channels=_CHANNELS - 2, prefix="channel")
    rooms = walk.control.seed(rooms=3, prefix="ours", tags={"env": "prod"})["rooms"]
    channels = walk.control.seed(channels=2, prefix="ours", tags={"env": "prod"})["channels"]
    entries = [{"matchTags": {"env": "prod"}}]

    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket), channels=entries)
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=entries)
    vod = walk.ready(RECORDING, "vod", timeout=_FIRST_PASS)["arn"]
    logs = walk.ready(CHAT, "logs", timeout=_FIRST_PASS)["arn"]
    assert [walk.held_by(room) for room in rooms] == [[logs]] * 3
    assert [walk.recorded_by(channel) for channel in channels] == [vod] * 2

    since = walk.control.last_sequence()
    later = walk.room("later", env="prod")
    walk.associated([later], logs)
    walk.sweeps(CHAT, 5)
    seen = walk.control.counts(since).operations
    sweeps = seen["ivschat.ListLoggingConfigurations"]
    assert seen["ivschat.ListRooms"] <= sweeps + 2, "a new room is found on the first page, newest update first"
    assert _further_pages(walk, "ListRooms", since) == []

    passes = _further_pages(walk, "ListChannels", 0)
    allowed = (passes[-1] - passes[0]) * _RATE * _SHARE + _CHANNELS / _PAGE_OF_CHANNELS
    assert len(passes) <= allowed, "channels can't be read newest first, so all that is read of them are full passes"


def test_full_passes_take_a_fifth_of_the_documented_rate(walk: Walk) -> None:
    walk.control.seed(rooms=250)  # 5 pages of 50
    bucket = walk.emulator.bucket("archive")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    walk.ready(CHAT, "logs")
    since = walk.control.last_sequence()

    until(
        lambda: len(_further_pages(walk, "ListRooms", since)) >= 12, "three more full passes", last=walk.operator.tail
    )

    pages = _further_pages(walk, "ListRooms", since)
    starts = pages[::4]  # a pass has four pages after its first
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert min(gaps) >= 5 / (_RATE * _SHARE) - 0.5, "five pages, one call a second on average"


def test_a_room_that_a_pass_misses_is_gone_only_when_a_get_says_so(walk: Walk) -> None:
    walk.room("lobby")
    walk.control.set(list_lag_seconds=3600)
    unlisted = walk.room("new")  # Lists don't show it, Get does
    bucket = walk.emulator.bucket("archive")
    since = walk.control.last_sequence()
    walk.apply(
        CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"arn": unlisted}, {"matchTags": {"env": "prod"}}]
    )
    arn = walk.ready(CHAT, "logs")["arn"]
    mark = walk.mark()

    walk.sweeps(CHAT, 4)

    assert walk.status(CHAT, "logs")["associations"]["summary"] == "1/1"
    assert walk.kube_writes(mark) == [], "it was never believed gone"
    assert len(walk.control.requests(since, operation="GetRoom")) >= 4, "each pass that missed it asked for it"
    walk.control.set(list_lag_seconds=0)
    walk.chat.delete_room(identifier=unlisted)
    assert unlisted in walk.reason(CHAT, "logs", "RoomNotFound")
    assert [item["arn"] for item in walk.configurations(CHAT)] == [arn]


def test_a_room_matched_by_tags_that_is_deleted_is_no_longer_counted(walk: Walk) -> None:
    rooms = [walk.room(f"room-{number}", env="prod") for number in range(3)]
    bucket = walk.emulator.bucket("archive")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    walk.ready(CHAT, "logs")

    walk.chat.delete_room(identifier=rooms[0])

    walk.wait(CHAT, "logs", lambda item: item["status"]["associations"]["summary"] == "2/2", "counts two")


def test_an_edit_that_releases_many_rooms_goes_in_batches_is_shown_and_is_stopped_by_editing_back(
    walk: Walk,
) -> None:
    """300 rooms stand for any number: at 5 calls a second, letting them all go would take a minute."""
    bucket = walk.emulator.bucket("archive")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "logs")["arn"]
    walk.control.seed(rooms=300, tags={"env": "prod"}, logging_configuration_identifiers=[arn])
    entries = [{"matchTags": {"env": "prod"}}]
    walk.edit(CHAT, "logs", rooms=entries)
    walk.wait(CHAT, "logs", lambda item: _summary(item) == "300/300", "counts 300")
    walk.ready(CHAT, "logs")
    since, mark = walk.control.last_sequence(), walk.mark()

    walk.edit(CHAT, "logs", rooms=[])
    found = walk.wait(CHAT, "logs", lambda item: "to let go" in str(item["status"]["conditions"]), "shows the release")
    assert condition(found, "Associated")["status"] == "False"
    assert found["status"]["associations"]["selectors"] == entries, "on record until the last one is let go"
    until(lambda: _updates(walk, since) >= 60, "60 are let go", last=walk.operator.tail)
    assert len(walk.kube_writes(mark)) <= 2, "its start, and progress at most once a minute"

    walk.edit(CHAT, "logs", rooms=entries)
    walk.wait(CHAT, "logs", lambda item: _summary(item) == "300/300" and _settled(item), "has all back")
    updates = _updates(walk, since)
    assert updates < 2 * 150, f"stopped soon after the edit: {updates} writes let go and took back"
    assert updates % 2 == 0, "each that was let go was taken back, no other was touched"
    assert all(room["loggingConfigurationIdentifiers"] == [arn] for room in walk.control.resources("room"))


def _summary(item: dict[str, object]) -> object:
    status = item["status"]
    assert isinstance(status, dict)
    return status.get("associations", {}).get("summary")


def _settled(item: dict[str, object]) -> bool:
    return condition(item, "Associated").get("status") == "True" and condition(item, "Ready").get("status") == "True"


def _updates(walk: Walk, since: int) -> int:
    return len(walk.control.requests(since, operation="UpdateRoom"))
