"""Whether chat logs arrive, after CloudWatch's metrics: values, and a judgement that does not change its mind quickly.

Source: IVS Chat user guide, monitoring with CloudWatch (namespace AWS/IVSChat, dimension LoggingConfiguration). The
metrics are summed over all rooms, and a series exists only once there has been data: none says nothing.
"""

from dataclasses import dataclass
from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.destinations_verdict import Verdict

__all__ = ["DELIVERY_ACTIONS", "PERIOD", "WINDOW", "DeliveryFacts", "judge_delivery"]

DELIVERY_ACTIONS: Final = ("cloudwatch:ListMetrics", "cloudwatch:GetMetricData")
"""IAM actions of the delivery metrics; both without resources or conditions that IAM could limit them to."""

PERIOD: Final = 300
"""Seconds that one value sums up. Delivery to S3 takes about five minutes, so shorter ones would say no more."""

WINDOW: Final = 6
"""Whole periods that are looked at, half an hour."""

_RECENT: Final = 3
_ENOUGH: Final = 2
"""Periods with errors among the `_RECENT` latest from which on delivery counts as failing: one may be a hiccup."""


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """What the metrics of one logging configuration tell."""

    readable: bool = True
    """False: they may not be read, or nobody wants to know."""
    failing: tuple[bool, ...] = ()
    """For each of the latest whole periods, newest first, whether there were errors; empty while there is no data."""
    denied: bool = False
    """Whether the destination has refused, within the window."""
    missing: bool = False
    """Whether the destination was not there, within the window."""


def judge_delivery(noun: str, facts: DeliveryFacts, *, unhealthy: bool) -> Verdict | None:
    """Whether logs arrive at the destination called `noun`; None: as it was before.

    `unhealthy` is what was said last: from errors in two of three periods on delivery is unhealthy, and stays so until
    a whole window shows none.
    """
    failing = any(facts.failing) if unhealthy else sum(facts.failing[:_RECENT]) >= _ENOUGH
    if failing:
        return _failing(noun, facts)
    if not facts.failing and not unhealthy:
        return None
    return Verdict(good=True, reason=Reason.AVAILABLE, message="CloudWatch shows no errors of log delivery")


def _failing(noun: str, facts: DeliveryFacts) -> Verdict:
    if facts.missing:
        reason, metric = Reason.DESTINATION_NOT_FOUND, "LogDestinationResourceNotFoundErrors"
        cause = f"{noun} is not found; make it again, or correct spec.destinationConfiguration"
    elif facts.denied:
        reason, metric = Reason.ACCESS_DENIED, "LogDestinationAccessDeniedError"
        cause = f"{noun} refuses AWS's log delivery; check its policy and its KMS key"
    else:
        reason, metric = Reason.UNAVAILABLE, "LogDestinationErrors"
        cause = f"delivery to {noun} fails; check that it works and has room"
    return Verdict(good=False, reason=reason, message=f"chat logs are lost: {cause} (CloudWatch metric {metric})")
