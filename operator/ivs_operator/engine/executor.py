"""Carries out one step of a plan: an action is one call, its answer goes into the view, its failure into memory.

Invariant: whoever looks at the view after a step sees what the step did, although the Lists may not show it yet.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import structlog

from ivs_operator.api.reasons import Reason
from ivs_operator.domain import actions as do
from ivs_operator.domain.creation import INTENT_LIFETIME
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound, PermitLost
from ivs_operator.domain.identity import Key
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.slots import Blocked, arrange
from ivs_operator.domain.subject import Situation
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.protocols import Permit, Region
from ivs_operator.priority import BACKGROUND, NOT_AFTER

__all__ = ["BATCH", "STEP", "Executor"]

BATCH = 50
"""Associations per step: long enough to use the whole rate, short enough that an edit is noticed within seconds."""

STEP = 10.0
"""Seconds after which no further association of a step is begun: while others use the rate too, a step does less."""

_PARALLEL = 10  # associations in flight; at 5 calls a second, each of 0.1 to 1 s, that keeps the rate busy

log = structlog.get_logger(__name__)


class KeyedLocks:
    """One lock per name, kept only while somebody holds or awaits it."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def hold(self, name: str) -> Any:
        """Hold the lock of `name`."""
        lock, holders = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, holders + 1)
        try:
            async with lock:
                yield
        finally:
            lock, holders = self._locks[name]
            if holders == 1:
                del self._locks[name]
            else:
                self._locks[name] = (lock, holders - 1)


