"""What `cleanup` does: finds orphans in the whole cluster and some regions, and deletes them one by one.

Invariants: nothing is deleted unless Kubernetes was read completely after AWS; right before each delete, both are read
again; who uses the object is asked twice, a second apart. Deletes go through the operator's own gateways, which never
repeat a call by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import boto3

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.aws.estate import AwsEstate, supported_regions
from ivs_operator.aws.inventory import Inventory
from ivs_operator.clock import Clock
from ivs_operator.commands.cluster_reading import account_named, aws_accounts
from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.places import ALL
from ivs_operator.domain.accounts import Account, Role
from ivs_operator.domain.cleanup import Verdict, foothold, hindrance
from ivs_operator.domain.failures import CallFailed, NotFound
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.orphans import Holder, Orphan, holders_of, orphans_among
from ivs_operator.domain.surplus import CONFIRM_GAP, CONFIRMATIONS
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import connect
from ivs_operator.kube.errors import Gone, KubeError
from ivs_operator.kube.reader import KubernetesReader
from ivs_operator.settings import Settings

if TYPE_CHECKING:
    from ivs_operator.domain.observed import Configuration

__all__ = ["Sweeping", "offered_regions", "role_of", "sweeping"]

_WORKERS: Final = 4  # threads for each place; one object is worked on at a time
_GONE_WITHIN: Final = 15.0  # seconds until a delete that has begun is left to AWS
_LOOK: Final = 1.0  # seconds between looks whether it is gone


@dataclass(slots=True)
class Sweeping:
    """One clean-up. Made by `sweeping`."""

    settings: Settings
    cluster: KubernetesClient
    estate: AwsEstate
    clock: Clock
    account: str = ""
    role: Role | None = None
    """Of the AWSAccount, as it was when the plan was made."""
    cluster_id: str = ""
    read: list[str] = field(default_factory=list)
    """Regions of which at least one kind was read."""
    chosen: frozenset[str] = frozenset()
    """ARNs that a person has named; empty: whatever is an orphan."""
    unread: list[str] = field(default_factory=list)
    """Places that could not be read; orphans there are not known."""
    foreign: bool = False
    """Whether nothing at AWS under the cluster id belongs to a custom resource here."""

    async def plan(self, regions: Sequence[str]) -> tuple[Verdict, ...]:
        """Every orphan of these regions (none: the default one, and wherever custom resources live) and what keeps it.

        Raises:
            Failure: the cluster can't be read completely, or nothing of AWS, or what was chosen is no orphan.
        """
        self.cluster_id = await self._own_id()
        places = await self._places(regions)
        found: list[tuple[Inventory, tuple[Configuration, ...]]] = []
        for kind, region in places:
            inventory = self.estate.region(kind, await self._account_id(kind), region, self.account)
            try:
                await inventory.refresh(self.clock.now())
            except CallFailed as error:
                self.unread.append(f"{kind}s in {region}: {error.fault.message}")
                continue
            found.append((inventory, inventory.listed()))
            self.read = list(dict.fromkeys((*self.read, region)))
        if not found:
            raise Failure(self.unread[0] if self.unread else "there is no region to look at; give --regions")
        holders = await self.holders()
        listed = [item for _, items in found for item in items]
        orphans = self._among(orphans_among(listed, self.cluster_id, holders))
        given = self.settings.cluster_id is not None  # else it is this cluster's own, and can't be another's
        tags = (item.tags for item in listed)
        self.foreign = given and bool(orphans) and not foothold(tags, holders.values(), TAG_OWNER, self.cluster_id)
        return tuple([await self._judged(orphan, holders) for orphan in orphans])

    async def remove(self, verdict: Verdict) -> Verdict:
        """Look again, and delete if nothing keeps the orphan."""
        if verdict.hindrance is not None:
            return replace(verdict, outcome="skipped")
        try:
            await self._enter(verdict.orphan)
            kept = await self._look_again(verdict.orphan)
            if kept is not None:
                return replace(verdict, hindrance=kept, outcome="skipped")
            await self._inventory(verdict.orphan).gateway.delete(verdict.orphan.arn)
            return replace(verdict, outcome=await self._left(verdict.orphan))
        except NotFound:
            return replace(verdict, outcome="gone")
        except CallFailed as error:
            outcome = "skipped" if error.fault.code == "ConflictException" else "failed"
            return replace(verdict, hindrance=error.fault.message, outcome=outcome)
        except KubeError as error:
            return replace(verdict, hindrance=f"the cluster can't be read any more: {error}", outcome="skipped")

    async def holders(self) -> dict[Key, Holder]:
        """What every custom resource of the cluster accounts for, as of now.

        Raises:
            Failure: they can't all be read.
        """
        reader = KubernetesReader(self.cluster)
        resources = []
        for kind, plural in PLURALS.items():
            try:
                items = await reader.resources(plural)
            except Gone as error:
                message = f"this cluster has no {plural}: without them every AWS object would look like an orphan"
                raise Failure(message) from error
            except KubeError as error:
                raise Failure(f"the cluster can't be read completely, so nothing can be told: {error}") from error
            resources += [(Key(kind, item["metadata"]["namespace"], item["metadata"]["name"]), item) for item in items]
        return holders_of(resources)

    def _among(self, orphans: tuple[Orphan, ...]) -> tuple[Orphan, ...]:
        """Those that are meant."""
        unknown = sorted(self.chosen - {orphan.arn for orphan in orphans})
        if unknown:
            places = f"{', '.join(self.read)}{f'; not read: {self.unread[0]}' if self.unread else ''}"
            raise Failure(f"--arn: {unknown[0]} is no orphan of cluster {self.cluster_id} in {places}")
        return tuple(orphan for orphan in orphans if not self.chosen or orphan.arn in self.chosen)

    async def _own_id(self) -> str:
        if self.settings.cluster_id is not None:
            return self.settings.cluster_id
        try:
            return await self.cluster.cluster_uid()
        except KubeError as error:
            remedy = "allow get of namespace kube-system, or give --cluster-id as the operator has it"
            raise Failure(f"the cluster id is not known: {error}; {remedy}") from error

    async def _places(self, regions: Sequence[str]) -> list[tuple[Kind, str]]:
        named = list(regions)
        if not named:
            holders = await self.holders()
            own = await self._account_id(Kind.RECORDING)
            lived_in = {h.region for h in holders.values() if h.region and h.account_id in (None, own)}
            named = sorted(lived_in | ({self.estate.default_region} if self.estate.default_region else set()))
        return [(kind, region) for region in dict.fromkeys(named) for kind in Kind]

    async def _account_id(self, kind: Kind) -> str:
        if self.account:
            self.role = role_of(await aws_accounts(), self.account)
            identity = await self.estate.assume(kind, self.account, self.role)
        else:
            identity = await self.estate.identity(kind)
        if identity.account_id is None:
            raise Failure(identity.fault.message if identity.fault is not None else "the AWS account is not known")
        return identity.account_id

    async def _enter(self, orphan: Orphan) -> None:
        """See to it that the role's credentials last for what comes: they end after an hour, long plans take longer.

        Raises:
            CallFailed: the role can't be assumed any more.
        """
        if self.role is None:
            return
        identity = await self.estate.assume(orphan.kind, self.account, self.role)
        if identity.account_id is None and identity.fault is not None:
            raise CallFailed(identity.fault)

    def _inventory(self, orphan: Orphan) -> Inventory:
        return self.estate.region(orphan.kind, orphan.account_id, orphan.region, self.account)

    async def _judged(self, orphan: Orphan, holders: dict[Key, Holder]) -> Verdict:
        audience = self._inventory(orphan).audience
        try:
            await self._enter(orphan)
            await audience.list_users(orphan.arn)
        except CallFailed as error:
            return Verdict(orphan, f"who uses it can't be told: {error.fault.message}")
        users = audience.index.users(orphan.arn)
        return Verdict(orphan, hindrance(orphan, users, holders, chosen=orphan.arn in self.chosen))

    async def _look_again(self, orphan: Orphan) -> str | None:
        """What keeps it after all: AWS is asked anew, then the cluster, right before the delete."""
        inventory = self._inventory(orphan)
        audience = inventory.audience
        audience.forget_users(orphan.arn)  # what the plan has seen may be hours old by now
        for number in range(CONFIRMATIONS):
            if number:
                await asyncio.sleep(CONFIRM_GAP)  # two Lists in the same instant would share a lag
            await audience.list_users(orphan.arn)
            if users := list(audience.index.users(orphan.arn)):
                return hindrance(orphan, users, {})
        fresh = await inventory.gateway.get(orphan.arn)
        try:
            holders = await self.holders()
        except Failure as error:
            return str(error)
        again = orphans_among([fresh], self.cluster_id, holders)
        if not again:
            return (
                f"it is no orphan any more: {orphan.key.kind} {orphan.key.namespace}/{orphan.key.name} accounts for it"
            )
        return hindrance(again[0], (), holders, chosen=orphan.arn in self.chosen)

    async def _left(self, orphan: Orphan) -> str:
        """`deleted` once a Get finds nothing; AWS deletes in its own time and may fail."""
        gateway = self._inventory(orphan).gateway
        ends = self.clock.now() + _GONE_WITHIN
        with suppress(NotFound):
            while self.clock.now() < ends:
                fresh = await gateway.get(orphan.arn)
                if fresh.state == "DELETE_FAILED":
                    return "failed"
                await asyncio.sleep(_LOOK)
            return "deleting"
        return "deleted"


def role_of(known: Mapping[str, Account], name: str) -> Role:
    """The role of the AWSAccount that `--account` names.

    Raises:
        Failure: there is none of that name, or it can't be used.
    """
    account = account_named(known, name, "--account")
    if account.role is None:
        why = account.invalid or "its spec can't be read"
        raise Failure(f"--account: AWSAccount {name} can't be used: {why}")
    return account.role


def offered_regions(named: Sequence[str]) -> tuple[str, ...]:
    """The regions that are named, `all` being every one that offers Amazon IVS.

    Raises:
        Failure: one does not offer it.
    """
    session = boto3.Session()
    offered = sorted(set().union(*(supported_regions(session, kind) for kind in Kind)))
    if tuple(named) == (ALL,):
        return tuple(offered)
    for region in named:
        if region not in offered:
            message = f"--regions: Amazon IVS is not offered in {region}; it is in {', '.join(offered)}"
            raise Failure(message, ExitCode.USAGE)
    return tuple(named)


@asynccontextmanager
async def sweeping(
    settings: Settings, account: str, *, act: bool, chosen: frozenset[str] = frozenset()
) -> AsyncIterator[Sweeping]:
    """A clean-up with connections to Kubernetes and AWS, closed at the end. Without `act`, no write can leave.

    `chosen` are the ARNs that it is about; empty: every orphan.

    Raises:
        NoCluster: nothing says where the cluster is.
    """
    clock = Clock()
    async with KubernetesClient(await connect()) as cluster:
        estate = AwsEstate(clock, region=settings.region, workers=_WORKERS, permitted=lambda: act)
        try:
            yield Sweeping(settings, cluster, estate, clock, account, chosen=chosen)
        finally:
            estate.close()
