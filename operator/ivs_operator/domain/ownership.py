"""Which AWS object is this custom resource's: by owner tag, never by name, and never because a status says so."""

from dataclasses import dataclass

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Inspect, Refresh
from ivs_operator.domain.desired import Desired, DriftPolicy, ReplacePolicy
from ivs_operator.domain.finding import Finding, act
from ivs_operator.domain.identity import SPEC_HASH_VERSION, Key, Kind, owner_of
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.settings import differences
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.untagging import untag_command

__all__ = ["Owned", "identify", "list_first", "misplaced", "unlisted", "unseen"]


@dataclass(frozen=True, slots=True)
class Owned:
    """Our AWS objects: the one that the spec means, and surplus ones (predecessors, twins of a lost reply)."""

    current: Configuration | None = None
    surplus: tuple[Configuration, ...] = ()
    leaving: tuple[Configuration, ...] = ()
    """Ours, but being deleted already."""
    finding: Finding | None = None


def identify(s: Situation) -> Owned:
    """Find what is ours, or say what must be looked at first."""
    if s.view.listed_at == 0.0 or s.view.listed_at < s.memory.asked_at:
        return Owned(finding=list_first(s, newer_than=s.memory.asked_at))
    unsure = unlisted(s)
    if unsure is not None:
        return Owned(finding=unsure)
    desired = s.subject.desired
    if desired is not None and desired.existing_arn is not None:
        return _adopted(s, desired.existing_arn)
    leaving = tuple(item for item in s.view.owned if item.state == "DELETING")
    present = sorted((item for item in s.view.owned if item.state != "DELETING"), key=lambda item: _rank(s, item))
    if desired is None or not present:
        return Owned(current=present[0] if present else None, surplus=tuple(present[1:]), leaving=leaving)
    return _chosen(s, desired, tuple(present), leaving)


def list_first(s: Situation, *, newer_than: float) -> Finding:
    """Ask for a List; while Lists fail, say why."""
    noun = TRAITS[s.subject.kind].object_noun
    looking = Finding(
        Reason.CREATING,
        f"looking for the {noun} in {s.placement.region}",
        actions=(Refresh(newer_than=newer_than),),
        in_sync=None,
        blind=True,
    )
    return act(s, looking)


def unlisted(s: Situation) -> Finding | None:
    """A List may lag: what existed and is missing from one is only gone when a Get says so."""
    for arn in sorted(s.view.unlisted):
        message = f"checking whether {arn} still exists"
        return act(s, Finding(Reason.UPDATING, message, actions=(Inspect(arn),), in_sync=None, blind=True))
    return None


def unseen(s: Situation) -> Finding | None:
    """The object that status names and no List has shown, as after a restart: it may be younger than what Lists show.

    Whatever is made or let go before a Get has answered might be made twice, or left behind. What the Get finds counts
    only by its owner tag, and an ARN that can't be ours is not looked at: a status may have been edited by hand.
    """
    arn = s.subject.recorded.arn
    known = {item.arn for item in s.view.owned} | s.view.gone
    if arn is None or arn in known or not _possible(s, arn) or (s.view.named is not None and s.view.named.arn == arn):
        return None
    message = f"checking whether {arn} still exists"
    return act(s, Finding(Reason.UPDATING, message, actions=(Inspect(arn),), in_sync=None, blind=True))


def misplaced(s: Situation) -> Finding | None:
    """The ARN in status names another region than status does, and nothing of ours is there: one of them was edited.

    Whatever were made or let go now might be made twice, or left behind. With this report the ARN leaves the status, so
    that the next look goes where the status' region says.
    """
    recorded = s.subject.recorded
    if recorded.arn is None or not recorded.region or recorded.region == s.placement.region:
        return None
    message = (
        f"{recorded.arn} in status is not where status.region says, and nothing of this object is there; looking in "
        f"{recorded.region}"
    )
    return Finding(Reason.UPDATING, message, wake=s.now + 1.0)


def _possible(s: Situation, arn: str) -> bool:
    """Whether an ARN names a configuration of this kind in the object's account and region."""
    resource = TRAITS[s.subject.kind].arn_resource
    service, path = resource.split(":")
    return arn.startswith(f"arn:aws:{service}:{s.placement.region}:{s.placement.account_id}:{path}/")


