"""The custom resource is being deleted: let go what is ours, delete what nobody uses, and say who is in the way."""

from collections.abc import Sequence
from dataclasses import replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Delete, ListUsers, ReleaseFinalizer, Untag
from ivs_operator.domain.associations import Associations, associate, describe
from ivs_operator.domain.creation import settled
from ivs_operator.domain.desired import DeletionPolicy
from ivs_operator.domain.failed_state import state_failure
from ivs_operator.domain.failures import Failure
from ivs_operator.domain.finding import Finding, Plan, act
from ivs_operator.domain.identity import adopted
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.ownership import list_first, misplaced, unlisted, unseen
from ivs_operator.domain.patience import earliest
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import OWN_TAGS, unused, users_of
from ivs_operator.domain.transition import watch
from ivs_operator.domain.untagging import untag_command

__all__ = ["release"]

_NOTHING = Associations(known=False)

_TAGS_STAY = "; its owner tags can't be taken off then, so that it counts as an orphan until somebody does"
"""No write leaves while an object is paused or its account is out of reach: `Retain` works, and the tags stay."""


def release(s: Situation) -> Plan:
    """The next step towards letting the custom resource go."""
    known = tuple(item for item in s.view.owned if item.state != "DELETING")
    current = next((item for item in known if item.arn == s.subject.recorded.arn), known[0] if known else None)
    if not s.subject.has_finalizer:
        return _plan(Finding(Reason.DELETING, "waiting for other finalizers"), current)
    if s.subject.deletion_policy is DeletionPolicy.RETAIN:
        return _plan(_retain(s), current)
    finding = _before(s)
    if finding is not None:
        return _plan(finding, current)
    if not s.view.owned:
        return _plan(Finding(Reason.DELETING, "deleted", actions=(ReleaseFinalizer(),)), None)
    return _remove(s, current)


def _plan(finding: Finding, current: Configuration | None, associations: Associations = _NOTHING) -> Plan:
    return Plan(
        actions=finding.actions,
        finding=finding,
        current=current,
        surplus=(),
        associations=associations,
        association_finding=None,
        wake=earliest(finding.wake, associations.wake),
    )


def _retain(s: Situation) -> Finding:
    """One bounded attempt to take our tags off, then the finalizer goes whatever came of it."""
    left, cause = _still_tagged(s)
    reachable = s.placement.fault is None and not s.subject.paused
    if reachable and not s.memory.untag_tried:
        look = list_first(s, newer_than=0.0) if s.view.listed_at == 0.0 else unlisted(s) or unseen(s)
        if look is not None and look.actions:
            return look  # what only the status calls ours keeps its tags: they may be somebody else's
        arns = sorted(item.arn for item in s.view.owned)
        if arns:
            actions = tuple(Untag(arn, OWN_TAGS) for arn in arns)
            return Finding(Reason.DELETING, f"taking our tags off {', '.join(arns)}, which is kept", actions=actions)
        left, cause = (left, look.message) if look is not None else ((), "")
    release = ReleaseFinalizer(_warning(s, left, cause) if left else "")
    return Finding(Reason.DELETING, "the AWS object is kept", actions=(release,))


def _still_tagged(s: Situation) -> tuple[tuple[str, ...], str]:
    """What may keep our tags although it is let go, and why."""
    recorded, named = s.subject.recorded.arn, s.view.named
    told = recorded is None or recorded in s.view.gone or (named is not None and named.arn == recorded)
    ours = sorted({item.arn for item in s.view.owned} | (set() if told or recorded is None else {recorded}))
    if s.subject.paused or s.placement.fault is not None:
        fault = s.placement.fault
        return tuple(ours), fault.message if fault is not None else "annotation ivs-operator.dev/paused is set"
    if not s.memory.untag_tried:
        return tuple(ours), ""
    failures = {arn: failure for arn in ours if (failure := s.memory.failures.get(Untag(arn, ()).target))}
    left = {arn: item.fault.message for arn, item in failures.items() if item.fault.code != "ResourceNotFoundException"}
    return tuple(left), next(iter(left.values()), "")


def _warning(s: Situation, arns: Sequence[str], cause: str) -> str:
    """What to do about owner tags that stay: nothing at AWS tells such an object from an orphan."""
    remedy = untag_command(s.subject.kind, s.placement.region or s.subject.recorded.region, arns)
    return (
        f"kept at AWS with its owner tags, so that it counts as an orphan, which cleanup may delete; take them off: "
        f"{remedy} (the operator could not: {cause})"
    )


def _before(s: Situation) -> Finding | None:
    """What must be known before anything is deleted."""
    if s.subject.paused:
        message = (
            "annotation ivs-operator.dev/paused is set, so nothing is deleted at AWS; remove it, or set "
            f"spec.deletionPolicy to Retain to let this object go and keep the AWS object{_TAGS_STAY}"
        )
        return Finding(Reason.PAUSED, message, trouble=True)
    if s.crd_deleting:
        message = (
            "the CustomResourceDefinition is being deleted, which is no wish to delete anything at AWS; to let this "
            "object go, set spec.deletionPolicy to Retain: the AWS object is kept"
        )
        return Finding(Reason.DELETION_BLOCKED, message, trouble=True)
    if s.placement.fault is not None:
        return _unreachable(s)
    if s.view.listed_at == 0.0 or s.view.listed_at < s.memory.deletion_seen_at:
        return list_first(s, newer_than=s.memory.deletion_seen_at)
    unsure = unlisted(s) or unseen(s)
    if unsure is not None:
        return unsure
    return (misplaced(s) or settled(s)) if not s.view.owned else None


