"""AWS's documented rates, enforced: the rate is used and kept to, and a person's edit does not wait in line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.deadlines import until
from support.walk import CHAT, s3

if TYPE_CHECKING:
    from support.walk import Walk

ROOMS = 120


def test_an_edit_goes_before_a_long_line_of_associations_and_next_to_nothing_is_throttled(walk: Walk) -> None:
    bucket = walk.emulator.bucket("logs")
    lobby = walk.room("lobby")
    walk.apply(CHAT, "edited", destinationConfiguration=s3(bucket))
    arn = walk.ready(CHAT, "edited")["arn"]
    walk.control.seed(rooms=ROOMS, tags={"env": "prod"})
    walk.control.set(enforce_rates=True)
    since = walk.control.last_sequence()

    def updated() -> list[dict[str, object]]:
        return walk.control.requests(since, operation="UpdateRoom", status=200)

    walk.apply(CHAT, "long", destinationConfiguration=s3(bucket), rooms=[{"matchTags": {"env": "prod"}}])
    until(lambda: len(updated()) > 10, "the line moves", last=walk.operator.tail)
    before = len(updated())
    walk.edit(CHAT, "edited", name="renamed", rooms=[{"arn": lobby}])
    walk.ready(CHAT, "edited")
    after = len(updated())
    until(lambda: len(updated()) == ROOMS + 1, "all are associated", timeout=120, last=walk.operator.tail)

    place = next(number for number, entry in enumerate(updated()) if arn in str(entry["body"]))
    assert place - before < 30, "behind those that were about to leave, not behind all"
    assert after < ROOMS, "the edit was done while the line was long"
    requests = walk.control.requests(since, service="ivschat")
    throttled = [entry for entry in requests if entry["status"] == 429]
    assert len(throttled) <= len(requests) / 100
    times = [float(str(entry["time"])) for entry in updated()]
    assert ROOMS / (times[-1] - times[0]) > 5 * 0.8, "documented: 5 a second; the share is lower than in a long run"
