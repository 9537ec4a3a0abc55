"""What a complete reading of an account found, as values."""

from dataclasses import dataclass

from ivs_operator.domain.failures import Fault
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.observed import Configuration, ConsumerIndex

__all__ = ["Gap", "Listed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One kind in one region of one account."""

    kind: Kind
    region: str
    account: str
    """Name of the AWSAccount that was used; empty for the caller's own credentials."""
    configurations: tuple[Configuration, ...]
    """By ARN; those whose details could not be read are not `complete`."""
    consumers: ConsumerIndex | None
    """All rooms or channels; None: not read."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that could not be read."""

    what: str
    where: str
    fault: Fault

    def __str__(self) -> str:
        return f"could not read {self.what} in {self.where}: {self.fault.message}"
