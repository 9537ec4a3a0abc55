"""When kopf is made to look at what is served once more, and when nobody asks anything."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from kopf._cogs.structs.references import Insights, Resource

from ivs_operator.api.names import GROUP, VERSION
from ivs_operator.kube.errors import Unreachable
from ivs_operator.kube.roll_call import call_the_roll

if TYPE_CHECKING:
    from collections.abc import Collection

CHATS, RECORDINGS = "chatloggingconfigurations", "recordingconfigurations"
BOTH = frozenset({CHATS, RECORDINGS})
NEITHER: frozenset[str] = frozenset()
_LOOKS = 6  # at what is watched; as many as a script of answers is long, or more

# What is watched at first, what the API server answers one after the other, and what is watched at the end; how often
# kopf looked, and how often the API server was asked.
ROLLS = [
    pytest.param(BOTH, [], BOTH, (0, 0), id="all are watched: nobody asks"),
    pytest.param({CHATS}, [NEITHER] * _LOOKS, {CHATS}, (0, _LOOKS), id="a kind that is not there is not missed"),
    pytest.param({CHATS}, [{CHATS}] * _LOOKS, {CHATS}, (0, _LOOKS), id="nor is it for others that are"),
    pytest.param({CHATS}, [NEITHER, BOTH], BOTH, (1, 2), id="it is looked up once it is served, and then watched"),
    pytest.param({CHATS}, [Unreachable("away"), BOTH], BOTH, (1, 2), id="no answer is none, and the next look comes"),
    pytest.param(NEITHER, [BOTH], BOTH, (1, 1), id="both at once"),
]


class Kopf:
    """What kopf knows, an API server that answers by a script, and both counted."""

    def __init__(self, watched: Collection[str], answers: list[object]) -> None:
        self.insights = Insights()
        self.watch(watched)
        self.answers = answers
        self.looks = self.asked = 0

    def watch(self, plurals: Collection[str]) -> None:
        known = self.insights.watched_resources
        known.update(Resource(group=GROUP, version=VERSION, plural=plural) for plural in plurals)

    async def served(self) -> frozenset[str]:
        answer = self.answers[self.asked]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, frozenset | set)
        return frozenset(answer)

    async def look_again(self) -> None:
        self.looks += 1
        self.watch(BOTH)


async def _call(kopf: Kopf) -> None:
    roll = call_the_roll(kopf.insights, BOTH, served=kopf.served, look_again=kopf.look_again, interval=0)
    task = asyncio.create_task(roll)
    for _ in range(4 * _LOOKS):  # each look takes a few turns of the loop
        await asyncio.sleep(0)
        if kopf.asked == _LOOKS:
            break
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(("watched", "answers", "in_the_end", "counts"), ROLLS)
async def test_a_roll(
    watched: Collection[str], answers: list[object], in_the_end: Collection[str], counts: tuple[int, int]
) -> None:
    kopf = Kopf(watched, answers)
    kopf.insights.ready_resources.set()
    await _call(kopf)
    assert {item.plural for item in kopf.insights.watched_resources} == set(in_the_end)
    assert (kopf.looks, kopf.asked) == counts


async def test_nothing_is_missed_before_kopf_has_looked_for_the_first_time() -> None:
    kopf = Kopf(NEITHER, [BOTH])
    await _call(kopf)
    assert kopf.asked == 0
