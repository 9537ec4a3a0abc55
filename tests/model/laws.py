"""What must never happen, judged call by call at AWS and at the API server, whatever the process believes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.domain.desired import ConflictPolicy, DeletionPolicy, ReplacePolicy
from ivs_operator.domain.identity import is_own_tag
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Subject
from model.trouble import Line

if TYPE_CHECKING:
    from model.cloud import Cloud

__all__ = ["Actor", "on_release", "short"]


@dataclass(frozen=True)
class Actor:
    """On whose behalf the process acts: the object as it knows it, and as the API server has it."""

    believed: Subject | None = None
    true: Subject | None = None
    ever_set: frozenset[str] = frozenset()
    """Tag keys that some spec of the object has."""

    @property
    def owner(self) -> str:
        """The owner tag."""
        return self.believed.owner.tag if self.believed is not None else ""

    def owns(self, item: Configuration) -> bool:
        """By its owner tag; or ours until a moment ago, when a person's wish to keep it was taken back in time."""
        untagged = TAG_OWNER not in item.tags and self.believed is not None and self.believed.deleting
        known = self.believed is not None and self.believed.recorded.arn == item.arn
        return item.tags.get(TAG_OWNER) == self.owner or (untagged and known)

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Entries on record, and those of the spec: what they mean is ours to let go."""
        recorded = self.true.recorded.ledger.selectors if self.true is not None else ()
        known = self.believed.recorded.ledger.selectors if self.believed is not None else ()
        desired = self.believed.desired if self.believed is not None else None
        return (*recorded, *known, *(desired.selectors if desired is not None else ()))


def short(arn: str) -> str:
    """The telling part of an ARN."""
    return arn.rpartition("/")[2].rstrip("0") or arn


def on_any_write(line: Line, actor: Actor, words: str) -> None:
    if actor.believed is not None and actor.believed.paused:
        line.breach(f"a write to AWS while paused: {words}")


def on_create(line: Line, actor: Actor, cloud: "Cloud", tags: Mapping[str, str]) -> None:
    owner, hash_ = tags.get(TAG_OWNER), tags.get(TAG_SPEC)
    subject = actor.believed
    assert subject is not None
    if owner != actor.owner:
        line.breach("Create without our owner tag")
    if subject.deleting:
        line.breach("Create for an object that is being deleted")
    if subject.desired is not None and subject.desired.existing_arn is not None:
        line.breach("Create for an object that adopts")
    pending = actor.true.recorded.ledger.pending if actor.true is not None else None
    if actor.true is not None and (pending is None or pending.spec_hash != hash_):
        line.breach("Create without an intent on record at the API server")
    replaceable = subject.desired is not None and subject.desired.replace_policy is ReplacePolicy.CREATE_BEFORE_DELETE
    twins = [
        item.arn
        for item in cloud.living()
        if item.tags.get(TAG_OWNER) == owner
        and item.state != "CREATE_FAILED"
        and (not replaceable or item.tags.get(TAG_SPEC) == hash_)
    ]
    if twins:
        line.breach(f"a twin is made: {', '.join(map(short, twins))} is there already")


def on_update(line: Line, actor: Actor, item: Configuration) -> None:
    if item.tags.get(TAG_OWNER) != actor.owner:
        line.breach(f"Update of {short(item.arn)}, which is not ours")


def on_delete(line: Line, actor: Actor, cloud: "Cloud", item: Configuration) -> None:
    subject = actor.believed
    if not actor.owns(item):
        line.breach(f"Delete of {short(item.arn)}, which is not ours")
    if subject is not None and subject.deleting and subject.deletion_policy is DeletionPolicy.RETAIN:
        line.breach(f"Delete of {short(item.arn)} under Retain")
    users = cloud.users(item.arn)
    if users and item.arn not in cloud.disturbed:
        line.breach(f"Delete of {short(item.arn)} while {', '.join(map(short, users))} use it, as every List shows")


def on_tag(line: Line, actor: Actor, item: Configuration, tags: Mapping[str, str]) -> None:
    owner = item.tags.get(TAG_OWNER)
    if owner not in (None, actor.owner):
        line.breach(f"tags of {short(item.arn)} are written, which belongs to {owner}")
    strange = [key for key in tags if not is_own_tag(key) and key not in actor.ever_set]
    if strange:
        line.breach(f"tags of others are overwritten: {strange}")


def on_untag(line: Line, actor: Actor, item: Configuration, keys: set[str]) -> None:
    strange = [key for key in keys if not is_own_tag(key) and key not in actor.ever_set and key in item.tags]
    if strange:
        line.breach(f"tags of others are removed: {strange}")
    if item.tags.get(TAG_OWNER) not in (None, actor.owner):
        line.breach(f"{short(item.arn)} is untagged, which belongs to {item.tags[TAG_OWNER]}")


def on_associate(
    line: Line,
    actor: Actor,
    cloud: "Cloud",
    item: Consumer,
    *,
    seen: tuple[str, ...] | None,
    wanted: tuple[str, ...],
) -> None:
    """The whole list of a consumer is replaced."""
    if seen is None:
        line.breach(f"{short(item.arn)} is written without a Get before")
        return
    if len(wanted) > TRAITS[cloud.kind].slots:
        line.breach(f"{short(item.arn)} is given {len(wanted)} configurations")
    ours = {c.arn for c in cloud.living() if actor.owns(c)}
    meant = any(entry.matches(item.arn, item.name, item.tags) for entry in actor.selectors)
    joined = [arn for arn in wanted if arn not in seen]
    lost = [arn for arn in seen if arn not in wanted]
    _on_joined(line, actor, cloud, item, joined)
    for arn in lost:
        if arn in ours:
            if not meant and not any(other in ours for other in joined):
                line.breach(f"{short(item.arn)} is let go from {short(arn)}, although no entry ever meant it")
        elif arn in cloud.configurations and not _may_replace(actor, cloud, arn):
            line.breach(f"{short(item.arn)} has lost {short(arn)}, which is another's")
    kept = [arn for arn in seen if arn in wanted]
    if [arn for arn in wanted if arn in kept] != kept:
        line.breach(f"{short(item.arn)} has the others' in another order")


def _on_joined(line: Line, actor: Actor, cloud: "Cloud", item: Consumer, joined: list[str]) -> None:
    recorded = actor.true.recorded.ledger.selectors if actor.true is not None else actor.selectors
    for arn in joined:
        found, outcome = cloud.configurations.get(arn, (None, ""))
        if found is None:
            continue  # AWS refuses
        if found.tags.get(TAG_OWNER) != actor.owner:
            line.breach(f"{short(item.arn)} is joined to {short(arn)}, which is not ours")
        elif outcome == "ACTIVE" and found.state == "CREATING":
            line.breach(f"{short(item.arn)} is joined to {short(arn)} before it is ACTIVE")
        if not any(entry.matches(item.arn, item.name, item.tags) for entry in recorded):
            line.breach(f"{short(item.arn)} is joined although no entry on record means it")


def _may_replace(actor: Actor, cloud: "Cloud", arn: str) -> bool:
    desired = actor.believed.desired if actor.believed is not None else None
    unowned = TAG_OWNER not in cloud.configurations[arn][0].tags
    return desired is not None and desired.conflict_policy is ConflictPolicy.REPLACE and unowned


def on_release(line: Line, actor: Actor, cloud: "Cloud") -> None:
    """The finalizer goes: from now on nobody looks after what is left."""
    subject = actor.believed
    if subject is None or subject.deletion_policy is DeletionPolicy.RETAIN:
        return
    left = [short(item.arn) for item in cloud.living() if item.tags.get(TAG_OWNER) == actor.owner]
    if left:
        line.breach(f"{', '.join(left)} is left behind")


def conditions(status: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Conditions by type."""
    return {item["type"]: item for item in status.get("conditions", ())}
