"""Orphans: AWS objects that carry our cluster's owner tag, and that no custom resource accounts for.

They come from a finalizer that was taken off by force, a custom resource that was made anew elsewhere, a backup that
was never restored, or a `Retain` whose tags could not be taken off. Nothing here deletes: whoever does asks first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.domain.identity import Key, Kind, made_by_us, owner_of
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration

__all__ = ["Holder", "Orphan", "holder_of", "holders_of", "orphans_among"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A custom resource, as far as it accounts for AWS objects. One that is being deleted still does."""

    key: Key
    account_id: str | None = None
    region: str | None = None
    """Where its AWS object lives; None while that is not decided, so that it may be anywhere."""
    existing_arn: str | None = None
    """The object that `spec.existing` names: then no other can be its own."""
    named: frozenset[str] = frozenset()
    """ARNs that its status names, replaced objects included."""


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """An AWS object that nothing in the cluster accounts for."""

    arn: str
    key: Key
    """The custom resource that its owner tag names."""
    account_id: str
    region: str
    name: str
    """Its name at AWS, empty for none."""
    state: str
    """AWS's own word."""
    cause: str
    """Why nothing accounts for it, in words for people; constant as long as nothing changes."""
    made: bool = True
    """Whether an operator made it; else it was adopted, or nobody can tell."""

    @property
    def kind(self) -> Kind:
        """Which of the two kinds."""
        return self.key.kind


def orphans_among(
    configurations: Iterable[Configuration],
    cluster_id: str,
    holders: Mapping[Key, Holder],
    *,
    namespaces: frozenset[str] | None = None,
) -> tuple[Orphan, ...]:
    """Those of `configurations` that are orphans of this cluster, by ARN.

    `holders` must have every custom resource of both kinds in `namespaces` (None: in the whole cluster), read after the
    configurations were: what is missing there counts as not existing. Objects whose owner tag names another namespace
    are left out, for nobody here can tell; so are those that AWS is deleting already. Lists lag: what was deleted a
    moment ago may still be shown, so look again before anything is done about an orphan.
    """
    found = (_orphan(item, cluster_id, holders, namespaces) for item in configurations)
    return tuple(sorted((item for item in found if item is not None), key=lambda item: item.arn))


def holder_of(key: Key, resource: Mapping[str, Any]) -> Holder:
    """What a custom resource, as the API server has it, accounts for. Members that are malformed count as missing."""
    spec, status = _mapping(resource.get("spec")), _mapping(resource.get("status"))
    existing = _string(_mapping(spec.get("existing")).get("arn"))
    superseded = status.get("superseded")
    entries = superseded if isinstance(superseded, list) else []
    arns = (_string(status.get("arn")), *(_string(_mapping(entry).get("arn")) for entry in entries))
    return Holder(
        key=key,
        account_id=_string(status.get("accountID")),
        region=_string(status.get("region")) or _string(spec.get("region")),
        existing_arn=existing,
        named=frozenset(arn for arn in arns if arn is not None),
    )


def holders_of(resources: Iterable[tuple[Key, Mapping[str, Any]]]) -> dict[Key, Holder]:
    """Holders by key, for `orphans_among`."""
    return {key: holder_of(key, resource) for key, resource in resources}


def _orphan(
    item: Configuration, cluster_id: str, holders: Mapping[Key, Holder], namespaces: frozenset[str] | None
) -> Orphan | None:
    owner = owner_of(item.tags)
    where = _placed(item.arn)
    if owner is None or owner[0] != cluster_id or where is None or item.state == "DELETING":
        return None
    kind, account_id, region = where
    key = Key(kind, owner[1], owner[2])
    if namespaces is not None and key.namespace not in namespaces:
        return None
    cause = _cause(item.arn, key, account_id, region, holders.get(key))
    if cause is None:
        return None
    name = str(item.settings.get("name") or "")
    return Orphan(item.arn, key, account_id, region, name, item.state, cause, made_by_us(item.tags))


def _cause(arn: str, key: Key, account_id: str, region: str, holder: Holder | None) -> str | None:
    """Why the holder does not account for the object; None: it does, or may."""
    if holder is None:
        return f"there is no {key.kind} {key.namespace}/{key.name}"
    if arn in holder.named:
        return None
    if holder.existing_arn is not None and holder.existing_arn != arn:
        return f"{key.kind} {key.namespace}/{key.name} uses {holder.existing_arn} (spec.existing)"
    if holder.region is not None and holder.region != region:
        return f"{key.kind} {key.namespace}/{key.name} lives in region {holder.region}"
    if holder.account_id is not None and holder.account_id != account_id:
        return f"{key.kind} {key.namespace}/{key.name} lives in account {holder.account_id}"
    return None


_KIND_OF = {traits.arn_resource: kind for kind, traits in TRAITS.items()}


def _placed(arn: str) -> tuple[Kind, str, str] | None:
    """Kind, account and region of a configuration's ARN, `arn:<partition>:<service>:<region>:<account>:<type>/<id>`."""
    parts = arn.split(":")
    if len(parts) != 6:  # noqa: PLR2004 - the parts of an ARN whose resource has a slash
        return None
    kind = _KIND_OF.get(f"{parts[2]}:{parts[5].partition('/')[0]}")
    return (kind, parts[4], parts[3]) if kind is not None else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _string(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
