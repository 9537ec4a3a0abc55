"""Whether a destination can take what it is to be given: facts in, a word and a remedy out.

Nothing is said where AWS has told too little, and nothing here ever changes Ready.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.destinations import Destination, Facts, Site
from ivs_operator.domain.destinations_access import Access, grants, inverted, refuses
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS

__all__ = ["DELIVERY", "Verdict", "judge"]

DELIVERY: Final = "delivery.logs.amazonaws.com"
"""The service principal that writes chat logs. Source: CloudWatch Logs guide, vended logs."""

_WORKING_STREAM: Final = frozenset({"ACTIVE", "CREATING"})
_BROKEN_KEY: Final = {
    # A key whose deletion was cancelled is disabled; a key is unavailable while its key store is disconnected.
    "Disabled": "enable the key",
    "PendingDeletion": "cancel the key's deletion and enable it",
    "PendingReplicaDeletion": "cancel the key's deletion and enable it",
    "Unavailable": "connect the key's store",
}
"""What to do about a key, by KMS's word for its state."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition says; the message has no times and no counts, so that it stays the same while things do."""

    good: bool
    reason: Reason
    message: str


Check = Callable[[Site, Facts], Verdict | None]


def judge(site: Site, facts: Facts) -> Verdict | None:
    """The first trouble that the facts show; good when they show the destination and no trouble; None: can't tell."""
    for check in (_existence, _region, _stream, _bucket_policy, _log_policy, _stream_tag, _key):
        found = check(site, facts)
        if found is not None:
            return found
    if facts.found is None:
        return None
    return Verdict(good=True, reason=Reason.AVAILABLE, message=f"{site.noun} exists and nothing speaks against it")


def _existence(site: Site, facts: Facts) -> Verdict | None:
    if facts.foreign:
        message = (
            f"{site.noun} belongs to another AWS account; only buckets of account {site.account_id} can be used: "
            f"correct {site.field}"
        )
        return _bad(Reason.DESTINATION_NOT_OWNED, message)
    if facts.found is False:
        message = (
            f"{site.noun} does not exist; create it in {site.region} in account {site.account_id}, "
            f"or correct {site.field}"
        )
        return _bad(Reason.DESTINATION_NOT_FOUND, message)
    return None


def _region(site: Site, facts: Facts) -> Verdict | None:
    """Recording needs a bucket in its own region. Of chat logs AWS does not say so, and one that is active works."""
    if facts.region in (None, site.region) or (site.kind is Kind.CHAT_LOGGING and facts.in_use):
        return None
    message = (
        f"{site.noun} is in {facts.region}, but the {TRAITS[site.kind].object_noun} is in {site.region}; "
        f"name a bucket in {site.region} in {site.field}"
    )
    return _bad(Reason.DESTINATION_WRONG_REGION, message)


def _stream(site: Site, facts: Facts) -> Verdict | None:
    if site.destination is not Destination.STREAM or not facts.state or facts.state in _WORKING_STREAM:
        return None
    message = (
        f"{site.noun} is {facts.state}, and only an ACTIVE one takes logs; delete it and create it anew, "
        f"or name another one in {site.field}"
    )
    return _bad(Reason.UNAVAILABLE, message)


def _bucket_policy(site: Site, facts: Facts) -> Verdict | None:
    """AWS appends what it needs when a logging configuration is set up; what is missing later, somebody took away."""
    if site.destination is not Destination.BUCKET or site.kind is not Kind.CHAT_LOGGING or facts.policies is None:
        return None
    key = f"{site.arn}/AWSLogs/{site.account_id}/IVSChatLogs/1.0/{site.region}/room_x/log.gz"
    write = Access(DELIVERY, "s3:PutObject", key, site.account_id, site.region)
    if refuses(facts.policies, write):
        message = (
            f"the policy of {site.noun} denies that {DELIVERY} writes to it; "
            f"exempt AWSLogs/{site.account_id}/* from the Deny"
        )
        return _bad(Reason.ACCESS_DENIED, message)
    if grants(facts.policies, write):
        return None
    if inverted(facts.policies):
        message = (
            f"the policy of {site.noun} has a statement with NotPrincipal or NotAction, and so AWS can't set up log "
            f"delivery; say it with Principal and Action"
        )
        return _bad(Reason.ACCESS_DENIED, message)
    if not facts.in_use:
        return None
    message = (
        f"the policy of {site.noun} does not allow {DELIVERY} to put objects under AWSLogs/{site.account_id}/; "
        f"add the statement that AWS made when the logging was set up"
    )
    return _bad(Reason.ACCESS_DENIED, message)