def _chosen(
    s: Situation, desired: Desired, present: tuple[Configuration, ...], leaving: tuple[Configuration, ...]
) -> Owned:
    """The best of ours serves, unless it must be replaced: then all of them are predecessors of one to be made."""
    best = present[0]
    if not _replaceable(desired) or best.tags.get(TAG_SPEC) == desired.spec_hash:
        return Owned(current=best, surplus=present[1:], leaving=leaving)
    if best.tags.get(TAG_SPEC, "").startswith(f"{SPEC_HASH_VERSION}-"):
        return Owned(surplus=present, leaving=leaving)
    if not best.complete:  # a tag of another version tells nothing: only the settings themselves do
        reading = Finding(
            Reason.UPDATING, f"reading the settings of {best.arn}", actions=(Inspect(best.arn),), blind=True
        )
        return Owned(surplus=present, finding=act(s, reading))
    if differences(desired.settings, best.settings):
        return Owned(surplus=present, leaving=leaving)
    return Owned(current=best, surplus=present[1:], leaving=leaving)


def _replaceable(desired: Desired) -> bool:
    """Whether a setting that AWS can't change is changed by making a new object."""
    return (
        desired.kind is Kind.RECORDING
        and desired.replace_policy is ReplacePolicy.CREATE_BEFORE_DELETE
        and desired.drift_policy is DriftPolicy.CORRECT
    )


def _rank(s: Situation, item: Configuration) -> tuple[bool, bool, bool, str]:
    """Which of ours is kept: the one with our spec hash, then one that works and is in use, then the smallest ARN."""
    desired = s.subject.desired
    same_spec = desired is not None and item.tags.get(TAG_SPEC) == desired.spec_hash
    in_use = bool(list(s.view.consumers.users(item.arn)))
    return (not same_spec, item.state == "CREATE_FAILED", not in_use, item.arn)


def _adopted(s: Situation, arn: str) -> Owned:
    """The object that `spec.existing` names, if it may be ours."""
    named = s.view.named
    if named is None or named.arn != arn or arn in s.view.unconfirmed:
        if arn in s.view.gone:
            return Owned(finding=_nothing_to_adopt(s, arn))
        finding = Finding(Reason.UPDATING, f"looking at {arn}", actions=(Inspect(arn),), in_sync=None, blind=True)
        return Owned(finding=act(s, finding))
    owner = named.tags.get(TAG_OWNER)
    if owner == s.subject.owner.tag:
        return Owned(current=named)
    older = s.claims.older_adopter(s.subject, arn) if s.claims is not None else None
    if owner is None and older is None:
        return Owned(current=named)
    return Owned(finding=_held(s, arn, owner, older))


def _held(s: Situation, arn: str, tag: str | None, older: str | None) -> Finding:
    """What is to be adopted belongs to another object, by its owner tag, or else by being claimed earlier."""
    owner = owner_of({TAG_OWNER: tag}) if tag is not None else None
    untag = untag_command(s.subject.kind, s.placement.region, [arn])
    if tag is not None and (owner is None or owner[0] != s.subject.owner.cluster_id):
        message = (
            f"{arn} belongs to {tag}, another cluster; delete it there with deletionPolicy Retain to hand it over or, "
            f"if that cluster is gone, take its tags off: {untag}"
        )
        return Finding(Reason.OWNED_ELSEWHERE, message, stalled=True, trouble=True)
    holder = f"{owner[1]}/{owner[2]}" if owner is not None else older
    message = f"{arn} belongs to {holder}, which is older or had it first; delete one of the two objects, with Retain"
    key = Key(s.subject.kind, owner[1], owner[2]) if owner is not None else None
    if key is not None and s.claims is not None and s.claims.entries(key) is None:
        message = (
            f"{arn} carries the owner tag of {holder}, an object that this operator does not see; if it is gone, take "
            f"the tags off: {untag}"
        )
    return Finding(Reason.AMBIGUOUS_OWNER, message, stalled=True, trouble=True)


def _nothing_to_adopt(s: Situation, arn: str) -> Finding:
    message = (
        f"spec.existing.arn names {arn}, which does not exist in {s.placement.region}; "
        f"make another object with the right ARN, or without spec.existing to have one created"
    )
    return Finding(Reason.EXISTING_NOT_FOUND, message, stalled=True, trouble=True)
