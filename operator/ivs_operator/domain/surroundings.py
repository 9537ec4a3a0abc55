"""What lies outside of IVS and yet decides whether an object does its work: its destination, and whether logs arrive.

It is told in two conditions of detail and in the words for a failed creation. It never decides what is done, nor Ready.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ivs_operator.domain.delivery import DeliveryFacts, judge_delivery
from ivs_operator.domain.destinations import Facts, Site, site_of
from ivs_operator.domain.destinations_verdict import Verdict, judge
from ivs_operator.domain.identity import Kind

if TYPE_CHECKING:
    from ivs_operator.domain.subject import Placement, Situation, Subject

__all__ = ["UNKNOWN", "Surroundings", "delivery_verdict", "destination_cause", "destination_verdict", "wanted_site"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known. None: nothing has been looked at yet, so that what was said before stands."""

    destination: Facts | None = None
    delivery: DeliveryFacts | None = None


UNKNOWN = Surroundings()


def wanted_site(subject: "Subject", placement: "Placement") -> Site | None:
    """The destination that the spec names, once it is known where the object lives."""
    if subject.desired is None or placement.fault is not None:
        return None
    settings = subject.desired.settings
    return site_of(subject.kind, placement.account_id, placement.region, settings, placement.account)


def destination_verdict(s: "Situation") -> Verdict | None:
    """What there is to say of the destination; None: nothing."""
    site = wanted_site(s.subject, s.placement)
    facts = s.around.destination
    return judge(site, facts) if site is not None and facts is not None else None


def destination_cause(s: "Situation") -> str | None:
    """What is wrong with the destination, as part of a sentence about a failure of which AWS gives no reason."""
    verdict = destination_verdict(s)
    return verdict.message if verdict is not None and not verdict.good else None


def delivery_verdict(s: "Situation") -> Verdict | None:
    """What there is to say of the delivery; None: nothing new."""
    site = wanted_site(s.subject, s.placement)
    facts = s.around.delivery
    if site is None or facts is None or not facts.readable or s.subject.kind is not Kind.CHAT_LOGGING:
        return None
    unhealthy = s.subject.recorded.condition("DeliveryHealthy").get("status") == "False"
    return judge_delivery(site.noun, facts, unhealthy=unhealthy)
