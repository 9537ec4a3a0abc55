"""A small world to explore: what is there at the start, and who may do what to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.observed import Configuration, Consumer

__all__ = ["Scenario"]


@dataclass(frozen=True)
class Scenario:
    """`disturbances` is how many of the things that people, others and trouble may do happen on one path."""

    name: str
    kind: Kind
    specs: Mapping[str, tuple[Mapping[str, Any], ...]]
    """The specs that each object may have; it starts with the first."""
    consumers: tuple[Consumer, ...] = ()
    configurations: tuple[Configuration, ...] = ()
    """Not ours at the start."""
    disturbances: int = 2
    faults: frozenset[str] = frozenset({"crash", "lost", "kube"})
    """Of crash, lost, refused, lag, reads, kube, stale, failed."""
    people: frozenset[str] = frozenset()
    """Of edit, delete, pause, again (apply once more what was deleted), strip (the finalizer), ask."""
    others: frozenset[str] = frozenset()
    """Of join, leave, use, drop, drift, gone, untag."""
    settled: bool = False
    """Whether the objects are at rest at the start, or just applied."""
    sweeps: bool = False
    """Whether a sweep may come at any moment, and not only when time passes."""
    moments: bool = False
    """Whether a few seconds may pass: longer than a poll, shorter than any grace."""
    whole: int = 0
    """States that it has at least, if the tests explore it to its end: it takes many disturbances, and has few."""
    most_made: int = 3
    """AWS objects made on one path; what would make more is not followed."""
