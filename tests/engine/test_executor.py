"""One step of a plan: which calls run side by side, what stops a step, and what the view shows after it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.inventory import Inventory
from ivs_operator.domain import actions as do
from ivs_operator.domain.failures import FaultClass
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import Attempt
from ivs_operator.engine import executor
from ivs_operator.engine.executor import BATCH, STEP, Executor
from ivs_operator.engine.memories import Memories
from ivs_operator.priority import BACKGROUND
from support.fake_aws import FakeAws, FakeGateway
from support.objects import CHAT, RECORDING, arn_of, channel, configuration, consumer_arn, key_of, resource, room
from support.situations import fault, situation
from support.virtual_time import VirtualClock, in_virtual_time
from support.world import Permission

A, X, Y = arn_of("a"), arn_of("x"), arn_of("y")
PROD = Selector(match_tags=(("env", "prod"),))


class Bench:
    """An executor on AWS in memory."""

    def __init__(self, kind: Any = CHAT, trouble: Callable[[str, bool], str | None] = lambda *_: None) -> None:
        self.clock = VirtualClock()
        self.aws = FakeAws(self.clock, kind)
        self.aws.put(
            *(configuration(id_, kind, owner=None) for id_ in "xz"), *(configuration(id_, kind) for id_ in "ay")
        )
        gateway: Any = FakeGateway(self.aws, trouble)
        self.region = Inventory(gateway, self.clock)
        self.memories = Memories()
        self.permit = Permission()
        self.executor = Executor(self.memories, self.permit, self.clock.now)
        self.key = key_of(resource(kind))
        self.situation = situation(resource(kind))

    async def run(self, *actions: do.Action) -> None:
        await self.executor.run(actions, self.situation, self.region)

    def failures(self) -> dict[str, Any]:
        return dict(self.memories.get(self.key).failures)

    def operations(self) -> list[str]:
        return [call.operation for call in self.aws.calls]


def join(id_: str, arn: str = A, **more: Any) -> do.Associate:
    return do.Associate(consumer=consumer_arn(id_), add=arn, wanted_by=(PROD,), **more)


@in_virtual_time
async def test_associations_run_side_by_side() -> None:
    bench = Bench()
    bench.aws.put(*(room(f"r{n:02}", env="prod") for n in range(30)))
    began = bench.clock.now()
    await bench.run(*(join(f"r{n:02}") for n in range(30)))
    took = bench.clock.now() - began
    assert len(bench.aws.users(A)) == 30
    assert took < 1.0, "30 rooms of 0.2 s each, ten at a time"


@pytest.mark.parametrize(("number", "background"), [(5, False), (30, True)])
def test_a_long_line_waits_behind_edits_even_if_an_edit_has_begun_it(number: int, background: bool) -> None:
    """Else what an edit of another object still has to do would wait until the line is done."""

    @in_virtual_time
    async def story() -> None:
        bench = Bench()
        bench.aws.put(*(room(f"r{n:02}", env="prod") for n in range(number)))
        lanes = []
        get = bench.region.gateway.get_consumer

        async def noted(arn: str) -> Any:
            lanes.append(BACKGROUND.get())
            return await get(arn)

        bench.region.gateway.get_consumer = noted
        await bench.run(*(join(f"r{n:02}") for n in range(number)))
        assert lanes == [background] * number
        assert not BACKGROUND.get(), "the edit itself keeps its place"

    story()


@in_virtual_time
async def test_one_room_is_changed_by_one_at_a_time() -> None:
    """Else of two writers derived from the same read one would take off what the other has just put on."""
    bench = Bench()
    bench.aws.put(room("r", env="prod"))
    await asyncio.gather(*(bench.run(join("r", arn)) for arn in (A, X, Y)))
    assert set(bench.aws.consumers[consumer_arn("r")].configurations) == {A, X, Y}
    assert bench.operations() == ["GetConsumer", "Associate"] * 3
    assert bench.executor._consumers._locks == {}, "no lock is kept for ever"


@in_virtual_time
async def test_a_step_takes_so_many_associations_and_no_more() -> None:
    bench = Bench()
    bench.aws.put(*(room(f"r{n:02}", env="prod") for n in range(BATCH + 20)))
    await bench.run(*(join(f"r{n:02}") for n in range(BATCH + 20)))
    assert len(bench.aws.users(A)) == BATCH


@in_virtual_time
async def test_a_slow_step_begins_no_more_after_a_while() -> None:
    bench = Bench()
    bench.aws.put(*(room(f"r{n:02}", env="prod") for n in range(40)))
    slow = bench.region.gateway.get_consumer

    async def slower(arn: str) -> Any:
        await asyncio.sleep(STEP)
        return await slow(arn)

    bench.region.gateway.get_consumer = slower  # type: ignore[method-assign]
    await bench.run(*(join(f"r{n:02}") for n in range(40)))
    assert len(bench.aws.users(A)) == 10


@in_virtual_time
async def test_one_refused_room_does_not_stop_the_others() -> None:
    bench = Bench()
    bench.aws.put(room("r01", env="prod"), room("r03", env="prod"))
    await bench.run(*(join(f"r{n:02}") for n in range(1, 4)))
    assert len(bench.aws.users(A)) == 2
    (failure,) = bench.failures().values()
    assert (failure.target, failure.fault.reason) == (f"associate:{consumer_arn('r02')}", Reason.ROOM_NOT_FOUND)


@in_virtual_time
async def test_a_failure_stops_a_sequence() -> None:
    bench = Bench(trouble=lambda operation, _: "throttled" if operation == "Tag" else None)
    await bench.run(do.Refresh(0.0), do.Tag(A, {"k": "v"}), do.Untag(A, ("k",)))
    assert bench.operations() == ["ListConfigurations"]
    assert set(bench.failures()) == {f"tag:{A}"}


@in_virtual_time
async def test_a_success_makes_the_failure_forgotten() -> None:
    bench = Bench()
    bench.memories.failed(bench.key, f"tag:{A}", fault(), bench.clock.now())
    await bench.run(do.Tag(A, {"k": "v"}))
    assert bench.failures() == {}


@in_virtual_time
async def test_without_the_permit_nothing_is_written_and_reads_go_on() -> None:
    bench = Bench()
    bench.permit.given = False
    await bench.run(do.Refresh(0.0))
    for action in (do.Tag(A, {"k": "v"}), do.Delete(A), do.Update(A, {}), do.Create({}, {})):
        with pytest.raises(executor.PermitLost):
            await bench.run(action)
    assert bench.aws.count(writes=True) == 0


READS = [
    pytest.param(room("r", "x", env="prod"), join("r"), ("x", "a"), id="joined behind what is there"),
    pytest.param(room("r", "x", "y", "z", env="prod"), join("r"), ("x", "y", "z"), id="full by now: left"),
    pytest.param(room("r", "x", env="test"), join("r"), ("x",), id="no longer meant: not joined"),
    pytest.param(room("r", "a", "x", env="prod"), join("r"), ("a", "x"), id="joined by now: no write"),
    pytest.param(
        room("r", "x", "y", env="prod"),
        join("r", remove=frozenset({Y})),
        ("x", "a"),
        id="in place of a predecessor",
    ),
    pytest.param(
        room("r", "x", "y", env="test"),
        join("r", remove=frozenset({Y})),
        ("x", "y"),
        id="no longer meant: the predecessor is not taken off either, that is another plan",
    ),
    pytest.param(
        room("r", "a", "x"),
        do.Associate(consumer=consumer_arn("r"), remove=frozenset({A})),
        ("x",),
        id="let go",
    ),
]


@pytest.mark.parametrize(("now", "action", "after"), READS)
def test_what_is_written_follows_from_a_fresh_read(now: Any, action: Any, after: tuple[str, ...]) -> None:
    @in_virtual_time
    async def story() -> None:
        bench = Bench()
        bench.region.audience.put(room("r", env="prod"))  # what the view says is old
        bench.aws.put(now)
        await bench.run(action)
        assert bench.aws.consumers[consumer_arn("r")].configurations == tuple(arn_of(id_) for id_ in after)
        changed = now.configurations != bench.aws.consumers[consumer_arn("r")].configurations
        assert bench.operations() == ["GetConsumer", *(["Associate"] if changed else [])]
        shown = bench.region.view(bench.situation.subject.owner, ()).consumers.get(consumer_arn("r"))
        assert shown is not None
        assert shown.configurations == bench.aws.consumers[consumer_arn("r")].configurations
        assert bench.aws.breaches == []

    story()


@in_virtual_time
async def test_letting_go_of_a_room_that_is_gone_is_done() -> None:
    bench = Bench()
    bench.region.audience.put(room("r", "a"))
    await bench.run(do.Associate(consumer=consumer_arn("r"), remove=frozenset({A})))
    assert bench.failures() == {}
    assert bench.region.view(bench.situation.subject.owner, ()).consumers.get(consumer_arn("r")) is None


@in_virtual_time
async def test_a_room_that_others_changed_at_the_same_time_is_looked_at_again() -> None:
    bench = Bench()
    bench.aws.put(room("r", env="prod"))
    write = bench.region.gateway.associate

    async def raced(arn: str, configurations: tuple[str, ...]) -> Any:
        await write(arn, configurations)
        bench.aws.put(room("r", "x", env="prod"))
        return bench.aws.consumers[arn]

    bench.region.gateway.associate = raced  # type: ignore[method-assign]
    await bench.run(join("r"))
    (failure,) = bench.failures().values()
    assert failure.fault.kind is FaultClass.FAST
    assert "at the same time" in failure.fault.message


@in_virtual_time
async def test_a_taken_channel_is_replaced_only_as_far_as_was_allowed() -> None:
    bench = Bench(RECORDING)
    arn, allowed = arn_of("a", RECORDING), arn_of("x", RECORDING)
    for held, after in (("x", "a"), ("y", "y")):
        bench.aws.put(channel("c", held, env="prod"))
        action = do.Associate(
            consumer=consumer_arn("c", RECORDING),
            add=arn,
            wanted_by=(PROD,),
            replaceable=frozenset({allowed}),
        )
        await bench.run(action)
        assert bench.aws.consumers[consumer_arn("c", RECORDING)].configurations == (arn_of(after, RECORDING),)


CREATES = [
    pytest.param(None, None, id="made: nothing is left to remember"),
    pytest.param("throttled", (True, True), id="refused: called, and AWS said that nothing was made"),
    pytest.param("unsent", (True, False), id="no answer: called, and nobody knows"),
    pytest.param("lost", (True, False), id="an answer that was lost looks the same"),
]


@pytest.mark.parametrize(("trouble", "remembered"), CREATES)
def test_create(trouble: str | None, remembered: tuple[bool, bool] | None) -> None:
    @in_virtual_time
    async def story() -> None:
        bench = Bench(trouble=lambda *_: trouble)
        bench.memories.attempt(bench.key, Attempt(since=1.0, acknowledged_at=2.0))
        await bench.run(do.Create({"name": "n", "destinationConfiguration": {}}, {"ivs-operator.dev/owner": "o/n/s"}))
        attempt = bench.memories.get(bench.key).attempt
        assert ((attempt.called, attempt.answered) if attempt else None) == remembered
        assert (
            bench.aws.count(operation="Create")
            == len(bench.aws.made)
            == (0 if trouble in {"throttled", "unsent"} else 1)
        )

    story()


@in_virtual_time
async def test_the_view_shows_at_once_what_was_done() -> None:
    bench = Bench()
    await bench.run(do.Refresh(0.0))
    owner = bench.situation.subject.owner

    def seen() -> Any:
        return bench.region.view(owner, (A,)).named

    await bench.run(do.Tag(A, {"team": "live", "old": "1"}))
    await bench.run(do.Untag(A, ("old",)))
    assert seen().tags["team"] == "live"
    assert "old" not in seen().tags
    await bench.run(do.Update(A, {"name": "new"}))
    assert (seen().settings["name"], seen().state) == ("new", "UPDATING")
    await bench.run(do.Delete(A))
    assert f"delete:{A}" in bench.failures(), "AWS is at work, so it refuses"
    await asyncio.sleep(5)
    await bench.run(do.Delete(A))
    assert seen().state == "DELETING"


@in_virtual_time
async def test_a_delete_that_is_refused_because_of_users_makes_them_be_asked_for_again() -> None:
    bench = Bench()
    for _ in range(2):
        await bench.run(do.ListUsers(A))
        await asyncio.sleep(1)
    view = bench.region.view(bench.situation.subject.owner, ())
    assert view.users[A].empty_in_a_row == 2
    bench.aws.lag = 0.001  # the Lists were stale
    bench.aws.put(room("r", "a"))
    await bench.run(do.Delete(A))
    assert A not in view.users


@in_virtual_time
async def test_the_attempt_to_untag_is_remembered_whatever_comes_of_it() -> None:
    for trouble in (None, "throttled"):
        bench = Bench(trouble=lambda *_, trouble=trouble: trouble)
        await bench.run(do.Untag(A, ("k",)))
        assert bench.memories.get(bench.key).untag_tried


@in_virtual_time
async def test_writes_to_kubernetes_are_not_its_business() -> None:
    with pytest.raises(TypeError, match="ReleaseFinalizer"):
        await Bench().run(do.ReleaseFinalizer())


@in_virtual_time
async def test_an_unexpected_error_is_not_swallowed() -> None:
    bench = Bench(RECORDING)
    bench.region.gateway.tag = None  # type: ignore[assignment, method-assign]
    with pytest.raises(TypeError):
        await bench.run(do.Tag(A, {"k": "v"}))


@in_virtual_time
async def test_nothing_is_begun_for_whom_the_account_is_taken_from() -> None:
    """A step is up to 50 associations: who is refused by now must not get the rest of them."""
    bench = Bench()
    bench.aws.put(*(room(f"r{number:02}", env="prod") for number in range(BATCH)))
    actions = [join(f"r{number:02}") for number in range(BATCH)]
    done = bench.aws.calls

    def withdrawn() -> bool:
        return len([call for call in done if call.operation == "Associate"]) >= 3

    await bench.executor.run(actions, bench.situation, bench.region, withdrawn=withdrawn)
    assert 3 <= bench.operations().count("Associate") <= 3 + executor._PARALLEL, "what was under way is finished"
    before = len(done)
    tag = do.Tag(arn=A, tags={"team": "live"})
    await bench.executor.run([tag, *actions], bench.situation, bench.region, withdrawn=withdrawn)
    assert len(done) == before


@pytest.mark.parametrize("action", [do.Tag(A, {"team": "live"}), do.Untag(A, ("team",))], ids=["tag", "untag"])
@pytest.mark.parametrize(("trouble", "doubtful"), [("lost", True), ("unsent", True), ("throttled", False)])
def test_whose_it_is_after_a_tagging_without_an_answer_only_a_get_tells(
    action: do.Action, trouble: str, doubtful: bool
) -> None:
    @in_virtual_time
    async def story() -> None:
        bench = Bench(trouble=lambda _, writes: trouble if writes else None)
        await bench.run(do.Refresh(0.0))
        await bench.run(action)
        assert (bench.region.view(bench.situation.subject.owner, (A,)).unlisted == {A}) is doubtful
        await bench.run(do.Inspect(A))
        assert not bench.region.view(bench.situation.subject.owner, (A,)).unlisted

    story()
