"""Where an object's AWS object lives: account and region, decided once and then kept.

A region, once in status, wins over any default: else a changed default would leave one object behind and make another.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.subject import Placement, Recorded

__all__ = ["Identity", "place"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What the operator's own credentials and settings say."""

    account_id: str | None = None
    default_region: str | None = None
    regions: Collection[str] = ()
    """Regions that have the service."""
    fault: Fault | None = None
    """Why the account can't be told, when it can't."""
    fault_since: float = 0.0
    retry_at: float = 0.0


def place(recorded: Recorded, spec_region: str | None, account_ref: str | None, identity: Identity) -> Placement:
    """Account and region for one object, or why there are none."""
    if account_ref is not None:
        message = (
            f"spec.accountRef names AWSAccount {account_ref}, but this version of the operator can't use AWSAccount "
            f"objects yet; make the object without spec.accountRef to use the operator's own credentials"
        )
        return _nowhere(Reason.ACCOUNT_NOT_FOUND, message, stalled=False)
    if spec_region and recorded.region and spec_region != recorded.region:
        message = f"spec.region is {spec_region}, but the AWS object lives in {recorded.region}; set it back"
        return _nowhere(Reason.REGION_CHANGED, message, stalled=True)
    region = recorded.region or spec_region or identity.default_region
    if region is None:
        message = "no region: set spec.region, or start the operator with --region"
        return _nowhere(Reason.UNSUPPORTED_REGION, message, stalled=True)
    if identity.regions and region not in identity.regions:
        message = f"Amazon IVS is not offered in region {region}; it is in {', '.join(sorted(identity.regions))}"
        return _nowhere(Reason.UNSUPPORTED_REGION, message, stalled=True)
    if identity.account_id is None:
        fault = identity.fault or Fault(FaultClass.FAST, Reason.UNAVAILABLE, "the AWS account is not known yet")
        return Placement(region=region, fault=fault, fault_since=identity.fault_since, retry_at=identity.retry_at)
    if recorded.account_id and recorded.account_id != identity.account_id:
        message = (
            f"the AWS object lives in account {recorded.account_id}, but the credentials lead to "
            f"{identity.account_id}; give the operator credentials of the former; nothing is touched meanwhile"
        )
        return _nowhere(Reason.ACCOUNT_CHANGED, message, stalled=True)
    return Placement(account_id=identity.account_id, region=region)


def _nowhere(reason: Reason, message: str, *, stalled: bool) -> Placement:
    return Placement(fault=Fault(FaultClass.SLOW, reason, message), stalled=stalled)
