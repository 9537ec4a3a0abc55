"""How urgent the calls of the present task are: a person's edit goes first, and a create can be too late."""

from contextvars import ContextVar

__all__ = ["BACKGROUND", "NOT_AFTER"]

BACKGROUND: ContextVar[bool] = ContextVar("ivs_operator_background", default=False)
"""True in tasks whose work nobody waits for."""

NOT_AFTER: ContextVar[float | None] = ContextVar("ivs_operator_not_after", default=None)
"""The time after which a call must not leave any more, however long it had to wait for its turn."""
