"""Replacing what AWS can't change: the new object first, its predecessor serves until the channels have moved.

There is no state of its own for this: a predecessor is an object of ours with another spec hash, and it goes the way of
all surplus. Only what is said differs.
"""

from dataclasses import replace

from ivs_operator.api.names import TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.finding import Finding
from ivs_operator.domain.kinds import TRAITS, count
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.ownership import Owned
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import users_of

__all__ = ["as_replacement", "replacing"]

_UNDER_WAY = frozenset({Reason.CREATING, Reason.UPDATING, Reason.CHANNEL_LIVE})


def replacing(s: Situation, owned: Owned, finding: Finding) -> Finding:
    """The finding of a creation, in the words of a replacement when predecessors are there."""
    serves = _serving(s, owned.surplus)
    if not serves:
        return finding
    if finding.reason is Reason.QUOTA_EXCEEDED:
        message = f"{finding.message}; replacing needs one more object for a while; {serves}"
        return replace(finding, message=message)
    if finding.reason in _UNDER_WAY:
        return replace(finding, reason=Reason.REPLACING, message=f"{finding.message}; {serves}", in_sync=False)
    return replace(finding, message=f"{finding.message}; {serves}")


def as_replacement(s: Situation, owned: Owned, finding: Finding | None) -> Finding | None:
    """The finding about a successor that exists already."""
    desired = s.subject.desired
    predecessors = tuple(
        item for item in owned.surplus if desired is not None and item.tags.get(TAG_SPEC) != desired.spec_hash
    )
    serves = _serving(s, predecessors)
    if finding is None or not serves:
        return finding
    message = f"{finding.message}; {serves}"
    reason = Reason.REPLACING if finding.reason in _UNDER_WAY else finding.reason
    return replace(finding, reason=reason, message=message)


def _serving(s: Situation, predecessors: tuple[Configuration, ...]) -> str:
    """Which of them serve; empty when none does: what is not ACTIVE records nothing."""
    traits = TRAITS[s.subject.kind]
    active = (item for item in predecessors if item.state == "ACTIVE")
    parts = [f"{item.arn} ({count(len(users_of(s, item.arn) or ()), traits)})" for item in active]
    if not parts:
        return ""
    return f"meanwhile {', '.join(parts)} serves" if len(parts) == 1 else f"meanwhile {', '.join(parts)} serve"
