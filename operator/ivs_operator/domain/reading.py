"""The spec of one generation, read once."""

from dataclasses import dataclass

from ivs_operator.domain.desired import DeletionPolicy, Desired

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a spec asks for, and what it says of where."""

    uid: str
    generation: int
    desired: Desired | None
    invalid: str | None
    region: str | None
    account_ref: str | None
    deletion_policy: DeletionPolicy
