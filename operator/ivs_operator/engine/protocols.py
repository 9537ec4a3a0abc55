"""What the engine needs from outside, as interfaces: it knows neither boto3 nor the Kubernetes client nor IVS."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from ivs_operator.domain.accounts import Role
from ivs_operator.domain.identity import Key, Kind, Owner
from ivs_operator.domain.observed import Configuration, Consumer, View
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.subject import Subject

__all__ = ["Accounts", "Audience", "Cluster", "Estate", "Gateway", "Permit", "Region", "Resources"]

Resource = dict[str, Any]


class Gateway(Protocol):
    """One AWS service in one account and region. Every method raises `CallFailed` (or `NotFound`)."""

    async def create(self, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Configuration:
        """Create a configuration; never repeated on its own."""

    async def update(self, arn: str, settings: Mapping[str, Any]) -> Configuration:
        """Change settings in place; the answer carries no promise about tags."""

    async def delete(self, arn: str) -> None:
        """Delete a configuration; one that is missing already counts as deleted."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Add or overwrite tags."""

    async def untag(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags."""

    async def get_consumer(self, arn: str) -> Consumer:
        """One room or channel as it is now."""

    async def associate(self, arn: str, configurations: tuple[str, ...]) -> Consumer:
        """Replace a room's or channel's list of configurations; the answer shows it afterwards."""


class Audience(Protocol):
    """The shared view of rooms or channels of one account and region."""

    async def refresh(self, newer_than: float) -> None:
        """A complete pass that begins after `newer_than`, shared."""

    async def inspect(self, arn: str) -> None:
        """Get one room or channel."""

    async def list_users(self, configuration: str) -> None:
        """List who uses one configuration."""

    def forget_users(self, configuration: str) -> None:
        """AWS says that somebody uses it: what the filtered Lists showed was stale."""

    def put(self, consumer: Consumer) -> None:
        """Take a room or channel as just read or written into the view."""

    def forget(self, arn: str) -> None:
        """A room or channel does not exist any more."""


class Region(Protocol):
    """The shared view of one kind in one account and region, and the gateway beneath it."""

    @property
    def gateway(self) -> Gateway:
        """The service beneath."""

    @property
    def audience(self) -> Audience:
        """The rooms or channels there."""

    @property
    def creations(self) -> asyncio.Semaphore:
        """The places of those that are about to create; see `engine.turn`."""

    def view(self, owner: Owner, names: Iterable[str]) -> View:
        """What is known that concerns one object. No call."""

    async def refresh(self, newer_than: float) -> None:
        """A complete List of configurations that begins after `newer_than`, shared."""

    async def sweep(self, *, consumers: bool, streams: bool) -> None:
        """Look at everything again, politely: what a periodic check needs."""

    async def inspect(self, arn: str) -> None:
        """Get one configuration, or learn that it is gone."""

    async def poll(self, arn: str) -> None:
        """Look at one configuration in transition, by whatever is cheaper now."""

    def put(self, configuration: Configuration) -> None:
        """Take the answer to an own write into the view."""

    def retag(self, arn: str, tags: Mapping[str, str], removed: Iterable[str] = ()) -> None:
        """Take an own change of tags into the view."""

    def doubt(self, arn: str) -> None:
        """What is known of it may be wrong: a Get must come before anything else."""

    def deleted(self, arn: str) -> None:
        """Take an own delete into the view: it goes, but may be seen for a while."""


class Estate(Protocol):
    """Everything at AWS that the operator's credentials reach."""

    async def identity(self, kind: Kind) -> Identity:
        """Account and regions of the operator's own credentials; remembered, so that it costs nothing at rest."""

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        """Account and regions of the role of an AWSAccount; the credentials are kept and renewed in time."""

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Region:
        """The shared view of one kind in one account and region, by the role of an AWSAccount if one is named."""


class Accounts(Protocol):
    """Which credentials an object uses."""

    async def identity(self, subject: Subject, account_ref: str | None) -> Identity:
        """Account and regions for an object. Raises `KubeError` when its AWSAccount can't be kept for it."""

    def withdrawn(self, account: str, namespace: str, /) -> bool:
        """Whether an AWSAccount that was admitted surely is not any more, for a namespace. No call."""


class Cluster(Protocol):
    """The writes to Kubernetes. Every method raises `KubeError`."""

    async def find(self, plural: str, namespace: str | None, name: str) -> Resource | None:
        """A custom resource as it is now, from the API server itself; None when there is none.

        `namespace` None: one of a kind that knows no namespaces.
        """

    async def patch_status(self, plural: str, resource: Resource, patch: Mapping[str, Any]) -> Resource:
        """Merge into the status, provided that nobody changed the resource since."""

    async def crd_deleting(self, plural: str) -> bool:
        """Whether the CustomResourceDefinition itself is being deleted."""

    async def add_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Add our finalizer."""

    async def remove_finalizer(self, plural: str, resource: Resource) -> Resource:
        """Remove our finalizer."""

    async def post_event(self, resource: Resource, *, type_: str, reason: str, message: str, now: str) -> None:
        """Post an Event."""


class Resources(Protocol):
    """The newest versions of the custom resources."""

    def keys(self) -> tuple[Key, ...]:
        """All keys."""

    def get(self, key: Key) -> Resource | None:
        """The newest version known."""

    def accounts(self) -> tuple[str, ...]:
        """Names of the AWSAccounts that some resource refers to."""

    def referring(self, account: str, namespace: str | None = None) -> Iterator[tuple[Key, Resource]]:
        """All that refer to an AWSAccount, or those of a namespace that do; not by looking through all resources."""

    def put(self, key: Key, resource: Resource, *, asked: bool = False) -> bool:
        """Keep a version unless a newer one is known; `asked`: the API server's own word on which life there is."""

    def remove(self, key: Key, uid: str | None = None) -> None:
        """Forget a resource."""


class Permit(Protocol):
    """What this process may do at this moment; `domain.failures.PermitLost` is raised instead of doing more."""

    def valid(self) -> bool:
        """Whether it may write to AWS."""

    def may_record(self) -> bool:
        """Whether it may write to Kubernetes: also while it stops, to put the results of its last calls on record."""