def _log_policy(site: Site, facts: Facts) -> Verdict | None:
    if site.destination is not Destination.LOG_GROUP or facts.policies is None:
        return None
    stream = f"{site.arn}:log-stream:aws/IVSChatLogs/1.0/room_x"
    write = Access(DELIVERY, "logs:PutLogEvents", stream, site.account_id, site.region)
    if refuses(facts.policies, write):
        message = (
            f"a resource policy of {site.noun} denies that {DELIVERY} writes to it; "
            f"exempt {site.arn}:log-stream:* from the Deny, or name another log group in {site.field}"
        )
        return _bad(Reason.ACCESS_DENIED, message)
    if grants(facts.policies, write):
        return None
    if facts.policy_full:
        message = (
            f"the resource policy of {site.noun} does not allow {DELIVERY} to write, and is too large for AWS to add "
            f"to it; make it smaller, or allow log groups by a wildcard such as /aws/vendedlogs/*"
        )
        return _bad(Reason.QUOTA_EXCEEDED, message)
    if not facts.in_use:
        return None
    message = (
        f"no resource policy allows {DELIVERY} to write to {site.noun}; add one with logs:CreateLogStream and "
        f"logs:PutLogEvents on {site.arn}:log-stream:*"
    )
    return _bad(Reason.ACCESS_DENIED, message)


def _stream_tag(site: Site, facts: Facts) -> Verdict | None:
    if facts.tagged is not False or not facts.in_use:
        return None
    message = f"{site.noun} lacks the tag LogDeliveryEnabled=true, without which {DELIVERY} may not write to it; add it"
    return _bad(Reason.ACCESS_DENIED, message)


def _key(site: Site, facts: Facts) -> Verdict | None:
    """KMS: keys that don't work, and those with which the log delivery can't encrypt."""
    key = facts.key
    if key is None:
        return None
    if key.state in _BROKEN_KEY:
        message = (
            f"{site.noun} encrypts with KMS key {key.key}, which is {key.state}; {_BROKEN_KEY[key.state]}, "
            f"or let it encrypt with another key, or name another destination in {site.field}"
        )
        return _bad(Reason.UNAVAILABLE, message)
    if site.kind is not Kind.CHAT_LOGGING or site.destination is Destination.STREAM:
        return None
    if site.destination is Destination.BUCKET and key.aws_managed:
        message = (
            f"{site.noun} encrypts with the KMS key that AWS manages, which makes chat logs unreadable; use a customer "
            f"managed key, or SSE-S3"
        )
        return _bad(Reason.ACCESS_DENIED, message)
    if site.destination is Destination.BUCKET and not key.key.startswith("arn:"):
        message = (
            f"{site.noun} names its KMS key as {key.key}, which {DELIVERY} looks for in its own account; "
            f"give the key's ARN"
        )
        return _bad(Reason.ACCESS_DENIED, message)
    writer = DELIVERY if site.destination is Destination.BUCKET else f"logs.{site.region}.amazonaws.com"
    use = Access(writer, "kms:GenerateDataKey", key.key, site.account_id, site.region)
    if key.policy is None or grants([key.policy], use):
        return None
    message = (
        f"the policy of KMS key {key.key}, with which {site.noun} encrypts, does not allow {writer} to use it; add "
        f"kms:Encrypt, kms:Decrypt, kms:ReEncrypt*, kms:GenerateDataKey* and kms:DescribeKey for it"
    )
    return _bad(Reason.ACCESS_DENIED, message)


def _bad(reason: Reason, message: str) -> Verdict:
    return Verdict(good=False, reason=reason, message=message)
