"""What a custom resource asks for, in the terms of the AWS API: computed once per generation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.api.chat_logging import ChatLoggingConfigurationSpec
from ivs_operator.api.managed import DeletionPolicy, DriftPolicy
from ivs_operator.api.names import aws_name
from ivs_operator.api.recording import ChannelConflictPolicy as ConflictPolicy
from ivs_operator.api.recording import RecordingConfigurationSpec, ReplacePolicy
from ivs_operator.domain.identity import ADOPTED, Kind, Owner, is_own_tag, spec_hash
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.settings import CREATE_ONLY, canonical, without_defaults

__all__ = ["ConflictPolicy", "DeletionPolicy", "Desired", "DriftPolicy", "ReplacePolicy", "desired_from"]


@dataclass(frozen=True, slots=True)
class Desired:
    """The wanted AWS object and its associations."""

    kind: Kind
    settings: Mapping[str, Any]
    """Canonical settings under AWS's member names; without a name when an adopted object keeps the one it has."""
    spec_hash: str
    tags: Mapping[str, str]
    """All tags that the object must carry: the user's, the operator's defaults, and the three owner tags."""
    selectors: tuple[Selector, ...] = ()
    deletion_policy: DeletionPolicy = DeletionPolicy.DELETE
    drift_policy: DriftPolicy = DriftPolicy.CORRECT
    replace_policy: ReplacePolicy = ReplacePolicy.NEVER
    conflict_policy: ConflictPolicy = ConflictPolicy.KEEP
    existing_arn: str | None = None

    @property
    def tag_keys(self) -> frozenset[str]:
        """Keys that we set and that therefore are ours to remove later; the owner tags are ours by name."""
        return frozenset(key for key in self.tags if not is_own_tag(key))


def desired_from(
    spec: RecordingConfigurationSpec | ChatLoggingConfigurationSpec,
    owner: Owner,
    default_tags: Mapping[str, str],
) -> Desired:
    """Desired state of a validated spec. `default_tags` yield to the user's own of the same key."""
    kind = Kind.RECORDING if isinstance(spec, RecordingConfigurationSpec) else Kind.CHAT_LOGGING
    members = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    members["name"] = aws_name(spec.name, owner.name)  # an empty one is a name: nameless objects can be adopted
    settings = canonical(kind, members)
    existing_arn = members.get("existing", {}).get("arn")
    if existing_arn is not None and spec.name is None:
        del settings["name"]  # who adopts and says nothing of the name wants no other one
    fixed = {key: value for key, value in settings.items() if key in CREATE_ONLY[kind]}
    hash_ = (ADOPTED if existing_arn is not None else "") + spec_hash(without_defaults(fixed))
    recording = isinstance(spec, RecordingConfigurationSpec)
    return Desired(
        kind=kind,
        settings=settings,
        spec_hash=hash_,
        tags={**default_tags, **members.get("tags", {}), **owner.tags(hash_)},
        selectors=tuple(
            dict.fromkeys(Selector.from_dict(item) for item in members.get("channels" if recording else "rooms", []))
        ),
        deletion_policy=DeletionPolicy(members.get("deletionPolicy", DeletionPolicy.DELETE)),
        drift_policy=DriftPolicy(members.get("driftPolicy", DriftPolicy.CORRECT)),
        replace_policy=ReplacePolicy(members.get("replacePolicy", ReplacePolicy.NEVER)),
        conflict_policy=ConflictPolicy(members.get("channelConflictPolicy", ConflictPolicy.KEEP)),
        existing_arn=existing_arn,
    )
