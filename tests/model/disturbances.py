"""What people do to the objects, and what others do at AWS."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from model.cloud import Cloud, Frozen
from model.laws import short
from model.moves import Move, State, swapped
from model.records import Record
from support.objects import OWNER_TAGS

if TYPE_CHECKING:
    from model.world import World

__all__ = ["others", "people"]


def people(world: "World", state: State) -> Iterator[Move]:
    """Everything that a person may do to the objects of a scenario."""
    for index, record in enumerate(state.records):
        if record is not None:
            yield from _to_object(world, state, index, record)
        elif "again" in world.scenario.people:
            life = state.lives[index] + 1
            again = Record(life=life)
            fresh = state._replace(
                lives=swapped(state.lives, index, life), cloud=_bequeathed(world, state, index, again)
            )
            yield from _said(world, fresh, index, again, f"{world.cast.names[index]} is applied again")


def _bequeathed(world: "World", state: State, index: int, record: Record) -> Frozen:
    world.machine.cloud.thaw(state.cloud)
    world.machine.cloud.bequeath(world.machine.subject(index, record).owner.tag)
    return world.machine.cloud.freeze()


def _to_object(world: "World", state: State, index: int, record: Record) -> Iterator[Move]:
    name, may = world.cast.names[index], world.scenario.people
    if "edit" in may:
        for spec in range(len(world.scenario.specs[name])):
            if spec != record.spec:
                edited = record._replace(spec=spec, generation=record.generation + 1)
                yield from _said(world, state, index, edited, f"{name} is edited to spec {spec}")
    if "delete" in may and not record.deleting:
        deleted = record._replace(deleting=True) if record.finalizer else None
        yield from _said(world, state, index, deleted, f"{name} is deleted")
    if "pause" in may:
        word = "goes on" if record.paused else "is paused"
        yield from _said(world, state, index, record._replace(paused=not record.paused), f"{name} {word}")
    if "strip" in may and record.finalizer:
        after = None if record.deleting else record._replace(finalizer=False)
        yield from _said(world, state, index, after, f"somebody strips the finalizer of {name}")
    if "ask" in may:
        asked = record._replace(asked=record.asked + 1)
        yield from _said(world, state, index, asked, f"a look at {name} is asked for")


def _said(world: "World", state: State, index: int, record: Record | None, words: str) -> Iterator[Move]:
    """A person changes an object, and the watch tells of it at once, or later."""
    records = swapped(state.records, index, record)
    minds = swapped(state.minds, index, state.minds[index]._replace(cached=record))
    yield Move(words, 1, world.pack(state._replace(records=records, minds=minds)))
    if "stale" in world.scenario.faults:
        yield Move(f"{words}; the watch lags", 1, world.pack(state._replace(records=records)))


def others(world: "World", state: State) -> Iterator[Move]:
    """Everything that others may do at AWS."""
    cloud = world.machine.cloud
    cloud.thaw(state.cloud)
    consumers = [cloud.consumers[arn] for arn in sorted(cloud.consumers)]
    settled = [item for item, outcome in cloud.configurations.values() if not outcome]
    ours = [item for item in settled if TAG_OWNER in item.tags]
    foreign = [item for item in settled if TAG_OWNER not in item.tags]
    for consumer in consumers:
        yield from _to_consumer(world, state, consumer, ours, foreign)
    for item in ours:
        used = any(item.arn in consumer.configurations for consumer in consumers)
        yield from _to_configuration(world, state, item, used=used)


def _to_consumer(
    world: "World", state: State, consumer: Consumer, ours: list[Configuration], foreign: list[Configuration]
) -> Iterator[Move]:
    may, held, name = world.scenario.others, consumer.configurations, short(consumer.arn)
    if "gone" in may:
        yield Move(f"somebody deletes {name}", 1, world.changed(state, lambda c: _gone(c, consumer)))
    free = len(held) < TRAITS[world.scenario.kind].slots
    for item in (*(foreign if "join" in may else ()), *(ours if "use" in may else ())):
        if free and item.arn not in held:
            to = world.changed(state, lambda c, arn=item.arn: _joined(c, consumer, arn))
            yield Move(f"somebody joins {name} to {short(item.arn)}", 1, to)
    for arn in held if "leave" in may else ():
        to = world.changed(state, lambda c, arn=arn: _left(c, consumer, arn))
        yield Move(f"somebody takes {short(arn)} off {name}", 1, to)


def _to_configuration(world: "World", state: State, item: Configuration, *, used: bool) -> Iterator[Move]:
    may, name = world.scenario.others, short(item.arn)
    if "drop" in may and not used:
        yield Move(f"somebody deletes {name}", 1, world.changed(state, lambda c: c.finish(item.arn, "gone")))
    if "drift" in may and "note" not in item.tags:
        noted = replace(item, tags={**item.tags, "note": "theirs"})
        yield Move(f"somebody notes something on {name}", 1, world.changed(state, lambda c: _kept(c, noted)))
    if "untag" in may:
        bare = replace(item, tags={key: value for key, value in item.tags.items() if key not in OWNER_TAGS})
        yield Move(f"somebody takes the owner tags off {name}", 1, world.changed(state, lambda c: _kept(c, bare)))


def _kept(cloud: Cloud, item: Configuration) -> None:
    cloud.writing()
    cloud.keep(item)


def _gone(cloud: Cloud, consumer: Consumer) -> Any:
    cloud.writing()
    return cloud.consumers.pop(consumer.arn)


def _joined(cloud: Cloud, consumer: Consumer, arn: str) -> None:
    cloud.writing()
    cloud.join(replace(consumer, configurations=(*consumer.configurations, arn)))
    cloud.disturbed |= {arn}
    cloud.strangers |= {(consumer.arn, arn)}


def _left(cloud: Cloud, consumer: Consumer, arn: str) -> None:
    cloud.writing()
    cloud.join(replace(consumer, configurations=tuple(c for c in consumer.configurations if c != arn)))
