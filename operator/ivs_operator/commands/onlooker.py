"""The operator's own eyes without its hands: the same reconciler, planner and gateways, with a permit for no write.

Three things keep it from writing: only reads are carried out of a plan, the permit refuses all others, and the AWS
clients refuse a write that is about to leave.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ivs_operator.api.kinds import AWS_ACCOUNT
from ivs_operator.api.names import TAG_UID
from ivs_operator.aws.endpoints import endpoint_trouble
from ivs_operator.aws.estate import AwsEstate
from ivs_operator.clock import Clock
from ivs_operator.commands.failure import Failure
from ivs_operator.commands.misled import MisledEstate
from ivs_operator.commands.output import Notes
from ivs_operator.domain.actions import Action, ReleaseFinalizer, WriteLedger
from ivs_operator.domain.explanation import Explanation, explain, past_failures
from ivs_operator.domain.explanation_looks import looks_beside
from ivs_operator.domain.finding import Plan
from ivs_operator.domain.identity import Key, owner_of
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.observed import View
from ivs_operator.domain.plan import plan as make_plan
from ivs_operator.domain.subject import Placement, Policy, Situation
from ivs_operator.domain.times import parse_time
from ivs_operator.engine.claims import ResourceClaims
from ivs_operator.engine.executor import Executor
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.permit import PermittedCluster, Tenure
from ivs_operator.engine.reconciler import Reconciler
from ivs_operator.engine.status_writer import StatusWriter
from ivs_operator.engine.tenancy import AccountBook, Tenancy
from ivs_operator.kube.answers import Resource
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import connect
from ivs_operator.kube.errors import Forbidden, Gone, KubeError
from ivs_operator.kube.reader import KubernetesReader
from ivs_operator.leadership import candidacy
from ivs_operator.settings import Settings

__all__ = ["Onlooker", "onlooker"]

_ROUNDS: Final = 30  # reads in a row, each of which asks for another at most; as many as the operator does in one go
_SHORT: Final = 2.0  # seconds that are worth waiting for: two Lists in a row are a second apart
_UNKNOWN: Final = "unknown"
_WORKERS: Final = 4  # threads for each place; one object is looked at


class _NobodyKeeps:
    """Who only looks puts no finalizer on an AWSAccount."""

    async def keep(self, name: str) -> None:
        """Nothing."""


@dataclass(slots=True)
class _Eyes:
    """What one look is made with."""

    reconciler: Reconciler
    memories: Memories
    executor: Executor
    intake: Intake


@dataclass(slots=True)
class Onlooker:
    """Looks at objects as the operator would. Made by `onlooker`."""

    settings: Settings
    cluster: KubernetesClient
    estate: AwsEstate | MisledEstate
    clock: Clock
    notes: Notes
    resources: ResourceCache = field(default_factory=ResourceCache)
    book: AccountBook = field(default_factory=AccountBook)
    remarks: list[str] = field(default_factory=list)

    async def explain(self, key: Key) -> Explanation:
        """Everything about one object.

        Raises:
            Failure: there is no such object, or no such kind.
            KubeError: it can't be read.
        """
        resource = await self._resource(key)
        await self._read_others(key, resource)
        events = await self._events(resource)
        worker = await self._worker()
        situation, plan = await self._planned(key, resource)
        asked = self._unasked(situation)
        found = explain(resource, situation, plan, asked=asked, sweep_interval=self.settings.sweep_interval)
        told = past_failures(events)
        return replace(found, failures=(*found.failures, *told), worker=worker, notes=tuple(self.remarks))

    async def _resource(self, key: Key) -> Resource:
        try:
            return await self.cluster.get(PLURALS[key.kind], key.namespace, key.name)
        except Gone:
            if PLURALS[key.kind] not in await self.cluster.served_plurals():
                message = (
                    f"this cluster has no {PLURALS[key.kind]}; install them: ivs-operator crds | kubectl apply -f -"
                )
                raise Failure(message) from None
            message = f"there is no {key.kind} {key.namespace}/{key.name}; kubectl get ivs -A lists all"
            raise Failure(message) from None

    async def _read_others(self, key: Key, resource: Resource) -> None:
        """What else a plan depends on: other objects that want the same, and the AWSAccount."""
        reader = KubernetesReader(self.cluster)
        plural = PLURALS[key.kind]
        self.resources.put(key, resource)
        for namespace in (None, key.namespace):
            try:
                others = await reader.resources(plural, namespace)
            except Forbidden:
                where = f"in namespace {namespace}" if namespace else "in all namespaces"
                self.remarks.append(f"{plural} {where} can't be listed, so that rivals for slots may be overlooked")
                continue
            for other in others:
                meta = other["metadata"]
                self.resources.put(Key(key.kind, meta["namespace"], meta["name"]), other)
            break
        spec = resource.get("spec")
        if not isinstance(spec, dict) or not spec.get("accountRef"):
            return
        try:
            accounts = await reader.resources(AWS_ACCOUNT.plural)
            self.book.resources = {item["metadata"]["name"]: item for item in accounts}
            if self.book.selects:
                self.book.labels = dict(await reader.namespace_labels())
        except KubeError as error:
            self.book.trouble = self.book.labels_trouble = str(error)

    async def _events(self, resource: Resource) -> list[Any]:
        try:
            return list(await KubernetesReader(self.cluster).events(resource))
        except KubeError as error:
            self.remarks.append(f"Events can't be read ({error}), so that past failures are not listed")
            return []

    async def _worker(self) -> str:
        """Who leads, by the Lease; election may be off, and people may not be allowed to see Leases."""
        name = candidacy(self.settings).name
        try:
            leases = await KubernetesReader(self.cluster).leases(name)
        except KubeError as error:
            return f"not known: Leases can't be read ({error})"
        found = [_leader(lease, self.clock.now()) for lease in leases]
        return "; ".join(found) or f"not known: there is no Lease {name} (an operator with leader-elect=off has none)"

    async def _planned(self, key: Key, resource: Resource) -> tuple[Situation, Plan]:
        """The situation and plan once no further read would change them."""
        cluster_id = await self._cluster_id()
        found = await self._look(key, resource, cluster_id, default_id=self.settings.cluster_id is None)
        other = _other_cluster_id(found[0])
        if other is None:
            return found
        if cluster_id != _UNKNOWN:
            self.remarks.append(f"the operator works under cluster id {other}, as the AWS object's owner tag says")
        return await self._look(key, resource, other, default_id=False)

    async def _cluster_id(self) -> str:
        if self.settings.cluster_id is not None:
            return self.settings.cluster_id
        with suppress(Forbidden):
            return await self.cluster.cluster_uid()
        return _UNKNOWN

    async def _look(self, key: Key, resource: Resource, cluster_id: str, *, default_id: bool) -> tuple[Situation, Plan]:
        eyes = self._eyes(cluster_id, default_id=default_id)
        for _ in range(_ROUNDS):
            step = await eyes.reconciler.look(key, resource)
            if step is None:
                break
            if step.destructive and await self._crd_deleting(key):
                step = step.withheld()
            if step.plan.remember is not None:
                eyes.memories.remember(key, step.plan.remember)
            reads = tuple(action for action in step.plan.actions if _reads(action)) or looks_beside(step.situation)
            if reads and step.region is not None:
                await eyes.executor.run(reads, step.situation, step.region)
                continue
            wait = (step.plan.wake or 0.0) - step.situation.now
            if step.plan.actions or not 0 < wait <= _SHORT:
                return step.situation, step.plan
            await asyncio.sleep(wait)
        return self._let_go(eyes, key, resource) if step is None else (step.situation, step.plan)

    def _let_go(self, eyes: _Eyes, key: Key, resource: Resource) -> tuple[Situation, Plan]:
        """An object without our finalizer that is being deleted: the operator does not look at it any more."""
        subject, _ = eyes.intake.read(key, resource)
        situation = Situation(subject, Placement(), View(), eyes.memories.get(key), self.clock.now())
        return situation, make_plan(situation)

    async def _crd_deleting(self, key: Key) -> bool:
        try:
            return await self.cluster.crd_deleting(PLURALS[key.kind])
        except KubeError as error:
            self.remarks.append(f"whether the CustomResourceDefinition is being deleted can't be told ({error})")
            return False

    def _eyes(self, cluster_id: str, *, default_id: bool) -> _Eyes:
        settings, nobody = self.settings, Tenure(lambda: False)
        intake, memories = Intake(cluster_id, settings.default_tags, adoption=settings.adoption), Memories()
        tenancy = Tenancy(
            self.estate,
            self.book,
            _NobodyKeeps(),
            self.clock,
            default_namespaces=settings.default_account_namespaces,
        )
        executor = Executor(memories, nobody, self.clock.now)
        reconciler = Reconciler(
            intake=intake,
            estate=self.estate,
            accounts=tenancy,
            resources=self.resources,
            memories=memories,
            executor=executor,
            writer=StatusWriter(PermittedCluster(self.cluster, nobody), self.resources, PLURALS, self.clock),
            claims=ResourceClaims(self.resources, intake),
            permit=nobody,
            policy=Policy(create_grace=settings.create_grace, cluster_id_is_default=default_id),
            clock=self.clock,
        )
        return _Eyes(reconciler, memories, executor, intake)

    def _unasked(self, s: Situation) -> str | None:
        """Why AWS could not be asked by us, though perhaps by the operator; None: it was, or it is his trouble, too."""
        told = str(s.subject.recorded.condition("Ready").get("reason") or "")
        fault = s.placement.fault
        if fault is None:
            failures = s.memory.failures
            failed = [item.fault for name, item in failures.items() if name == "list" or name.startswith("get:")]
            fault = failed[0] if failed else None
        if fault is not None and fault.reason != told:
            return fault.message
        if s.subject.owner.cluster_id == _UNKNOWN:
            return "the cluster id is not known: allow get of namespace kube-system, or give --cluster-id"
        return None


@asynccontextmanager
async def onlooker(settings: Settings, notes: Notes) -> AsyncIterator[Onlooker]:
    """An onlooker with connections to Kubernetes and AWS, closed at the end.

    Raises:
        NoCluster: nothing says where the cluster is.
    """
    clock = Clock()
    async with KubernetesClient(await connect()) as cluster:
        aws = AwsEstate(clock, region=settings.region, workers=_WORKERS, permitted=lambda: False)
        misled = endpoint_trouble()
        estate = aws if misled is None else MisledEstate(aws, misled)
        busy = asyncio.create_task(_tick(notes))
        try:
            yield Onlooker(settings, cluster, estate, clock, notes)
        finally:
            busy.cancel()
            notes.end()
            estate.close()


async def _tick(notes: Notes) -> None:
    """Thousands of rooms take their time at AWS's rates; say so."""
    began = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(0.5)
        notes.progress(f"asking Kubernetes and AWS: {asyncio.get_running_loop().time() - began:.0f} s")


