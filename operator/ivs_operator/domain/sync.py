"""Our AWS object exists: wait for it, mend it, or say what can't be mended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Delete, Inspect, Ledger, Tag, Untag, Update, WriteLedger
from ivs_operator.domain.desired import Desired, DriftPolicy, ReplacePolicy
from ivs_operator.domain.failed_state import state_failure
from ivs_operator.domain.failures import Failure, Fault, FaultClass, delay
from ivs_operator.domain.finding import Finding, act
from ivs_operator.domain.identity import Kind, adopted, is_own_tag
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.settings import destination_name, differences
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import unused, users_of
from ivs_operator.domain.surroundings import destination_cause
from ivs_operator.domain.transition import watch

__all__ = ["Sync", "synchronise", "wrong_tags"]

_MOST_TAGS: Final = 50
"""Tags that AWS lets one object have."""

Drift = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Sync:
    """How the AWS object compares with the spec."""

    finding: Finding | None = None
    drift: Drift = ()
    remember: Failure | None = None


Check = Callable[[Situation, Desired, Configuration], Sync | None]


def synchronise(s: Situation, desired: Desired, current: Configuration) -> Sync:
    """The first of the checks that finds something; nothing found: in sync."""
    checks: tuple[Check, ...] = (
        _transition,  # AWS is at work: anything else would answer 409
        _failed_shell,  # a creation that failed can't be repaired, only made again
        _claim,  # an adopted object gets our owner tags before anything else
        _details,  # settings that only Get reports are read once, when the spec tag does not vouch for them
        _settings,
        _tags,
        _other_state,  # whatever AWS calls it: only ACTIVE serves
    )
    for check in checks:
        found = check(s, desired, current)
        if found is not None:
            return found
    return Sync()


def _transition(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    reasons = {"CREATING": Reason.CREATING, "UPDATING": Reason.UPDATING}
    reason = reasons.get(current.state)
    if reason is None:
        return None
    noun = TRAITS[desired.kind].object_noun
    message = f"AWS reports {current.state} for the {noun}"
    return Sync(finding=watch(s, current, Finding(reason, message)))


def _other_state(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    if current.state == "ACTIVE":
        return None
    noun = TRAITS[desired.kind].object_noun
    reason = Reason.UPDATE_FAILED if current.state.endswith("_FAILED") else Reason.UPDATING
    return Sync(finding=watch(s, current, Finding(reason, f"AWS reports {current.state} for the {noun}")))


def _failed_shell(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    """CREATE_FAILED carries no reason. Ours and unused: deleted and made again with growing patience."""
    if current.state != "CREATE_FAILED":
        return None
    noun = TRAITS[desired.kind].object_noun
    where = destination_name(current.settings.get("destinationConfiguration"))
    cause = destination_cause(s)
    likely = f"check that {where} exists in {s.placement.region} and belongs to account {s.placement.account_id}"
    failed = (
        f"AWS could not create the {noun} (state CREATE_FAILED{'' if cause else ', which carries no reason'}): "
        f"{cause or likely}; "
    )
    if desired.existing_arn is not None or adopted(current.tags):
        message = (
            f"{failed}an adopted one is not made again, and AWS mends none in this state: delete this object, and "
            f"apply it without spec.existing to have another one made"
        )
        return Sync(finding=Finding(Reason.CREATE_FAILED, message, trouble=True, stalled=True))
    message = (
        f"{failed}it is made again {'soon after that is mended' if cause else 'at growing intervals'}, "
        f"and at once after an edit or a new value of the annotation ivs-operator.dev/reconcile-at"
    )
    base = Finding(Reason.CREATE_FAILED, message, trouble=True)
    known = s.memory.failures.get("shell")
    if known is None or known.target != "shell" or known.fault.code != current.arn:
        attempts = known.attempts + 1 if known else 1
        if known is None and (_edited_since(desired, current) or _told_already(s, current)):
            return Sync(finding=_discard(s, current, base))
        fault = Fault(FaultClass.SLOW, Reason.CREATE_FAILED, message, code=current.arn)
        retry_at = s.now + delay(FaultClass.SLOW, attempts)
        failure = Failure("shell", fault, first_at=s.now, retry_at=retry_at, attempts=attempts)
        return Sync(finding=Finding(base.reason, message, trouble=True, wake=retry_at), remember=failure)
    if s.now < known.retry_at:
        return Sync(finding=Finding(base.reason, message, trouble=True, wake=known.retry_at))
    return Sync(finding=_discard(s, current, base))


def _discard(s: Situation, current: Configuration, base: Finding) -> Finding:
    """Delete a failed shell that nobody uses; one that is in use stays."""
    if users_of(s, current.arn):
        return replace(base, message=f"{base.message}; it is not made again while something uses {current.arn}")
    needed = unused(s, current, 0.0)
    if isinstance(needed, float):
        return replace(base, wake=needed)
    return act(s, replace(base, actions=(needed or Delete(current.arn),)))


def _edited_since(desired: Desired, current: Configuration) -> bool:
    """Whether the shell was made for another spec; the tag alone tells nothing of what could be updated in place."""
    comparable = {key: value for key, value in desired.settings.items() if current.complete or key in current.settings}
    return current.tags.get(TAG_SPEC) != desired.spec_hash or bool(differences(comparable, current.settings))


def _told_already(s: Situation, current: Configuration) -> bool:
    """Whether the failure is on record but not remembered: a person has asked to try anew, or the process is new."""
    recorded = s.subject.recorded
    return recorded.arn == current.arn and recorded.raw.get("state") == current.state


def _claim(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    """Owner tags that are missing or of another life of the same object (a restore has a new uid)."""
    own = s.subject.owner.tags(current.tags.get(TAG_SPEC, "") or desired.spec_hash)
    missing = {key: value for key, value in own.items() if current.tags.get(key) != value and key != TAG_SPEC}
    if not missing:
        return None
    if TAG_OWNER not in missing and current.arn not in s.view.got:  # restored, as a List has it that may lag
        looking = Finding(Reason.UPDATING, f"looking at {current.arn}", actions=(Inspect(current.arn),), in_sync=None)
        return Sync(finding=act(s, looking))
    message = f"marking {current.arn} as ours with the owner tags"
    return Sync(finding=act(s, Finding(Reason.UPDATING, message, actions=(Tag(current.arn, missing),), in_sync=None)))


def _details(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    """A List leaves out most settings of a recording configuration; they never change, so one Get per object does."""
    if desired.kind is not Kind.RECORDING or current.complete or current.tags.get(TAG_SPEC) == desired.spec_hash:
        return None
    message = f"reading the settings of {current.arn}"
    return Sync(finding=act(s, Finding(Reason.UPDATING, message, actions=(Inspect(current.arn),), in_sync=None)))


def _settings(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    comparable = {key: value for key, value in desired.settings.items() if current.complete or key in current.settings}
    drift = differences(comparable, current.settings)
    failed = current.state.endswith("_FAILED")
    if not drift and not failed:
        return None
    if not drift and (desired.drift_policy is DriftPolicy.REPORT or desired.kind is Kind.RECORDING):
        return Sync(finding=_left_failed(desired, current))
    told = (*drift, *_tag_drift(s, desired, current))  # tags wait their turn, but are told at once
    if desired.drift_policy is DriftPolicy.REPORT:
        return Sync(finding=_reported(told, current), drift=told)
    if desired.kind is Kind.RECORDING:
        return Sync(finding=_replacement(desired, drift), drift=told)
    return replace(_update(s, desired, current, drift), drift=told)


def _update(s: Situation, desired: Desired, current: Configuration, drift: Drift) -> Sync:
    action = Update(current.arn, desired.settings)
    serving = not current.state.endswith("_FAILED")
    fields = ", ".join(field for field, _, _ in drift)
    if not serving:
        cause = destination_cause(s)
        likely = f": {cause}" if cause else ", without a reason; check the destination and permissions"
        message = f"AWS reports {current.state} for {current.arn}{likely}"
        failure = state_failure(
            s, current, action.target, reason=Reason.UPDATE_FAILED, message=message, since=s.memory.generation_seen_at
        )
        if failure is not None:
            finding = Finding(Reason.UPDATE_FAILED, message, trouble=True, wake=failure.retry_at)
            return Sync(finding=finding, remember=failure)
    updating = f"updating {fields}" if fields else f"updating once more, since the state is {current.state}"
    return Sync(finding=act(s, Finding(Reason.UPDATING, updating, actions=(action,), serving=serving)))


def _replacement(desired: Desired, drift: Drift) -> Finding:
    """Settings of a recording configuration differ, and AWS has no call that changes them."""
    fields = ", ".join(field for field, _, _ in drift)
    message = f"AWS can't change {fields} of a recording configuration; {_remedy(desired)}"
    return Finding(Reason.REPLACEMENT_REQUIRED, message, stalled=True, trouble=True, serving=True)


def _remedy(desired: Desired) -> str:
    """What the API server lets pass: under Never it refuses to set the fields back as it refuses any edit of them."""
    if desired.existing_arn is not None:
        return (
            "set spec.deletionPolicy to Retain and delete this object, which keeps the one at AWS; then apply it with "
            "these fields as AWS has them (status.drift), or without spec.existing to have a new one made"
        )
    if desired.replace_policy is ReplacePolicy.CREATE_BEFORE_DELETE:
        return f"take the tag {TAG_SPEC} off the object, which says that it is as the spec, to have a new one made"
    return (
        "set spec.replacePolicy to CreateBeforeDelete to have a new one made or, with these fields set back in the "
        "same edit, to keep this one"
    )


def _reported(drift: Drift, current: Configuration) -> Finding:
    fields = ", ".join(field for field, _, _ in drift)
    message = f"{current.arn} differs from the spec in {fields}; set spec.driftPolicy to Correct to have it changed"
    return Finding(Reason.DRIFT_DETECTED, message, trouble=True, stalled=True, serving=True)


def _left_failed(desired: Desired, current: Configuration) -> Finding:
    """A failed state that no call of ours may mend: it is as the spec says, and yet it does not work."""
    remedy = (
        "set spec.driftPolicy to Correct to have it updated once more"
        if desired.kind is not Kind.RECORDING
        else "delete this object and make it again"
    )
    message = f"AWS reports {current.state} for {current.arn}, without a reason; {remedy}"
    return Finding(Reason.UPDATE_FAILED, message, trouble=True, stalled=True)


def _tags(s: Situation, desired: Desired, current: Configuration) -> Sync | None:
    """Tags in place: ours are set, those we had set and no longer want go, everybody else's stay."""
    recorded = s.subject.recorded.ledger
    wrong, stale = wrong_tags(desired, current), _stale_tags(s, desired, current)
    if not wrong and not stale:
        return None
    drift = _tag_drift(s, desired, current)
    own_only = all(map(is_own_tag, wrong)) and not stale
    if desired.drift_policy is DriftPolicy.REPORT and not own_only:
        return Sync(finding=_reported(drift, current), drift=drift)
    setting = desired.tag_keys & wrong.keys()  # what is right already may be somebody else's
    if not setting <= recorded.tag_keys:
        ledger = Ledger(pending=None, selectors=recorded.selectors, tag_keys=recorded.tag_keys | setting)
        record = Finding(Reason.UPDATING, "updating tags", actions=(WriteLedger(ledger),), serving=True)
        return Sync(finding=act(s, record), drift=drift)
    full = len(current.tags.keys() | wrong.keys()) > _MOST_TAGS
    first = Untag(current.arn, stale) if stale and (full or not wrong) else Tag(current.arn, wrong)
    return Sync(finding=act(s, Finding(Reason.UPDATING, "updating tags", actions=(first,), serving=True)), drift=drift)


def wrong_tags(desired: Desired, current: Configuration) -> dict[str, str]:
    """Tags that must be set. What was there before us stays marked so, whatever means it now: it is never deleted."""
    wrong = {key: value for key, value in desired.tags.items() if current.tags.get(key) != value}
    if adopted(current.tags) and desired.existing_arn is None:
        wrong.pop(TAG_SPEC, None)
    return wrong


def _stale_tags(s: Situation, desired: Desired, current: Configuration) -> tuple[str, ...]:
    recorded = s.subject.recorded.ledger
    return tuple(sorted(key for key in recorded.tag_keys - desired.tag_keys if key in current.tags))


def _tag_drift(s: Situation, desired: Desired, current: Configuration) -> Drift:
    """Less our own tags: no spec of a user's names them, and nobody but us can set them right."""
    wrong = sorted((key, value) for key, value in wrong_tags(desired, current).items() if not is_own_tag(key))
    set_ = tuple((f"tags.{key}", value, current.tags.get(key, "")) for key, value in wrong)
    if desired.drift_policy is not DriftPolicy.REPORT:
        return set_
    return (*set_, *((f"tags.{key}", "", current.tags[key]) for key in _stale_tags(s, desired, current)))
