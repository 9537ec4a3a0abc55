"""A state of a small world as a value, and a step from one to another."""

from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from model.cloud import Frozen
from model.machine import Mind, Self
from model.records import Record

__all__ = ["Expansion", "Move", "State", "swapped"]

_T = TypeVar("_T")


class State(NamedTuple):
    """Everything there is."""

    cloud: Frozen
    records: tuple[Record | None, ...]
    lives: tuple[int, ...]
    minds: tuple[Mind, ...]
    self_: Self


class Move(NamedTuple):
    """A step to another state; `cost` 1 for what nobody has to reckon with on every path."""

    words: str
    cost: int
    to: int
    fair: bool = True
    """Whether an undisturbed run may take it."""


@dataclass
class Expansion:
    """All that may happen in one state."""

    moves: list[Move] = field(default_factory=list)
    fair: int | None = None
    """The state that comes next when nothing disturbs; None: at rest."""
    breaches: list[tuple[str, str]] = field(default_factory=list)
    """Words of the step, and what it broke."""
    cut: int = 0
    """Steps not followed because they make too many AWS objects."""


def swapped(items: tuple[_T, ...], index: int, item: _T) -> tuple[_T, ...]:
    """The items with another one in one place."""
    return (*items[:index], item, *items[index + 1 :])
