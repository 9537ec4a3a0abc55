"""SIGKILL right after each kind of AWS call, and at random moments: nothing is made twice, lost or left behind.

While the process is dead somebody edits; the next one must go on from what AWS and the API server tell. The kill comes
when the call has had its effect and nobody has heard of it, the worst moment; the emulator holds it as long as needed.
"""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.deadlines import TIMEOUT, until
from support.replacements import ENDLESS
from support.walk import CHAT, RECORDING, is_ready, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.walk import Walk

_KILLS = 20
_NEEDED = 2 * TIMEOUT  # seconds that a call may need to come after a start, on a busy machine
_CREATES = {CHAT: "ivschat.CreateLoggingConfiguration", RECORDING: "ivs.CreateRecordingConfiguration"}
_DELETES = {CHAT: "ivschat.DeleteLoggingConfiguration", RECORDING: "ivs.DeleteRecordingConfiguration"}
_NOUNS = {CHAT: ("LoggingConfiguration", "Room"), RECORDING: ("RecordingConfiguration", "Channel")}


def _killed_after(walk: Walk, operation: str) -> None:
    """Start the operator, and kill it when AWS has carried out this operation and the answer is on its way."""
    held = walk.control.add_fault(operation=operation, hold="after", count=1)
    walk.operator.launch()
    try:
        walk.control.wait_held(held, timeout=_NEEDED)
    except TimeoutError:
        pytest.fail(f"{operation} was never called\n{walk.operator.tail()}")
    walk.operator.kill()
    walk.control.remove_fault(held, discard=True)


