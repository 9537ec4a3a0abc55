"""The shared view of rooms or channels of one account and region: who uses which configuration.

Rooms and channels are many and mostly not ours. A full pass over them is made as seldom as a fifth of the documented
rate demands; in between, rooms are read newest update first until what comes is known.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

import structlog

from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.aws.sharing import Shared, retrieved
from ivs_operator.domain.failures import CallFailed, FaultClass, NotFound
from ivs_operator.domain.observed import Consumer, ConsumerIndex, Users

__all__ = ["Audience"]

_SHARE: Final = 0.2
"""Share of the documented rate that full passes may take."""

_RATE: Final = 5.0  # calls per second of ListRooms and ListChannels; source: service quotas

_PATIENCE: Final = 5.0  # seconds that a sweep waits for a full pass: 25 pages, or 1,250 rooms, at the documented rate

_CONFIRMED_PER_SWEEP: Final = 25  # Gets; a few seconds' worth of the rate, so that a mass deletion is noticed in turn

_TOLD: Final = 3  # different refusals in one line of the log; IAM names each room in its own

log = structlog.get_logger(__name__)


class _Clock(Protocol):
    def now(self) -> float: ...


class Audience:
    """Rooms or channels, as far as they are known."""

    def __init__(self, gateway: RecordingGateway | ChatLoggingGateway, clock: _Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._index = ConsumerIndex()
        self._pages = 1
        self._newest = ""
        self._missing: set[str] = set()
        self._refused: dict[str, str] = {}
        """Of those, what can't be got, and why: the last in turn, and told once."""
        self._users: dict[str, Users] = {}
        self._live: frozenset[str] = frozenset()
        self._pass = Shared(self._read_all, clock)

    @property
    def index(self) -> ConsumerIndex:
        """All that are known."""
        return self._index

    @property
    def users(self) -> Mapping[str, Users]:
        """What filtered Lists have said, by configuration."""
        return self._users

    @property
    def live(self) -> frozenset[str]:
        """Channels that broadcast, while somebody waits for one."""
        return self._live

    async def refresh(self, newer_than: float) -> None:
        """A complete pass that begins after `newer_than`.

        Raises:
            CallFailed: it could not be read.
        """
        await self._pass.newer_than(newer_than)

    async def sweep(self, now: float, *, consumers: bool, streams: bool) -> None:
        """Look again: a full pass when the rate allows one, else, or while one is under way, what has changed lately.

        Raises:
            CallFailed: a List could not be read.
        """
        due = now - self._index.listed_at >= self._pages / (_RATE * _SHARE)
        if consumers and due and not self._pass.running:
            await self._begin_pass(now)
        elif consumers and self._gateway.newest_first and self._newest:  # before the first pass all would be news
            await self._read_recent()
        if consumers:
            await self._confirm_missing()
        self._live = await self._gateway.live() if streams else frozenset()

    async def _begin_pass(self, now: float) -> None:
        """A full pass; a long one goes on by itself, since the sweep that waits for it sees nothing else meanwhile."""
        reading = asyncio.create_task(self.refresh(now))
        reading.add_done_callback(retrieved)
        await asyncio.wait({reading}, timeout=_PATIENCE)
        if reading.done():
            reading.result()

    async def inspect(self, arn: str) -> None:
        """Get one room or channel.

        Raises:
            NotFound: it does not exist.
            CallFailed: it could not be read.
        """
        try:
            consumer = await self._gateway.get_consumer(arn)
        except NotFound:
            self.forget(arn)
            raise
        self.put(consumer)

    async def list_users(self, configuration: str) -> None:
        """List who uses one configuration.

        Raises:
            CallFailed: the List could not be read.
        """
        asked_at = self._clock.now()
        found = {item.arn: item for item in await self._gateway.users(configuration)}
        known = self._users.get(configuration, Users())
        for consumer in found.values():
            self.put(consumer)
        for former in [item for item in self._index.users(configuration) if item.arn not in found]:
            rest = tuple(entry for entry in former.configurations if entry != configuration)
            self.put(replace(former, configurations=rest))
        self._users[configuration] = Users(asked_at, 0 if found else known.empty_in_a_row + 1)

    def forget_users(self, configuration: str) -> None:
        """What filtered Lists said about a configuration holds no longer."""
        self._users.pop(configuration, None)

    def put(self, consumer: Consumer) -> None:
        """Take a room or channel as just read or written."""
        self._index.put(consumer)
        self._pass.touched(consumer.arn)
        for configuration in consumer.configurations:
            known = self._users.get(configuration)
            if known is not None and known.empty_in_a_row:
                self._users[configuration] = replace(known, empty_in_a_row=0)

    def forget(self, arn: str) -> None:
        """A room or channel does not exist any more."""
        self._index.remove(arn)
        self._pass.touched(arn)

    async def _confirm_missing(self) -> None:
        """What one pass has missed is gone only when a Get says so. One that is refused holds up none of the others.

        Raises:
            CallFailed: what passes by itself, such as a throttle; the next sweep goes on.
        """
        news: dict[str, str] = {}
        self._refused = {arn: why for arn, why in self._refused.items() if arn in self._missing}
        for arn in sorted(self._missing, key=lambda arn: (arn in self._refused, arn))[:_CONFIRMED_PER_SWEEP]:
            try:
                with suppress(NotFound):
                    await self.inspect(arn)
            except CallFailed as error:
                if error.fault.kind is FaultClass.FAST:
                    raise
                why = error.fault.message
                if self._refused.get(arn) != why:
                    self._refused[arn] = news[arn] = why
            else:
                self._missing.discard(arn)
        if news:
            told = sorted(set(news.values()))[:_TOLD]
            log.warning("Lists do not show these any more, and Get is refused", arns=[*news], errors=told)

    async def _read_recent(self) -> None:
        """Page by page, newest update first, until what comes is known already.

        Finds new rooms and changed associations. Deletions, and tags (a change of which moves no updateTime), are left
        to the full pass.
        """
        seen: list[Consumer] = []
        async for page in self._gateway.consumers():
            for consumer in page:
                self.put(consumer)
            seen += page
            if not page or (page[-1].update_time or "") <= self._newest:
                break
        self._see(seen)

    async def _read_all(self, began: float) -> None:
        found: dict[str, Consumer] = {}
        pages = 0
        self._pass.watch()
        async for page in self._gateway.consumers():
            self._pass.answered()
            pages += 1
            found.update((item.arn, item) for item in page if item.arn not in found)
        self._pages = pages
        self._see(found.values())
        self._keep_newer(found)
        # An update during the pass moves a room to a page that was read already.
        overlooked = {known.arn: known for known in self._index if known.arn not in found}
        self._missing = set(overlooked)
        self._index = ConsumerIndex((*found.values(), *overlooked.values()), listed_at=began)

    def _keep_newer(self, found: dict[str, Consumer]) -> None:
        """What was read or written while the pass went on is newer than what the pass saw of it."""
        for arn in self._pass.watched():
            newer = self._index.get(arn)
            if newer is not None:
                found[arn] = newer
            else:
                found.pop(arn, None)

    def _see(self, consumers: Iterable[Consumer]) -> None:
        """Only what a read saw to its end is known: one that broke off may have left older changes unread."""
        self._newest = max([self._newest, *(item.update_time or "" for item in consumers)])
