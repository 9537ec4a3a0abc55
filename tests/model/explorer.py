"""Breadth-first search through every state that a scenario can reach, and what it has found.

States are visited in order of how many disturbances it takes to reach them, so that each is looked at once and the
first counterexample is one of the shortest.
"""

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from model.scenario import Scenario
from model.stand_ins import single_steps
from model.world import World

__all__ = ["Counterexample", "Result", "explore"]


class Counterexample(AssertionError):
    """A law was broken, or a goal not reached; the text tells the story."""


@dataclass
class Result:
    """What an exploration came to."""

    scenario: str
    states: int = 0
    moves: int = 0
    resting: int = 0
    cut: int = 0
    complete: bool = True
    seconds: float = 0.0
    deepest: int = 0
    counterexamples: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        whole = "all of it" if self.complete else "the first part"
        return (
            f"{self.scenario}: {self.states:,} states ({whole}), {self.moves:,} steps, {self.resting:,} at rest, "
            f"{self.cut:,} cut, {self.seconds:.1f} s"
        )


def explore(
    scenario: Scenario,
    *,
    limit: int | None = None,
    most: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Result:
    """Explore up to `limit` states (None: all), or until `most` counterexamples are found."""
    with single_steps():
        return _Search(scenario, limit, most, tell).run()


class _Search:
    def __init__(self, scenario: Scenario, limit: int | None, most: int, tell: Callable[[str], None]) -> None:
        self.world = World(scenario)
        self.scenario = scenario
        self.limit = limit
        self.most = most
        self.tell = tell
        self.result = Result(scenario.name)
        self.parents: dict[int, int] = {}
        self.fair: dict[int, int | None] = {}
        self.told: set[str] = set()

    def run(self) -> Result:
        began = time.monotonic()
        start = self.world.start()
        self.parents[start] = -1
        for words, breach in self.world.settling:
            self._report(start, words, breach)
        layer = deque([start])
        for level in range(self.scenario.disturbances + 1):
            layer = self._explore_layer(layer, last=level == self.scenario.disturbances)
            self.result.deepest = level
            if self._enough():
                break
        if len(self.result.counterexamples) < self.most:
            self._check_liveness()
        self.result.states = len(self.parents)
        self.result.resting = sum(1 for to in self.fair.values() if to is None)
        self.result.seconds = time.monotonic() - began
        return self.result

    def _enough(self) -> bool:
        full = self.limit is not None and len(self.fair) >= self.limit
        self.result.complete = self.result.complete and not full
        return full or len(self.result.counterexamples) >= self.most

    def _explore_layer(self, layer: deque[int], *, last: bool) -> deque[int]:
        """All states that as many disturbances lead to; returns those that one more leads to."""
        following: deque[int] = deque()
        while layer and not self._enough():
            number = layer.popleft()
            if number in self.fair:
                continue
            found = self.world.expand(number)
            self.fair[number] = found.fair
            self.result.moves += len(found.moves)
            self.result.cut += found.cut
            for words, breach in found.breaches:
                self._report(number, words, breach)
            for move in found.moves:
                if move.to in self.parents or (move.cost and last):
                    continue
                self.parents[move.to] = number
                (following if move.cost else layer).append(move.to)
        return following

    def _check_liveness(self) -> None:
        """From every state an undisturbed run comes to rest. The runs join each other, so each step is made once."""
        arrives: set[int] = {number for number, to in self.fair.items() if to is None}
        for beginning in tuple(self.parents):
            number, path = beginning, dict[int, None]()
            while number not in arrives:
                if number in path:
                    self._judge_circle(number)
                    break
                path[number] = None
                following = self._next(number)
                if following is None:
                    break
                number = following
            arrives.update(path)
            arrives.add(number)
            if len(self.result.counterexamples) >= self.most:
                return

    def _judge_circle(self, number: int) -> None:
        """To look again now and then is rest too, as long as nothing is written and what is said is true."""
        circle = [number]
        while (following := self._next(circle[-1])) != number:
            assert following is not None
            circle.append(following)
        if not self.world.unchanging(circle):
            self._report(number, "", "an undisturbed run never comes to rest", circle=True)
            return
        for words in self.world.missed(number):
            self._report(number, "at rest, but for looking again", words)

    def _next(self, number: int) -> int | None:
        if number not in self.fair:
            found = self.world.expand(number, fair_only=True)
            self.fair[number] = found.fair
            for words, breach in found.breaches:
                self._report(number, words, breach)
            if found.fair is not None:
                self.parents.setdefault(found.fair, number)
        return self.fair[number]

    def _report(self, number: int, words: str, breach: str, *, circle: bool = False) -> None:
        kind = breach.split(":", maxsplit=1)[0]
        if kind in self.told:
            return
        self.told.add(kind)
        story = self.story(number)
        if words:
            story.append(f"then   {words}")
        if circle:
            story += [f"round  {line}" for line in self._round(number)]
        text = "\n".join([f"{self.scenario.name}: {breach}", *(f"  {line}" for line in story)])
        self.result.counterexamples.append(text)
        self.tell(text)

    def _round(self, number: int) -> list[str]:
        lines = []
        at: int | None = number
        for _ in range(12):
            assert at is not None
            found = self.world.expand(at)
            move = next(move for move in found.moves if move.to == found.fair)
            lines.append(move.words)
            at = found.fair
            if at == number:
                break
        return lines

    def story(self, number: int) -> list[str]:
        """How a state is reached, from the start, in words."""
        path = [number]
        while self.parents[path[-1]] != -1:
            path.append(self.parents[path[-1]])
        path.reverse()
        lines = []
        for one, other in itertools.pairwise(path):
            found = self.world.expand(one)
            move = next((move for move in found.moves if move.to == other), None)
            if move is None:
                lines.append("?")
            else:
                lines.append(f"{'DISTURBANCE  ' if move.cost else ''}{move.words}")
        return lines or ["(at the start)"]