class Executor:
    """Runs actions against one region at a time."""

    def __init__(self, memories: Memories, permit: Permit, now: Callable[[], float]) -> None:
        self._memories = memories
        self._permit = permit
        self._now = now
        self._consumers = KeyedLocks()

    async def run(
        self,
        actions: Sequence[do.Action],
        s: Situation,
        region: Region,
        *,
        withdrawn: Callable[[], bool] = lambda: False,
    ) -> None:
        """Carry out one step; failures are remembered, not raised. Associations of a step run side by side.

        Once `withdrawn` says that the object may not use its account any more, nothing further is begun.

        Raises:
            PermitLost: before a write that must not be made.
        """
        joint = [action for action in actions if isinstance(action, do.Associate | do.InspectConsumer)][:BATCH]
        for action in actions:
            if isinstance(action, do.Associate | do.InspectConsumer):
                continue
            if withdrawn() or (not await self._attempt(action, s, region) and not isinstance(action, do.Untag)):
                return
        gate = asyncio.Semaphore(_PARALLEL)
        until = self._now() + STEP

        refused = False

        async def gated(action: do.Action) -> None:
            nonlocal refused
            if len(joint) > _PARALLEL:
                BACKGROUND.set(True)  # of this task: a long line is nobody's edit, even if an edit has begun it
            async with gate:
                if refused or withdrawn() or self._now() >= until:
                    return
                try:
                    await self._attempt(action, s, region)
                except PermitLost:  # those that have left are finished, for their answers must be known
                    refused = True

        async with asyncio.TaskGroup() as group:
            for action in joint:
                group.create_task(gated(action))
        if refused:
            raise PermitLost

    async def _attempt(self, action: do.Action, s: Situation, region: Region) -> bool:
        key = s.subject.key
        if action.writes and not self._permit.valid():
            raise PermitLost
        try:
            await self._carry_out(action, s, region)
        except CallFailed as error:
            self._failed(key, action, error, region)
            return False
        self._memories.succeeded(key, action.target)
        return True

    def _failed(self, key: Key, action: do.Action, error: CallFailed, region: Region) -> None:
        fault = error.fault
        if isinstance(action, do.Create):
            self._settle_create(key, fault)
        if isinstance(action, do.Untag):
            self._memories.untag_tried(key)
        if isinstance(action, do.Tag | do.Untag) and fault.applied is None:
            region.doubt(action.arn)  # whose it is now, only a Get can tell: another object may be about to adopt it
        if isinstance(action, do.Delete) and fault.code == "ConflictException":
            region.audience.forget_users(action.arn)
        failure = self._memories.failed(key, action.target, fault, self._now())
        log.warning(
            "AWS call failed",
            action=type(action).__name__,
            target=action.target,
            reason=str(fault.reason),
            error=fault.message,
            code=fault.code,
            request_id=fault.request_id,
            retry_in=round(failure.retry_at - self._now(), 1),
        )

    def _settle_create(self, key: Key, fault: Fault) -> None:
        attempt = self._memories.get(key).attempt
        if attempt is not None and fault.applied is False:
            self._memories.attempt(key, replace(attempt, answered=True))

    async def _carry_out(self, action: do.Action, s: Situation, region: Region) -> None:  # noqa: C901, PLR0912 - one arm per action
        match action:
            case do.Refresh():
                await region.refresh(action.newer_than)
            case do.RefreshConsumers():
                await region.audience.refresh(action.newer_than)
            case do.Inspect():
                await region.inspect(action.arn)
            case do.Poll():
                await region.poll(action.arn)
            case do.InspectConsumer():
                await region.audience.inspect(action.arn)
            case do.ListUsers():
                await region.audience.list_users(action.arn)
            case do.Create():
                await self._create(action, s, region)
            case do.Update():
                region.put(await region.gateway.update(action.arn, action.settings))
            case do.Tag():
                await region.gateway.tag(action.arn, action.tags)
                region.retag(action.arn, action.tags)
            case do.Untag():
                await region.gateway.untag(action.arn, action.keys)
                region.retag(action.arn, {}, action.keys)
                self._memories.untag_tried(s.subject.key)
            case do.Delete():
                await region.gateway.delete(action.arn)
                region.deleted(action.arn)
            case do.Associate():
                await self._associate(action, s, region)
            case do.WriteLedger() | do.ReleaseFinalizer():
                raise TypeError(f"{type(action).__name__} is a write to Kubernetes")

    async def _create(self, action: do.Create, s: Situation, region: Region) -> None:
        """The attempt counts as made before the call leaves: whatever comes back, or nothing, comes after."""
        key = s.subject.key
        attempt = self._memories.get(key).attempt
        if attempt is not None:
            self._memories.attempt(key, replace(attempt, called=True))
            NOT_AFTER.set(attempt.acknowledged_at + INTENT_LIFETIME)
        try:
            made = await region.gateway.create(action.settings, action.tags)
        finally:
            NOT_AFTER.set(None)
        region.put(made)
        self._memories.attempt(key, None)

    async def _associate(self, action: do.Associate, s: Situation, region: Region) -> None:
        """Read, rearrange, write if different.

        UpdateRoom knows no version: the lock keeps ourselves apart, and what others write between this read and this
        write is lost to anyone; the window is one call.
        """
        traits = TRAITS[s.subject.kind]
        async with self._consumers.hold(action.consumer):
            try:
                fresh = await region.gateway.get_consumer(action.consumer)
            except NotFound:
                region.audience.forget(action.consumer)
                if action.add is None:
                    return
                raise
            region.audience.put(fresh)
            meant = any(entry.matches(fresh.arn, fresh.name, fresh.tags) for entry in action.wanted_by)
            slots = arrange(
                fresh.configurations,
                add=action.add if meant else None,
                remove=action.remove if meant or action.add is None else (),
                capacity=traits.slots,
                replaceable=action.replaceable,
            )
            if isinstance(slots, Blocked) or slots == fresh.configurations:
                return  # the view shows now why, and the next plan says it
            try:
                after = await region.gateway.associate(action.consumer, slots)
            except NotFound:  # the room or channel, or one of the configurations: a Get tells which, and forgets it
                await region.audience.inspect(action.consumer)
                raise
            region.audience.put(after)
            if set(after.configurations) != set(slots):
                message = f"{traits.consumer} {action.consumer} was changed by somebody else at the same time"
                raise CallFailed(Fault(FaultClass.FAST, Reason.UPDATING, message))
