"""Candidates that compete in virtual time, over a network that loses requests and answers."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ivs_operator.kube.election import Candidacy
from ivs_operator.kube.errors import Forbidden, Gone
from ivs_operator.kube.lease import Elector
from support.lease_api import LeaseStore, Line
from support.virtual_time import in_virtual_time, run

DURATION = 15.0


class Candidate:
    """One process with an elector; it can be cut off, killed, frozen, and stopped."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.name = f"pod-{number}"
        self.line = Line(world.store, world.dice)
        self.busy = False
        self.elector = Elector(
            self.line,
            Candidacy(self.name, "live", "ivs-operator", DURATION),
            now=self._now,
            on_acquired=lambda: world.note(self, "acquired"),
            on_lost=lambda: world.note(self, "lost"),
            eligible=lambda: not self.busy,
            jitter=random.Random(world.dice.random()),
        )
        self.task = asyncio.create_task(self.elector.run())

    def _now(self) -> float:
        # Machines start their steady clocks at different times: nothing may depend on comparing them.
        return asyncio.get_running_loop().time() + int(self.name.removeprefix("pod-")) * 1e6

    async def kill(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    async def stop(self) -> None:
        await self.kill()
        await self.elector.release()


class World:
    """All candidates and what happened to them."""

    def __init__(self, number: int, seed: int = 1) -> None:
        self.dice = random.Random(seed)
        self.store = LeaseStore()
        self.log: list[tuple[float, str, str]] = []
        self.candidates = [Candidate(self, n) for n in range(number)]
        self.born = number
        self.led = 0.0

    def note(self, candidate: Candidate, what: str) -> None:
        self.log.append((asyncio.get_running_loop().time(), candidate.name, what))

    async def replace(self, candidate: Candidate, end: Callable[[], Awaitable[None]]) -> None:
        """End a process, and start another."""
        await end()
        self.candidates.remove(candidate)  # the dead ask nobody any more
        self.born += 1
        self.candidates.append(Candidate(self, self.born))

    def calm(self) -> None:
        """All connections work."""
        for candidate in self.candidates:
            candidate.line.cut, candidate.line.latency, candidate.line.loss = False, 0.0, 0.0

    def holders(self) -> list[Candidate]:
        found = [candidate for candidate in self.candidates if candidate.elector.held()]
        assert len(found) <= 1, f"two at once: {[one.name for one in found]} at {asyncio.get_running_loop().time()}"
        return found

    async def leader(self, within: float = 60.0) -> Candidate:
        ends = asyncio.get_running_loop().time() + within
        while not self.holders():
            assert asyncio.get_running_loop().time() < ends, f"nobody leads within {within} s: {self.log}"
            await asyncio.sleep(0.01)
        return self.holders()[0]

    async def watch(self, seconds: float) -> None:
        """Let time pass, and see to it that there are never two at once."""
        for _ in range(int(seconds / 0.1)):
            self.led += 0.1 * len(self.holders())
            await asyncio.sleep(0.1)

    async def end(self) -> None:
        for candidate in self.candidates:
            await candidate.kill()


@in_virtual_time
async def test_one_of_three_leads_and_stays() -> None:
    world = World(3)
    first = await world.leader(within=1)
    await world.watch(600)
    assert world.holders() == [first]
    assert [what for _, _, what in world.log] == ["acquired"]
    assert 600 / 3 <= world.store.writes <= 600 / 2.3, "a renewal every 2.4 to 3 s, and nobody else writes"
    await world.end()


@in_virtual_time
async def test_a_leader_that_stops_hands_over_at_once() -> None:
    world = World(3)
    first = await world.leader()
    await world.watch(100)
    began = asyncio.get_running_loop().time()
    await first.stop()
    assert not first.elector.held(), "from the moment it lets go"
    await world.leader()
    assert asyncio.get_running_loop().time() - began < 0.5
    await world.end()


@in_virtual_time
async def test_a_leader_that_dies_is_replaced_within_the_duration() -> None:
    world = World(3)
    for number in range(2):
        leader = await world.leader()
        await world.watch(50 + number * 1.7)
        began = asyncio.get_running_loop().time()
        await world.replace(leader, leader.kill)
        await world.leader()
        assert asyncio.get_running_loop().time() - began <= DURATION + 0.2
    await world.end()


@in_virtual_time
async def test_a_leader_that_is_cut_off_stops_before_others_begin_and_comes_back_as_a_candidate() -> None:
    world = World(2)
    first = await world.leader()
    await world.watch(100)
    first.line.cut = True
    await world.watch(30)
    assert world.holders() not in ([], [first])
    acquired, lost = (next(at for at, _, what in reversed(world.log) if what == word) for word in ("acquired", "lost"))
    assert acquired - lost >= DURATION / 3 - 0.1, "time for calls under way to end"
    first.line.cut = False
    await world.watch(100)
    assert world.holders() != [first], "it does not take back what another has"
    assert first.elector.holder == world.holders()[0].name
    await world.end()


@in_virtual_time
async def test_a_leader_survives_an_api_server_that_is_away_for_less_than_its_tenure() -> None:
    world = World(1)
    leader = await world.leader()
    await world.watch(100)
    leader.line.cut = True
    await world.watch(6)
    leader.line.cut = False
    await world.watch(100)
    assert [what for _, _, what in world.log] == ["acquired"]
    await world.end()


@in_virtual_time
async def test_without_rivals_the_same_process_leads_again_after_an_outage() -> None:
    world = World(1)
    leader = await world.leader()
    leader.line.cut = True
    await world.watch(120)
    assert world.holders() == []
    leader.line.cut = False
    assert await world.leader(within=8) is leader
    assert [what for _, _, what in world.log] == ["acquired", "lost", "acquired"]
    await world.end()


@in_virtual_time
async def test_work_that_goes_on_keeps_a_process_from_competing() -> None:
    world = World(1)
    leader = await world.leader()
    leader.busy = True
    leader.line.cut = True
    await world.watch(60)
    leader.line.cut = False
    await world.watch(60)
    assert world.holders() == [], "its last call may still be under way"
    leader.busy = False
    assert await world.leader(within=8) is leader
    await world.end()


@pytest.mark.parametrize(
    ("what", "spec"),
    [
        ("renewed in the year 2999", {"renewTime": "2999-12-31T23:59:59.000000Z"}),
        ("renewed in another time zone's hour", {"renewTime": "2026-01-01T12:00:00.000000Z"}),
        ("wiped out", {"holderIdentity": ""}),
        ("no holder at all", {"holderIdentity": None}),
        ("an absurd duration", {"leaseDurationSeconds": 2**31 - 1}),
        ("a duration of one second", {"leaseDurationSeconds": 1}),
        ("transitions at the limit", {"leaseTransitions": 2**31 - 1}),
        (
            "everything gone",
            dict.fromkeys(("holderIdentity", "renewTime", "leaseDurationSeconds", "acquireTime")),
        ),
    ],
)
def test_a_leader_shrugs_off_what_is_edited_by_hand(what: str, spec: dict[str, Any]) -> None:
    async def walk() -> None:
        world = World(2)
        leader = await world.leader()
        await world.watch(20)
        world.store.edit(**spec)
        await world.watch(60)
        assert world.holders() == [leader], what
        assert world.store.lease is not None
        assert world.store.lease["spec"]["holderIdentity"] == leader.name
        assert world.store.lease["spec"]["leaseDurationSeconds"] == DURATION
        await world.end()

    run(walk())


@in_virtual_time
async def test_a_lease_that_is_deleted_is_made_again_by_its_holder() -> None:
    world = World(2)
    leader = await world.leader()
    await world.watch(20)
    world.store.put(None)
    await world.watch(60)
    assert world.holders() == [leader]
    await world.end()


@in_virtual_time
async def test_a_lease_given_to_a_stranger_by_hand_is_respected_and_then_taken() -> None:
    world = World(2)
    await world.leader()
    await world.watch(20)
    world.store.edit(holderIdentity="somebody")
    began = asyncio.get_running_loop().time()
    await world.watch(4)
    assert world.holders() == [], "the leader has noticed with its next renewal"
    await world.leader()
    assert DURATION - 0.5 <= asyncio.get_running_loop().time() - began <= 2 * DURATION
    await world.end()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            Forbidden("leases is forbidden: User x cannot get"),
            ("leases is forbidden", "allow get, create, update", "--leader-elect=off"),
        ),
        (Gone('namespaces "live" not found'), ('namespaces "live" not found', "--lease-namespace")),
    ],
)
def test_what_needs_a_person_is_said_with_the_remedy_and_tried_again(error: Exception, words: tuple[str, ...]) -> None:
    async def walk() -> None:
        world = World(1)
        candidate = world.candidates[0]
        line: Any = candidate.line
        create = line.create

        async def refused(*_: Any) -> dict[str, Any]:
            raise error

        line.create = refused
        await world.watch(60)
        for word in words:
            assert word in str(candidate.elector.trouble)
        line.create = create
        await world.leader(within=5)
        assert candidate.elector.trouble is None
        await world.end()

    run(walk())


