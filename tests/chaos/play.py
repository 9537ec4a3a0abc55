"""A schedule played to its end, and judged: everything that must never be, and everything that must have come to be."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chaos.people import EVENTS, People, entries_of, place_of
from chaos.schedule import Schedule
from ivs_operator.domain.identity import Key
from ivs_operator.domain.kinds import TRAITS
from support.fake_aws import FakeAws
from support.world import SWEEP, World

__all__ = ["Outcome", "played"]

_LIMIT = 7200.0  # seconds of virtual time until everything must be at rest
_SLOW = 1800.0  # seconds more for what is retried slowly


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to; `digest` is over every call and every write, in order."""

    wrong: tuple[str, ...]
    kills: int
    calls: int
    writes: int
    digest: str


async def played(schedule: Schedule) -> Outcome:
    """Play it, wait until everything is at rest, and judge."""
    async with World(schedule.lag, schedule.writes, schedule.reads, watch_delay=schedule.watch_delay) as world:
        people = People(world, schedule.objects)
        people.begin()
        began = world.clock.now()
        for event in schedule.events:
            await world.for_(max(0.0, event.at - (world.clock.now() - began)))
            EVENTS[event.what](people, event.number, event.roll)
        people.end()
        wrong = await _ended(world, people)
        calls = [(str(place), call) for place, aws in world.places.items() for call in aws.calls]
        done = repr((calls, world.cluster.writes, world.cluster.events, world.cluster.resources))
        digest = hashlib.sha256(done.encode()).hexdigest()[:16]
        return Outcome(tuple(wrong), world.kills, len(calls), len(world.cluster.writes), digest)


async def _ended(world: World, people: People) -> list[str]:
    try:
        await world.until_at_rest(_LIMIT)
        until = world.clock.now() + _SLOW
        while list(_misses(world, people)) and world.clock.now() < until:
            await world.for_(SWEEP)
        before = world.writes()
        await world.for_(5 * SWEEP)
    except AssertionError as restless:
        return [*world.breaches, str(restless)]
    moved = [f"writes at rest: {before} became {world.writes()}"] if world.writes() != before else []
    return [*world.breaches, *_misses(world, people), *moved]


def _misses(world: World, people: People) -> Iterator[str]:
    """Everything that should be there is, and nothing else."""
    resources = world.cluster.resources
    for aws in world.places.values():
        for item in aws.owned():
            namespace, name = item.tags["ivs-operator.dev/owner"].split("/")[1:]
            key = Key(aws.kind, namespace, name)
            if key not in resources:
                yield f"{item.arn}: left behind"
            elif item.arn != world.cluster.status(key).get("arn") and not _held_by_retagged(aws, people, item.arn):
                yield f"{item.arn}: {key} has another, and nobody else needs it"
    for key in resources:
        yield from _object(world, people, key)


def _object(world: World, people: People, key: Key) -> Iterator[str]:
    """One custom resource: Ready as it should be, and joined by those that its entries mean and by nobody else."""
    form, ready = people.wanted[key], world.cluster.ready(key)
    aws = place_of(world, int(key.name.removeprefix("o")))
    arn = str(world.cluster.status(key).get("arn"))
    if "deletionTimestamp" in world.cluster.resources[key]["metadata"]:
        held = any(_held_by_retagged(aws, people, item.arn) for item in aws.owned())
        if ready != ("False", "DeletionBlocked") or not held:
            yield f"{key}: {ready} while it is deleted and only {aws.users(arn)} use it"
        return
    if ready != ("True", "Available"):
        yield f"{key}: {ready}"
    if arn not in {item.arn for item in aws.owned()}:
        yield f"{key}: its AWS object {arn} does not exist"
    for consumer in aws.consumers.values():
        meant = any(entry["matchTags"].items() <= consumer.tags.items() for entry in entries_of(form))
        full = len(consumer.configurations) >= TRAITS[key.kind].slots
        if meant and arn not in consumer.configurations and not full:
            yield f"{key}: {consumer.arn} is not joined, it has {consumer.configurations}"
        if not meant and arn in consumer.configurations and consumer.arn not in people.retagged:
            yield f"{key}: {consumer.arn} has not been let go"


def _held_by_retagged(aws: FakeAws, people: People, arn: str) -> bool:
    """Whether somebody uses it whose tags were changed meanwhile: that is nobody's to undo."""
    users: list[Any] = aws.users(arn)
    return bool(set(users) & people.retagged)
