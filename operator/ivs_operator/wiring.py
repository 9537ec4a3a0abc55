"""Puts the parts together: the only place that knows them all."""

import asyncio
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import kopf
import structlog

from ivs_operator.arrival import Arrival
from ivs_operator.aws.estate import AwsEstate
from ivs_operator.clock import Clock
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.subject import Policy
from ivs_operator.engine.claims import ResourceClaims
from ivs_operator.engine.dispatch import Dispatch
from ivs_operator.engine.executor import Executor
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.permit import PermittedCluster, Tenure
from ivs_operator.engine.queue import WorkQueue
from ivs_operator.engine.reconciler import Reconciler
from ivs_operator.engine.status_writer import StatusWriter
from ivs_operator.engine.sweep import Sweep
from ivs_operator.engine.workers import Workers
from ivs_operator.health import Health
from ivs_operator.heartbeat import Heartbeat
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.connection import connect, kopf_login
from ivs_operator.kube.leases import LeaseClient
from ivs_operator.kube.listing import until_filled
from ivs_operator.leadership import Office
from ivs_operator.lookout import Lookout
from ivs_operator.patrol import Patrol
from ivs_operator.readiness import Readiness
from ivs_operator.settings import Settings
from ivs_operator.tenants import Tenants

__all__ = ["Operator"]

STOP_GRACE: Final = 20.0
"""Seconds that work in hand may take at a stop: above the read time-out of one AWS call, below Kubernetes' 30."""

log = structlog.get_logger(__name__)


