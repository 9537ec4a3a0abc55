"""The one loop that everything goes through: look, plan, act, look again; at the end one status.

Level-triggered: a key says which object, never what happened. A reconcile may stop anywhere, also by the death of the
process; the next one starts from what is.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from ivs_operator.clock import Clock
from ivs_operator.domain.actions import Action, Create, ReleaseFinalizer, WriteLedger
from ivs_operator.domain.conditions import verdict
from ivs_operator.domain.creation import intended
from ivs_operator.domain.desired import DeletionPolicy
from ivs_operator.domain.failures import PermitLost
from ivs_operator.domain.finding import Finding, Plan
from ivs_operator.domain.identity import Key
from ivs_operator.domain.intake import Intake, Reading
from ivs_operator.domain.observed import View
from ivs_operator.domain.placement import place
from ivs_operator.domain.plan import plan as make_plan
from ivs_operator.domain.report import ledger_status, status_of
from ivs_operator.domain.subject import Claims, Placement, Policy, Situation, Subject
from ivs_operator.domain.surroundings import UNKNOWN
from ivs_operator.domain.transitions import UNDER_WAY
from ivs_operator.engine.executor import Executor
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.outlook import Outlook
from ivs_operator.engine.protocols import Accounts, Estate, Permit, Region, Resource, Resources
from ivs_operator.engine.status_writer import StatusWriter
from ivs_operator.engine.tenancy import OwnAccount
from ivs_operator.engine.turn import Turn

__all__ = ["Outcome", "Reconciler"]

ROUNDS: Final = 40
"""Steps in one go; beyond it the key goes back to the queue, so that others have their turn."""

BULK: Final = 10
"""Actions in one step beyond which it takes so long that the status tells of it before it begins."""

STINT: Final = 12.0
"""Seconds in one go, for the same reason."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one reconcile."""

    again_at: float | None = None
    """When to look again if nothing happens before; None: not at all."""
    result: str = "converged"


@dataclass(frozen=True, slots=True)
class _Step:
    situation: Situation
    plan: Plan
    region: Region | None

    @property
    def destructive(self) -> bool:
        """Whether a deletion would touch AWS, or let go what is there."""
        return self.situation.subject.deleting and self.situation.subject.deletion_policy is not DeletionPolicy.RETAIN

    @property
    def unconfirmed(self) -> bool:
        """Whether AWS would be changed for a deletion that so far only our view tells of."""
        s = self.situation
        return s.subject.deleting and not s.memory.deletion_confirmed and any(a.writes for a in self.plan.actions)

    @property
    def intends_create(self) -> bool:
        """Whether the intent to create is to go on record."""
        return any(isinstance(action, WriteLedger) and action.intends_create for action in self.plan.actions)

    @property
    def creates(self) -> bool:
        """Whether Create is to be called."""
        return any(isinstance(action, Create) for action in self.plan.actions)

    def withheld(self) -> "_Step":
        """The step of an object that goes only because its CustomResourceDefinition does."""
        situation = replace(self.situation, crd_deleting=True)
        return replace(self, situation=situation, plan=make_plan(situation))