class _Story:
    """One object of a kind, and three rooms or channels: one to join, one to leave alone, one of somebody else."""

    def __init__(self, walk: Walk, plural: str) -> None:
        self.walk = walk
        self.plural = plural
        self.object, self.user = _NOUNS[plural]
        self.theirs = walk.foreign(plural)
        make: Callable[..., str] = walk.room if plural == CHAT else walk.channel
        self.ours = make("ours", env="prod")
        self.other = make("other", env="test")
        self.used = make("used", self.theirs, env="test")
        self.since = walk.control.last_sequence()
        walk.apply(plural, "vod", tags={"team": "live"}, **self.spec("archive"), **self.entries(["prod"]))

    def spec(self, bucket: str) -> dict[str, Any]:
        self.walk.emulator.bucket(bucket)
        return {"destinationConfiguration": s3(bucket)}

    def entries(self, environments: list[str]) -> dict[str, Any]:
        name = "rooms" if self.plural == CHAT else "channels"
        return {name: [{"matchTags": {"env": environment}} for environment in environments]}

    def calls(self) -> Iterator[str]:
        """What is called to make the object and to join rooms or channels to it, in this order, and to look around."""
        yield "GetCallerIdentity"
        yield f"List{self.object}s"
        self.walk.control.set(create_seconds=ENDLESS)
        yield f"Create{self.object}"
        yield f"Get{self.object}"  # as long as AWS is at it
        self.finish()
        yield f"List{self.user}s"
        yield f"Get{self.user}"
        yield f"Update{self.user}"

    def edits(self) -> Iterator[str]:
        """Edit after edit while the operator is down, and the calls that each leads to."""
        if self.plural == CHAT:
            self.walk.control.set(update_seconds=ENDLESS)
            self.walk.edit(self.plural, "vod", **self.spec("second"))
            yield "UpdateLoggingConfiguration"
            yield "GetLoggingConfiguration"
            self.finish()
        self.walk.edit(self.plural, "vod", tags={"team": None, "stage": "main"})
        yield "TagResource"
        yield "UntagResource"
        self.walk.edit(self.plural, "vod", **self.entries([]))
        if self.plural == RECORDING:
            self.walk.control.go_live(self.ours)  # AWS refuses to change it, and streams are looked at from then on
            yield "ListStreams"
            self.walk.control.go_offline(self.ours)
        yield f"Update{self.user}"

    def finish(self) -> None:
        """AWS has done what it was at."""
        (own,) = [item for item in self.walk.configurations(self.plural) if item["arn"] != self.theirs]
        self.walk.control.set_state(own["arn"], "ACTIVE")

    def check_joined(self, bucket: str) -> str:
        walk, plural = self.walk, self.plural
        arn = str(walk.ready(plural, "vod", timeout=_NEEDED)["arn"])
        walk.associated([self.ours], arn)
        (own,) = [item for item in walk.configurations(plural) if item["arn"] != self.theirs]
        assert (own["arn"], own["destinationConfiguration"]) == (arn, s3(bucket))
        self.check_others()
        return arn

    def check_others(self) -> None:
        walk = self.walk
        assert walk.users(self.used) == [self.theirs], "what others use is theirs"
        assert [entry for entry in walk.users(self.other) if entry] == []
        assert self.theirs in [item["arn"] for item in walk.configurations(self.plural)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plural", [CHAT, RECORDING], ids=["chat logging", "recording"])
def test_killed_after_each_kind_of_aws_call_an_object_lives_its_life_once(
    begin: Callable[..., Walk], plural: str
) -> None:
    walk = begin(create_grace=3, sweep_interval=5)  # between sweeps, a Get tells how far AWS is
    walk.operator.kill()
    story = _Story(walk, plural)

    for operation in story.calls():
        _killed_after(walk, operation)
    walk.operator.start()
    arn = story.check_joined("archive")
    walk.operator.kill()

    for operation in story.edits():
        _killed_after(walk, operation)
    walk.operator.start()
    walk.released([story.ours], arn)
    assert walk.ready(plural, "vod", timeout=_NEEDED)["arn"] == arn
    tags = next(item["tags"] for item in walk.configurations(plural) if item["arn"] == arn)
    assert {key: value for key, value in tags.items() if "/" not in key} == {"stage": "main"}
    walk.operator.kill()

    walk.delete(plural, "vod")
    for operation in (f"Delete{story.object}", f"Get{story.object}"):  # whether it is really gone, only a Get tells
        _killed_after(walk, operation)
    walk.operator.start()
    walk.gone(plural, "vod", timeout=_NEEDED)

    story.check_others()
    assert [item["arn"] for item in walk.configurations(plural)] == [story.theirs]
    written = walk.aws_writes(story.since)
    assert (written[_CREATES[plural]], written[_DELETES[plural]]) == (1, 1)


@pytest.mark.timeout(900)
def test_killed_at_twenty_random_moments_every_object_is_there_once_and_nothing_else(
    begin: Callable[..., Walk],
) -> None:
    """People apply, edit and delete meanwhile, a third of the objects is deleted again, and others use the rooms."""
    seed = int(os.environ.get("IVS_OPERATOR_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"seed {seed}; IVS_OPERATOR_TEST_SEED={seed} repeats the moments")
    chance = random.Random(seed)
    walk = begin(create_grace=2)
    theirs = walk.foreign(CHAT)
    rooms = [walk.room(f"room-{number}", *([theirs] if number % 2 else []), env="prod") for number in range(4)]
    since = walk.control.last_sequence()
    buckets = [walk.emulator.bucket(f"archive-{number}") for number in range(2)]
    plurals = {number: (CHAT, RECORDING)[number % 2] for number in range(_KILLS)}

    for number, plural in plurals.items():
        entries = {"rooms": [{"matchTags": {"env": "prod"}}]} if number == 0 else {}
        walk.apply(plural, f"vod-{number}", destinationConfiguration=s3(buckets[0]), **entries)
        if number % 6 == 4:
            walk.edit(CHAT, f"vod-{number - 2}", destinationConfiguration=s3(buckets[1]))
        if number % 3 == 2:
            walk.delete(plurals[number - 1], f"vod-{number - 1}")
        time.sleep(chance.uniform(0, 1.2))  # the moment of the kill is what is tried here: it waits for nothing
        walk.operator.kill()
        walk.operator.launch()
    walk.operator.wait_ready()

    deleted = {number - 1 for number in plurals if number % 3 == 2}
    for number in deleted:
        walk.gone(plurals[number], f"vod-{number}", timeout=_NEEDED)
    kept = {
        number: walk.ready(plurals[number], f"vod-{number}", timeout=_NEEDED)
        for number in plurals
        if number not in deleted
    }
    walk.associated(rooms, kept[0]["arn"])
    for plural in (CHAT, RECORDING):
        expected = [status["arn"] for number, status in kept.items() if plurals[number] == plural]
        found = [item["arn"] for item in walk.configurations(plural) if item["arn"] != theirs]
        assert sorted(found) == sorted(expected)
    assert [walk.held_by(room) for room in rooms] == [[kept[0]["arn"]], [theirs, kept[0]["arn"]]] * 2
    _check_creates(walk, since, len(plurals))


def _check_creates(walk: Walk, since: int, objects: int) -> None:
    """Every Create that was carried out is for another object; one deleted before its Create needs none."""
    written = walk.aws_writes(since)
    made, removed = (sum(written.get(name, 0) for name in names.values()) for names in (_CREATES, _DELETES))
    assert made <= objects
    assert made - removed == len(walk.configurations(CHAT)) + len(walk.configurations(RECORDING)) - 1


def test_aws_that_refuses_connections_while_the_operator_is_killed_changes_nothing(begin: Callable[..., Walk]) -> None:
    """A process that starts into an outage knows nothing, and must take silence for neither presence nor absence."""
    walk = begin(create_grace=3)
    bucket = walk.emulator.bucket("archive")
    room = walk.room("lobby", env="prod")
    walk.apply(CHAT, "first", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    arn = walk.ready(CHAT, "first")["arn"]
    walk.associated([room], arn)
    mark = walk.mark()
    outage = walk.control.add_fault(drop="before")
    walk.operator.kill()
    since = walk.control.last_sequence()
    walk.operator.start()
    walk.apply(CHAT, "second", destinationConfiguration=s3(bucket))

    assert "AWS" in walk.reason(CHAT, "second", "Unavailable", timeout=_NEEDED)
    assert walk.aws_writes(since) == {}
    assert {entry.name.partition(".")[0] for entry in walk.kube_writes(mark)} <= {"second"}, (
        "what was Ready is said to be so still"
    )
    assert is_ready(walk.get(CHAT, "first") or {})

    walk.control.remove_fault(outage)
    second = walk.ready(CHAT, "second", timeout=_NEEDED)["arn"]
    assert sorted(item["arn"] for item in walk.configurations(CHAT)) == sorted([arn, second])
    until(lambda: walk.held_by(room) == [arn], "the room has kept it")
