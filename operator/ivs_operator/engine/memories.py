"""What this process remembers of each object between two looks."""

import random
from dataclasses import replace

from ivs_operator.api.status import MAX_RECONCILE_AT
from ivs_operator.domain.failures import Failure, Fault, next_failure
from ivs_operator.domain.identity import Key
from ivs_operator.domain.subject import Attempt, Memory, Subject

__all__ = ["Memories"]

_EMPTY = Memory()


class Memories:
    """Memory by key; a new life, a new generation or a person's request starts afresh where it should."""

    def __init__(self, jitter: random.Random | None = None) -> None:
        self._memories: dict[Key, Memory] = {}
        self._lives: dict[Key, str] = {}
        self._asked: dict[Key, tuple[int, str | None, bool, bool]] = {}
        self._jitter = jitter or random.Random()  # noqa: S311 - spreads retries, guards nothing

    def get(self, key: Key) -> Memory:
        """The memory of a key."""
        return self._memories.get(key, _EMPTY)

    def forget(self, key: Key) -> None:
        """Drop everything about a key."""
        for table in (self._memories, self._lives, self._asked):
            table.pop(key, None)

    def forget_all(self) -> None:
        """Drop everything."""
        for table in (self._memories, self._lives, self._asked):
            table.clear()

    def meet(self, subject: Subject, now: float) -> Memory:
        """The memory as of now, after taking note of what a person has changed since the last look.

        Failures are forgotten with a new generation, a `reconcile-at` annotation, a pause or a deletion: whoever acts
        wants to see the effect at once.
        """
        key = subject.key
        if self._lives.get(key) != subject.owner.uid:
            self.forget(key)
            self._lives[key] = subject.owner.uid
        memory = self.get(key)
        asked = (subject.generation, subject.reconcile_at, subject.paused, subject.deleting)
        before = self._asked.get(key)
        if before != asked:
            self._asked[key] = asked
            memory = replace(memory, failures={}, untag_tried=False)
            memory = self._dated(memory, subject, before, now)
            self._memories[key] = memory
        return memory

    def _dated(
        self, memory: Memory, subject: Subject, before: tuple[int, str | None, bool, bool] | None, now: float
    ) -> Memory:
        known_already = before is None and subject.recorded.observed_generation == subject.generation
        asked = subject.reconcile_at is not None and not _handled(subject)
        if asked:
            memory = replace(memory, asked_at=now, generation_seen_at=now)
        elif not known_already and (before is None or before[0] != subject.generation):
            memory = replace(memory, generation_seen_at=now)
        if before is None:
            memory = replace(memory, met_at=now)
        if subject.deleting and memory.deletion_seen_at == 0.0:
            memory = replace(memory, deletion_seen_at=now)
        return memory

    def failed(self, key: Key, target: str, fault: Fault, now: float) -> Failure:
        """Remember a failure."""
        memory = self.get(key)
        failure = next_failure(memory.failures.get(target), target, fault, now, self._jitter.random())
        self.remember(key, failure)
        return failure

    def remember(self, key: Key, failure: Failure) -> None:
        """Remember a failure as it is."""
        memory = self.get(key)
        self._memories[key] = replace(memory, failures={**memory.failures, failure.target: failure})

    def succeeded(self, key: Key, target: str) -> None:
        """Forget the failure of a target."""
        memory = self.get(key)
        if target in memory.failures:
            rest = {name: failure for name, failure in memory.failures.items() if name != target}
            self._memories[key] = replace(memory, failures=rest)

    def relent(self, key: Key) -> None:
        """Forget what has failed, as after a person's request: what stood in the way is mended."""
        memory = self.get(key)
        if memory.failures:
            self._memories[key] = replace(memory, failures={})

    def attempt(self, key: Key, attempt: Attempt | None) -> None:
        """Remember a create intent."""
        self._memories[key] = replace(self.get(key), attempt=attempt)

    def deletion_confirmed(self, key: Key) -> None:
        """Remember that the API server has confirmed the deletion; it can't be taken back."""
        self._memories[key] = replace(self.get(key), deletion_confirmed=True)

    def untag_tried(self, key: Key) -> None:
        """Remember that the one attempt to take our tags off was made."""
        self._memories[key] = replace(self.get(key), untag_tried=True)


def _handled(subject: Subject) -> bool:
    """Whether the status echoes the `reconcile-at` annotation already; it is cut there."""
    echo = subject.recorded.raw.get("lastHandledReconcileAt")
    return bool(subject.reconcile_at) and echo == (subject.reconcile_at or "")[:MAX_RECONCILE_AT]