class Reconciler:
    """Brings one object closer to what its spec asks for."""

    def __init__(
        self,
        *,
        intake: Intake,
        estate: Estate,
        resources: Resources,
        memories: Memories,
        executor: Executor,
        writer: StatusWriter,
        claims: Claims,
        permit: Permit,
        policy: Policy,
        clock: Clock,
        accounts: Accounts | None = None,
        outlook: Outlook | None = None,
    ) -> None:
        """`accounts` None: no AWSAccount can be used. `outlook` None: nothing is known but IVS itself."""
        self._intake = intake
        self._estate = estate
        self._accounts = accounts or OwnAccount(estate)
        self._resources = resources
        self._memories = memories
        self._executor = executor
        self._writer = writer
        self._claims = claims
        self._permit = permit
        self._policy = policy
        self._clock = clock
        self._outlook = outlook

    async def reconcile(self, key: Key) -> Outcome:
        """One stint of work on one object.

        Raises:
            KubeError: a write to Kubernetes did not succeed; the queue tries again.
            PermitLost: this process may not write any more, and what it did is on record or another's to see.
        """
        turn = Turn()
        try:
            return await self._rounds(key, turn)
        finally:
            turn.end()

    async def _rounds(self, key: Key, turn: Turn) -> Outcome:
        deadline = self._clock.now() + STINT
        begun = False
        for _ in range(ROUNDS):
            resource = self._resources.get(key)
            if resource is None:
                self.forget(key)
                return Outcome(result="gone")
            step = await self._next(key, resource)
            if step is None:
                return Outcome(result="ignored")
            if not step.plan.actions:
                return await self._conclude(key, resource, step)
            if self._clock.now() >= deadline or not self._permit.valid():
                return await self._pause(key, resource, step, begun=begun)
            if step.region is not None and step.intends_create and await turn.take(step.region.creations):
                deadline = self._clock.now() + STINT
                continue  # things may have changed while it waited
            if len(step.plan.actions) > BULK:
                resource = await self._tell(key, resource, step)
            begun = True
            if not await self._act(key, resource, step):
                return Outcome(result="gone")
            if step.creates:
                turn.end()
        log.warning("more steps than expected; continuing later", key=str(key))
        return Outcome(again_at=self._clock.now() + 1.0, result="continues")

    def forget(self, key: Key) -> None:
        """Drop everything remembered of a key."""
        self._intake.forget(key)
        self._memories.forget(key)
        self._writer.forget(key)
        if self._outlook is not None:
            self._outlook.forget(key)

    def forget_all(self) -> None:
        """Drop everything remembered: another process may have worked since, and objects may have gone unseen."""
        self._intake.forget_all()
        self._memories.forget_all()
        self._writer.forget_all()
        if self._outlook is not None:
            self._outlook.forget_all()

    async def _next(self, key: Key, resource: Resource) -> _Step | None:
        step = await self.look(key, resource)
        if step is None:
            return None
        if step.destructive and await self._writer.crd_deleting(key.kind):
            step = step.withheld()
        if step.plan.remember is not None:
            self._memories.remember(key, step.plan.remember)
        return step

    async def look(self, key: Key, resource: Resource) -> _Step | None:
        """Plan for one object as things are; None when it is none of our business."""
        looked = await self.situate(key, resource)
        if looked is None:
            return None
        situation, region = looked
        return _Step(situation, make_plan(situation), region)

    async def situate(self, key: Key, resource: Resource) -> tuple[Situation, Region | None] | None:
        """Everything that a plan depends on, and where it would be carried out; None as for `look`."""
        subject, reading = self._intake.read(key, resource)
        if subject.deleting and not subject.has_finalizer:
            return None
        now = self._clock.now()
        memory = self._memories.meet(subject, now)
        placement = await self._place(subject, reading)
        region = None
        view = View()
        if placement.fault is None:
            region = self._estate.region(key.kind, placement.account_id, placement.region, placement.account)
            view = region.view(subject.owner, _names(subject))
        around = UNKNOWN
        if self._outlook is not None:
            around = self._outlook.around(subject, placement, view, asked_at=memory.asked_at)
        return Situation(subject, placement, view, memory, now, self._policy, self._claims, around=around), region

    async def _place(self, subject: Subject, reading: Reading) -> Placement:
        identity = await self._accounts.identity(subject, reading.account_ref)
        return place(subject.recorded, reading.region, identity)

    async def _confirmed(self, key: Key, resource: Resource) -> bool:
        """Whether this life of the object is still there, once per life.

        A view may be old: a replica whose watch had fallen silent takes over, still sees the deletion of a former life,
        and what carries the owner tag by now was made for a later one.
        """
        if await self._writer.still_there(key, resource):
            self._memories.deletion_confirmed(key)
            return True
        log.warning("seen too late; it is another life of the object by now, or gone", uid=resource["metadata"]["uid"])
        return False

    async def _act(self, key: Key, resource: Resource, step: _Step) -> bool:
        """Carry out one step. False when the object is gone with it."""
        if step.unconfirmed and not await self._confirmed(key, resource):
            return True
        subject = step.situation.subject
        if not subject.has_finalizer and not subject.deleting and any(map(_leaves_traces, step.plan.actions)):
            await self._writer.add_finalizer(key, resource)
            return True
        first = step.plan.actions[0]
        if isinstance(first, ReleaseFinalizer):
            await self._writer.remove_finalizer(key, resource, first.warning)
            log.info("released", message=step.plan.finding.message if step.plan.finding else "")
            return False
        if isinstance(first, WriteLedger):
            await self._write_ledger(key, resource, step, first)
            return True
        assert step.region is not None  # noqa: S101 - plans without a region have no such actions
        try:
            account = step.situation.placement.account
            withdrawn = partial(self._accounts.withdrawn, account, key.namespace)
            await self._executor.run(step.plan.actions, step.situation, step.region, withdrawn=withdrawn)
        except PermitLost:
            if not self._permit.may_record():
                raise
        return True  # at a stop, too: the next look tells what was done until then

    async def _write_ledger(self, key: Key, resource: Resource, step: _Step, action: WriteLedger) -> None:
        """Put the ledger on record. The intent counts from the acknowledgement, not from the request."""
        status = ledger_status(step.situation, step.plan, action.ledger)
        await self._writer.record(key, resource, status)
        if action.intends_create and action.ledger.pending is not None:
            self._memories.attempt(key, intended(step.situation, action.ledger.pending, self._clock.now()))

    async def _conclude(self, key: Key, resource: Resource, step: _Step) -> Outcome:
        """Nothing to do now: say how things are, once, and when to look again."""
        if not step.situation.subject.has_finalizer and step.plan.current is not None:
            # Somebody has stripped it (kubectl replace does): without it a deletion would leave the AWS object behind.
            resource = await self._writer.add_finalizer(key, resource)
        finding = verdict(step.plan)
        if _says_nothing_new(step.situation, finding):
            return Outcome(again_at=step.plan.wake, result="unsure")
        status = status_of(step.situation, step.plan)
        settled = self._final(settled=_settled(finding, step.plan))
        request_id = _request_id(step.situation, finding)
        put_off = await self._writer.write(key, resource, status, settled=settled, request_id=request_id)
        times = [time for time in (step.plan.wake, put_off) if time is not None]
        return Outcome(again_at=min(times, default=None), result=_result(finding))

    async def _tell(self, key: Key, resource: Resource, step: _Step) -> Resource:
        """Say what is about to happen, as far as that is news."""
        await self._writer.write(key, resource, status_of(step.situation, step.plan), settled=False)
        return self._resources.get(key) or resource

    async def _pause(self, key: Key, resource: Resource, step: _Step, *, begun: bool) -> Outcome:
        """More to do, but others are waiting, or this process stops: report progress and come back."""
        if not begun and not self._permit.valid():
            raise PermitLost  # nothing was done, so there is nothing to tell
        status = status_of(step.situation, step.plan)
        await self._writer.write(key, resource, status, settled=self._final(settled=False))
        return Outcome(again_at=self._clock.now(), result="continues")

    def _final(self, *, settled: bool) -> bool:
        """Whether a write can't be put off: it is settled, or this process has no later."""
        return settled or not self._permit.valid()


