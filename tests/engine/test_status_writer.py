"""The status writer: what differs, when it matters, provided that nobody else has written."""

import logging
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivs_operator.api.names import FINALIZER
from ivs_operator.domain.kinds import PLURALS
from ivs_operator.engine.status_writer import PROGRESS_INTERVAL, SETTLING, StatusWriter, merge_patch
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.errors import Conflict, Unreachable
from support.fake_cluster import FakeCluster, merged
from support.objects import arn_of, key_of, resource
from support.virtual_time import VirtualClock, in_virtual_time

KEY = key_of(resource())


def status(ready: str = "False", reason: str = "Creating", message: str = "", **members: Any) -> dict[str, Any]:
    condition = {
        "type": "Ready",
        "status": ready,
        "reason": reason,
        "message": message,
        "lastTransitionTime": f"2023-11-14T00:00:{len(ready):02}Z",
        "observedGeneration": 1,
    }
    return {"observedGeneration": 1, "conditions": [condition], **members}


class Desk:
    """A writer on an API server in memory, with one resource."""

    def __init__(self, before: dict[str, Any] | None = None) -> None:
        self.clock = VirtualClock()
        self.cluster = FakeCluster(PLURALS)
        self.cluster.apply(resource(status=before or {"observedGeneration": -1}))
        self.cache = ResourceCache()
        self.cache.put(KEY, self.cluster.resources[KEY])
        self.writer = StatusWriter(self.cluster, self.cache, PLURALS, self.clock)

    async def write(self, wanted: dict[str, Any], *, settled: bool = True) -> float | None:
        known = self.cache.get(KEY)
        assert known is not None
        return await self.writer.write(KEY, known, wanted, settled=settled)

    @property
    def writes(self) -> int:
        return len(self.cluster.writes)


@in_virtual_time
async def test_what_does_not_differ_is_not_written() -> None:
    desk = Desk(status())
    assert await desk.write(status()) is None
    assert desk.writes == 0


@in_virtual_time
async def test_what_differs_is_written_and_known_at_once() -> None:
    desk = Desk(status(state="CREATING"))
    assert await desk.write(status("True", "Available", id="a")) is None
    assert desk.cluster.status(KEY) == status("True", "Available", id="a")
    assert await desk.write(status("True", "Available", id="a")) is None
    assert desk.writes == 1


PUT_OFF = [
    pytest.param(status(), status(message="1 of 9"), False, PROGRESS_INTERVAL, id="mere progress waits a minute"),
    pytest.param(status(), status(message="9 of 9"), True, None, id="but not when work is at rest"),
    pytest.param(
        status(), status(arn=arn_of("a"), message="made"), False, SETTLING, id="first signs of an object wait seconds"
    ),
    pytest.param(status(), status(reason="QuotaExceeded"), False, None, id="another reason is told at once"),
    pytest.param(status(), status("True", "Available"), False, None, id="Ready is told at once"),
    pytest.param(status(arn=arn_of("a")), status(arn=arn_of("b")), False, None, id="another object is told at once"),
    pytest.param(
        status(), status(lastHandledReconcileAt="x"), False, None, id="the echo of a request is given at once"
    ),
]


@pytest.mark.parametrize(("before", "after", "settled", "wait"), PUT_OFF)
def test_what_may_wait(before: Any, after: Any, settled: bool, wait: float | None) -> None:
    @in_virtual_time
    async def story() -> None:
        desk = Desk(before)
        until = await desk.write(after, settled=settled)
        assert (until - desk.clock.now() if until else None) == wait
        assert desk.writes == (0 if wait else 1)

    story()


@in_virtual_time
async def test_long_work_is_told_once_a_minute_and_at_its_end() -> None:
    desk = Desk(status())
    for second in range(180):
        desk.clock.ahead = float(second)
        await desk.write(status(message=f"{second} of 180"), settled=False)
    assert desk.writes == 2
    await desk.write(status(message="180 of 180"), settled=True)
    assert desk.writes == 3


@in_virtual_time
async def test_who_has_written_meanwhile_is_not_overwritten() -> None:
    desk = Desk(status())
    desk.cluster.apply(resource(rooms=[{"name": "lobby"}]))
    with pytest.raises(Conflict):
        await desk.write(status("True", "Available"))
    assert desk.cluster.status(KEY) == status()


async def _status(desk: Desk, known: dict[str, Any]) -> None:
    await desk.writer.write(KEY, known, status("True", "Available"), settled=True)


async def _finalizer(desk: Desk, known: dict[str, Any]) -> None:
    await desk.writer.add_finalizer(KEY, known)


async def _release(desk: Desk, known: dict[str, Any]) -> None:
    await desk.writer.remove_finalizer(KEY, known)


@pytest.mark.parametrize("write", [_status, _finalizer, _release])
def test_after_one_conflict_the_newest_version_is_known_though_the_watch_is_silent(write: Any) -> None:
    """A watch that has died is noticed after a minute; each attempt until then would fail for the same old version."""

    @in_virtual_time
    async def story() -> None:
        desk = Desk(status())
        desk.cluster.apply(resource(rooms=[{"name": "lobby"}]))
        with pytest.raises(Conflict):
            await write(desk, desk.cache.get(KEY))
        assert desk.cache.get(KEY) == desk.cluster.resources[KEY]
        await write(desk, desk.cache.get(KEY))

    story()


