"""The whole operator in virtual time, on AWS and an API server in memory; it may be killed at any write.

Everything between the watch and the calls is production code; the fakes stand where boto3 and HTTP begin.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Self

from ivs_operator.aws.inventory import Inventory
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.subject import Policy
from ivs_operator.engine.claims import ResourceClaims
from ivs_operator.engine.executor import Executor
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.queue import WorkQueue
from ivs_operator.engine.reconciler import Reconciler
from ivs_operator.engine.status_writer import StatusWriter
from ivs_operator.engine.sweep import Sweep
from ivs_operator.engine.tenancy import AccountBook, Tenancy
from ivs_operator.engine.workers import Workers
from ivs_operator.handlers import _watcher
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import Unreachable
from support.fake_aws import FakeAws, FakeGateway
from support.fake_cluster import FakeCluster, Resource
from support.objects import ACCOUNT, CHAT, CLUSTER, RECORDING, REGION
from support.virtual_time import VirtualClock

__all__ = ["GRACE", "REGIONS", "SWEEP", "Permission", "World"]

REGIONS = (REGION, "eu-west-1", "ap-south-1")
GRACE = 30.0
SWEEP = 20.0
WATCH_DELAY = 0.2  # seconds until the watch tells of a write: the answer to the write comes first
DOWNTIME = 3.0


class Permission:
    """Whether this process may write; a test may take it away."""

    def __init__(self) -> None:
        self.given = True

    def valid(self) -> bool:
        return self.given

    def may_record(self) -> bool:
        return True


class _Process:
    """One life of the operator."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.killed = asyncio.Event()
        clock = world.clock
        self.resources = ResourceCache()
        self.queue = WorkQueue(clock)
        self.switch = Permission()
        self.memories = Memories(random.Random(1))
        self._regions: dict[tuple[Kind, str, str], Inventory] = {}
        intake = Intake(CLUSTER, {})
        self.reconciler = Reconciler(
            intake=intake,
            estate=self,  # the methods below
            resources=self.resources,
            memories=self.memories,
            executor=Executor(self.memories, self.switch, clock.now),
            writer=StatusWriter(_Line(world, self), self.resources, PLURALS, clock),
            claims=ResourceClaims(self.resources, intake),
            permit=self.switch,
            policy=Policy(create_grace=GRACE),
            clock=clock,
            accounts=Tenancy(self, world.accounts, self, clock),
        )
        self.workers = Workers(self.queue, self.reconciler, clock, number=world.workers)
        self.sweep = Sweep(
            reconciler=self.reconciler,
            estate=self,
            resources=self.resources,
            queue=self.queue,
            clock=clock,
            interval=SWEEP,
            active=self.switch.valid,
        )
        for part in (self.workers, self.sweep):
            part._jitter = random.Random(1)  # else a failing example could not be repeated
        surroundings = SimpleNamespace(resources=self.resources, queue=self.queue, clock=clock)
        self._watch = _watcher(surroundings)  # type: ignore[arg-type]
        self.tasks: set[asyncio.Task[Any]] = set()
        self._life = copy_context()
        self._life.run(_LIFE.set, self)

    async def identity(self, kind: Kind) -> Identity:
        return Identity(ACCOUNT, REGION, REGIONS)

    async def keep(self, name: str) -> None:
        """AWSAccounts need no finalizer here: nobody deletes one."""

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        return Identity(role.account_id, REGION, REGIONS)

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Inventory:
        place = (kind, account_id, region)
        if place not in self._regions:
            aws = self.world.at(kind, region, account_id)
            gateway: Any = self.world.way(FakeGateway(aws, lambda *what: self.world.trouble(self, *what)))
            self._regions[place] = Inventory(gateway, self.world.clock)
        return self._regions[place]

    def start(self) -> None:
        self.world.cluster.watchers.append(self._told)
        for resource in tuple(self.world.cluster.resources.values()):
            self._later(None, resource, 0.0)
        self._life.run(self.workers.start)
        self._spawn(self.sweep.run())

    async def end(self) -> None:
        """Die at once: nothing that was in flight is finished."""
        if self._told not in self.world.cluster.watchers:
            return
        self.world.cluster.watchers.remove(self._told)
        while alive := [task for task in self.tasks if not task.done()]:
            for task in alive:
                task.cancel()
            await asyncio.gather(*alive, return_exceptions=True)

    def _told(self, type_: str, resource: Resource) -> None:
        self._later(type_, resource, self.world.watch_delay)

    def _later(self, type_: str | None, resource: Resource, delay: float) -> None:
        async def deliver() -> None:
            await asyncio.sleep(delay)
            await self._watch(type=type_, body=resource, param=Kind(resource["kind"]))

        self._spawn(deliver())

    def _spawn(self, work: Any) -> None:
        asyncio.get_running_loop().create_task(work, context=self._life.copy())


