"""What a reconcile is told of the world beside IVS: whatever is known at that moment, without a call and a wait."""

from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.delivery import DeliveryFacts
from ivs_operator.domain.destinations import Facts
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.observed import Configuration, View
from ivs_operator.domain.subject import Placement, Subject
from ivs_operator.domain.surroundings import UNKNOWN, Surroundings, wanted_site
from ivs_operator.engine.delivery_watch import DeliveryWatch
from ivs_operator.engine.destination_checks import DestinationChecks

__all__ = ["Outlook"]

_UNREAD = DeliveryFacts(readable=False)

_WITHDRAWN: Final = frozenset({Reason.ACCOUNT_NOT_ALLOWED, Reason.ACCOUNT_NOT_FOUND, Reason.ACCOUNT_CHANGED})
"""Why nothing at all may be called for an object; what passes by itself stops no look."""


class Outlook:
    """Both kinds of facts, each None when it is switched off: then its condition goes from the status."""

    def __init__(self, destinations: DestinationChecks | None, delivery: DeliveryWatch | None) -> None:
        self._destinations = destinations
        self._delivery = delivery

    def around(self, subject: Subject, placement: Placement, view: View, *, asked_at: float = 0.0) -> Surroundings:
        """What is known of the surroundings of one object. `asked_at`: when a person last asked for a look.

        For an object that may not use its account nothing is looked at any more.
        """
        if placement.fault is not None and placement.fault.reason in _WITHDRAWN:
            self.forget(subject.key)
        if placement.fault is not None or subject.desired is None:
            return UNKNOWN
        active = _active(subject, view)
        return Surroundings(
            destination=self._destination(subject, placement, active, asked_at),
            delivery=self._delivered(subject, placement, active),
        )

    def forget(self, key: Key) -> None:
        """The object is gone, or may not use its account."""
        for part in (self._destinations, self._delivery):
            if part is not None:
                part.forget(key)

    def forget_all(self) -> None:
        """Who is there, and where, may have changed unseen."""
        for part in (self._destinations, self._delivery):
            if part is not None:
                part.forget_all()

    def _destination(
        self, subject: Subject, placement: Placement, active: Configuration | None, asked_at: float
    ) -> Facts | None:
        site = wanted_site(subject, placement)
        if self._destinations is None or site is None:
            return Facts()
        told = subject.recorded.condition("DestinationReady").get("observedGeneration") == subject.generation
        return self._destinations.facts(
            subject.key, site, used=_uses_wanted(subject, active), told=told, asked_at=asked_at
        )

    def _delivered(self, subject: Subject, placement: Placement, active: Configuration | None) -> DeliveryFacts | None:
        if self._delivery is None or subject.kind is not Kind.CHAT_LOGGING:
            return _UNREAD
        return self._delivery.facts(subject.key, placement, active.arn) if active is not None else None


def _active(subject: Subject, view: View) -> Configuration | None:
    """The AWS object that serves, if one is known."""
    found = [item for item in view.owned if item.state == "ACTIVE"]
    return next((item for item in found if item.arn == subject.recorded.arn), found[0] if found else None)


def _uses_wanted(subject: Subject, active: Configuration | None) -> bool:
    """Whether the AWS object that serves has the destination that the spec names."""
    if active is None or subject.desired is None:
        return False
    member = "destinationConfiguration"
    return bool(active.settings.get(member) == subject.desired.settings.get(member))
