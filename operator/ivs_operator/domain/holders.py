"""Whose the configuration is that a channel records with, and whether `Replace` may take its place.

Never another cluster's. One of our own cluster only when its object does not want the channel: else that would put it
back, and the two would fight for ever. And none of which that can't be told: one that no List has shown may carry an
owner tag, and an object that is not watched here may want the channel.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.domain.identity import Key, owner_of
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Consumer
from ivs_operator.domain.subject import Situation

__all__ = ["Hold", "hold_of", "replaceable_by"]


@dataclass(frozen=True, slots=True)
class Hold:
    """One configuration's hold on a consumer."""

    free: bool
    """Whether it may be replaced by one that wants the consumer."""
    told: str = ""
    """What to say of it after its ARN: whose it is and, unless it is free, what to do."""


def hold_of(s: Situation, item: Consumer, arn: str) -> Hold:
    """The hold of the configuration `arn`, which is not ours to let go, on this consumer."""
    consumer = TRAITS[s.subject.kind].consumer
    tag = s.view.owner_tags.get(arn)
    if tag is None and arn in s.view.known:
        return Hold(free=True)
    if tag is None:
        return Hold(free=False, told=", which no List shows, so that its owner can't be told; take it off")
    owner = owner_of({TAG_OWNER: tag})
    if owner is None or owner[0] != s.subject.owner.cluster_id:
        told = f" of {tag} in another cluster, which is never replaced; let it go there"
        return Hold(free=False, told=told)
    key = Key(s.subject.kind, owner[1], owner[2])
    name = f"{key.namespace}/{key.name}"
    entries = s.claims.entries(key) if s.claims is not None else None
    if key != s.subject.key and entries is None:
        told = f" of {name}, an object that this operator does not see and that might want it; take it off"
        return Hold(free=False, told=told)
    if key != s.subject.key and any(entry.matches(item.arn, item.name, item.tags) for entry in entries or ()):
        told = f" of {name}, whose entries match this {consumer}, too; take it out of those of one of the two"
        return Hold(free=False, told=told)
    return Hold(free=True, told=f" of {name}")


def replaceable_by(s: Situation, item: Consumer, others: Iterable[str]) -> frozenset[str]:
    """Those of the consumer's configurations that may be replaced."""
    return frozenset(arn for arn in others if hold_of(s, item, arn).free)