@in_virtual_time
async def test_a_conflict_with_another_life_shows_that_one() -> None:
    desk = Desk(status())
    known = desk.cache.get(KEY)
    assert known is not None
    desk.cluster.resources.clear()
    desk.cluster.apply(resource(uid="later"))
    with pytest.raises(Conflict):
        await _status(desk, known)
    later = desk.cache.get(KEY)
    assert later is not None
    assert later["metadata"]["uid"] == "later"


@in_virtual_time
async def test_a_conflict_stays_one_when_the_newest_version_cannot_be_had() -> None:
    desk = Desk(status())
    desk.cluster.apply(resource(rooms=[{"name": "lobby"}]))

    async def silent(*_: Any) -> None:
        raise Unreachable("no answer")

    desk.cluster.find = silent  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        await desk.write(status("True", "Available"))


@in_virtual_time
async def test_a_ledger_is_written_at_once_and_comes_back_acknowledged() -> None:
    desk = Desk(status())
    known = desk.cache.get(KEY)
    assert known is not None
    wanted = status(pendingCreate={"specHash": "v1-x", "since": "2023-11-14T00:00:00Z"})
    answer = await desk.writer.record(KEY, known, wanted)
    assert answer["status"] == wanted
    assert desk.cache.get(KEY) == {**answer, "metadata": answer["metadata"]}


@in_virtual_time
async def test_an_event_on_a_transition_only() -> None:
    desk = Desk(status())
    await desk.write(status("True", "Available", "fine"))
    await desk.write(status("True", "Available", "fine indeed"))
    await desk.write(status("False", "QuotaExceeded", "raise it"))
    assert desk.cluster.events == [("Normal", "Available", "fine"), ("Warning", "QuotaExceeded", "raise it")]


@in_virtual_time
async def test_what_changes_beside_ready_is_logged_and_no_event() -> None:
    before, after = status("True", "Available"), status("True", "Available")
    lost = {"type": "DeliveryHealthy", "reason": "AccessDenied", "message": "chat logs are lost"}
    after["conditions"].append({**after["conditions"][0], **lost, "status": "False"})
    desk = Desk(before)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    with capture_logs() as lines:
        await desk.write(after)
        await desk.write(after)
    said = {"condition": "DeliveryHealthy", "reason": "AccessDenied", "message": "chat logs are lost"}
    assert lines == [{"event": "state changed", "log_level": "info", **said}]
    assert desk.cluster.events == []


@in_virtual_time
async def test_a_lost_event_is_no_reason_to_write_again() -> None:
    desk = Desk(status())

    async def refuse(*_: Any, **__: Any) -> None:
        raise Conflict("no")

    desk.cluster.post_event = refuse  # type: ignore[method-assign]
    assert await desk.write(status("True", "Available")) is None
    assert desk.cluster.ready(KEY) == ("True", "Available")


@in_virtual_time
async def test_the_finalizer_comes_and_goes_and_others_stay() -> None:
    desk = Desk()
    desk.cluster.resources[KEY]["metadata"]["finalizers"] = ["other/thing"]
    with_ours = await desk.writer.add_finalizer(KEY, desk.cluster.resources[KEY])
    assert with_ours["metadata"]["finalizers"] == ["other/thing", FINALIZER]
    desk.cluster.delete(KEY)
    await desk.writer.remove_finalizer(KEY, desk.cluster.resources[KEY])
    assert desk.cluster.resources[KEY]["metadata"]["finalizers"] == ["other/thing"]
    assert desk.cache.get(KEY) is not None, "it is still there, for others"


@in_virtual_time
async def test_with_the_last_finalizer_the_resource_is_gone() -> None:
    desk = Desk()
    await desk.writer.add_finalizer(KEY, desk.cluster.resources[KEY])
    desk.cluster.delete(KEY)
    await desk.writer.remove_finalizer(KEY, desk.cluster.resources[KEY])
    assert desk.cache.get(KEY) is None
    assert KEY not in desk.cluster.resources


JSON = st.recursive(
    st.booleans() | st.integers(0, 3) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("klm"), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("klmn"), JSON, max_size=4)


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_a_patch_turns_what_was_into_what_is_wanted(before: dict[str, Any], after: dict[str, Any]) -> None:
    patch = merge_patch(before, after)
    assert merged(before, patch) == after
    assert bool(patch) == (before != after)


def test_a_patch_holds_only_what_differs() -> None:
    before = {"same": {"a": 1}, "gone": 1, "inner": {"kept": 1, "changed": 1, "gone": 1}}
    after = {"same": {"a": 1}, "new": [1], "inner": {"kept": 1, "changed": 2}}
    assert merge_patch(before, after) == {"gone": None, "new": [1], "inner": {"changed": 2, "gone": None}}
