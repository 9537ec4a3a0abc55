"""Who of ours wants a room's free slots: the oldest object goes first, an association that exists is never evicted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.identity import Key
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Rival, Subject
from ivs_operator.domain.times import parse_time
from ivs_operator.engine.protocols import Resource, Resources

__all__ = ["ResourceClaims"]

_STUCK: Final = frozenset(
    {
        Reason.ACCOUNT_NOT_ALLOWED,
        Reason.ACCOUNT_NOT_FOUND,
        Reason.ACCOUNT_CHANGED,
        Reason.EXISTING_NOT_FOUND,
        Reason.REGION_CHANGED,
        Reason.UNSUPPORTED_REGION,
    }
)
"""Why nothing is done for an object until a person acts: it can't take what it claims, and may never be allowed to."""


@dataclass(slots=True)
class _Claim:
    """What one version of a resource says of itself, as far as it concerns others."""

    resource: Resource
    rank: tuple[float, str]
    """The smaller goes first."""
    place: tuple[object, object] | None
    """Account and region in which it wants slots; None: nowhere."""
    adopts: str | None
    """ARN of the AWS object that it adopts."""
    rival: Rival | None = None
    """Once somebody has asked."""


class ResourceClaims:
    """Looks through the other objects of the same kind.

    There may be thousands of which few matter, and each that waits looks at all: each version is read once, and only if
    it matters.
    """

    def __init__(self, resources: Resources, intake: Intake) -> None:
        self._resources = resources
        self._intake = intake
        self._claims: dict[Key, _Claim] = {}

    def rivals(self, subject: Subject) -> Sequence[Rival]:
        """The older objects in the same account and region that have selectors.

        Only objects whose configuration works count: one that is stuck must not keep a slot empty for ever.
        """
        rank, place = _rank(subject), (subject.recorded.account_id, subject.recorded.region)
        found = (
            self._rival(key, claim)
            for key, claim in self._others(subject)
            if claim.place == place and claim.rank < rank
        )
        return [rival for rival in found if rival.selectors]

    def older_adopter(self, subject: Subject, arn: str) -> str | None:
        """Namespace and name of an older object that adopts the same AWS object.

        One that may not, or can't, does not count: else anybody could keep what they may not use from its owner.
        """
        rank = _rank(subject)
        for key, claim in self._others(subject):
            if claim.adopts == arn and claim.rank < rank and self._read(key, claim).desired is not None:
                return f"{key.namespace}/{key.name}"
        return None

    def entries(self, key: Key) -> Sequence[Selector] | None:
        """The entries in force of an object; None: there is none of that name, or it is not watched here."""
        resource = self._resources.get(key)
        return self._intake.read(key, resource)[0].entries if resource is not None else None

    def _others(self, subject: Subject) -> Iterator[tuple[Key, _Claim]]:
        keys = self._resources.keys()
        if len(self._claims) > len(keys):
            self._claims = {key: self._claims[key] for key in keys if key in self._claims}
        for key in keys:
            resource = self._resources.get(key)
            if resource is None or key.kind is not subject.kind or key == subject.key:
                continue
            claim = self._claims.get(key)
            if claim is None or claim.resource is not resource:
                claim = self._claims[key] = _claim(resource)
            yield key, claim

    def _rival(self, key: Key, claim: _Claim) -> Rival:
        """What it wants, which is nothing while its spec can't be read, or it is paused."""
        if claim.rival is None:
            other = self._read(key, claim)
            selectors = other.desired.selectors if other.desired is not None and not other.paused else ()
            claim.rival = Rival(other.recorded.arn or "", selectors)
        return claim.rival

    def _read(self, key: Key, claim: _Claim) -> Subject:
        return self._intake.read(key, claim.resource)[0]


def _claim(resource: Resource) -> _Claim:
    metadata, status = resource["metadata"], resource.get("status") or {}
    spec = resource.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    able = _able(metadata, status)
    # What has no configuration that can be joined never meets the rooms of others.
    works = able and bool(status.get("arn")) and status.get("state") == "ACTIVE"
    selects = bool(spec.get("rooms") or spec.get("channels"))
    existing = spec.get("existing")
    return _Claim(
        resource,
        rank=(parse_time(metadata.get("creationTimestamp")) or 0.0, str(metadata.get("uid", ""))),
        place=(status.get("accountID"), status.get("region")) if works and selects else None,
        adopts=existing.get("arn") if able and isinstance(existing, dict) else None,
    )


def _able(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Whether it is to stay, and nothing keeps it from all work until a person acts."""
    if metadata.get("deletionTimestamp"):
        return False
    conditions: Iterable[Mapping[str, Any]] = status.get("conditions") or ()
    ready: Mapping[str, Any] = next((item for item in conditions if item.get("type") == "Ready"), {})
    return ready.get("reason") not in _STUCK or ready.get("observedGeneration") != metadata.get("generation")


def _rank(subject: Subject) -> tuple[float, str]:
    return subject.created_at, subject.owner.uid
