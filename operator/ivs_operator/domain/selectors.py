"""Selector entries: which rooms or channels an object is associated with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

__all__ = ["Selector", "selectors_from"]


@dataclass(frozen=True, slots=True)
class Selector:
    """One entry of `spec.rooms` or `spec.channels`; exactly one member is set, entries are OR-ed."""

    arn: str | None = None
    name: str | None = None
    match_tags: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """From the form of the custom resource."""
        tags = value.get("matchTags") or {}
        return cls(arn=value.get("arn"), name=value.get("name"), match_tags=tuple(sorted(tags.items())))

    def to_dict(self) -> dict[str, Any]:
        """In the form of the custom resource."""
        if self.arn is not None:
            return {"arn": self.arn}
        if self.name is not None:
            return {"name": self.name}
        return {"matchTags": dict(self.match_tags)}

    @property
    def exact(self) -> bool:
        """Whether the entry names what it wants, so that a missing one keeps the object from being Ready."""
        return self.arn is not None or self.name is not None

    def matches(self, arn: str, name: str, tags: Mapping[str, str]) -> bool:
        """Whether a room or channel with this ARN, name and tags is meant."""
        if self.arn is not None:
            return arn == self.arn
        if self.name is not None:
            return name == self.name
        return bool(self.match_tags) and all(tags.get(key) == value for key, value in self.match_tags)

    def __str__(self) -> str:
        if self.arn is not None:
            return self.arn
        if self.name is not None:
            return f"name {self.name}"
        return "tags " + ",".join(f"{key}={value}" for key, value in self.match_tags)


def selectors_from(values: object) -> tuple[Selector, ...]:
    """Entries read back from a status, in order, without duplicates; what is malformed is left out.

    A status may have been edited by hand, and a bad entry must not keep the good ones from being honoured.
    """
    entries = values if isinstance(values, list) else []
    return tuple(dict.fromkeys(_well_formed(entries)))


def _well_formed(values: Iterable[object]) -> Iterable[Selector]:
    for value in values:
        if not isinstance(value, Mapping):
            continue
        arn, name, tags = value.get("arn"), value.get("name"), value.get("matchTags")
        if isinstance(arn, str) or isinstance(name, str):
            yield Selector(arn=arn) if isinstance(arn, str) else Selector(name=name)
        elif isinstance(tags, Mapping) and tags and all(isinstance(tag, str) for pair in tags.items() for tag in pair):
            yield Selector(match_tags=tuple(sorted(tags.items())))
