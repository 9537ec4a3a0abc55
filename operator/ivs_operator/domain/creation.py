"""Nothing of ours exists: create it, once, whenever the process dies.

Neither service has an idempotency token and names are not unique. So: the intent is written to status and acknowledged;
then a List that began later finds nothing with our owner tag; then Create is called, once. Whoever finds an intent
whose outcome is unknown (a crash, a lost reply) trusts a List only after the grace period, since Lists can lag.
"""

import math
from dataclasses import replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Create, Ledger, PendingCreate, WriteLedger
from ivs_operator.domain.desired import Desired, DriftPolicy
from ivs_operator.domain.finding import Finding, act
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.ownership import Owned, list_first, misplaced, unseen
from ivs_operator.domain.patience import passing
from ivs_operator.domain.subject import Attempt, Situation
from ivs_operator.domain.surplus import in_the_way
from ivs_operator.domain.transition import watch

__all__ = ["INTENT_LIFETIME", "absent", "intended", "settled"]

INTENT_LIFETIME = 10.0
"""Seconds for which an acknowledged intent may still be acted on; a process that was frozen longer writes a new one."""


def absent(s: Situation, desired: Desired, owned: Owned) -> Finding:
    """What to do while no AWS object is ours."""
    traits = TRAITS[s.subject.kind]
    if owned.leaving:
        item = owned.leaving[0]
        return watch(s, item, Finding(Reason.CREATING, f"waiting until {item.arn}, which is being deleted, is gone"))
    before = unseen(s) or misplaced(s) or _owned_elsewhere(s) or _left_missing(s, desired) or _clear(s, desired, owned)
    if before is not None:
        return before
    creating = f"creating the {traits.object_noun} in {s.placement.region}"
    failure = s.failure(Create.target)
    if failure is not None:
        return act(s, Finding(Reason.CREATING, creating, actions=(Create(desired.settings, desired.tags),)))
    attempt = s.memory.attempt
    if _may_call(s, attempt):
        if s.view.listed_at < (attempt.shown_from if attempt else math.inf):
            return list_first(s, newer_than=attempt.shown_from if attempt else s.now)
        return Finding(Reason.CREATING, creating, actions=(Create(desired.settings, desired.tags),))
    waiting = settled(s)
    if waiting is not None:
        return waiting
    intent = PendingCreate(spec_hash=desired.spec_hash, since=math.floor(s.now))
    recorded = s.subject.recorded.ledger
    ledger = Ledger(
        pending=intent,
        selectors=tuple(dict.fromkeys((*desired.selectors, *recorded.selectors))),
        tag_keys=recorded.tag_keys | desired.tag_keys,
    )
    return act(s, Finding(Reason.CREATING, creating, actions=(WriteLedger(ledger, intends_create=True),)))


def intended(s: Situation, pending: PendingCreate, acknowledged_at: float) -> Attempt:
    """The intent that has just been acknowledged.

    An intent grows old while a List goes on, or while its turn under AWS's rate does not come, and is renewed. The
    write of a renewal is refused once anybody else has written, and without an intent on record nobody makes anything:
    what the List has shown since the first of the row still holds. Otherwise nothing would ever be made where a List
    takes longer than an intent lives.
    """
    before, recorded = s.memory.attempt, s.subject.recorded.ledger.pending
    renews = (
        before is not None
        and recorded is not None
        and before.since == recorded.since
        and (before.answered or not before.called)
    )
    if before is not None and renews and before.since == pending.since:
        return replace(before, called=False, answered=False)  # within one second: nothing was written, and nobody asked
    alone_since = before.shown_from if before is not None and renews else None
    return Attempt(since=pending.since, acknowledged_at=acknowledged_at, alone_since=alone_since)


def _left_missing(s: Situation, desired: Desired) -> Finding | None:
    """With `Report`, what somebody has deleted is told and not made again."""
    if s.subject.recorded.arn is None or desired.drift_policy is not DriftPolicy.REPORT:
        return None
    message = f"{s.subject.recorded.arn} no longer exists; set spec.driftPolicy to Correct to have it made again"
    return Finding(Reason.DRIFT_DETECTED, message, trouble=True, stalled=True)


def _clear(s: Situation, desired: Desired, owned: Owned) -> Finding | None:
    """Make room for a successor: often the quota has one spare place, and what a former edit made would hold it."""
    step = in_the_way(s, desired, owned.surplus)
    if step is None:
        return None
    message = "deleting what nobody uses and would hold the place of the new one in the quota"
    if isinstance(step, float):
        return Finding(Reason.CREATING, message, wake=step)
    return Finding(Reason.CREATING, message, actions=(step,))


def settled(s: Situation) -> Finding | None:
    """Wait while the outcome of a recorded intent is unknown; None once the Lists can be trusted."""
    pending = s.subject.recorded.ledger.pending
    attempt = s.memory.attempt
    if pending is None:
        return None
    ours = attempt is not None and attempt.since == pending.since
    if ours and attempt is not None and (attempt.answered or not attempt.called):
        return None
    # The call leaves up to a lifetime after the intent was written; what the Lists show is trusted a grace after that.
    # Its time may be of another clock, or of a hand: one that was there before us, or is from the future, counts as
    # written when we first saw the object.
    since = max(pending.since if pending.since <= s.now else 0.0, s.memory.met_at) or s.now
    trusted_from = since + INTENT_LIFETIME + s.policy.create_grace
    if s.now < trusted_from:
        return _waiting(s, trusted_from)
    if s.view.listed_at < trusted_from:
        return list_first(s, newer_than=trusted_from)
    return None


def _waiting(s: Situation, until: float) -> Finding:
    """Once a trouble has lasted, it stays what is told: its retries are no news."""
    failure = s.memory.failures.get(Create.target)
    if failure is not None and not passing(s, failure):
        return Finding(failure.fault.reason, failure.fault.message, wake=until, trouble=True)
    message = "waiting for the result of an earlier create, so that nothing is made twice"
    return Finding(Reason.CREATING, message, wake=until)


def _may_call(s: Situation, attempt: Attempt | None) -> bool:
    """Whether an intent that this process wrote, and nobody has acted on, still stands."""
    pending = s.subject.recorded.ledger.pending
    return (
        attempt is not None
        and pending is not None
        and attempt.since == pending.since
        and not attempt.called
        and s.now - attempt.acknowledged_at < INTENT_LIFETIME
        and s.subject.desired is not None
        and pending.spec_hash == s.subject.desired.spec_hash
    )


def _owned_elsewhere(s: Situation) -> Finding | None:
    """The same namespace and name under another cluster id, while ours is a default: likely a rebuilt cluster."""
    if not s.policy.cluster_id_is_default or not s.view.elsewhere:
        return None
    other = s.view.elsewhere[0]
    cluster = other.tags.get("ivs-operator.dev/owner", "").split("/")[0]
    message = (
        f"{other.arn} carries the owner tag of {s.subject.key.namespace}/{s.subject.key.name} in cluster {cluster}; "
        f"start the operator with --cluster-id={cluster} to take it over, or with an id of its own to create another"
    )
    return Finding(Reason.OWNED_ELSEWHERE, message, stalled=True, trouble=True)
