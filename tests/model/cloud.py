"""AWS of a small world: configurations and consumers of one kind, as values that are taken apart and put together."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.selectors import Selector
from model import laws
from model.pools import Values
from model.trouble import Crashed, Line
from support.objects import CHAT, arn_of

__all__ = ["Cloud", "Frozen", "Gateway"]

_T = TypeVar("_T")


class Frozen(NamedTuple):
    """AWS as a value."""

    configurations: tuple[tuple[int, str], ...]
    """Number of each, and what AWS is about to make of it ("": nothing)."""
    consumers: tuple[int, ...]
    made: int = 0
    before: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    """What a List that lags shows: things before the latest write, while that is recent."""
    disturbed: frozenset[str] = frozenset()
    """Configurations that somebody else has begun to use a moment ago: no List can have shown it."""
    strangers: frozenset[tuple[str, str]] = frozenset()
    """Consumer and configuration that others have brought together."""
    inherited: frozenset[tuple[str, str]] = frozenset()
    """Those that a former life of the object has, as long as no entry on record means them: the record went with it."""


class Cloud:
    """AWS while a step changes it."""

    def __init__(self, kind: Kind, values: Values, *, lags: bool) -> None:
        self.kind = kind
        self.lags = lags
        self._values = values
        self.configurations: dict[str, tuple[Configuration, str]] = {}
        self.consumers: dict[str, Consumer] = {}
        self.made = 0
        self.before: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self.disturbed: frozenset[str] = frozenset()
        self.strangers: frozenset[tuple[str, str]] = frozenset()
        self.inherited: frozenset[tuple[str, str]] = frozenset()

    def thaw(self, state: Frozen) -> None:
        """Become a state."""
        items = ((self._values.item(number), outcome) for number, outcome in state.configurations)
        self.configurations = {item.arn: (item, outcome) for item, outcome in items}
        self.consumers = {item.arn: item for item in map(self._values.item, state.consumers)}
        self.made, self.before, self.disturbed, self.strangers, self.inherited = state[2:]

    def freeze(self) -> Frozen:
        """The state as a value."""
        number = self._values.number
        held = {(c.arn, a) for c in self.consumers.values() for a in c.configurations}
        return Frozen(
            tuple(sorted((number(item), outcome) for item, outcome in self.configurations.values())),
            tuple(number(self.consumers[arn]) for arn in sorted(self.consumers)),
            self.made,
            self.before,
            frozenset(self.disturbed & self.configurations.keys()),
            frozenset(self.strangers & held),
            frozenset(self.inherited & held),
        )

    def passed(self) -> None:
        """So much time has passed that every List shows things as they are."""
        self.before, self.disturbed = None, frozenset()

    def writing(self) -> None:
        """Something is about to change: a List that lags shows things as they are now."""
        if self.lags:
            number = self._values.number
            self.before = (
                tuple(sorted(number(item) for item, _ in self.configurations.values())),
                tuple(number(self.consumers[arn]) for arn in sorted(self.consumers)),
            )

    def keep(self, configuration: Configuration, outcome: str = "") -> None:
        """Put a configuration there."""
        self.configurations[configuration.arn] = (self._shared(configuration), outcome)

    def join(self, consumer: Consumer) -> Consumer:
        """Put a consumer there."""
        found: Consumer = self._shared(consumer)
        self.consumers[consumer.arn] = found
        return found

    def finish(self, arn: str, outcome: str | None = None) -> None:
        """AWS has done what it was about to do, or `outcome` came of it."""
        item, expected = self.configurations[arn]
        self.writing()
        if (outcome or expected) == "gone":
            del self.configurations[arn]
        else:
            self.keep(replace(item, state=outcome or expected))

    def listed(self, what: str | None) -> tuple[list[Configuration], list[Consumer]]:
        """What a List shows."""
        if what == "lagging" and self.before is not None:
            configurations, consumers = self.before
            return [self._values.item(n) for n in configurations], [self._values.item(n) for n in consumers]
        ordered = [self.configurations[arn][0] for arn in sorted(self.configurations)]
        return ordered, [self.consumers[arn] for arn in sorted(self.consumers)]

    def users(self, arn: str) -> list[str]:
        """Who uses a configuration, in truth."""
        return [consumer.arn for consumer in self.consumers.values() if arn in consumer.configurations]

    def bequeath(self, owner: str) -> None:
        """A former life of the object is gone, and what it has joined is nobody's."""
        ours = {arn for arn, (item, _) in self.configurations.items() if item.tags.get(TAG_OWNER) == owner}
        self.inherited |= {(c.arn, arn) for c in self.consumers.values() for arn in c.configurations if arn in ours}

    def claim(self, selectors: Iterable[Selector]) -> None:
        """These entries are on record: what they mean is the object's own."""
        held = {arn: self.consumers[arn] for arn, _ in self.inherited if arn in self.consumers}
        meant = {c.arn for c in held.values() if any(e.matches(c.arn, c.name, c.tags) for e in selectors)}
        self.inherited = frozenset(pair for pair in self.inherited if pair[0] not in meant)

    def living(self) -> Iterable[Configuration]:
        """Configurations that are not on their way out."""
        return [item for item, outcome in self.configurations.values() if outcome != "gone"]

    def _shared(self, item: Any) -> Any:
        return self._values.item(self._values.number(item))


