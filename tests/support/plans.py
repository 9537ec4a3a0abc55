"""What a plan is expected to be: a test names the parts that matter to it, the rest is free."""

from typing import Any

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action
from ivs_operator.domain.conditions import verdict
from ivs_operator.domain.plan import plan
from ivs_operator.domain.subject import Situation

__all__ = ["Expect"]


class Expect:
    """Exactly these actions, and, where named, what is said with them.

    `reason` None: everything is as wanted. `says` are parts of the message. Other keywords are members of the verdict
    (stalled, wake, trouble, blind, serving, in_sync).
    """

    def __init__(self, *actions: Action, reason: Reason | None, says: tuple[str, ...] = (), **members: Any) -> None:
        self._actions = actions
        self._reason = reason
        self._says = says
        self._members = members

    def of(self, situation: Situation) -> None:
        """Plan, and compare."""
        made = plan(situation)
        found = verdict(made)
        told = {name: made.wake if name == "wake" else getattr(found, name, None) for name in self._members}
        got = (made.actions, found.reason if found else None, told)
        wanted = (self._actions, self._reason, self._members)
        message = found.message if found else "(everything is as wanted)"
        if got != wanted:
            raise AssertionError(f"\nplanned  {got}\nexpected {wanted}\nsaid     {message}")
        missing = [part for part in self._says if part not in message]
        if missing:
            raise AssertionError(f"{missing} missing in: {message}")
        if found is None and not made.ready:
            raise AssertionError("nothing is said, and yet the object is not Ready")
