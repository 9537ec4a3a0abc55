"""Whether the calls of the present task may wait behind others: a person's edit goes before the operator's own work."""

from contextvars import ContextVar

__all__ = ["BACKGROUND"]

BACKGROUND: ContextVar[bool] = ContextVar("ivs_operator_background", default=False)
"""True in tasks whose work nobody waits for."""
