"""Whether an orphan may be deleted."""

from dataclasses import replace

import pytest

from ivs_operator.api.names import TAG_OWNER
from ivs_operator.domain.cleanup import foothold, hindrance
from ivs_operator.domain.identity import Key
from ivs_operator.domain.orphans import Holder, Orphan
from support.objects import CHAT, CLUSTER, REGION, arn_of, room

LOST = Orphan(arn_of("a"), Key(CHAT, "live", "lost"), "111122223333", REGION, "lost", "ACTIVE", "there is none")
OTHER = Key(CHAT, "live", "other")


@pytest.mark.parametrize(
    ("orphan", "users", "holder", "says"),
    [
        pytest.param(LOST, [], None, None, id="nobody needs it"),
        pytest.param(replace(LOST, state="CREATE_FAILED"), [], None, None, id="a failed shell"),
        pytest.param(replace(LOST, state="CREATING"), [], None, "AWS is at work on it", id="AWS is at work"),
        pytest.param(LOST, [room("r", "a", name="lobby")], None, "1 room (lobby", id="used"),
        pytest.param(LOST, [], Holder(OTHER, existing_arn=LOST.arn), "live/other names it", id="to be adopted"),
        pytest.param(LOST, [], Holder(OTHER, named=frozenset({LOST.arn})), "live/other names it", id="in a status"),
        pytest.param(LOST, [], Holder(OTHER, existing_arn=arn_of("b")), None, id="another is named"),
        pytest.param(
            replace(LOST, made=False), [], None, f"adopted, as far as its tags tell; --arn {LOST.arn}", id="adopted"
        ),
    ],
)
def test_hindrance(orphan: Orphan, users: list[object], holder: Holder | None, says: str | None) -> None:
    found = hindrance(orphan, users, {OTHER: holder} if holder else {})  # type: ignore[arg-type]
    assert (found is None) == (says is None)
    assert says is None or says in str(found)


def test_what_was_adopted_goes_only_when_it_is_named_and_nothing_else_keeps_it() -> None:
    adopted = replace(LOST, made=False)
    assert hindrance(adopted, [], {}, chosen=True) is None
    assert "1 room" in str(hindrance(adopted, [room("r", "a")], {}, chosen=True))


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param([{TAG_OWNER: f"{CLUSTER}/live/other"}], True, id="one of ours is there"),
        pytest.param([{TAG_OWNER: f"{CLUSTER}/live/lost"}], False, id="only orphans"),
        pytest.param([{TAG_OWNER: "cluster-2/live/other"}, {}], False, id="another cluster's"),
        pytest.param([], False, id="nothing"),
    ],
)
def test_foothold(tags: list[dict[str, str]], expected: bool) -> None:
    assert foothold(tags, [Holder(OTHER)], TAG_OWNER, CLUSTER) is expected
