"""One AWS service in memory, with what makes it hard: Lists that lag, replies that are lost, others who write too.

It has AWS's own rules (limits, refusals, states that take time) and writes down every breach of ours in `breaches`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.clock import Clock
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.times import format_time
from support.objects import ACCOUNT, CHAT, REGION, arn_of

__all__ = ["Call", "FakeAws", "FakeGateway"]

PAGE = 3  # entries; small, so that few objects make several pages
LATENCY = 0.05  # seconds that a call takes before and after it has its effect

_T = TypeVar("_T")


@dataclass(frozen=True)
class Call:
    """One call that reached AWS."""

    at: float
    operation: str
    target: str
    writes: bool


@dataclass
class FakeAws:
    """Configurations and consumers of one kind; whoever holds it may change it as another tool would."""

    clock: Clock
    kind: Kind = CHAT
    lag: float = 0.0
    """Seconds by which Lists are behind; Gets are not."""
    region: str = REGION
    account: str = ACCOUNT
    busy: float = 2.0
    """Seconds that AWS works on a create, an update or a delete."""
    failing: int = 0
    """So many of the next creations and updates end in a failed state."""
    quota: int | None = None
    """How many configurations there may be, failed ones included; None: as many as anybody likes."""
    configurations: dict[str, Configuration] = field(default_factory=dict)
    consumers: dict[str, Consumer] = field(default_factory=dict)
    live: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    made: list[Configuration] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)
    _until: dict[str, tuple[float, str]] = field(default_factory=dict)
    _past: list[tuple[float, dict[str, Configuration], dict[str, Consumer]]] = field(default_factory=list)

    def count(self, *, writes: bool | None = None, operation: str | None = None) -> int:
        """How many calls there were."""
        return sum(1 for c in self.calls if writes in (None, c.writes) and operation in (None, c.operation))

    def put(self, *items: Configuration | Consumer) -> None:
        """Others make or change something."""
        for item in items:
            if isinstance(item, Configuration):
                self.configurations[item.arn] = item
            else:
                self.consumers[item.arn] = replace(item, update_time=self._stamp())
        self.remember()

    def drop(self, *arns: str) -> None:
        """Others delete something."""
        for arn in arns:
            self.configurations.pop(arn, None)
            self.consumers.pop(arn, None)
        self.remember()

    def owned(self) -> list[Configuration]:
        """What carries any owner tag and is not on its way out."""
        self.settle()
        return [c for c in self.configurations.values() if TAG_OWNER in c.tags and c.state != "DELETING"]

    def judge_create(self, made: Configuration) -> None:
        """Nothing is made while what would do is there: the same owner, the same settings, and in working order."""
        alike = [
            item for item in self.owned() if all(item.tags.get(t) == made.tags.get(t) for t in (TAG_OWNER, TAG_SPEC))
        ]
        leaving = {arn for arn, (_, outcome) in self._until.items() if outcome != "ACTIVE"}
        twins = [item.arn for item in alike if item.arn not in leaving and "FAILED" not in item.state]
        if twins:
            self.breaches.append(f"{made.arn} was made while {twins} were there for {made.tags.get(TAG_OWNER)}")

    def users(self, arn: str) -> list[str]:
        """Who uses a configuration, in truth."""
        return [consumer.arn for consumer in self.consumers.values() if arn in consumer.configurations]

    def settle(self) -> None:
        """Finish what AWS has been at work on for long enough."""
        for arn, (until, outcome) in tuple(self._until.items()):
            if self.clock.now() < until:
                continue
            del self._until[arn]
            if outcome == "gone":
                self.configurations.pop(arn, None)
            elif arn in self.configurations:
                self.configurations[arn] = replace(self.configurations[arn], state=outcome)
            self.remember(until)

    def begin(self, configuration: Configuration, outcome: str) -> Configuration:
        """Put a configuration into a state that ends in `outcome`, unless this one is to fail."""
        if outcome == "ACTIVE" and self.failing:
            self.failing -= 1
            outcome = configuration.state.replace("ING", "E_FAILED")
        self.configurations[configuration.arn] = configuration
        self._until[configuration.arn] = (self.clock.now() + self.busy, outcome)
        self.remember()
        return configuration

    def remember(self, at: float | None = None) -> None:
        """Keep this moment for Lists that lag."""
        self._past.append((self.clock.now() if at is None else at, dict(self.configurations), dict(self.consumers)))

    def shown(self) -> tuple[dict[str, Configuration], dict[str, Consumer]]:
        """What Lists show now."""
        self.settle()
        if not self.lag:
            return dict(self.configurations), dict(self.consumers)
        horizon = self.clock.now() - self.lag
        old = [entry for entry in self._past if entry[0] <= horizon]
        return (dict(old[-1][1]), dict(old[-1][2])) if old else ({}, {})

    def _stamp(self) -> str:
        return f"{self.clock.now():017.6f}"


class FakeGateway:
    """The calls of one process. `trouble(operation, writes)` may answer "unsent", "lost", "throttled" or "killed"."""

    def __init__(self, aws: FakeAws, trouble: Callable[[str, bool], str | None] = lambda *_: None) -> None:
        self.aws = aws
        self.kind = aws.kind
        self.newest_first = aws.kind is CHAT
        self._trouble = trouble
        self._seen: dict[str, tuple[str, ...]] = {}

    async def configurations(self) -> AsyncIterator[list[Configuration]]:
        shown = await self._call("ListConfigurations", "", lambda: self.aws.shown()[0])
        items = [self._listed(item) for item in shown.values()]
        for start in range(0, max(len(items), 1), PAGE):
            yield items[start : start + PAGE]
            await asyncio.sleep(LATENCY)

    async def consumers(self) -> AsyncIterator[list[Consumer]]:
        shown = await self._call("ListConsumers", "", lambda: self.aws.shown()[1])
        items = sorted(shown.values(), key=lambda item: item.update_time or "", reverse=True)
        for start in range(0, max(len(items), 1), PAGE):
            yield items[start : start + PAGE]
            await asyncio.sleep(LATENCY)

    async def users(self, arn: str) -> list[Consumer]:
        shown = await self._call("ListUsers", arn, lambda: self.aws.shown()[1])
        return [item for item in shown.values() if arn in item.configurations]

    async def live(self) -> frozenset[str]:
        return await self._call("ListStreams", "", lambda: frozenset(self.aws.live))

    async def get(self, arn: str) -> Configuration:
        return await self._call("Get", arn, lambda: self._existing(arn))

    async def get_consumer(self, arn: str) -> Consumer:
        found = await self._call("GetConsumer", arn, lambda: self._consumer(arn))
        self._seen[arn] = found.configurations
        return found

    async def create(self, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Configuration:
        def effect() -> Configuration:
            self.aws.settle()
            if self.aws.quota is not None and len(self.aws.configurations) >= self.aws.quota:
                raise _refused("ServiceQuotaExceededException", Reason.QUOTA_EXCEEDED, "no more", FaultClass.SLOW)
            number = len(self.aws.made)
            made = Configuration(
                arn=arn_of(f"made-{number:03}", self.kind, self.aws.region, self.aws.account),
                state="CREATING",
                settings=dict(settings),
                tags=dict(tags),
                create_time=format_time(self.aws.clock.now()) if self.kind is CHAT else None,
            )
            self.aws.judge_create(made)
            self.aws.made.append(made)
            return self.aws.begin(made, "ACTIVE")

        return await self._call("Create", tags.get(TAG_OWNER, ""), effect, writes=True)

    async def update(self, arn: str, settings: Mapping[str, Any]) -> Configuration:
        def effect() -> Configuration:
            item = self._at_rest(arn)
            return self.aws.begin(replace(item, settings={**item.settings, **settings}, state="UPDATING"), "ACTIVE")

        return await self._call("Update", arn, effect, writes=True)

    async def delete(self, arn: str) -> None:
        def effect() -> None:
            if arn not in self.aws.configurations:
                return
            item = self._at_rest(arn)
            if self.aws.users(arn):
                if not self.aws.lag:
                    self.aws.breaches.append(f"Delete of {arn} while {self.aws.users(arn)} use it")
                raise _refused("ConflictException", Reason.DELETION_BLOCKED, f"{arn} is in use")
            # A deleted recording configuration is still shown as it was for a moment.
            state = "DELETING" if self.kind is CHAT else item.state
            self.aws.begin(replace(item, state=state), "gone")

        await self._call("Delete", arn, effect, writes=True)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        def effect() -> None:
            item = self._existing(arn)
            self.aws.put(replace(item, tags={**item.tags, **tags}))

        await self._call("Tag", arn, effect, writes=True)

    async def untag(self, arn: str, keys: Iterable[str]) -> None:
        gone = set(keys)

        def effect() -> None:
            item = self._existing(arn)
            self.aws.put(replace(item, tags={key: value for key, value in item.tags.items() if key not in gone}))

        await self._call("Untag", arn, effect, writes=True)

    async def associate(self, arn: str, configurations: tuple[str, ...]) -> Consumer:
        def effect() -> Consumer:
            item = self._consumer(arn)
            self._judge(arn, configurations)
            if len(configurations) > TRAITS[self.kind].slots:
                raise _refused("ValidationException", Reason.UPDATE_FAILED, "too many", FaultClass.INVALID)
            if arn in self.aws.live:
                raise _refused("ConflictException", Reason.CHANNEL_LIVE, f"{arn} is live")
            unknown = [c for c in configurations if c not in self.aws.configurations and c not in item.configurations]
            if unknown:
                raise NotFound(Fault(FaultClass.SLOW, Reason.UPDATE_FAILED, f"{unknown[0]} does not exist"))
            self.aws.put(replace(item, configurations=configurations))
            return self.aws.consumers[arn]

        return await self._call("Associate", arn, effect, writes=True)

    def _judge(self, arn: str, wanted: tuple[str, ...]) -> None:
        """What we must never do: take off what is another's, as far as the Get before has shown it."""
        seen = self._seen.pop(arn, None)
        if seen is None:
            self.aws.breaches.append(f"{arn} was written without a Get before it")
            return
        if len(wanted) > TRAITS[self.kind].slots:
            self.aws.breaches.append(f"{arn} was given {len(wanted)} configurations")
        foreign = [c for c in seen if c in self.aws.configurations and not self._ours(c)]
        lost = [c for c in foreign if c not in wanted]
        if lost:
            self.aws.breaches.append(f"{arn} has lost {lost}, which are others'")
        if [c for c in wanted if c in foreign] != [c for c in foreign if c in wanted]:
            self.aws.breaches.append(f"{arn} has the others' in another order")

    def _ours(self, arn: str) -> bool:
        item = self.aws.configurations.get(arn)
        return item is not None and TAG_OWNER in item.tags

    def _existing(self, arn: str) -> Configuration:
        self.aws.settle()
        if arn not in self.aws.configurations:
            raise NotFound(
                Fault(FaultClass.SLOW, Reason.UNAVAILABLE, f"{arn} not found", code="ResourceNotFoundException")
            )
        return self.aws.configurations[arn]

    def _at_rest(self, arn: str) -> Configuration:
        item = self._existing(arn)
        if item.state in {"CREATING", "UPDATING", "DELETING"}:
            raise _refused("ConflictException", Reason.UPDATE_FAILED, f"{arn} is {item.state}")
        return item

    def _consumer(self, arn: str) -> Consumer:
        if arn not in self.aws.consumers:
            missing = TRAITS[self.kind].missing
            raise NotFound(Fault(FaultClass.SLOW, missing, f"{arn} not found", code="ResourceNotFoundException"))
        return self.aws.consumers[arn]

    def _listed(self, item: Configuration) -> Configuration:
        if self.kind is CHAT:
            return item
        settings = {name: item.settings[name] for name in ("name", "destinationConfiguration")}
        return replace(item, settings=settings, complete=False)

    async def _call(self, operation: str, target: str, effect: Callable[[], _T], *, writes: bool = False) -> _T:
        await asyncio.sleep(LATENCY)
        trouble = self._trouble(operation, writes)
        if trouble in {"unsent", "killed-before"}:
            await self._no_answer(operation, killed=trouble == "killed-before")
        if trouble == "throttled":
            raise CallFailed(Fault(FaultClass.FAST, Reason.THROTTLED, f"{operation}: slow down", code="Throttling"))
        self.aws.calls.append(Call(self.aws.clock.now(), operation, target, writes))
        self.aws.settle()
        answer = effect()
        if trouble in {"lost", "killed-after"}:
            await self._no_answer(operation, killed=trouble == "killed-after")
        await asyncio.sleep(LATENCY)
        return answer

    async def _no_answer(self, operation: str, *, killed: bool) -> None:
        if killed:
            await asyncio.Event().wait()  # the process is dead: whoever waits here is cancelled with it
        message = f"{operation}: no answer from AWS"
        raise CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, message, code="ReadTimeout", applied=None))


def _refused(code: str, reason: Reason, message: str, kind: FaultClass = FaultClass.FAST) -> CallFailed:
    return CallFailed(Fault(kind, reason, message, code=code))
