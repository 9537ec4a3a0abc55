"""One schedule of chaos: who does what when, and what goes wrong with which call; everything follows from a seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivs_operator.api.names import TAG_UID
from ivs_operator.domain.identity import Key, Kind
from support.objects import CHAT, RECORDING, channel, configuration, resource, room
from support.world import World

__all__ = ["Schedule", "drawn", "played"]

_TROUBLES = ("unsent", "lost", "throttled", "killed-before", "killed-after")
_ENVIRONMENTS = ("prod", "test", "dev")


@dataclass(frozen=True)
class Schedule:
    """What happens; `events` are (seconds, what, number of the object)."""

    seed: int
    objects: int
    lag: float
    writes: dict[int, str]
    reads: dict[int, str]
    events: tuple[tuple[float, str, int], ...]


def drawn(seed: int, objects: int) -> Schedule:
    """The schedule of a seed."""
    dice = random.Random(seed)
    count = objects * 2
    events = [(dice.uniform(0, 150), dice.choice(sorted(_EVENTS)), dice.randrange(objects)) for _ in range(count)]
    return Schedule(
        seed=seed,
        objects=objects,
        lag=dice.choice([0.0, 1.0, 7.0]),
        writes={dice.randrange(objects * 8): dice.choice(_TROUBLES) for _ in range(dice.randrange(objects))},
        reads={dice.randrange(objects * 8): dice.choice(_TROUBLES) for _ in range(dice.randrange(3))},
        events=tuple(sorted(events)),
    )


async def played(schedule: Schedule) -> list[str]:
    """Everything that must never be, after the schedule and some rest."""
    async with World(schedule.lag, schedule.writes, schedule.reads) as world:
        stage = _Stage(world, schedule)
        await stage.play()
        await world.until_at_rest(7200.0)
        return [*world.breaches, *stage.twins(), *stage.misses()]


class _Stage:
    def __init__(self, world: World, schedule: Schedule) -> None:
        self.world = world
        self.schedule = schedule
        self.dice = random.Random(schedule.seed + 1)
        self.wanted: dict[Key, dict[str, Any]] = {}
        for kind, consumer in ((CHAT, room), (RECORDING, channel)):
            others = [configuration(f"theirs{n}", kind, owner=None) for n in range(3)]
            consumers = [consumer(f"c{n}", env=_ENVIRONMENTS[n % 3]) for n in range(max(4, schedule.objects // 4))]
            world.aws[kind].put(*others, *consumers)

    async def play(self) -> None:
        """Apply everything, let the events happen, and let all that is paused go on."""
        for number in range(self.schedule.objects):
            self._apply(number, {})
        began = self.world.clock.now()
        for at, what, number in self.schedule.events:
            await self.world.for_(max(0.0, at - (self.world.clock.now() - began)))
            _EVENTS[what](self, number)
        for key, form in self.wanted.items():
            form["metadata"]["annotations"] = {}
            if key in self.world.cluster.resources:
                self.world.cluster.apply(form)

    def twins(self) -> list[str]:
        """Nothing is made twice for one life of one object."""
        found = []
        for kind, aws in self.world.aws.items():
            uids = [item.tags[TAG_UID] for item in aws.made]
            found += [
                f"{kind}: {uids.count(uid)} objects were made for {uid}" for uid in set(uids) if uids.count(uid) > 1
            ]
        return sorted(found)

    def misses(self) -> list[str]:
        """Everything that should be there is, and nothing else."""
        found = []
        resources = self.world.cluster.resources
        for kind, aws in self.world.aws.items():
            owners = [item.tags["ivs-operator.dev/owner"].partition("/")[2] for item in aws.owned()]
            living = {f"{key.namespace}/{key.name}": key for key in resources if key.kind is kind}
            found += [f"{kind} {name}: left behind" for name in owners if name not in living]
            for name, key in living.items():
                if owners.count(name) != 1:
                    found.append(f"{key}: {owners.count(name)} AWS objects, {self.world.cluster.ready(key)}")
                deleting = "deletionTimestamp" in resources[key]["metadata"]
                ready = self.world.cluster.ready(key)
                if ready not in ({("False", "DeletionBlocked")} if deleting else {("True", "Available")}):
                    found.append(f"{key}: {ready}")
        return found

    # What people and others do.

    def _form(self, number: int, spec: dict[str, Any]) -> dict[str, Any]:
        kind: Kind = CHAT if number % 3 else RECORDING
        entries = [{"matchTags": {"env": _ENVIRONMENTS[number % 3]}}]
        field_ = "rooms" if kind is CHAT else "channels"
        return resource(kind, f"o{number}", **{field_: entries if number % 5 == 0 else [], **spec})

    def _apply(self, number: int, spec: dict[str, Any]) -> None:
        form = self._form(number, spec)
        key = self.world.cluster.apply(form)
        self.wanted[key] = form

    def edit_tags(self, number: int) -> None:
        self._if_there(number, {"tags": {"n": str(self.dice.randrange(4))}})

    def edit_entries(self, number: int) -> None:
        entries = [{"matchTags": {"env": self.dice.choice(_ENVIRONMENTS)}}] if self.dice.random() < 0.5 else []
        kind = CHAT if number % 3 else RECORDING
        self._if_there(number, {"rooms" if kind is CHAT else "channels": entries})

    def delete(self, number: int) -> None:
        self._if_there(number, {"deletionPolicy": "DetachAndDelete"})
        key = self._key(number)
        if key in self.world.cluster.resources:
            self.world.cluster.delete(key)

    def pause(self, number: int) -> None:
        key = self._key(number)
        if key in self.world.cluster.resources:
            self.wanted[key]["metadata"]["annotations"] = {"ivs-operator.dev/paused": "true"}
            self.world.cluster.apply(self.wanted[key])

    def foreign_join(self, number: int) -> None:
        aws = self.world.aws[CHAT]
        arn = sorted(aws.consumers)[number % len(aws.consumers)]
        item = aws.consumers[arn]
        theirs = sorted(arn for arn in aws.configurations if "theirs" in arn)[number % 3]
        if theirs not in item.configurations and len(item.configurations) < 3:
            aws.put(room(arn.rpartition("/")[2].rstrip("0"), *item.configurations, theirs, **item.tags))

    def _key(self, number: int) -> Key:
        return Key(CHAT if number % 3 else RECORDING, "live", f"o{number}")

    def _if_there(self, number: int, spec: dict[str, Any]) -> None:
        if self._key(number) in self.world.cluster.resources:
            self._apply(number, spec)


_EVENTS: dict[str, Callable[[_Stage, int], None]] = {
    "edit tags": _Stage.edit_tags,
    "edit entries": _Stage.edit_entries,
    "delete": _Stage.delete,
    "pause": _Stage.pause,
    "foreign join": _Stage.foreign_join,
}
