"""Where an object's AWS object lives: account and region, decided once and then kept.

A region, once in status, wins over any default: else a changed default would leave one object behind and make another.
A status may be edited by hand: when its ARN and its region differ, the object is looked for where the ARN says.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.subject import Placement, Recorded

__all__ = ["Identity", "place"]


_ARN_PARTS: Final = 6  # arn, partition, service, region, account, resource


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
    lives_in = _lives_in(recorded, spec_region, identity)
    if spec_region and lives_in and spec_region != lives_in:
        message = f"spec.region is {spec_region}, but the AWS object lives in {lives_in}; set it back"
        return _nowhere(Reason.REGION_CHANGED, message)
    region = lives_in or spec_region or identity.default_region
    told = identity.account_id is not None or identity.fault is None
    if region is None and told:
        return _nowhere(Reason.UNSUPPORTED_REGION, f"no region: {_ways(identity)}")
    if region is not None and identity.regions and region not in identity.regions:
        by_account = identity.regional and region not in {lives_in, spec_region}
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


def _lives_in(recorded: Recorded, spec_region: str | None, identity: Identity) -> str | None:
    """The region on record. Where the ARN names another, the ARN counts, unless the spec bears the region out.

    An edit of a region alone looks plausible and would have a second object made there; one that makes an ARN of this
    account in another region does not happen by mistake.
    """
    parts = (recorded.arn or "").split(":")
    borne_out = recorded.region is not None and recorded.region == spec_region
    if borne_out or len(parts) != _ARN_PARTS:
        return recorded.region
    plausible = parts[2] in {"ivs", "ivschat"} and parts[4] == identity.account_id and parts[3]
    offered = not identity.regions or parts[3] in identity.regions
    return parts[3] if plausible and offered else recorded.region


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