def _unreachable(s: Situation) -> Finding | None:
    fault = s.placement.fault
    assert fault is not None  # noqa: S101 - the caller has looked
    recorded = s.subject.recorded
    passing = s.placement.retry_at is not None
    if recorded.arn is None and recorded.ledger.pending is None and not passing:
        return Finding(Reason.DELETING, "nothing was ever made at AWS", actions=(ReleaseFinalizer(),))
    message = (
        f"{fault.message}; until then set spec.deletionPolicy to Retain to let this object go and keep the AWS object"
        f"{_TAGS_STAY}"
    )
    return Finding(fault.reason, message, trouble=True, stalled=s.placement.stalled, wake=s.placement.retry_at)


def _remove(s: Situation, current: Configuration | None) -> Plan:
    """Each AWS object of ours: users go first, as far as they are ours to let go; then it goes."""
    associations = _NOTHING
    waiting: list[Finding] = []
    for item in s.view.owned:
        associations = associate(s, item.arn, serving=False, looking=False)
        finding = _remove_one(s, item, associations)
        if finding.actions:
            return _plan(finding, current, associations)
        waiting.append(finding)
    first = next((finding for finding in waiting if finding.trouble), waiting[0])
    failures = (_failed_before(s, item) for item in s.view.owned)
    return replace(
        _plan(first, current, associations),
        wake=earliest(associations.wake, *(finding.wake for finding in waiting)),
        remember=next((failure for failure in failures if failure is not None), None),
    )


def _remove_one(s: Situation, item: Configuration, associations: Associations) -> Finding:
    traits = TRAITS[s.subject.kind]
    deleting = f"deleting {traits.object_noun} {item.arn}"
    if item.state in {"DELETING", "CREATING", "UPDATING"}:
        return watch(s, item, Finding(Reason.DELETING, f"waiting for AWS: {item.arn} is {item.state}"))
    if users_of(s, item.arn) is None:
        return act(s, Finding(Reason.DELETING, deleting, actions=(ListUsers(item.arn),)))
    if associations.actions:
        message = f"{deleting}: letting its {traits.consumers} go"
        return Finding(Reason.DELETING, message, actions=associations.actions)
    users = users_of(s, item.arn)
    if users:
        return Finding(Reason.DELETION_BLOCKED, _blocked_message(s, users, associations), trouble=True)
    failure = _failed_before(s, item)
    if failure is not None:
        return Finding(Reason.DELETE_FAILED, failure.fault.message, trouble=True, wake=failure.retry_at)
    needed = unused(s, item, s.memory.deletion_seen_at)
    if isinstance(needed, float):
        return Finding(Reason.DELETING, deleting, wake=needed)
    last = Untag(item.arn, OWN_TAGS) if _not_ours_to_delete(s, item) else Delete(item.arn)
    finding = act(s, Finding(Reason.DELETING, deleting, actions=(needed or last,)))
    if finding.reason is Reason.DELETING or finding.reason is Reason.UNAVAILABLE:
        return finding
    return Finding(finding.reason, finding.message, trouble=True, wake=finding.wake, stalled=finding.stalled)


def _not_ours_to_delete(s: Situation, item: Configuration) -> bool:
    """Whether it was there before us, and a former life of this object had adopted it: this one never asked for it."""
    desired = s.subject.desired
    return desired is not None and desired.existing_arn is None and adopted(item.tags)


def _failed_before(s: Situation, item: Configuration) -> Failure | None:
    """AWS took a delete and failed: tried again slowly, and named."""
    if item.state != "DELETE_FAILED":
        return None
    message = f"AWS reports DELETE_FAILED for {item.arn}, without a reason; it is tried again"
    target = Delete(item.arn).target
    since = max(s.memory.deletion_seen_at, s.memory.generation_seen_at)  # a person has asked again
    return state_failure(s, item, target, reason=Reason.DELETE_FAILED, message=message, since=since)


def _blocked_message(s: Situation, users: Sequence[Consumer], associations: Associations) -> str:
    """Who blocks, and every way out."""
    traits = TRAITS[s.subject.kind]
    verb = traits.uses if len(users) == 1 else traits.uses.replace("records", "record").replace("logs", "log")
    who = f"{describe(users, traits)} still {verb}"
    failed = next((problem for problem in associations.problems), None)
    if failed is not None:
        return f"{who}; last attempt to let one go: {failed.message}"
    ways = [f"take {'it' if len(users) == 1 else 'them'} off at AWS"]
    if s.subject.deletion_policy is DeletionPolicy.DELETE and associations.associated:
        ways = [
            "set spec.deletionPolicy to DetachAndDelete to have this object's own let go",
            f"or remove the entries from {traits.field}",
            *(f"or {way}" for way in ways),
        ]
    return f"{who}; {', '.join(ways)}, or set spec.deletionPolicy to Retain to keep the AWS object"
