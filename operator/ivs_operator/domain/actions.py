"""What a plan may ask for: frozen values, carried out elsewhere.

`target` names what a failure of the action is remembered under; `writes` tells whether AWS is changed, which is what a
pause forbids.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ivs_operator.domain.selectors import Selector

__all__ = [
    "Action",
    "Associate",
    "Create",
    "Delete",
    "Inspect",
    "InspectConsumer",
    "Ledger",
    "ListUsers",
    "PendingCreate",
    "Poll",
    "Refresh",
    "RefreshConsumers",
    "ReleaseFinalizer",
    "Tag",
    "Untag",
    "Update",
    "WriteLedger",
]


@dataclass(frozen=True, slots=True)
class PendingCreate:
    """The intent to create: written and acknowledged before the call, so that a crash leaves a trace."""

    spec_hash: str
    since: float
    """Wall-clock seconds since the epoch; status carries it in RFC 3339."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What must be on record before a call, so that whoever comes next knows what is ours."""

    pending: PendingCreate | None = None
    selectors: tuple[Selector, ...] = ()
    tag_keys: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteLedger:
    """Write the ledger to status and wait for the acknowledgement."""

    ledger: Ledger
    intends_create: bool = False
    writes: ClassVar[bool] = False
    target: ClassVar[str] = "ledger"


@dataclass(frozen=True, slots=True)
class Refresh:
    """A complete List of configurations that begins after `newer_than`; shared with whoever else asks."""

    newer_than: float
    writes: ClassVar[bool] = False
    target: ClassVar[str] = "list"


@dataclass(frozen=True, slots=True)
class RefreshConsumers:
    """A complete List of rooms or channels that begins after `newer_than`; shared."""

    newer_than: float
    writes: ClassVar[bool] = False
    target: ClassVar[str] = "list-consumers"


@dataclass(frozen=True, slots=True)
class Inspect:
    """Get one configuration."""

    arn: str
    writes: ClassVar[bool] = False

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"get:{self.arn}"


@dataclass(frozen=True, slots=True)
class Poll:
    """Look at one configuration that AWS is at work on, by a Get or by a List shared with whoever waits too."""

    arn: str
    writes: ClassVar[bool] = False

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"get:{self.arn}"


@dataclass(frozen=True, slots=True)
class InspectConsumer:
    """Get one room or channel."""

    arn: str
    writes: ClassVar[bool] = False

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"inspect:{self.arn}"


@dataclass(frozen=True, slots=True)
class ListUsers:
    """List the rooms or channels that use one configuration."""

    arn: str
    writes: ClassVar[bool] = False

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"users:{self.arn}"


@dataclass(frozen=True, slots=True)
class Create:
    """The one call without an idempotency token: never repeated by anything but a new plan."""

    settings: Mapping[str, Any]
    tags: Mapping[str, str]
    writes: ClassVar[bool] = True
    target: ClassVar[str] = "create"


@dataclass(frozen=True, slots=True)
class Update:
    """Change settings in place (logging configurations only)."""

    arn: str
    settings: Mapping[str, Any]
    writes: ClassVar[bool] = True

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"update:{self.arn}"


@dataclass(frozen=True, slots=True)
class Tag:
    """Add or overwrite tags; others stay."""

    arn: str
    tags: Mapping[str, str]
    writes: ClassVar[bool] = True

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"tag:{self.arn}"


@dataclass(frozen=True, slots=True)
class Untag:
    """Remove tags by key."""

    arn: str
    keys: tuple[str, ...]
    writes: ClassVar[bool] = True

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"untag:{self.arn}"


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a configuration that nobody uses."""

    arn: str
    writes: ClassVar[bool] = True

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"delete:{self.arn}"


@dataclass(frozen=True, slots=True)
class Associate:
    """Change one room's or channel's associations, by a fresh read and at most one write.

    `add` joins it, in place of one of `remove` where one is there; whatever else is associated stays in its order.
    """

    consumer: str
    add: str | None = None
    remove: frozenset[str] = frozenset()
    wanted_by: tuple[Selector, ...] = ()
    """The entries that mean the consumer; when the fresh read no longer matches any, nothing is added."""
    replaceable: frozenset[str] = frozenset()
    """Configurations of others that `Replace` allows to be taken off a channel."""
    writes: ClassVar[bool] = True

    @property
    def target(self) -> str:
        """What a failure is remembered under."""
        return f"associate:{self.consumer}"


@dataclass(frozen=True, slots=True)
class ReleaseFinalizer:
    """Let Kubernetes remove the custom resource."""

    warning: str = ""
    """What people must be told about what stays at AWS: the custom resource can't say it any more."""
    writes: ClassVar[bool] = False
    target: ClassVar[str] = "finalizer"


Action = (
    WriteLedger
    | Refresh
    | RefreshConsumers
    | Inspect
    | Poll
    | InspectConsumer
    | ListUsers
    | Create
    | Update
    | Tag
    | Untag
    | Delete
    | Associate
    | ReleaseFinalizer
)
