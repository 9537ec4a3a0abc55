"""Entries that say which rooms log to, or which channels record with, an object."""

from typing import Any, Final

from pydantic import ConfigDict, Field

from ivs_operator.api.model import ATOMIC_MAP, Model
from ivs_operator.api.rules import Rule
from ivs_operator.api.scalars import ChannelArn, MatchTags, RoomArn, SelectorName

__all__ = ["MAX_SELECTORS", "ChannelSelector", "RoomSelector", "Selector"]

MAX_SELECTORS: Final = 100


def _exactly_one(selector: Any) -> bool:
    return [selector.arn, selector.name, selector.match_tags].count(None) == 2  # noqa: PLR2004 - of three


class Selector(Model):
    """One entry in force, recorded before the first call that attaches: exactly one of arn, name, matchTags."""

    rules = (
        Rule(
            cel="[has(self.arn),has(self.name),has(self.matchTags)].exists_one(x,x)",
            message="an entry has exactly one of arn, name, matchTags; make one entry for each, entries are OR-ed",
            holds=_exactly_one,
        ),
    )

    arn: str | None = None
    """Selects by ARN."""

    name: str | None = None
    """Selects everything that has this AWS name."""

    match_tags: dict[str, str] | None = Field(default=None, json_schema_extra=ATOMIC_MAP)
    """Selects everything that has all of these AWS tags."""

    def __eq__(self, other: object) -> bool:
        """Wanted (spec) and recorded (status) entries are the same when they say the same."""
        if not isinstance(other, Selector):
            return NotImplemented
        return (self.arn, self.name, self.match_tags) == (other.arn, other.name, other.match_tags)

    def __hash__(self) -> int:
        return hash((self.arn, self.name, frozenset((self.match_tags or {}).items())))


class ChannelSelector(Selector):
    """Which IVS channels record with this configuration: exactly one of arn, name, matchTags."""

    model_config = ConfigDict(extra="forbid")

    arn: ChannelArn | None = Field(default=None, examples=["arn:aws:ivs:us-west-2:111122223333:channel/abcdABCDefgh"])
    """Exactly this channel. It must lie in the object's region and account; `Ready` waits for it (reason
    ChannelNotFound while AWS has no such channel)."""

    name: SelectorName | None = Field(default=None, examples=["lobby"])
    """Every channel with this AWS name. Names are not unique at AWS, so this may be several; at least one is waited
    for."""

    match_tags: MatchTags | None = Field(
        default=None, examples=[{"env": "prod", "team": "live"}], json_schema_extra=ATOMIC_MAP
    )
    """Every channel that has all of these tags, key and value equal; channels made or tagged later are picked up by
    the next sweep. None at all is no error."""


class RoomSelector(Selector):
    """Which IVS Chat rooms log to this configuration: exactly one of arn, name, matchTags."""

    model_config = ConfigDict(extra="forbid")

    arn: RoomArn | None = Field(default=None, examples=["arn:aws:ivschat:us-west-2:111122223333:room/abcdABCDefgh"])
    """Exactly this room. It must lie in the object's region and account; `Ready` waits for it (reason RoomNotFound
    while AWS has no such room)."""

    name: SelectorName | None = Field(default=None, examples=["lobby"])
    """Every room with this AWS name. Names are not unique at AWS, so this may be several; at least one is waited
    for."""

    match_tags: MatchTags | None = Field(
        default=None, examples=[{"env": "prod", "team": "live"}], json_schema_extra=ATOMIC_MAP
    )
    """Every room that has all of these tags, key and value equal; rooms made or tagged later are picked up by the
    next sweep. None at all is no error."""
