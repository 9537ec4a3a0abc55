"""Whether AWS objects that exist may be adopted at all, which is a setting of the operator.

Whoever may write a custom resource could otherwise have any object of the account changed or deleted by naming it in
`existing`.
"""

from dataclasses import replace
from enum import StrEnum

from ivs_operator.domain.desired import DeletionPolicy
from ivs_operator.domain.reading import Reading

__all__ = ["Adoption", "not_adopted"]


class Adoption(StrEnum):
    """Who may adopt: everybody; those who leave the AWS object alone on deletion; nobody."""

    ON = "on"
    RETAIN_ONLY = "retain-only"
    OFF = "off"


def not_adopted(reading: Reading, adoption: Adoption) -> Reading:
    """The reading as the setting allows it: an adoption that it refuses is an invalid spec.

    A policy that the setting does not allow is not carried out either: such an object is let go with its AWS object
    kept, else an edit just before the deletion would get around the setting.
    """
    if adoption is Adoption.ON or reading.desired is None or reading.desired.existing_arn is None:
        return reading
    if adoption is Adoption.RETAIN_ONLY and reading.deletion_policy is DeletionPolicy.RETAIN:
        return reading
    return replace(reading, desired=None, invalid=_refusal(adoption), deletion_policy=DeletionPolicy.RETAIN)


def _refusal(adoption: Adoption) -> str:
    if adoption is Adoption.OFF:
        return (
            "spec.existing: this operator adopts nothing (its setting adoption is off); delete this object, which "
            "leaves the AWS object alone, and create it without existing, or have the setting changed"
        )
    return (
        "spec.deletionPolicy: this operator adopts only with deletionPolicy Retain (its setting adoption is "
        "retain-only); set it to Retain, or have the setting changed. Until then a deletion keeps the AWS object"
    )
