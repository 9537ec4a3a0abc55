"""The shared view of one kind in one account and region: Lists that serve all objects, and what own writes add to them.

Invariants:
* A List may lag behind a write. What we wrote wins over a List that began within `SETTLING` seconds of the write; what
  existed and is missing from a List is `unlisted` until a Get decides.
* One List at a time; whoever needs one that begins after some moment shares it with everybody else who does.
* `listed_at` is when the latest complete List *began*: what was done before that moment it has seen (or lags).
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.aws.audience import Audience
from ivs_operator.aws.chat_logging import ChatLoggingGateway
from ivs_operator.aws.rates import CREATIONS
from ivs_operator.aws.recording import RecordingGateway
from ivs_operator.aws.sharing import Shared
from ivs_operator.domain.failures import NotFound
from ivs_operator.domain.identity import Owner, owner_of
from ivs_operator.domain.observed import Configuration, View

__all__ = ["SETTLING", "Inventory"]

SETTLING: Final = 10.0
"""Seconds for which an own write wins over Lists. AWS publishes no bound; other tools see a few seconds."""

_GONE_SLOWLY: Final = 60.0
"""Seconds after a delete for which an object that is still shown counts as on its way out."""

_REMEMBERED: Final = 3600.0
"""Seconds for which it is remembered that an object is gone after anybody has last asked for it; who still names it is
planned with every sweep, and must not have it looked for again and again."""


class _Clock(Protocol):
    def now(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Entry:
    configuration: Configuration
    read_at: float
    written_at: float = 0.0
    deleted_at: float = 0.0
    tagged_at: float = 0.0
    got: bool = False


class Inventory:
    """What AWS has of one kind in one account and region, as far as is known."""

    def __init__(
        self,
        gateway: RecordingGateway | ChatLoggingGateway,
        clock: _Clock,
        creations: asyncio.Semaphore | None = None,
    ) -> None:
        """`creations` are the places of those that are about to create, shared with whoever shares the rates."""
        self._gateway = gateway
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._by_owner: dict[str, set[str]] = {}
        self._owner_tags: dict[str, str] = {}
        self._gone: dict[str, float] = {}
        self._gone_asked: dict[str, float] = {}
        self._unlisted: set[str] = set()
        self._listed_at = 0.0
        self._pages = 1
        self._polling: set[str] = set()
        self._list = Shared(self._read_configurations, clock)
        self._audience = Audience(gateway, clock)
        self._creations = creations or asyncio.Semaphore(CREATIONS)

    @property
    def gateway(self) -> RecordingGateway | ChatLoggingGateway:
        """The service beneath."""
        return self._gateway

    @property
    def audience(self) -> Audience:
        """The rooms or channels there."""
        return self._audience

    @property
    def creations(self) -> asyncio.Semaphore:
        """The places of those that are about to create."""
        return self._creations

    def view(self, owner: Owner, names: Iterable[str]) -> View:
        """What is known that concerns one object."""
        names = tuple(names)
        own = sorted(self._by_owner.get(owner.tag, ()))
        gone = frozenset(arn for arn in names if arn in self._gone)
        self._gone_asked.update(dict.fromkeys(gone, self._clock.now()))
        named = [arn for arn in names if arn in self._entries]
        relevant = dict.fromkeys((*own, *named))
        return View(
            listed_at=self._listed_at,
            owned=tuple(self._entries[arn].configuration for arn in own),
            named=self._entries[named[0]].configuration if named else None,
            gone=gone,
            unlisted=frozenset(arn for arn in relevant if arn in self._unlisted),
            read_at={arn: self._entries[arn].read_at for arn in relevant},
            unconfirmed=frozenset(arn for arn in named if self._entries[arn].tagged_at > self._entries[arn].read_at),
            got=frozenset(arn for arn in relevant if self._entries[arn].got),
            elsewhere=() if own else self._elsewhere(owner),
            consumers=self.audience.index,
            live=self.audience.live,
            users=self.audience.users,
            known=self._entries.keys(),
            owner_tags=self._owner_tags,
        )

    @property
    def listed_at(self) -> float:
        """When the latest complete List began; 0.0 without one."""
        return self._listed_at

    def listed(self) -> tuple[Configuration, ...]:
        """Every configuration that Lists have shown and that is not known or suspected to be gone."""
        return tuple(entry.configuration for arn, entry in self._entries.items() if arn not in self._unlisted)

    async def refresh(self, newer_than: float) -> None:
        """A complete List of configurations that begins after `newer_than`.

        Raises:
            CallFailed: the List could not be read.
        """
        await self._list.newer_than(newer_than)

    async def sweep(self, *, consumers: bool, streams: bool) -> None:
        """Look at everything again.

        Raises:
            CallFailed: a List could not be read.
        """
        now = self._clock.now()
        await self.refresh(now)
        await self.audience.sweep(now, consumers=consumers, streams=streams)

    async def inspect(self, arn: str) -> None:
        """Get one configuration, or learn that it is gone.

        Raises:
            CallFailed: neither could be learned.
        """
        asked_at = self._clock.now()
        try:
            configuration = await self.gateway.get(arn)
        except NotFound:
            self._drop(arn)
            self._gone[arn] = self._clock.now()
            return
        self._unlisted.discard(arn)
        self._gone.pop(arn, None)
        known = self._entries.get(arn)
        if known is not None and _leaving(known, configuration, asked_at):
            configuration = replace(configuration, state="DELETING")
        elif known is not None:
            known = replace(known, deleted_at=0.0)
        base = known or _Entry(configuration, asked_at)
        self._keep(replace(base, configuration=configuration, read_at=asked_at, got=True))

    async def poll(self, arn: str) -> None:
        """Look at one configuration in transition: a Get each while few wait, a shared List once that is cheaper.

        Raises:
            CallFailed: it could not be read.
        """
        self._polling.add(arn)
        try:
            if len(self._polling) > self._pages + 1 and self._listed_at:
                asked_at = self._clock.now()
                await self.refresh(asked_at)
                if arn not in self._unlisted:
                    return
            await self.inspect(arn)
        finally:
            self._polling.discard(arn)

    def put(self, configuration: Configuration) -> None:
        """Take the answer to an own write into the view. What it leaves out is kept."""
        now = self._clock.now()
        known = self._entries.get(configuration.arn)
        if known is not None and not configuration.tags:
            configuration = replace(configuration, tags=known.configuration.tags)
        self._gone.pop(configuration.arn, None)
        self._unlisted.discard(configuration.arn)
        self._keep(_Entry(configuration, read_at=now, written_at=now))

    def retag(self, arn: str, tags: Mapping[str, str], removed: Iterable[str] = ()) -> None:
        """Take an own change of tags into the view."""
        known = self._entries.get(arn)
        if known is None:
            return
        gone = set(removed)
        kept = {key: value for key, value in known.configuration.tags.items() if key not in gone}
        configuration = replace(known.configuration, tags={**kept, **tags})
        now = self._clock.now()
        self._keep(replace(known, configuration=configuration, written_at=now, tagged_at=now))

    def doubt(self, arn: str) -> None:
        """What is known of it may be wrong: a Get must come before anything else."""
        if arn in self._entries:
            self._unlisted.add(arn)

    def deleted(self, arn: str) -> None:
        """Take an own delete into the view: from now on it is on its way out."""
        known = self._entries.get(arn)
        self.audience.forget_users(arn)
        if known is not None:
            configuration = replace(known.configuration, state="DELETING")
            self._keep(replace(known, configuration=configuration, read_at=0.0, deleted_at=self._clock.now()))

    async def _read_configurations(self, began: float) -> None:
        seen: dict[str, Configuration] = {}
        pages = 0
        async for page in self.gateway.configurations():
            self._list.answered()
            pages += 1
            seen.update((item.arn, item) for item in page)
        self._pages = pages
        for configuration in seen.values():
            self._merge(configuration, began)
        for arn, entry in tuple(self._entries.items()):
            if arn not in seen and entry.read_at < began:
                self._missed(arn, entry)
        self._forget_gone(began)
        self._listed_at = began

    def _forget_gone(self, now: float) -> None:
        """Drop what was gone long ago and nobody asks for: objects come and go for months."""
        for arn, gone_at in tuple(self._gone.items()):
            if now - max(gone_at, self._gone_asked.get(arn, 0.0)) > _REMEMBERED:
                del self._gone[arn]
        self._gone_asked = {arn: at for arn, at in self._gone_asked.items() if arn in self._gone}

    def _merge(self, listed: Configuration, began: float) -> None:
        """One entry of a List against what is known."""
        gone_at = self._gone.get(listed.arn)
        if gone_at is not None and began - gone_at < SETTLING:
            return  # the List lags behind a delete that a Get has confirmed
        self._gone.pop(listed.arn, None)
        self._unlisted.discard(listed.arn)
        known = self._entries.get(listed.arn)
        if known is None:
            self._keep(_Entry(listed, read_at=began))
            return
        if known.read_at > began:
            return
        merged = _combined(listed, known, began)
        deleted_at = known.deleted_at if merged.state == "DELETING" else 0.0
        self._keep(replace(known, configuration=merged, read_at=began, deleted_at=deleted_at))

    def _missed(self, arn: str, entry: _Entry) -> None:
        """A List that left out what was known. Only ours is worth a Get; what nobody here owns is just forgotten."""
        if TAG_OWNER in entry.configuration.tags:
            self._unlisted.add(arn)
        else:
            self._drop(arn)

    def _elsewhere(self, owner: Owner) -> tuple[Configuration, ...]:
        """Those of the same namespace and name under another cluster id."""
        suffix = f"/{owner.namespace}/{owner.name}"
        arns = sorted(arn for arn, tag in self._owner_tags.items() if tag.endswith(suffix) and tag != owner.tag)
        found = (self._entries[arn].configuration for arn in arns)
        return tuple(item for item in found if owner_of(item.tags) is not None)

    def _keep(self, entry: _Entry) -> None:
        arn = entry.configuration.arn
        self._drop_owner(arn)
        self._entries[arn] = entry
        owner = entry.configuration.tags.get(TAG_OWNER)
        if owner is not None:
            self._owner_tags[arn] = owner
            self._by_owner.setdefault(owner, set()).add(arn)

    def _drop(self, arn: str) -> None:
        self._drop_owner(arn)
        self._entries.pop(arn, None)
        self._unlisted.discard(arn)
        self.audience.forget_users(arn)

    def _drop_owner(self, arn: str) -> None:
        owner = self._owner_tags.pop(arn, None)
        if owner is not None:
            self._by_owner[owner].discard(arn)
            if not self._by_owner[owner]:
                del self._by_owner[owner]


def _combined(listed: Configuration, known: _Entry, began: float) -> Configuration:
    """A List entry, completed by what only Get tells and never changes, and by own writes it may not show yet."""
    before = known.configuration
    if not listed.complete and before.complete:
        listed = replace(listed, settings={**before.settings, **listed.settings}, complete=True)
    if began - known.written_at < SETTLING:
        listed = replace(listed, settings=before.settings, tags=before.tags, complete=before.complete)
    if _leaving(known, listed, began):
        listed = replace(listed, state="DELETING")
    return listed


def _leaving(known: _Entry, shown: Configuration, asked_at: float) -> bool:
    """Whether what AWS still shows is on its way out after our delete; DELETE_FAILED may be of an earlier attempt."""
    patience = SETTLING if shown.state == "DELETE_FAILED" else _GONE_SLOWLY
    return bool(known.deleted_at) and asked_at - known.deleted_at < patience
