"""What an installation watches, and whether two of them could watch the same object. Pure."""

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Self

__all__ = ["Watched", "is_pattern"]

_IN = re.compile(r"^([^\s=!,()]+)\s+(in|notin)\s+\(([^()]*)\)$")
_EQUAL = re.compile(r"^([^\s=!,()]+)\s*(==|=|!=)\s*([^\s=!,()]*)$")
_WILD = frozenset("*?[]!,")  # kopf takes globs, lists of them, and exceptions for namespaces
_EXCEPT = frozenset("!,")
_BETWEEN = re.compile(r",(?![^()]*\))")


@dataclass(frozen=True, slots=True)
class Watched:
    """Namespaces (none: all) and a label selector (empty: everything)."""

    namespaces: tuple[str, ...]
    selector: str

    @classmethod
    def parse(cls, text: object) -> Self | None:
        """What `told` has written; None when it is something else."""
        try:
            read = json.loads(str(text))
            return cls(tuple(map(str, read["namespaces"])), str(read["selector"]))
        except (ValueError, KeyError, TypeError):
            return None

    def told(self) -> str:
        """As a text for an annotation."""
        return json.dumps({"namespaces": sorted(self.namespaces), "selector": self.selector})

    def overlaps(self, other: "Watched") -> bool:
        """Whether one object could be watched by both. Selectors count as disjoint only when they surely are."""
        if self.namespaces and other.namespaces:
            pairs = itertools.product(self.namespaces, other.namespaces)
            if not any(_may_meet(one, another) for one, another in pairs):
                return False
        return not _disjoint(self.selector, other.selector)


@dataclass(frozen=True, slots=True)
class _Demand:
    """What a selector demands of one label: to be among `allowed` (None: any), not among `refused`, there or not."""

    allowed: frozenset[str] | None = None
    refused: frozenset[str] = frozenset()
    present: bool | None = None


def is_pattern(namespace: str) -> bool:
    """Whether what is given as a namespace stands for those that match it, and is no name itself."""
    return bool(set(namespace) & _WILD)


def _may_meet(one: str, other: str) -> bool:
    """Whether two names or patterns of namespaces could stand for the same one; patterns may as a rule."""
    patterns = [text for text in (one, other) if is_pattern(text)]
    if not patterns:
        return one == other
    if len(patterns) == 2 or set(patterns[0]) & _EXCEPT:  # noqa: PLR2004 - both of them
        return True
    return fnmatchcase(other if patterns[0] == one else one, patterns[0])


def _disjoint(one: str, other: str) -> bool:
    """Whether no labels fulfil both: some label can't have a value that both want."""
    demands = [*_demands(one), *_demands(other)]
    return any(_contradictory([demand for key, demand in demands if key == label]) for label, _ in demands)


def _contradictory(demands: list[_Demand]) -> bool:
    presence = {demand.present for demand in demands if demand.present is not None}
    if presence == {True, False}:
        return True
    wanted = [demand.allowed for demand in demands if demand.allowed is not None]
    refused = frozenset[str]().union(*(demand.refused for demand in demands))
    return bool(wanted) and not frozenset.intersection(*wanted) - refused


def _demands(selector: str) -> Iterator[tuple[str, _Demand]]:
    """Of each label; what can't be read demands nothing, so that it never makes two selectors disjoint."""
    for part in (part.strip() for part in _BETWEEN.split(selector)):
        if found := _IN.match(part):
            values = frozenset(value.strip() for value in found[3].split(","))
            yield found[1], _Demand(values, present=True) if found[2] == "in" else _Demand(refused=values)
        elif found := _EQUAL.match(part):
            value = frozenset({found[3]})
            yield found[1], _Demand(refused=value) if found[2] == "!=" else _Demand(value, present=True)
        elif part.startswith("!"):
            yield part[1:].strip(), _Demand(present=False)
        elif part and not re.search(r"[\s=!()]", part):
            yield part, _Demand(present=True)
