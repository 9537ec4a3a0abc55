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
    """What the credentials that an object uses say, and the settings around them."""

    account_id: str | None = None
    default_region: str | None = None
    regions: Collection[str] = ()
    """Regions that have the service."""
    fault: Fault | None = None
    """Why the account can't be told, when it can't; passes by itself."""
    fault_since: float = 0.0
    retry_at: float = 0.0
    account: str = ""
    """The AWSAccount whose role is used; empty for the operator's own credentials."""
    regional: bool = False
    """Whether the default region is that AWSAccount's own."""
    refusal: Fault | None = None
    """Why the object gets no credentials at all; it stays so until somebody changes an object or a setting."""


def place(recorded: Recorded, spec_region: str | None, identity: Identity) -> Placement:
    """Account and region for one object, or why there are none."""
    if identity.refusal is not None:
        return Placement(fault=identity.refusal)
    if spec_region and recorded.region and spec_region != recorded.region:
        message = f"spec.region is {spec_region}, but the AWS object lives in {recorded.region}; set it back"
        return _nowhere(Reason.REGION_CHANGED, message)
    region = recorded.region or spec_region or identity.default_region
    told = identity.account_id is not None or identity.fault is None
    if region is None and told:
        return _nowhere(Reason.UNSUPPORTED_REGION, f"no region: {_ways(identity)}")
    if region is not None and identity.regions and region not in identity.regions:
        by_account = identity.regional and region not in {recorded.region, spec_region}
        source = f" (spec.defaultRegion of AWSAccount {identity.account})" if by_account else ""
        message = (
            f"Amazon IVS is not offered in region {region}{source}; it is in {', '.join(sorted(identity.regions))}"
        )
        return _nowhere(Reason.UNSUPPORTED_REGION, message)
    if identity.account_id is None:
        fault = identity.fault or Fault(FaultClass.FAST, Reason.UNAVAILABLE, "the AWS account is not known yet")
        return Placement(region=region or "", fault=fault, fault_since=identity.fault_since, retry_at=identity.retry_at)
    if recorded.account_id and recorded.account_id != identity.account_id:
        return _nowhere(Reason.ACCOUNT_CHANGED, _changed(recorded.account_id, identity))
    assert region is not None  # noqa: S101 - the account is told, so the region was looked at above
    return Placement(account_id=identity.account_id, region=region, account=identity.account)


def _ways(identity: Identity) -> str:
    account = f"spec.defaultRegion of AWSAccount {identity.account}, " if identity.account else ""
    return f"set spec.region, {account}or start the operator with --region"


def _changed(recorded: str, identity: Identity) -> str:
    if identity.account:
        return (
            f"the AWS object lives in account {recorded}, but AWSAccount {identity.account} leads to "
            f"{identity.account_id}; set its spec.roleARN to a role in the former; nothing is touched meanwhile"
        )
    return (
        f"the AWS object lives in account {recorded}, but the credentials lead to "
        f"{identity.account_id}; give the operator credentials of the former; nothing is touched meanwhile"
    )


def _nowhere(reason: Reason, message: str) -> Placement:
    """Nothing moves here without a person."""
    return Placement(fault=Fault(FaultClass.SLOW, reason, message), stalled=True)
