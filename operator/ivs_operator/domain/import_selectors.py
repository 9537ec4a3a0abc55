"""Selector entries that reproduce today's associations of an AWS object: they match its users, and nobody else.

Entries by ARN say exactly that, now and later, so they are taken as long as they fit. A custom resource takes 100
entries; beyond that, tags and names that only users of the object have stand for many of them at once. Those entries
match what gets the same tag or name later, too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ivs_operator.api.selectors import MAX_SELECTORS
from ivs_operator.domain.observed import Consumer, ConsumerIndex
from ivs_operator.domain.selectors import Selector

__all__ = ["Selection", "selection_of"]

_NAME: Final = re.compile(r"[a-zA-Z0-9-_]{1,128}")  # what an entry by name takes
_MOST_TAGS: Final = 50  # of an entry by tags, and of a resource


@dataclass(frozen=True, slots=True)
class Selection:
    """Entries, and what they leave out."""

    selectors: tuple[Selector, ...] = ()
    by_tags: bool = False
    """Whether there are entries that may match more in the future."""
    left_out: tuple[str, ...] = ()
    """ARNs of users that no entry matches: nothing tells them from others, and they are too many to name."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    selector: Selector
    matches: frozenset[str]


def selection_of(arn: str, consumers: ConsumerIndex) -> Selection:
    """Entries for the users of one configuration."""
    users = {user.arn: user for user in consumers.users(arn)}
    if len(users) <= MAX_SELECTORS:
        return Selection(tuple(Selector(arn=user) for user in sorted(users)))
    chosen, rest = _cover(set(users), _candidates(users, consumers))
    named = sorted(rest)[: MAX_SELECTORS - len(chosen)]
    return Selection(
        selectors=(*(candidate.selector for candidate in chosen), *(Selector(arn=user) for user in named)),
        by_tags=bool(chosen),
        left_out=tuple(sorted(rest.difference(named))),
    )


def _cover(users: set[str], candidates: list[_Candidate]) -> tuple[list[_Candidate], set[str]]:
    """Greedily the candidate that adds most, until all are matched, the rest can be named, or the entries run out."""
    chosen: list[_Candidate] = []
    rest = set(users)
    while candidates and len(chosen) < MAX_SELECTORS and len(rest) > MAX_SELECTORS - len(chosen):
        best = max(candidates, key=lambda candidate: (len(candidate.matches & rest), str(candidate.selector)))
        if len(best.matches & rest) < 2:  # noqa: PLR2004 - an ARN does as much, and says so exactly
            break
        chosen.append(best)
        rest -= best.matches
    return chosen, rest


def _candidates(users: Mapping[str, Consumer], consumers: ConsumerIndex) -> list[_Candidate]:
    """Entries that match several users and nobody else."""
    groups = [users.values(), *_by_tag(users.values())]
    selectors = {Selector(match_tags=tags) for group in groups if (tags := _common(group))}
    selectors |= {Selector(name=user.name) for user in users.values() if _NAME.fullmatch(user.name)}
    found = []
    for selector in sorted(selectors, key=str):
        matches = frozenset(consumer.arn for consumer in consumers.matching(selector))
        if len(matches) > 1 and matches <= users.keys():
            found.append(_Candidate(selector, matches))
    return found


def _by_tag(users: Iterable[Consumer]) -> list[list[Consumer]]:
    groups: dict[tuple[str, str], list[Consumer]] = {}
    for user in users:
        for tag in user.tags.items():
            groups.setdefault(tag, []).append(user)
    return [group for group in groups.values() if len(group) > 1]


def _common(group: Iterable[Consumer]) -> tuple[tuple[str, str], ...]:
    """The tags that all have: the narrowest entry that matches all of them."""
    first, *others = group
    common = set(first.tags.items())
    for other in others:
        common &= set(other.tags.items())
        if not common:
            break
    return tuple(sorted(common))[:_MOST_TAGS]
