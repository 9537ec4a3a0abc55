"""Objects of ours that must go: let their users go, make sure nobody uses them, delete them, see them gone."""

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action, Delete, ListUsers
from ivs_operator.domain.finding import Finding, act
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer, Users
from ivs_operator.domain.subject import Situation

__all__ = ["CONFIRMATIONS", "remove_surplus", "unused", "users_of"]

CONFIRMATIONS = 2
"""Filtered Lists in a row that must show nobody before a delete."""

CONFIRM_GAP = 1.0
"""Seconds between them: two Lists in the same instant would share a lag."""


def users_of(s: Situation, arn: str) -> tuple[Consumer, ...] | None:
    """Who uses a configuration as far as is known without a call; None when nothing was read yet."""
    known = tuple(s.view.consumers.users(arn))  # what a filtered List found is in there too
    return known if known or arn in s.view.users else None


def unused(s: Situation, item: Configuration, since: float) -> Action | float | None:
    """The read that is still needed before `item` counts as unused, the time to wait for it, or None: it is unused."""
    answer = s.view.users.get(item.arn, Users())
    if answer.listed_at < since or answer.empty_in_a_row == 0:
        return ListUsers(item.arn)
    if answer.empty_in_a_row < CONFIRMATIONS:
        next_at = answer.listed_at + CONFIRM_GAP
        return ListUsers(item.arn) if s.now >= next_at else next_at
    return None


def remove_surplus(s: Situation, surplus: tuple[Configuration, ...], current: Configuration) -> Finding | None:
    """Delete twins once nobody uses them; `current` takes their place in rooms and channels meanwhile."""
    traits = TRAITS[s.subject.kind]
    for item in surplus:
        if item.state == "DELETING":
            continue
        message = f"removing {item.arn}, a second {traits.object_noun} of this object; {current.arn} is kept"
        if users_of(s, item.arn):
            continue  # associations repoint them first
        return _confirmed(s, item, message)
    return None


def _confirmed(s: Situation, item: Configuration, message: str) -> Finding:
    needed = unused(s, item, s.memory.generation_seen_at)
    if isinstance(needed, float):
        return Finding(Reason.UPDATING, message, wake=needed, serving=True, in_sync=None)
    action = needed if needed is not None else Delete(item.arn)
    return act(s, Finding(Reason.UPDATING, message, actions=(action,), serving=True, in_sync=None))
