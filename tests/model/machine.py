"""The operator's process in a small world: production code, its memory taken apart after each step and put back before.

What runs is the real Reconciler, one round at a time, with the real StatusWriter, Memories, Inventory and Audience. Two
things are re-stated: the Executor's order (associations of a step run side by side; here one after the other), and
`Shared`, whose one task becomes a plain call, since nothing here ever waits.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, NamedTuple

from ivs_operator.api.names import FINALIZER
from ivs_operator.aws import inventory as inventory_module
from ivs_operator.aws.inventory import Inventory
from ivs_operator.domain.accounts import Role
from ivs_operator.domain.failures import CallFailed, Failure, NotWritten
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.domain.observed import ConsumerIndex, Users
from ivs_operator.domain.placement import Identity
from ivs_operator.domain.subject import Attempt, Memory, Policy, Subject
from ivs_operator.engine.claims import ResourceClaims
from ivs_operator.engine.memories import Memories
from ivs_operator.engine.reconciler import Reconciler
from ivs_operator.engine.status_writer import StatusWriter
from ivs_operator.kube.cache import ResourceCache
from model import laws
from model.ages import NOW, Ticking, age_class, held_until, ranked
from model.cloud import Cloud, Gateway
from model.pools import Values
from model.records import Cast, Record
from model.server import Server
from model.stand_ins import AtOnce, InTurn, KeptIntake, Steady, drive
from model.trouble import Crashed, Line
from support.objects import ACCOUNT, CLUSTER, REGION

__all__ = ["BLANK", "Machine", "Mind", "Self"]

_VERSION = 100
_PATIENT = 2  # attempts; more of them change nothing but the length of a wait


class Mind(NamedTuple):
    """What the process knows of one object. `cached` None: the watch has told of none."""

    cached: Record | None = None
    life: str = ""
    asked: tuple[Any, ...] | None = None
    attempt: tuple[float, float, bool, bool, float] | None = None
    failures: tuple[Failure, ...] = ()
    met_at: float = 0.0
    generation_seen_at: float = 0.0
    deletion_seen_at: float = 0.0
    asked_at: float = 0.0
    untag_tried: bool = False
    deletion_confirmed: bool = False
    held_since: float = 0.0


class Self(NamedTuple):
    """What the process knows of AWS."""

    listed_at: float = 0.0
    entries: tuple[tuple[int, float, float, float, float, bool], ...] = ()
    """Number, read, written, deleted, tagged, got."""
    gone: tuple[tuple[str, float], ...] = ()
    unlisted: frozenset[str] = frozenset()
    consumers_at: float = 0.0
    consumers: tuple[int, ...] = ()
    users: tuple[tuple[str, float, int], ...] = ()
    missing: frozenset[str] = frozenset()


BLANK = Self()


class Machine:
    """One process, thawed before each step and frozen after it."""

    def __init__(self, cast: Cast, values: Values, *, lags: bool) -> None:
        self.cast = cast
        self.values = values
        self.clock = Ticking()
        self.cloud = Cloud(cast.kind, values, lags=lags)
        self.gateway = Gateway(self.cloud)
        self.records: list[Record | None] = []
        self.versions: list[int] = []
        self.intake = KeptIntake(CLUSTER, {})
        self.resources = ResourceCache()
        self.memories = Memories(Steady())
        gateway: Any = self.gateway
        self.inventory = Inventory(gateway, self.clock)
        audience = self.inventory.audience
        self.inventory._list = AtOnce(self.inventory._read_configurations, self.clock)
        audience._pass = AtOnce(audience._read_all, self.clock)
        audience._begin_pass = audience.refresh  # type: ignore[method-assign] # nothing here takes long
        self.writer = StatusWriter(Server(self), self.resources, PLURALS, self.clock)
        self.executor = InTurn(self.memories, self, self.clock.now)
        self.policy = Policy()
        self.reconciler = Reconciler(
            intake=self.intake,
            estate=self,
            resources=self.resources,
            memories=self.memories,
            executor=self.executor,
            writer=self.writer,
            claims=ResourceClaims(self.resources, self.intake),
            permit=self,
            policy=self.policy,
            clock=self.clock,
        )
        self._entries: dict[tuple[Any, ...], inventory_module._Entry] = {}
        self._ever = [frozenset(key for spec in specs for key in spec.get("tags", {})) for specs in cast.specs.values()]

    # What the reconciler needs of its surroundings.

    def valid(self) -> bool:
        """A permit: there is one process."""
        return True

    async def identity(self, kind: Kind) -> Identity:
        """Account and region are known."""
        return Identity(ACCOUNT, REGION, (REGION,))

    async def assume(self, kind: Kind, account: str, role: Role) -> Identity:
        """Nothing here names an AWSAccount."""
        raise NotImplementedError

    def region(self, kind: Kind, account_id: str, region: str, account: str = "") -> Inventory:
        """The one shared view."""
        return self.inventory

    # Steps.

    def step(self, number: int, line: Line) -> bool | None:
        """One round of work on one object. Whether it acted; None: the process died."""
        key = self.cast.keys[number]
        self.gateway.line = line
        cached = self.resources.get(key)
        believed = self.subject(number, cached["metadata"]["record"]) if cached is not None else None
        truth = self.records[number]
        true = self.subject(number, truth) if truth is not None else None
        self.gateway.actor = laws.Actor(believed, true, self._ever[number])
        try:
            outcome = drive(self.reconciler.reconcile(key))
        except NotWritten:
            return True
        except Crashed:
            return None
        return bool(outcome.result == "continues")

    def sweep(self, line: Line, *, consumers: bool) -> None:
        """The periodic look, as far as it reads; what was read before a List failed counts."""
        self.gateway.line = line
        with suppress(CallFailed):
            drive(self.inventory.sweep(consumers=consumers, streams=False))

    def subject(self, number: int, record: Record) -> Subject:
        """What a record amounts to."""
        return self.intake.read(self.cast.keys[number], self.cast.resource(number, record, _VERSION))[0]

    # Taking apart and putting together.

    def thaw(self, records: Sequence[Record | None], minds: Sequence[Mind], self_: Self) -> None:
        """Become a state."""
        self.clock.at = NOW
        self.records = list(records)
        self.versions = [_VERSION] * len(records)
        memories = self.memories
        memories._memories, memories._lives, memories._asked = {}, {}, {}
        self.writer._held_since, self.writer._crds = {}, {}
        self.resources._resources = {}
        for number, (key, mind, record) in enumerate(zip(self.cast.keys, minds, records, strict=True)):
            if mind.cached is not None:
                version = _VERSION if mind.cached == record else _VERSION - 1
                self.resources._resources[key] = self.cast.resource(number, mind.cached, version)
            if mind.life:
                memories._lives[key] = mind.life
            if mind.asked is not None:
                memories._asked[key] = mind.asked  # type: ignore[assignment]
                memories._memories[key] = Memory(
                    attempt=Attempt(*mind.attempt) if mind.attempt is not None else None,
                    failures={item.target: item for item in mind.failures},
                    met_at=mind.met_at,
                    generation_seen_at=mind.generation_seen_at,
                    deletion_seen_at=mind.deletion_seen_at,
                    asked_at=mind.asked_at,
                    untag_tried=mind.untag_tried,
                    deletion_confirmed=mind.deletion_confirmed,
                )
            if mind.held_since:
                self.writer._held_since[key] = mind.held_since
        self._thaw_self(self_)

    def _thaw_self(self, state: Self) -> None:
        inventory, item = self.inventory, self.values.item
        inventory._entries, inventory._by_owner, inventory._owner_tags = {}, {}, {}
        for parts in state.entries:
            entry = self._entries.get(parts)
            if entry is None:
                number, *rest = parts
                entry = self._entries[parts] = inventory_module._Entry(item(number), *rest)
            inventory._keep(entry)
        inventory._gone = dict(state.gone)
        inventory._unlisted = set(state.unlisted)
        inventory._listed_at = inventory._list._began = state.listed_at
        inventory._polling = set()
        audience = inventory.audience
        audience._index = ConsumerIndex(map(item, state.consumers), listed_at=state.consumers_at)
        audience._pass._began = state.consumers_at
        audience._missing = set(state.missing)
        audience._users = {arn: Users(at, empty) for arn, at, empty in state.users}

    def freeze(self, passes: float = 0.0) -> tuple[tuple[Record | None, ...], tuple[Mind, ...], Self]:
        """The state as values, after `passes` more seconds."""
        inventory = self.inventory
        audience = inventory.audience
        memories = [self.memories.get(key) for key in self.cast.keys]
        moments = [inventory._listed_at, audience._index.listed_at]
        moments += [users.listed_at for users in audience._users.values()]
        for memory in memories:
            moments += [memory.met_at, memory.generation_seen_at, memory.deletion_seen_at, memory.asked_at]
            if memory.attempt is not None:
                moments += [memory.attempt.acknowledged_at, memory.attempt.shown_from]
        order = ranked(moments, passes)
        records = tuple(
            self.cast.later(record, passes) if record is not None and passes else record for record in self.records
        )
        minds = tuple(
            self._mind(key, memory, order, passes) for key, memory in zip(self.cast.keys, memories, strict=True)
        )
        number = self.values.number
        self_ = Self(
            listed_at=order[inventory._listed_at],
            entries=tuple(
                sorted(
                    (
                        number(entry.configuration),
                        (read := age_class(entry.read_at, passes)),
                        age_class(entry.written_at, passes),
                        age_class(entry.deleted_at, passes),
                        max(read, 1.0) + 0.0001 if entry.tagged_at > entry.read_at else 0.0,
                        entry.got,
                    )
                    for entry in inventory._entries.values()
                )
            ),
            gone=tuple(sorted((arn, age_class(at, passes)) for arn, at in inventory._gone.items())),
            unlisted=frozenset(inventory._unlisted),
            consumers_at=order[audience._index.listed_at],
            consumers=tuple(sorted(map(number, audience._index))),
            users=tuple(
                sorted((arn, order[u.listed_at], min(u.empty_in_a_row, 2)) for arn, u in audience._users.items())
            ),
            missing=frozenset(audience._missing),
        )
        return records, minds, self_

    def _mind(self, key: Key, memory: Memory, order: Mapping[float, float], passes: float) -> Mind:
        resource = self.resources.get(key)
        cached: Record | None = None
        if resource is not None:
            cached = resource["metadata"]["record"]
            if cached is not None and FINALIZER not in resource["metadata"]["finalizers"]:
                cached = cached._replace(finalizer=False)
            if cached is not None and passes:
                cached = self.cast.later(cached, passes)
        attempt = memory.attempt
        return Mind(
            cached=cached,
            life=self.memories._lives.get(key, ""),
            asked=self.memories._asked.get(key),
            attempt=(
                (
                    age_class(attempt.since, passes),
                    order[attempt.acknowledged_at],
                    attempt.called,
                    attempt.answered,
                    order[attempt.shown_from],
                )
                if attempt is not None
                else None
            ),
            failures=tuple(sorted((_aged(f, passes) for f in memory.failures.values()), key=lambda f: f.target)),
            met_at=order[memory.met_at],
            generation_seen_at=order[memory.generation_seen_at],
            deletion_seen_at=order[memory.deletion_seen_at],
            asked_at=order[memory.asked_at],
            untag_tried=memory.untag_tried,
            deletion_confirmed=memory.deletion_confirmed,
            held_since=age_class(self.writer._held_since.get(key, 0.0), passes),
        )


def _aged(failure: Failure, passes: float) -> Failure:
    return replace(
        failure,
        first_at=age_class(failure.first_at, passes),
        retry_at=held_until(failure.retry_at, passes),
        attempts=min(failure.attempts, _PATIENT),
    )