async def _happen(world: World) -> None:
    """One piece of trouble, or its end."""
    dice = world.dice
    victim = dice.choice(world.candidates)
    match dice.randrange(9):
        case 0:
            victim.line.cut = not victim.line.cut
        case 1:
            victim.line.latency = dice.choice([0.0, 0.5, 2.0, 5.0])
        case 2:
            victim.line.loss = dice.choice([0.0, 0.3, 0.9])
        case 3:
            await world.replace(victim, victim.kill)
        case 4:
            await world.replace(victim, victim.stop)
        case 5:
            world.store.edit(holderIdentity=dice.choice(["", None, "somebody"]))
        case 6:
            world.store.edit(renewTime=dice.choice(["2999-01-01T00:00:00Z", None]), leaseDurationSeconds=1)
        case 7:
            world.calm()


@pytest.mark.parametrize("seed", range(8))
def test_never_two_at_once_whatever_happens(seed: int) -> None:
    """Cuts, losses, slow answers, kills, stops and edits by hand, for an hour of which somebody leads some time."""

    async def walk() -> None:
        world = World(3, seed)
        await world.leader()
        for _ in range(120):
            await _happen(world)
            await world.watch(30)
        world.calm()
        await world.leader(within=3 * DURATION)
        assert world.led > 360, "nobody led for most of the time: this proves little"
        await world.end()

    run(walk())


def test_a_lease_deleted_behind_everybodys_back_makes_no_second_leader() -> None:
    """A candidate that could not look for long must not conclude from an absent Lease that nobody works."""

    async def walk() -> None:
        world = World(2)
        leader = await world.leader()
        other = next(one for one in world.candidates if one is not leader)
        await world.watch(20)
        other.line.cut = True
        await world.watch(60)
        leader.line.cut = True  # it renewed a moment ago, and may work for a while
        world.store.put(None)
        other.line.cut = False
        await world.watch(40)
        assert world.holders() == [other]
        await world.end()

    run(walk())
