"""What a process remembers of an object, and what makes it forget."""

from typing import Any

import pytest

from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.subject import Attempt
from ivs_operator.engine.memories import Memories
from support.objects import key_of, resource, subject_of
from support.situations import fault, ready_status

NOW = 1000.0
AT = "ivs-operator.dev/reconcile-at"


def meet(memories: Memories, now: float = NOW, **changes: Any) -> Any:
    return memories.meet(subject_of(resource(**changes)), now)


ASKING = [
    pytest.param({"generation": 2}, True, id="an edit"),
    pytest.param({"annotations": {AT: "now"}}, True, id="a request to look"),
    pytest.param({"paused": True}, True, id="a pause"),
    pytest.param({"deleting": True}, True, id="a deletion"),
    pytest.param({"uid": "another"}, True, id="another life under the same name"),
    pytest.param({}, False, id="nothing"),
    pytest.param({"status": {"state": "ACTIVE"}}, False, id="our own status"),
    pytest.param({"annotations": {"theirs": "1"}}, False, id="others' annotations"),
]


def test_what_is_mended_by_others_is_tried_again_at_once() -> None:
    memories = Memories()
    meet(memories)
    attempt = Attempt(since=NOW, acknowledged_at=NOW)
    memories.attempt(key_of(resource()), attempt)
    memories.failed(key_of(resource()), "create", fault(FaultClass.INVALID), NOW)
    memories.relent(key_of(resource()))
    assert meet(memories).failures == {}
    assert meet(memories).attempt == attempt, "what may have been made is not forgotten"


@pytest.mark.parametrize(("change", "forgets"), ASKING)
def test_whoever_acts_wants_to_see_the_effect_at_once(change: dict[str, Any], forgets: bool) -> None:
    memories = Memories()
    meet(memories)
    memories.failed(key_of(resource()), "create", fault(), NOW)
    assert (meet(memories, **change).failures == {}) is forgets


def test_an_attempt_outlives_an_edit_but_not_its_object() -> None:
    memories, key = Memories(), key_of(resource())
    meet(memories)
    memories.attempt(key, Attempt(1.0, 2.0, called=True))
    assert meet(memories, generation=2).attempt is not None
    assert meet(memories, uid="another").attempt is None


DATES = [
    pytest.param({}, NOW, id="a new object is seen now"),
    pytest.param({"status": ready_status(1)}, 0.0, id="after a restart a generation that status knows is old"),
    pytest.param({"status": ready_status(1), "generation": 2}, NOW, id="one that status does not know is new"),
    pytest.param({"status": ready_status(1), "annotations": {AT: "x"}}, NOW, id="a request that was not handled yet"),
    pytest.param(
        {"status": ready_status(1, lastHandledReconcileAt="x"), "annotations": {AT: "x"}},
        0.0,
        id="a request that was handled before the restart",
    ),
    pytest.param(
        {"status": ready_status(1, lastHandledReconcileAt="x" * 64), "annotations": {AT: "x" * 99}},
        0.0,
        id="a long one, of which status echoes the beginning",
    ),
]


@pytest.mark.parametrize(("change", "seen_at"), DATES)
def test_when_a_generation_was_first_seen(change: dict[str, Any], seen_at: float) -> None:
    memories = Memories()
    assert meet(memories, **change).generation_seen_at == seen_at
    assert meet(memories, NOW + 50, **change).generation_seen_at == seen_at


def test_when_a_deletion_was_first_seen() -> None:
    memories = Memories()
    assert meet(memories).deletion_seen_at == 0.0
    assert meet(memories, NOW + 5, deleting=True).deletion_seen_at == NOW + 5
    assert meet(memories, NOW + 9, deleting=True, generation=2).deletion_seen_at == NOW + 5


def test_failures_of_one_target_add_up_and_others_stay_apart() -> None:
    memories, key = Memories(), key_of(resource())
    first = memories.failed(key, "a", fault(FaultClass.FAST), NOW)
    second = memories.failed(key, "a", fault(FaultClass.FAST), NOW + 1)
    memories.failed(key, "b", fault(FaultClass.FAST), NOW + 1)
    assert (first.attempts, second.attempts, second.first_at) == (1, 2, NOW)
    memories.succeeded(key, "a")
    assert set(memories.get(key).failures) == {"b"}
    memories.forget(key)
    assert memories.get(key).failures == {}