def _names(subject: Subject) -> tuple[str, ...]:
    """ARNs that the object or its status names."""
    existing = subject.desired.existing_arn if subject.desired is not None else None
    names = (existing, subject.recorded.arn, *subject.recorded.superseded)
    return tuple(dict.fromkeys(arn for arn in names if arn is not None))


def _leaves_traces(action: Action) -> bool:
    """Whether an action may leave something at AWS that must be cleaned up later."""
    return action.writes or isinstance(action, WriteLedger)


def _says_nothing_new(s: Situation, finding: Finding | None) -> bool:
    """An object that was fine stays so while AWS can't be asked: a failed look is no news about it."""
    fine = s.subject.recorded.ready_for(s.subject.generation) and not s.subject.deleting
    return fine and finding is not None and finding.blind


def _settled(finding: Finding | None, plan: Plan) -> bool:
    """Whether nothing is about to happen by itself: neither a step of ours, nor AWS finishing what it has begun."""
    if plan.actions:
        return False
    at_rest = plan.current is not None and plan.current.state == "ACTIVE"
    return finding is None or finding.reason not in UNDER_WAY or at_rest


def _request_id(s: Situation, finding: Finding | None) -> str:
    """Of the failed AWS call that the finding repeats, if it does."""
    failures = s.memory.failures.values() if finding is not None else ()
    cause = (item.fault for item in failures if finding is not None and item.fault.message in finding.message)
    return next((fault.request_id for fault in cause if fault.request_id), "")


def _result(finding: Finding | None) -> str:
    if finding is None:
        return "converged"
    return "stalled" if finding.stalled else "waiting"
