"""What AWS has, as values, and the view of it that one object is planned against.

Times are seconds on one clock that never goes backwards; `0.0` means never.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from ivs_operator.domain.selectors import Selector

__all__ = ["NO_CONSUMERS", "Configuration", "Consumer", "ConsumerIndex", "Consumers", "Users", "View"]


@dataclass(frozen=True, slots=True)
class Configuration:
    """A recording or logging configuration as AWS reports it."""

    arn: str
    state: str
    settings: Mapping[str, Any]
    """Canonical; without what only Get reports unless `complete`."""
    tags: Mapping[str, str]
    id: str = ""
    create_time: str | None = None
    update_time: str | None = None
    complete: bool = True
    """False for a list entry that leaves out settings (recording configurations)."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """A chat room or a channel, reduced to what association needs."""

    arn: str
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    configurations: tuple[str, ...] = ()
    """ARNs in AWS's order; at most three for a room, one for a channel."""
    update_time: str | None = None


class Consumers(Protocol):
    """Rooms or channels of one account and region, indexed."""

    @property
    def listed_at(self) -> float:
        """When the latest complete pass began; 0.0 without one."""

    def get(self, arn: str) -> Consumer | None:
        """One by its ARN."""

    def matching(self, selector: Selector) -> Iterable[Consumer]:
        """Those that a selector entry means."""

    def users(self, configuration: str) -> Iterable[Consumer]:
        """Those that are associated with a configuration."""


class ConsumerIndex:
    """Consumers by ARN, name, tag and configuration, so that a look costs what it finds and not what exists."""

    def __init__(self, consumers: Iterable[Consumer] = (), *, listed_at: float = 0.0) -> None:
        self.listed_at = listed_at
        self._by_arn: dict[str, Consumer] = {}
        self._by_name: dict[str, set[str]] = {}
        self._by_tag: dict[tuple[str, str], set[str]] = {}
        self._by_configuration: dict[str, set[str]] = {}
        for consumer in consumers:
            self.put(consumer)

    def __len__(self) -> int:
        return len(self._by_arn)

    def __iter__(self) -> Iterator[Consumer]:
        return iter(self._by_arn.values())

    def get(self, arn: str) -> Consumer | None:
        """One by its ARN."""
        return self._by_arn.get(arn)

    def matching(self, selector: Selector) -> Iterable[Consumer]:
        """Those that a selector entry means."""
        return [self._by_arn[arn] for arn in self._candidates(selector)]

    def users(self, configuration: str) -> Iterable[Consumer]:
        """Those that are associated with a configuration."""
        return [self._by_arn[arn] for arn in self._by_configuration.get(configuration, ())]

    def put(self, consumer: Consumer) -> None:
        """Add a consumer, or replace what is known of it."""
        self.remove(consumer.arn)
        self._by_arn[consumer.arn] = consumer
        self._by_name.setdefault(consumer.name, set()).add(consumer.arn)
        for tag in consumer.tags.items():
            self._by_tag.setdefault(tag, set()).add(consumer.arn)
        for configuration in consumer.configurations:
            self._by_configuration.setdefault(configuration, set()).add(consumer.arn)

    def remove(self, arn: str) -> None:
        """Forget a consumer; unknown ones are no error."""
        old = self._by_arn.pop(arn, None)
        if old is None:
            return
        _discard(self._by_name, old.name, arn)
        for tag in old.tags.items():
            _discard(self._by_tag, tag, arn)
        for configuration in old.configurations:
            _discard(self._by_configuration, configuration, arn)

    def _candidates(self, selector: Selector) -> Iterable[str]:
        if selector.arn is not None:
            return [selector.arn] if selector.arn in self._by_arn else []
        if selector.name is not None:
            return self._by_name.get(selector.name, ())
        sets = sorted((self._by_tag.get(tag, set()) for tag in selector.match_tags), key=len)
        return set.intersection(*sets) if sets else ()


def _discard(index: dict[Any, set[str]], key: object, arn: str) -> None:
    members = index[key]
    members.discard(arn)
    if not members:
        del index[key]


NO_CONSUMERS = ConsumerIndex()


@dataclass(frozen=True, slots=True)
class Users:
    """Answers of filtered Lists about one configuration; whom they found is in the index."""

    listed_at: float = 0.0
    empty_in_a_row: int = 0
    """How many Lists in a row showed nobody; two are needed before a delete, since one may lag."""


@dataclass(frozen=True, slots=True)
class View:
    """What is known of AWS that concerns one object. Never a reason to call: looking costs nothing."""

    listed_at: float = 0.0
    """When the latest complete List of configurations began."""
    owned: tuple[Configuration, ...] = ()
    """Those that carry our owner tag."""
    named: Configuration | None = None
    """The one that `existing` or the status names, whoever owns it."""
    gone: frozenset[str] = frozenset()
    """ARNs that a Get has answered with not found."""
    unlisted: frozenset[str] = frozenset()
    """ARNs known to have existed that the latest List left out: gone, or the List lags. A Get decides."""
    read_at: Mapping[str, float] = field(default_factory=dict)
    """When each configuration above was last read, by ARN."""
    unconfirmed: frozenset[str] = frozenset()
    """ARNs whose tags we have written and not read since: somebody else may have written at the same time."""
    got: frozenset[str] = frozenset()
    """ARNs that a Get has shown, not only a List."""
    elsewhere: tuple[Configuration, ...] = ()
    """Those of the same namespace and name under another cluster id."""
    consumers: Consumers = NO_CONSUMERS
    live: frozenset[str] = frozenset()
    """Channels that broadcast now, as far as somebody waits for one."""
    users: Mapping[str, Users] = field(default_factory=dict)
    known: Collection[str] = frozenset()
    """ARN of every configuration of the account that was read."""
    owner_tags: Mapping[str, str] = field(default_factory=dict)
    """Owner tag by ARN of every configuration of the account that has one."""
