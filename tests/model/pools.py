"""Each part of a state is kept once, under a number: a state is a handful of numbers in one integer."""

import json
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ivs_operator.domain.observed import Configuration, Consumer

__all__ = ["Pool", "Values", "packed", "unpacked"]

_T = TypeVar("_T", bound=Hashable)

_BITS = 26  # 67 million values of each part
_MASK = (1 << _BITS) - 1


class Pool(Generic[_T]):
    """Hashable values and their numbers."""

    def __init__(self) -> None:
        self._numbers: dict[_T, int] = {}
        self._values: list[_T] = []

    def __len__(self) -> int:
        return len(self._values)

    def number(self, value: _T) -> int:
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._values)
            self._values.append(value)
        return number

    def value(self, number: int) -> _T:
        return self._values[number]


def packed(parts: Iterable[int]) -> int:
    """Several numbers in one."""
    whole = 0
    for part in parts:
        whole = whole << _BITS | part
    return whole


def unpacked(whole: int, count: int) -> tuple[int, ...]:
    """The numbers that were packed."""
    return tuple(whole >> _BITS * place & _MASK for place in range(count - 1, -1, -1))


def frozen(value: Any) -> Any:
    """A nested value of mappings and lists as something hashable."""
    if isinstance(value, Mapping):
        return tuple(sorted((key, frozen(item)) for key, item in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(item) for item in value)
    return value


@dataclass
class Values:
    """Configurations, consumers and statuses by number. Known instances are found by identity, which is fast."""

    _numbers: dict[Any, int] = field(default_factory=dict)
    _known: dict[int, int] = field(default_factory=dict)
    _items: list[Any] = field(default_factory=list)

    def number(self, item: Configuration | Consumer | dict[str, Any]) -> int:
        known = self._known.get(id(item))
        if known is not None:
            return known
        key = _key(item)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._items)
            self._items.append(item)
            self._known[id(item)] = number  # it stays alive in the list, so nothing else gets its identity
        return number

    def item(self, number: int) -> Any:
        return self._items[number]


def _key(item: Any) -> Hashable:
    if isinstance(item, Configuration):
        settings = frozen(item.settings)
        return ("configuration", item.arn, item.state, settings, frozenset(item.tags.items()), item.complete)
    if isinstance(item, Consumer):
        return ("consumer", item.arn, item.configurations, frozenset(item.tags.items()))
    return json.dumps(item, sort_keys=True)