class Operator:
    """One running operator."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.resources = ResourceCache()
        self.queue = WorkQueue(self.clock)
        self.health = Health(health_port=settings.health_port, metrics_port=settings.metrics_port)
        self._office = Office(self.queue, self.resources, self._forget)
        self._tenure = Tenure(self._office.held)
        self._trouble: str | None = "starting"
        self._heartbeat = Heartbeat()
        self.health.unready = self._unready
        self.health.standing = self._office.standing
        self.health.alive = self._ailment
        self.health.objects = Readiness(
            self.resources, self._accounts, leads=self._tenure.valid, each=settings.resource_metrics
        ).text
        self.home: asyncio.AbstractEventLoop
        self.lookout: Lookout
        self._configuration: Any = None
        self._cluster: KubernetesClient | None = None
        self._estate: AwsEstate | None = None
        self._workers: Workers | None = None
        self._sweeper: Sweep | None = None
        self._tenants: Tenants | None = None
        self._reconciler: Reconciler | None = None
        self._patrol: Patrol | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, register: Callable[[kopf.OperatorRegistry, "Operator"], None]) -> None:
        """Run until SIGTERM or SIGINT; `register` connects kopf's handlers.

        Raises:
            StartFailed: see the message.
            NoCluster: nothing says where the cluster is.
            PortUnusable: a port can't be listened on.
        """
        self.home = asyncio.get_running_loop()
        told = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            self.home.add_signal_handler(number, told.set)
        await self.health.start()
        self._heartbeat.start()
        service = asyncio.create_task(self._serve(register), name="service")
        stop = asyncio.create_task(told.wait(), name="stop")
        try:
            await asyncio.wait({service, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop.done():
                await self.stop()
                service.cancel()
            with suppress(asyncio.CancelledError):
                await service
        finally:
            stop.cancel()
            await self._close()

    async def _serve(self, register: Callable[[kopf.OperatorRegistry, "Operator"], None]) -> None:
        """Everything between the start and the stop; ends when it is cancelled, or can't start."""
        self._configuration = await connect()
        self._cluster = KubernetesClient(self._configuration)
        self.lookout = Lookout(
            self.settings,
            cluster=self._cluster,
            resources=self.resources,
            plurals=PLURALS,
            register=lambda registry: register(registry, self),
            on_gone=self.queue.add,
        )
        arrival = Arrival(self._cluster, self.lookout, self._wait_for)
        cluster_id = self.settings.cluster_id or await arrival.cluster_uid()
        await arrival.crds(PLURALS.values())
        await arrival.sight()
        self._assemble(self._cluster, cluster_id)
        assert self._tenants is not None  # noqa: S101 - assembled before
        self._tenants.need = self.lookout.need
        self.start()
        await self.lookout.run()

    async def login(self) -> kopf.ConnectionInfo:
        """Credentials for kopf's watches."""
        assert self._configuration is not None  # noqa: S101 - kopf runs after the connection is made
        return await kopf_login(self._configuration)

    def start(self) -> None:
        """Begin to work, or to stand by."""
        assert self._workers is not None and self._sweeper is not None and self._patrol is not None  # noqa: S101, PT018
        assert self._tenants is not None  # noqa: S101 - assembled with them
        self._workers.start()
        self._tasks = [
            asyncio.create_task(self._sweeper.run(), name="sweep"),
            asyncio.create_task(self._patrol.run(), name="patrol"),
            asyncio.create_task(self._lead(), name="leader election"),
            asyncio.create_task(self._tenants.run(), name="look-out for AWSAccounts"),
        ]

    async def stop(self) -> None:
        """Finish the AWS calls in flight, write their results, stop."""
        if self._tenure.stopping:
            return
        self._trouble = "stopping"
        self._tenure.stopping = True
        for task in self._tasks[:2]:
            task.cancel()
        if self._workers is not None:
            await self._workers.stop(STOP_GRACE)  # the lease is renewed meanwhile
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._office.elector is not None:
            await self._office.elector.release()
        log.info("operator stopped")

    async def _lead(self) -> None:
        """Once the cache is filled, compete for the lease; without election, lead at once."""
        assert self._cluster is not None and self._tenants is not None  # noqa: S101, PT018 - assembled before
        await until_filled(
            self._cluster,
            self.resources,
            PLURALS,
            namespaces=self.settings.namespaces,
            selector=self.settings.watch_selector,
            say=self._wait_for_cache,
        )
        await self._tenants.filled()
        self._trouble = None
        log.info("operator started", workers=self.settings.workers, resources=len(self.resources))
        if self._office.elector is None:
            self._office.take()
            return
        await self._office.elector.run()

    def _wait_for(self, trouble: str) -> None:
        self._trouble = trouble

    def _wait_for_cache(self, trouble: str) -> None:
        self._wait_for(trouble)
        log.warning("waiting for the cache", reason=trouble)

    def _forget(self) -> None:
        """Drop what was seen and tried."""
        assert self._reconciler is not None and self._estate is not None and self._workers is not None  # noqa: S101, PT018
        assert self._tenants is not None  # noqa: S101 - assembled with them
        self._reconciler.forget_all()
        self._workers.forget_all()
        self._tenants.reconciler.forget_all()
        self._estate.look_anew()

    def _assemble(self, cluster: KubernetesClient, cluster_id: str) -> None:
        settings = self.settings
        self._estate = AwsEstate(
            self.clock, region=settings.region, workers=settings.workers, permitted=self._tenure.valid
        )
        self._estate.introduce()
        intake = Intake(cluster_id, settings.default_tags, adoption=settings.adoption)
        tenants = self._tenants = Tenants(
            settings,
            client=cluster,
            cluster=PermittedCluster(cluster, self._tenure),
            estate=self._estate,
            resources=self.resources,
            queue=self.queue,
            clock=self.clock,
        )
        self._office.on_taken = tenants.reconciler.look_at_all
        memories = Memories()
        if settings.leader_elect:
            self._office.compete(LeaseClient(cluster), settings)
        permitted = PermittedCluster(cluster, self._tenure)
        self._patrol = Patrol(
            settings,
            estate=self._estate,
            cluster=permitted,
            cluster_id=cluster_id,
            resources=self.resources,
            queue=self.queue,
            memories=memories,
            clock=self.clock,
            active=self._tenure.valid,
            serves=tenants.tenancy.serves,
        )
        reconciler = self._reconciler = Reconciler(
            intake=intake,
            estate=self._estate,
            resources=self.resources,
            memories=memories,
            executor=Executor(memories, self._tenure, self.clock.now),
            writer=StatusWriter(permitted, self.resources, PLURALS, self.clock),
            claims=ResourceClaims(self.resources, intake),
            permit=self._tenure,
            policy=Policy(create_grace=settings.create_grace, cluster_id_is_default=settings.cluster_id is None),
            clock=self.clock,
            outlook=self._patrol.outlook,
            accounts=tenants.tenancy,
        )
        self._workers = Workers(
            self.queue, Dispatch(reconciler, tenants.reconciler), self.clock, number=settings.workers
        )
        self._sweeper = Sweep(
            reconciler=reconciler,
            estate=self._estate,
            resources=self.resources,
            queue=self.queue,
            clock=self.clock,
            interval=settings.sweep_interval,
            active=self._tenure.valid,
        )

    def _unready(self) -> str | None:
        if self._trouble == "stopping" or not self._tasks:
            return self._trouble
        return (
            self.lookout.trouble
            or self._trouble
            or (self._office.elector.trouble if self._office.elector is not None else None)
        )

    def _accounts(self) -> Mapping[str, dict[str, Any]]:
        return self._tenants.minded() if self._tenants is not None else {}

    def _ailment(self) -> str | None:
        if self._tenure.stopping or not self._tasks:
            return None
        if self._workers is not None and not self._workers.alive():
            return "a worker has ended"
        for task in self._tasks:
            if task.done() and (task.cancelled() or task.exception() is not None):
                return f"the {task.get_name()} has ended"
        return self._heartbeat.ailment()

    async def _close(self) -> None:
        await self.stop()
        self._heartbeat.stop()
        await self.health.stop()
        if self._cluster is not None:
            await self._cluster.close()
        if self._estate is not None:
            self._estate.close()
