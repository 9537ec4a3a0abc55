"""Whether an orphan may be deleted: only what nobody uses, nobody names, and AWS is not at work on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivs_operator.domain.associations import describe
from ivs_operator.domain.identity import Key
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Consumer
from ivs_operator.domain.orphans import Holder, Orphan

__all__ = ["Verdict", "foothold", "hindrance"]

_UNDER_WAY = frozenset({"CREATING", "UPDATING", "DELETING"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """One orphan, what keeps it, and what was done about it."""

    orphan: Orphan
    hindrance: str | None = None
    """Why it is left alone; None: nothing keeps it."""
    outcome: str = ""
    """`deleted`, `deleting`, `gone`, `skipped` or `failed`; empty while nothing was done."""


def hindrance(
    orphan: Orphan, users: Iterable[Consumer], holders: Mapping[Key, Holder], *, chosen: bool = False
) -> str | None:
    """Why an orphan is left alone, as far as is known; None: nothing keeps it.

    `chosen`: a person has named this very object. What no operator has made needs that: it was adopted, and its tags
    have stayed when it was let go.
    """
    for holder in holders.values():
        if orphan.arn == holder.existing_arn or orphan.arn in holder.named:
            return f"{holder.key.kind} {holder.key.namespace}/{holder.key.name} names it"
    using = list(users)
    if using:
        traits = TRAITS[orphan.kind]
        verb = traits.uses if len(using) == 1 else traits.uses.replace("records", "record").replace("logs", "log")
        return f"{describe(using, traits)} {verb}"
    if orphan.state in _UNDER_WAY:
        return f"AWS is at work on it ({orphan.state})"
    if not orphan.made and not chosen:
        return f"it was not made by the operator but adopted, as far as its tags tell; --arn {orphan.arn} deletes it"
    return None


def foothold(tags: Iterable[Mapping[str, str]], holders: Iterable[Holder], owner_key: str, cluster_id: str) -> bool:
    """Whether the AWS objects under a cluster id and the custom resources of a cluster belong together at all.

    At least one custom resource must own one of them: else the id, or the kubeconfig, is most likely another cluster's,
    and each of its objects would look like an orphan.
    """
    owned = {f"{cluster_id}/{holder.key.namespace}/{holder.key.name}" for holder in holders}
    return any(item.get(owner_key) in owned for item in tags)