class Gateway:
    """The calls of the process; each is judged before it has its effect."""

    def __init__(self, cloud: Cloud) -> None:
        self.kind = cloud.kind
        self.newest_first = cloud.kind is CHAT
        self.cloud = cloud
        self.line = Line()
        self.actor = laws.Actor()
        self._seen: dict[str, tuple[str, ...]] = {}
        self._listed: dict[int, Configuration] = {}

    async def configurations(self) -> AsyncIterator[list[Configuration]]:
        what = self._read("list", "List of configurations")
        yield [self._as_listed(item) for item in self.cloud.listed(what)[0]]

    async def consumers(self) -> AsyncIterator[list[Consumer]]:
        what = self._read("list", "List of rooms or channels")
        yield self.cloud.listed(what)[1]

    async def users(self, arn: str) -> list[Consumer]:
        what = self._read("list", f"List of the users of {laws.short(arn)}")
        return [item for item in self.cloud.listed(what)[1] if arn in item.configurations]

    async def live(self) -> frozenset[str]:
        return frozenset()

    async def get(self, arn: str) -> Configuration:
        self._read("read", f"Get {laws.short(arn)}")
        return self._existing(arn)[0]

    async def get_consumer(self, arn: str) -> Consumer:
        self._read("read", f"Get {laws.short(arn)}")
        found = self._consumer(arn)
        self._seen[arn] = found.configurations
        return found

    async def create(self, settings: Mapping[str, Any], tags: Mapping[str, str]) -> Configuration:
        def effect() -> Configuration:
            laws.on_create(self.line, self.actor, self.cloud, tags)
            self.cloud.made += 1
            arn = arn_of(f"made-{self.cloud.made}", self.kind)
            self.cloud.keep(Configuration(arn, "CREATING", dict(settings), dict(tags)), "ACTIVE")
            return self.cloud.configurations[arn][0]

        return self._write(f"Create number {self.cloud.made + 1}", effect)

    async def update(self, arn: str, settings: Mapping[str, Any]) -> Configuration:
        def effect() -> Configuration:
            item = self._at_rest(arn)
            laws.on_update(self.line, self.actor, item)
            self.cloud.keep(replace(item, settings={**item.settings, **settings}, state="UPDATING"), "ACTIVE")
            return self.cloud.configurations[arn][0]

        return self._write(f"Update {laws.short(arn)}", effect)

    async def delete(self, arn: str) -> None:
        def effect() -> None:
            if arn not in self.cloud.configurations:
                return
            item = self._at_rest(arn)
            laws.on_delete(self.line, self.actor, self.cloud, item)
            if self.cloud.users(arn):
                raise CallFailed(
                    Fault(FaultClass.FAST, Reason.DELETION_BLOCKED, f"{arn} is in use", "ConflictException")
                )
            # A deleted recording configuration is still shown as it was for a moment.
            state = "DELETING" if self.kind is CHAT else item.state
            self.cloud.keep(replace(item, state=state), "gone")

        self._write(f"Delete {laws.short(arn)}", effect)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        def effect() -> None:
            item, outcome = self._existing(arn)
            laws.on_tag(self.line, self.actor, item, tags)
            self.cloud.keep(replace(item, tags={**item.tags, **tags}), outcome)

        self._write(f"Tag {laws.short(arn)} with {', '.join(sorted(tags))}", effect)

    async def untag(self, arn: str, keys: Iterable[str]) -> None:
        gone = set(keys)

        def effect() -> None:
            item, outcome = self._existing(arn)
            laws.on_untag(self.line, self.actor, item, gone)
            self.cloud.keep(replace(item, tags={k: v for k, v in item.tags.items() if k not in gone}), outcome)

        self._write(f"Untag {laws.short(arn)} of {', '.join(sorted(gone))}", effect)

    async def associate(self, arn: str, configurations: tuple[str, ...]) -> Consumer:
        def effect() -> Consumer:
            item = self._consumer(arn)
            seen = self._seen.pop(arn, None)
            laws.on_associate(self.line, self.actor, self.cloud, item, seen=seen, wanted=configurations)
            unknown = [c for c in configurations if c not in self.cloud.configurations and c not in item.configurations]
            if unknown:
                raise NotFound(Fault(FaultClass.SLOW, Reason.UPDATE_FAILED, f"{unknown[0]} does not exist"))
            return self.cloud.join(replace(item, configurations=configurations))

        held = ", ".join(map(laws.short, configurations)) or "nothing"
        return self._write(f"Update {laws.short(arn)} to hold {held}", effect)

    def _read(self, sort: str, words: str) -> str | None:
        what = self.line.call(sort, words)
        if what == "unanswered":
            raise _no_answer(words)
        return what

    def _write(self, words: str, effect: Callable[[], _T]) -> _T:
        what = self.line.call("write", words)
        laws.on_any_write(self.line, self.actor, words)
        if what == "unsent":
            raise _no_answer(words)
        if what == "refused":
            raise CallFailed(Fault(FaultClass.SLOW, Reason.ACCESS_DENIED, "denied", code="AccessDeniedException"))
        before = self.cloud.before
        self.cloud.writing()
        try:
            answer = effect()
        except CallFailed:
            self.cloud.before = before
            raise
        if what == "killed":
            raise Crashed
        if what == "lost":
            raise _no_answer(words)
        return answer

    def _existing(self, arn: str) -> tuple[Configuration, str]:
        if arn not in self.cloud.configurations:
            fault = Fault(FaultClass.SLOW, Reason.UNAVAILABLE, f"{arn} not found", code="ResourceNotFoundException")
            raise NotFound(fault)
        return self.cloud.configurations[arn]

    def _at_rest(self, arn: str) -> Configuration:
        item, outcome = self._existing(arn)
        if outcome:
            raise CallFailed(Fault(FaultClass.FAST, Reason.UPDATE_FAILED, f"{arn} is {item.state}", "Conflict"))
        return item

    def _consumer(self, arn: str) -> Consumer:
        if arn not in self.cloud.consumers:
            missing = TRAITS[self.kind].missing
            raise NotFound(Fault(FaultClass.SLOW, missing, f"{arn} not found", code="ResourceNotFoundException"))
        return self.cloud.consumers[arn]

    def _as_listed(self, item: Configuration) -> Configuration:
        if self.kind is CHAT:
            return item
        known = self._listed.get(id(item))
        if known is None:
            settings = {name: item.settings[name] for name in ("name", "destinationConfiguration")}
            known = self._listed[id(item)] = replace(item, settings=settings, complete=False)
        return known


def _no_answer(words: str) -> CallFailed:
    message = f"{words.split(maxsplit=1)[0]}: no answer from AWS"
    return CallFailed(Fault(FaultClass.FAST, Reason.UNAVAILABLE, message, code="ReadTimeout", applied=None))