def _reads(action: Action) -> bool:
    return not action.writes and not isinstance(action, WriteLedger | ReleaseFinalizer)


def _other_cluster_id(s: Situation) -> str | None:
    """Another cluster id than the one assumed, if the AWS object that status names shows that the operator has it."""
    named = s.view.named
    owner = owner_of(named.tags) if named is not None else None
    if named is None or owner is None or named.tags.get(TAG_UID) != s.subject.owner.uid:
        return None
    same = owner[1:] == (s.subject.owner.namespace, s.subject.owner.name)
    return owner[0] if same and owner[0] != s.subject.owner.cluster_id else None


def _leader(lease: Any, now: float) -> str:
    """`pod-1 leads (Lease ivs-operator/ivs-operator, renewed 3 s ago)`."""
    meta, spec = lease["metadata"], lease.get("spec") or {}
    where = f"Lease {meta['namespace']}/{meta['name']}"
    holder = spec.get("holderIdentity")
    renewed = parse_time(spec.get("renewTime"))
    if not holder or renewed is None:
        return f"nobody leads ({where})"
    ago = max(now - renewed, 0.0)
    process = str(holder).partition("_")[0]
    if ago > 2 * float(spec.get("leaseDurationSeconds") or 15):
        return f"nobody leads: {process} has not renewed its {where} for {ago:.0f} s"
    return f"{process} leads ({where}, renewed {ago:.0f} s ago)"
