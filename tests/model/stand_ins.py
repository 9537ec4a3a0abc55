"""The few parts of the product that are re-stated, so that a step never waits and always goes the same way."""

import random
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from ivs_operator.aws.sharing import Shared
from ivs_operator.domain import actions as do
from ivs_operator.domain.identity import Key
from ivs_operator.domain.intake import Intake, Reading
from ivs_operator.domain.subject import Situation, Subject
from ivs_operator.engine import executor as executor_module
from ivs_operator.engine import reconciler as reconciler_module
from ivs_operator.engine import status_writer as writer_module
from ivs_operator.engine.executor import Executor
from ivs_operator.engine.protocols import Region
from ivs_operator.kube import cache as cache_module

if TYPE_CHECKING:
    from model.records import Record

__all__ = ["AtOnce", "InTurn", "KeptIntake", "Steady", "drive", "single_steps"]

_T = TypeVar("_T")


class AtOnce(Shared):
    """A shared read without a task: whoever needs it reads."""

    async def newer_than(self, moment: float) -> None:
        if self._began == 0.0 or self._began < moment:
            began = self._clock.now()
            await self._read(began)
            self._began = began


class InTurn(Executor):
    """The order of the production executor, its parallel part one after the other."""

    async def run(self, actions: Sequence[do.Action], s: Situation, region: Region, **_: Any) -> None:
        joint = [action for action in actions if isinstance(action, do.Associate | do.InspectConsumer)]
        for action in actions:
            if isinstance(action, do.Associate | do.InspectConsumer):
                continue
            if not await self._attempt(action, s, region):
                return
        for action in joint:
            await self._attempt(action, s, region)


class KeptIntake(Intake):
    """Generations of different histories may have different specs here; what a record amounts to is read once."""

    def __init__(self, cluster_id: str, default_tags: Mapping[str, str]) -> None:
        super().__init__(cluster_id, default_tags)
        self._subjects: dict[tuple[Key, Record, bool], tuple[Subject, Reading]] = {}

    def read(self, key: Key, resource: Mapping[str, Any]) -> tuple[Subject, Reading]:
        metadata = resource["metadata"]
        place = key, metadata["record"], bool(metadata["finalizers"])  # an answer without them has the record of before
        known = self._subjects.get(place)
        if known is None:
            known = self._subjects[place] = super().read(key, resource)
        return known

    def _reading(self, key: Key, resource: Mapping[str, Any], owner: Any) -> Reading:
        record: Record = resource["metadata"]["record"]
        known = self._readings.get((key, record.life, record.generation, record.spec))  # type: ignore[call-overload]
        if known is None:
            self._readings.pop(key, None)
            known = super()._reading(key, resource, owner)
            self._readings[key, record.life, record.generation, record.spec] = known  # type: ignore[index]
        return known

    def forget(self, key: Key) -> None:
        """Readings serve all states."""


class Steady(random.Random):
    """No jitter."""

    def random(self) -> float:
        return 0.0


class _Silent:
    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None


@contextmanager
def single_steps() -> Iterator[None]:
    """The reconciler does one round at a time, nobody logs, and the cache does not copy what nobody changes."""
    modules: tuple[Any, ...] = (reconciler_module, executor_module, writer_module)
    before = [module.log for module in modules]
    rounds, shared = reconciler_module.ROUNDS, cache_module._shared
    for module in modules:
        module.log = _Silent()
    reconciler_module.ROUNDS = 1  # type: ignore[misc]
    cache_module._shared = lambda value: value
    try:
        yield
    finally:
        reconciler_module.ROUNDS = rounds  # type: ignore[misc]
        cache_module._shared = shared
        for module, log in zip(modules, before, strict=True):
            module.log = log


def drive(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    work.close()
    raise AssertionError("something waited, and nothing here ever comes")
