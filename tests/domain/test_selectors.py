"""Selector entries: what they match, and how they are read back from a status that anybody may have edited."""

from typing import Any

import pytest

from ivs_operator.domain.selectors import Selector, selectors_from

TAGS = {"env": "prod", "team": "live"}
MATCHES = [
    pytest.param({"arn": "a"}, True, id="its ARN"),
    pytest.param({"arn": "b"}, False, id="another ARN"),
    pytest.param({"name": "lobby"}, True, id="its name"),
    pytest.param({"name": "Lobby"}, False, id="names have case"),
    pytest.param({"matchTags": {"env": "prod"}}, True, id="one of its tags"),
    pytest.param({"matchTags": TAGS}, True, id="all of its tags"),
    pytest.param({"matchTags": {"env": "test"}}, False, id="another value"),
    pytest.param({"matchTags": {**TAGS, "x": "y"}}, False, id="one tag too many"),
    pytest.param({"matchTags": {}}, False, id="no tag means nothing, not everything"),
    pytest.param({}, False, id="nothing at all"),
]


@pytest.mark.parametrize(("entry", "matches"), MATCHES)
def test_matches(entry: dict[str, Any], matches: bool) -> None:
    assert Selector.from_dict(entry).matches("a", "lobby", TAGS) is matches


@pytest.mark.parametrize("entry", [{"arn": "a"}, {"name": "n"}, {"matchTags": {"b": "1", "a": "2"}}])
def test_there_and_back(entry: dict[str, Any]) -> None:
    selector = Selector.from_dict(entry)
    assert selector.to_dict() == entry
    assert selectors_from([entry]) == (selector,)
    assert selector.exact is ("matchTags" not in entry)
    assert str(selector)


def test_order_of_tags_makes_no_difference() -> None:
    assert Selector.from_dict({"matchTags": {"a": "1", "b": "2"}}) == Selector.from_dict(
        {"matchTags": {"b": "2", "a": "1"}}
    )


GARBAGE: list[Any] = [
    None,
    "text",
    7,
    {},
    {"a": 1},
    ["text"],
    [None],
    [{}],
    [{"arn": 1}],
    [{"matchTags": {}}],
    [{"x": 1}],
]


@pytest.mark.parametrize("value", [*GARBAGE, [{"matchTags": {"a": 1}}], [{"matchTags": "a"}]])
def test_garbage_is_left_out(value: Any) -> None:
    assert selectors_from(value) == ()


def test_a_bad_entry_does_not_spoil_the_good_ones() -> None:
    assert selectors_from([{"name": "a"}, 7, {"name": "a"}, {"arn": "b"}]) == (Selector(name="a"), Selector(arn="b"))
