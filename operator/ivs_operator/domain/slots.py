"""One room's or channel's list of configurations, and how it changes: the pure half of every association.

AWS replaces the list as a whole and knows no version of it, so what is written is always derived from a read made just
before. Foreign entries keep their place and order; what we take off is what we were told to take off, by ARN.
"""

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Blocked", "Slots", "arrange"]

Slots = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocked:
    """No slot is free; `holders` have them."""

    holders: Slots


def arrange(
    current: Slots, *, add: str | None, remove: Collection[str], capacity: int, replaceable: Collection[str] = ()
) -> Slots | Blocked:
    """The list to write, `current` itself when nothing is to do, or why it can't be.

    `add` takes the place of the first entry of `remove`, else is appended, else (when full) takes the place of the
    first `replaceable` entry.
    """
    kept = [entry for entry in current if entry not in remove]
    if add is None or add in kept:
        return tuple(kept)
    at = next((index for index, entry in enumerate(current) if entry in remove), None)
    if at is not None:
        before = sum(1 for entry in current[:at] if entry not in remove)
        return (*kept[:before], add, *kept[before:])
    if len(kept) < capacity:
        return (*kept, add)
    victim = next((entry for entry in kept if entry in replaceable), None)
    if victim is None:
        return Blocked(tuple(kept))
    return tuple(add if entry == victim else entry for entry in kept)
