"""Entries that reproduce associations: by ARN as long as they fit, else by what only the users have."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivs_operator.api.selectors import MAX_SELECTORS
from ivs_operator.domain.import_selectors import Selection, selection_of
from ivs_operator.domain.observed import Consumer, ConsumerIndex
from support.objects import arn_of, room

MINE = arn_of("mine")


def selected(rooms: Iterable[Consumer]) -> tuple[Selection, set[str], set[str]]:
    """The selection, whom it matches, and who uses the configuration."""
    index = ConsumerIndex(rooms)
    selection = selection_of(MINE, index)
    matched = {item.arn for selector in selection.selectors for item in index.matching(selector)}
    return selection, matched, {item.arn for item in index.users(MINE)}


@pytest.mark.parametrize("number", [0, 1, MAX_SELECTORS])
def test_as_long_as_they_fit_they_are_named_one_by_one(number: int) -> None:
    selection, matched, users = selected(
        [room(f"r{n:03}x", "mine", env="prod") for n in range(number)] + [room("other")]
    )
    assert matched == users
    assert all(selector.arn for selector in selection.selectors), "exact now and later, though one tag would do"
    assert not selection.by_tags


def test_one_tag_that_only_they_have_stands_for_many() -> None:
    rooms = [room(f"r{n:03}x", "mine", env="prod", n=str(n)) for n in range(500)]
    others = [room(f"o{n:03}x", n=str(n)) for n in range(20)]
    selection, matched, users = selected(rooms + others)
    assert matched == users
    (selector,) = selection.selectors
    assert dict(selector.match_tags) == {"env": "prod"}
    assert selection.by_tags


def test_tags_that_others_share_are_narrowed_by_more_tags() -> None:
    rooms = [room(f"r{n:03}x", "mine", env="prod", team="live") for n in range(150)]
    others = [room("env-only", env="prod"), room("team-only", team="live")]
    selection, matched, users = selected(rooms + others)
    assert matched == users
    assert [dict(selector.match_tags) for selector in selection.selectors] == [{"env": "prod", "team": "live"}]


def test_names_and_arns_fill_what_tags_leave() -> None:
    tagged = [room(f"t{n:03}x", "mine", env="prod") for n in range(90)]
    named = [room(f"n{n:03}x", "mine", name="lobby") for n in range(90)]
    single = [room(f"s{n:03}x", "mine", name=f"single-{n}") for n in range(50)]
    selection, matched, users = selected([*tagged, *named, *single, room("other", name="elsewhere", env="test")])
    assert matched == users
    assert len(selection.selectors) <= MAX_SELECTORS
    assert not selection.left_out


def test_what_nothing_tells_from_others_is_left_out_and_said() -> None:
    users = [room(f"r{n:03}x", "mine", env="prod") for n in range(150)]
    selection, matched, _ = selected([*users, room("other", env="prod")])
    assert len(selection.selectors) == MAX_SELECTORS
    assert len(selection.left_out) == 50
    assert matched.isdisjoint(selection.left_out)
    assert matched <= {item.arn for item in users}, "never somebody else's room"


def test_the_same_account_gives_the_same_entries() -> None:
    rooms = [room(f"r{n:03}x", "mine", group=str(n % 7), half=str(n % 2)) for n in range(300)]
    assert selected(rooms)[0] == selected(reversed(rooms))[0]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(["", "a", "b"]),
            st.dictionaries(st.sampled_from("xyz"), st.sampled_from("12")),
        ),
        min_size=101,
        max_size=160,
    )
)
def test_nobody_else_is_ever_matched(drawn: list[tuple[bool, str, dict[str, str]]]) -> None:
    rooms = [
        room(f"r{n:03}x", *(["mine"] if uses else []), name=name, **tags) for n, (uses, name, tags) in enumerate(drawn)
    ]
    selection, matched, users = selected(rooms)
    assert len(selection.selectors) <= MAX_SELECTORS
    assert matched <= users
    assert matched | set(selection.left_out) == users
