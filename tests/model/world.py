"""The states of a scenario and the steps between them."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ivs_operator.domain.observed import Configuration
from model import goals
from model.ages import LONG, MOMENT, NOW
from model.disturbances import others, people
from model.laws import short
from model.machine import BLANK, Machine, Mind, Self
from model.moves import Expansion, Move, State, swapped
from model.pools import Pool, Values, packed, unpacked
from model.records import Cast, Record
from model.scenario import Scenario
from model.trouble import TROUBLES, Line, Trouble
from support.objects import CHAT

if TYPE_CHECKING:
    from model.cloud import Frozen

__all__ = ["World"]


class World:
    """A scenario's states, as numbers, and what may happen in each."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.values = Values()
        self.cast = Cast(scenario.kind, scenario.specs, self.values)
        self.machine = Machine(self.cast, self.values, lags="lag" in scenario.faults)
        self._objects = len(self.cast.names)
        self._clouds: Pool[Frozen] = Pool()
        self._records: Pool[tuple[tuple[Record | None, ...], tuple[int, ...]]] = Pool()
        self._minds: Pool[Mind] = Pool()
        self._selves: Pool[Self] = Pool()
        self.settling: list[tuple[str, str]] = []
        """What was broken on the way to the start."""
        self._allowed = {
            sort: [what for what, fault in found.items() if fault in scenario.faults]
            for sort, found in TROUBLES.items()
        }

    # States and numbers.

    def pack(self, state: State) -> int:
        """The number of a state."""
        minds = (self._minds.number(mind) for mind in state.minds)
        records = self._records.number((state.records, state.lives))
        return packed((self._clouds.number(state.cloud), records, self._selves.number(state.self_), *minds))

    def unpack(self, number: int) -> State:
        """The state of a number."""
        cloud, records, self_, *minds = unpacked(number, 3 + self._objects)
        held, lives = self._records.value(records)
        return State(
            self._clouds.value(cloud), held, lives, tuple(map(self._minds.value, minds)), self._selves.value(self_)
        )

    def start(self) -> int:
        """Everything applied a moment ago, and the process just started; or all that at rest."""
        cloud = self.machine.cloud
        for configuration in self.scenario.configurations:
            cloud.keep(configuration)
        for consumer in self.scenario.consumers:
            cloud.join(consumer)
            cloud.strangers |= {(consumer.arn, arn) for arn in consumer.configurations}
        records = tuple(Record() for _ in self.cast.names)
        minds = tuple(Mind(cached=record) for record in records)
        number = self.pack(State(cloud.freeze(), records, tuple(1 for _ in records), minds, BLANK))
        while self.scenario.settled:
            found = self.expand(number, fair_only=True)
            self.settling += found.breaches
            if found.fair is None:
                break
            number = found.fair
        return number

    def unchanging(self, numbers: Iterable[int]) -> bool:
        """Whether AWS and the API server are the same in all of these states."""
        states = [self.unpack(number) for number in numbers]
        return len({(state.cloud, state.records) for state in states}) == 1

    def missed(self, number: int) -> list[str]:
        """What is not as it should be, if nothing more happens."""
        return list(goals.missed(self, self.unpack(number)))

    def expand(self, number: int, *, fair_only: bool = False) -> Expansion:
        """All that may happen in a state; with `fair_only` no more than the next undisturbed step."""
        state = self.unpack(number)
        found = Expansion()
        resting = True
        for move in self._moves(state, number, found, fair_only=fair_only):
            if move.to == number:
                continue
            found.moves.append(move)
            if move.fair and move.cost == 0 and found.fair is None and not found.cut:
                found.fair = move.to
                resting = False
                if fair_only:
                    return found
        if resting and not found.cut:  # where a run is cut off, nothing can be said of its end
            found.breaches += [("at rest", words) for words in self.missed(number)]
        return found

    # What may happen. The order of what costs nothing is that of an undisturbed run.

    def _moves(self, state: State, number: int, found: Expansion, *, fair_only: bool) -> Iterator[Move]:
        for index, (record, mind) in enumerate(zip(state.records, state.minds, strict=True)):
            if mind.cached != record:
                minds = swapped(state.minds, index, mind._replace(cached=record))
                yield Move(f"the watch tells of {self.cast.names[index]}", 0, self.pack(state._replace(minds=minds)))
        for index in range(self._objects):
            yield from self._work(state, number, index, found, fair_only=fair_only)
        for arn, _ in self._busy(state):
            yield Move(f"AWS has finished with {short(arn)}", 0, self.changed(state, lambda c, a=arn: c.finish(a)))
        if not fair_only:
            yield from self._disturbances(state)
        yield from self._time(state, fair_only=fair_only)

    def _work(self, state: State, number: int, index: int, found: Expansion, *, fair_only: bool) -> Iterator[Move]:
        mind = state.minds[index]
        if mind.cached is None and not mind.life:
            return
        name = self.cast.names[index]
        line, acted, to = self._stepped(state, index, None)
        words = _told(name, line)
        if self._too_much(state):
            found.cut += 1
            return
        found.breaches += [(words, breach) for breach in line.breaches]
        if acted and to == number and mind.cached == state.records[index]:
            found.breaches.append((words, f"work on {name} goes on without getting anywhere"))
        yield Move(words, 0, to)
        if fair_only:
            return
        for at, (sort, _) in enumerate(line.calls):
            for what in self._allowed.get(sort, ()):
                if what == "lagging" and state.cloud.before is None:
                    continue
                spoilt, _, to = self._stepped(state, index, Trouble(at, what))
                found.breaches += [(_told(name, spoilt), breach) for breach in spoilt.breaches]
                yield Move(_told(name, spoilt), 1, to)

    def _stepped(self, state: State, index: int, trouble: Trouble | None) -> tuple[Line, bool | None, int]:
        machine = self.machine
        machine.cloud.thaw(state.cloud)
        machine.thaw(state.records, state.minds, state.self_)
        line = Line(trouble)
        acted = machine.step(index, line)
        records, minds, self_ = machine.freeze()
        if acted is None:
            minds, self_ = tuple(Mind(cached=record) for record in records), BLANK
        return line, acted, self.pack(State(machine.cloud.freeze(), records, state.lives, minds, self_))

    def _too_much(self, state: State) -> bool:
        return self.machine.cloud.made > max(self.scenario.most_made, state.cloud.made)

    def _busy(self, state: State) -> list[tuple[str, str]]:
        items = ((self.values.item(number), outcome) for number, outcome in state.cloud.configurations)
        return [(item.arn, outcome) for item, outcome in items if outcome]

    def changed(self, state: State, change: Callable[..., object]) -> int:
        """AWS changes without the process."""
        cloud = self.machine.cloud
        cloud.thaw(state.cloud)
        change(cloud)
        return self.pack(state._replace(cloud=cloud.freeze()))

    def _time(self, state: State, *, fair_only: bool) -> Iterator[Move]:
        if self.scenario.sweeps and not fair_only:
            for trouble in (None, *self._list_troubles(state)):
                line, to = self._swept(state, trouble)
                yield Move(_told("a sweep", line), 1 if trouble else 0, to, fair=False)
        if self.scenario.moments and not fair_only and not _has_waited(state, self.cast.intent):
            yield Move("a few seconds pass", 0, self._passed(state, MOMENT), fair=False)
        if any(outcome == "gone" for _, outcome in state.cloud.configurations):
            return  # a delete that AWS has begun does not last beyond every deadline
        later = self._passed(state, LONG)
        if not fair_only:
            yield Move("a long time passes", 0, later, fair=False)
        _, to = self._swept(self.unpack(later), None)
        yield Move("a long time passes, with a sweep", 0, to)

    def _list_troubles(self, state: State) -> list[Trouble]:
        allowed = [what for what in self._allowed["list"] if what != "lagging" or state.cloud.before is not None]
        return [Trouble(at, what) for at in range(2) for what in allowed]

    def _swept(self, state: State, trouble: Trouble | None) -> tuple[Line, int]:
        machine = self.machine
        machine.cloud.thaw(state.cloud)
        machine.thaw(state.records, state.minds, state.self_)
        line = Line(trouble)
        machine.sweep(line, consumers=bool(self.scenario.consumers))
        _, minds, self_ = machine.freeze()
        return line, self.pack(state._replace(minds=minds, self_=self_))

    def _passed(self, state: State, seconds: float) -> int:
        machine = self.machine
        machine.cloud.thaw(state.cloud)
        machine.thaw(state.records, state.minds, state.self_)
        if seconds >= LONG:
            machine.cloud.passed()
        records, minds, self_ = machine.freeze(seconds)
        return self.pack(State(machine.cloud.freeze(), records, state.lives, minds, self_))

    # What costs.

    def _disturbances(self, state: State) -> Iterator[Move]:
        faults = self.scenario.faults
        if "crash" in faults:
            minds = tuple(Mind(cached=record) for record in state.records)
            yield Move("the process dies and starts again", 1, self.pack(state._replace(minds=minds, self_=BLANK)))
        if "failed" in faults:
            for arn, outcome in self._busy(state):
                if outcome == "gone" and self.scenario.kind is not CHAT:
                    continue  # recording configurations have no such state
                failed = {"ACTIVE": "CREATE_FAILED", "gone": "DELETE_FAILED"}[outcome]
                item = next(i for i, _ in self._configurations(state) if i.arn == arn)
                failed = "UPDATE_FAILED" if item.state == "UPDATING" else failed
                to = self.changed(state, lambda c, a=arn, f=failed: c.finish(a, f))
                yield Move(f"AWS could not: {short(arn)} is {failed}", 1, to)
        yield from people(self, state)
        yield from others(self, state)

    def _configurations(self, state: State) -> list[tuple[Configuration, str]]:
        return [(self.values.item(number), outcome) for number, outcome in state.cloud.configurations]


def _told(name: str, line: Line) -> str:
    return f"{name}: {'; '.join(words for _, words in line.calls) or 'nothing'}"


def _has_waited(state: State, intent: Callable[[Record | None], float | None]) -> bool:
    """Whether a few seconds have passed already since time last passed at length."""
    recent = NOW - MOMENT - 1.0
    moments = [state.self_.listed_at, state.self_.consumers_at, *(at for _, at, _ in state.self_.users)]
    for mind in state.minds:
        moments += [mind.met_at, mind.generation_seen_at, mind.deletion_seen_at, mind.asked_at, mind.held_since]
        moments += [mind.attempt[1], mind.attempt[4]] if mind.attempt is not None else []
    for _, *times in state.self_.entries:
        moments += times
    moments += [at for _, at in state.self_.gone]
    moments += [since for since in map(intent, state.records) if since]
    return any(recent <= at <= NOW - MOMENT + 0.5 for at in moments)
