"""What the emulated accounts hold, as plain values that are replaced and never changed in place."""

import secrets
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count
from typing import Any, Self

__all__ = ["Kind", "Resource", "Shelf", "Territory", "Transition", "World", "new_id"]

ID_LENGTH = 12
_ID_ALPHABET = string.ascii_letters + string.digits


class Kind(StrEnum):
    """Kinds of resources; the value is the type part of their ARNs."""

    RECORDING_CONFIGURATION = "recording-configuration"
    CHANNEL = "channel"
    STREAM_KEY = "stream-key"
    STREAM = "stream"
    STREAM_SESSION = "stream-session"
    ROOM = "room"
    LOGGING_CONFIGURATION = "logging-configuration"

    @property
    def service(self) -> str:
        """The service that the kind belongs to."""
        return "ivschat" if self in {Kind.ROOM, Kind.LOGGING_CONFIGURATION} else "ivs"


def new_id(length: int = ID_LENGTH) -> str:
    """A random identifier in the alphabet of both services."""
    return "".join(secrets.choice(_ID_ALPHABET) for _ in range(length))


@dataclass(frozen=True, slots=True)
class Transition:
    """What becomes of a resource at `due` (seconds since the epoch): state `state`, or gone if that is None."""

    due: float
    state: str | None


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its API members by their API names, and what only the emulator knows.

    `order` grows with every write that the service would date with a new updateTime.
    """

    members: Mapping[str, Any]
    created: float
    order: int = 0
    transition: Transition | None = None

    @property
    def arn(self) -> str:
        """Identity; a stream has that of its channel."""
        return str(self.members.get("arn") or self.members["channelArn"])

    @property
    def state(self) -> str:
        """State in AWS's words; empty for kinds that have none."""
        return str(self.members.get("state", ""))

    @property
    def leaving(self) -> bool:
        """Whether a delete has been accepted."""
        return self.transition is not None and self.transition.state is None

    def with_members(self, **members: Any) -> Self:
        """A copy with some members replaced."""
        return replace(self, members={**self.members, **members})


@dataclass(frozen=True, slots=True)
class Lag:
    """How far Lists trail behind writes; both bounds must have passed."""

    seconds: float = 0.0
    lists: int = 0

    def __bool__(self) -> bool:
        return self.seconds > 0 or self.lists > 0


@dataclass(frozen=True, slots=True)
class _Unseen:
    """A write that Lists do not show yet, with what they show instead (None: nothing)."""

    visible_at: float
    visible_after_lists: int
    shown: Resource | None


@dataclass(slots=True)
class Shelf:
    """All resources of one kind in one account and region. Every access first carries out transitions that are due."""

    current: dict[str, Resource] = field(default_factory=dict)
    lists: int = 0
    _unseen: dict[str, list[_Unseen]] = field(default_factory=dict)
    _moving: set[str] = field(default_factory=set)
    _sorted: list[Resource] | None = None

    def get(self, arn: str, now: float, lag: Lag) -> Resource | None:
        """The resource, or None."""
        self.settle(now, lag)
        return self.current.get(arn)

    def all(self, now: float, lag: Lag) -> list[Resource]:
        """Every resource as it is, whatever Lists show."""
        self.settle(now, lag)
        return list(self.current.values())

    def put(self, resource: Resource, now: float, lag: Lag) -> None:
        """Store `resource` in place of what has its ARN."""
        self._remember(resource.arn, now, lag)
        # Last written last, so that sorting by order meets sorted input.
        self.current.pop(resource.arn, None)
        self.current[resource.arn] = resource
        if resource.transition is None:
            self._moving.discard(resource.arn)
        else:
            self._moving.add(resource.arn)

    def remove(self, arn: str, now: float, lag: Lag) -> None:
        """Forget a resource."""
        self._remember(arn, now, lag)
        del self.current[arn]
        self._moving.discard(arn)

    def listed(self, now: float, lag: Lag, *, first_page: bool) -> list[Resource]:
        """What a List shows, newest write first."""
        self.settle(now, lag)
        self.lists += first_page
        self._forget_seen(now)
        if self._sorted is None or self._unseen:
            shown = {**self.current}
            for arn, unseen in self._unseen.items():
                shown.pop(arn, None)
                if unseen[0].shown is not None:
                    shown[arn] = unseen[0].shown
            ordered = sorted(shown.values(), key=lambda resource: -resource.order)
            if self._unseen:
                return ordered
            self._sorted = ordered
        return self._sorted

    def settle(self, now: float, lag: Lag) -> None:
        """Carry out the transitions that are due."""
        for arn in [arn for arn in self._moving if _due(self.current[arn]) <= now]:
            resource = self.current[arn]
            assert resource.transition is not None  # noqa: S101 - only moving resources are in the set
            if resource.transition.state is None:
                self.remove(arn, resource.transition.due, lag)
            else:
                settled = replace(resource.with_members(state=resource.transition.state), transition=None)
                self.put(settled, resource.transition.due, lag)

    def copy(self) -> "Shelf":
        """An independent copy; the resources themselves are never changed, so they are shared."""
        unseen = {arn: list(entries) for arn, entries in self._unseen.items()}
        return Shelf(dict(self.current), self.lists, unseen, set(self._moving), None)

    def _remember(self, arn: str, now: float, lag: Lag) -> None:
        self._sorted = None
        if lag:
            entry = _Unseen(now + lag.seconds, self.lists + lag.lists, self.current.get(arn))
            self._unseen.setdefault(arn, []).append(entry)

    def _forget_seen(self, now: float) -> None:
        for arn, entries in list(self._unseen.items()):
            while entries and entries[0].visible_at <= now and entries[0].visible_after_lists < self.lists:
                entries.pop(0)
            if not entries:
                del self._unseen[arn]
                self._sorted = None


def _due(resource: Resource) -> float:
    return resource.transition.due if resource.transition is not None else float("inf")


@dataclass(slots=True)
class Territory:
    """One account in one region."""

    account: str
    region: str
    shelves: dict[Kind, Shelf] = field(default_factory=lambda: {kind: Shelf() for kind in Kind})

    def arn(self, kind: Kind, identifier: str) -> str:
        """The ARN of a resource of this territory."""
        return f"arn:aws:{kind.service}:{self.region}:{self.account}:{kind.value}/{identifier}"


class World:
    """All territories. Not thread-safe: whoever serves requests holds one lock around each of them."""

    def __init__(self) -> None:
        self._territories: dict[tuple[str, str], Territory] = {}
        self._writes = count(1)

    def territory(self, account: str, region: str) -> Territory:
        """The territory, made on first use."""
        return self._territories.setdefault((account, region), Territory(account, region))

    def next_order(self) -> int:
        """A number larger than all before."""
        return next(self._writes)

    def clear(self) -> None:
        """Forget everything."""
        self._territories.clear()

    def snapshot(self) -> Callable[[], None]:
        """Remember the present contents; calling the result brings them back, as often as wanted."""
        kept = {key: _copy(territory) for key, territory in self._territories.items()}

        def restore() -> None:
            self._territories = {key: _copy(territory) for key, territory in kept.items()}

        return restore

    def __iter__(self) -> Iterator[Territory]:
        return iter(self._territories.values())


def _copy(territory: Territory) -> Territory:
    shelves = {kind: shelf.copy() for kind, shelf in territory.shelves.items()}
    return Territory(territory.account, territory.region, shelves)
