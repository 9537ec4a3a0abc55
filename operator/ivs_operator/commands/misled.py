"""Stands for AWS where a setting keeps everybody from asking it."""

from dataclasses import dataclass
from typing import Any

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.estate import AwsEstate
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.placement import Identity

__all__ = ["MisledEstate"]


@dataclass(frozen=True, slots=True)
class MisledEstate:
    """Answers every question about AWS with the reason why it was not asked."""

    estate: AwsEstate
    reason: str

    async def identity(self, kind: Kind) -> Identity:  # noqa: ARG002 - as the estate has it
        """No account; the reason."""
        fault = Fault(FaultClass.FAST, Reason.UNAVAILABLE, self.reason, code="NotCalled")
        return Identity(default_region=self.estate.default_region, fault=fault)

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:  # noqa: ARG002 - as above
        """As above."""
        return await self.identity(kind)

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Any:
        """Nobody is to ask: there is no account."""
        raise NotImplementedError(self.reason)

    def close(self) -> None:
        """End what stands behind it."""
        self.estate.close()