_LIFE: ContextVar[_Process] = ContextVar("life")
"""The process whose work it is; whatever a task begins is its process's, too, and ends with it."""


def _counted(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
    """A task that its process knows of."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
    life = _LIFE.get(None) or (options["context"].get(_LIFE) if options.get("context") else None)
    if life is not None:
        life.tasks.add(task)
        task.add_done_callback(life.tasks.discard)
    return task


class _Line:
    """The way of one process to the API server, which may break like the one to AWS."""

    def __init__(self, world: "World", process: _Process) -> None:
        self._world = world
        self._process = process

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **keywords: Any) -> Any:
            await asyncio.sleep(0.01)
            writes = name not in {"crd_deleting", "find"}
            trouble = self._world.trouble(self._process, f"kube:{name}", writes)
            if trouble == "killed-before":
                await asyncio.Event().wait()
            if trouble in {"unsent", "throttled"}:
                raise Unreachable("no answer")
            answer = await getattr(self._world.cluster, name)(*arguments, **keywords)
            if trouble == "killed-after":
                await asyncio.Event().wait()
            if trouble == "lost":
                raise Unreachable("no answer")
            return answer

        return call


@dataclass
class World:
    """AWS, an API server, and an operator that is started again whenever it is killed.

    `troubles` says what happens to which write (by number, over all lives): unsent, lost, throttled, killed-before or
    killed-after. `reads` says the same of reads.
    """

    lag: float = 0.0
    troubles: Mapping[int, str] = field(default_factory=dict)
    reads: Mapping[int, str] = field(default_factory=dict)
    kills: int = 0
    watch_delay: float = WATCH_DELAY
    workers: int = 2
    way: Callable[[FakeGateway], Any] = lambda gateway: gateway
    """What a process puts between itself and AWS."""

    def __post_init__(self) -> None:
        self.clock = VirtualClock()
        self.places: dict[tuple[Kind, str, str], FakeAws] = {}
        self.aws = {kind: self.at(kind) for kind in (CHAT, RECORDING)}
        self.accounts = AccountBook()
        """AWSAccounts, as every process has seen them at once."""
        self.outages: set[str] = set()
        """What does not answer at the moment: `kube`, `aws`."""
        self.cluster = FakeCluster(PLURALS)
        self.process: _Process | None = None
        self._numbers = {True: 0, False: 0}
        self._guard: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().set_task_factory(_counted)
        self._launch()
        self._guard = asyncio.create_task(self._restart_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._guard is not None
        assert self.process is not None
        self._guard.cancel()
        await asyncio.gather(self._guard, return_exceptions=True)
        await self.process.end()

    def trouble(self, process: _Process, operation: str, writes: bool) -> str | None:
        """What happens to this call."""
        if process.killed.is_set():
            return "killed-before"
        if ("kube" if operation.startswith("kube:") else "aws") in self.outages:
            return "unsent"
        number = self._numbers[writes]
        self._numbers[writes] += 1
        trouble = (self.troubles if writes else self.reads).get(number)
        if trouble is not None and trouble.startswith("killed"):
            process.killed.set()
            self.kills += 1
        return trouble

    @property
    def breaches(self) -> list[str]:
        """Everything that must never happen, and did."""
        return [*self.cluster.breaches, *(breach for aws in self.places.values() for breach in aws.breaches)]

    def at(self, kind: Kind, region: str = REGION, account: str = ACCOUNT) -> FakeAws:
        """AWS in one account and region; empty at first."""
        place = (kind, account, region)
        if place not in self.places:
            self.places[place] = FakeAws(self.clock, kind, self.lag, region, account)
        return self.places[place]

    def writes(self) -> tuple[int, int]:
        """Writes so far to AWS and to Kubernetes."""
        return sum(aws.count(writes=True) for aws in self.places.values()), len(self.cluster.writes)

    async def for_(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def until_at_rest(self, limit: float = 3600.0) -> None:
        """Let time pass until nothing was written for three sweeps and a minute: progress may be held back so long."""
        began = self.clock.now()
        before, since = self.writes(), began
        while self.clock.now() - since < 3 * SWEEP + 75:
            if self.clock.now() - began > limit:
                raise AssertionError(f"not at rest after {limit} s: {self.writes()} writes, {self.statuses()}")
            await asyncio.sleep(5)
            if self.writes() != before:
                before, since = self.writes(), self.clock.now()

    def statuses(self) -> dict[Key, Any]:
        """Ready of everything, for messages."""
        return {key: self.cluster.ready(key) for key in self.cluster.resources}

    def _launch(self) -> None:
        self.process = _Process(self)
        self.process.start()

    async def _restart_for_ever(self) -> None:
        while True:
            assert self.process is not None
            await self.process.killed.wait()
            await self.process.end()
            await asyncio.sleep(DOWNTIME)
            self._launch()
