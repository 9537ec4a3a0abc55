"""Who an AWS object belongs to, and which spec it was made from: the owner tags and the spec hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ivs_operator.api.names import TAG_OWNER, TAG_PREFIX, TAG_SPEC, TAG_UID

__all__ = [
    "ADOPTED",
    "SPEC_HASH_VERSION",
    "AccountKey",
    "AnyKey",
    "Key",
    "Kind",
    "Owner",
    "adopted",
    "is_own_tag",
    "made_by_us",
    "owner_of",
    "spec_hash",
]

SPEC_HASH_VERSION: Final = "v1"
"""Raised when the canonical form changes; an unknown version is compared by Get, never a reason to replace."""

ADOPTED: Final = "adopted-"
"""Begins the spec tag of an AWS object that was there before us."""

_HASH_DIGITS: Final = 24  # 96 bits: no collision among the objects of one account, and short enough to read


class Kind(StrEnum):
    """The two managed kinds, by their Kubernetes kind."""

    RECORDING = "RecordingConfiguration"
    CHAT_LOGGING = "ChatLoggingConfiguration"


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What the queue holds: which custom resource, nothing of its content."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class AccountKey:
    """The key of an AWSAccount, which lives in no namespace."""

    name: str

    @property
    def kind(self) -> str:
        """Its Kubernetes kind."""
        return "AWSAccount"

    @property
    def namespace(self) -> str:
        """None, which takes its turn like a namespace."""
        return ""

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


AnyKey = Key | AccountKey
"""What the queue takes."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The custom resource an AWS object belongs to.

    Namespace and name survive a restore from a backup, the uid does not; so the owner tag names the former and the uid
    has a tag of its own.
    """

    cluster_id: str
    namespace: str
    name: str
    uid: str

    @property
    def tag(self) -> str:
        """Value of the owner tag."""
        return f"{self.cluster_id}/{self.namespace}/{self.name}"

    def tags(self, hash_: str) -> dict[str, str]:
        """The three tags that every object we make carries."""
        return {TAG_OWNER: self.tag, TAG_UID: self.uid, TAG_SPEC: hash_}


def owner_of(tags: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Cluster id, namespace and name that an owner tag names, or None without a well-formed one."""
    parts = tags.get(TAG_OWNER, "").split("/")
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - cluster id, namespace, name
        return None
    return parts[0], parts[1], parts[2]


def is_own_tag(key: str) -> bool:
    """Whether a tag key lies in the name space of this operator."""
    return key.startswith(TAG_PREFIX)


def made_by_us(tags: Mapping[str, str]) -> bool:
    """Whether an object with our owner tag was made by an operator: Create itself sets the spec tag, adoption later.

    Without the tag, nobody can tell.
    """
    return bool(tags.get(TAG_SPEC)) and not adopted(tags)


def adopted(tags: Mapping[str, str]) -> bool:
    """Whether an object was there before us, as its spec tag tells: nobody but who adopts it may have it deleted."""
    return tags.get(TAG_SPEC, "").startswith(ADOPTED)


def spec_hash(create_only: Mapping[str, Any]) -> str:
    """Hash of the settings that AWS can't change once an object exists.

    The caller passes the canonical form: sets sorted, AWS defaults left out.
    """
    text = json.dumps(create_only, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"{SPEC_HASH_VERSION}-{hashlib.sha256(text.encode()).hexdigest()[:_HASH_DIGITS]}"
