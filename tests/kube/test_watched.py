"""Whether two installations could watch the same object: a wrong no would let both work on it."""

import itertools

import pytest

from ivs_operator.kube.watched import Watched

CASES = [
    pytest.param((), "", (), "", True, id="both watch everything"),
    pytest.param((), "", ("live",), "", True, id="one watches everything, the other a part of it"),
    pytest.param(("live", "chat"), "", ("chat", "vod"), "", True, id="they share a namespace"),
    pytest.param(("live",), "", ("chat",), "", False, id="no namespace in common"),
    pytest.param(("team-*",), "", ("team-a",), "", True, id="a pattern and what it fits"),
    pytest.param(("team-*",), "", ("live",), "", False, id="a pattern and what it does not fit"),
    pytest.param(("team-*",), "", ("*-a",), "", True, id="two patterns may fit one name"),
    pytest.param(("!live",), "", ("chat",), "", True, id="an exception leaves the rest"),
    pytest.param(("team-*,!team-a",), "", ("team-b",), "", True, id="a list in one pattern"),
    pytest.param((), "team=live", (), "team=chat", False, id="a label can't have two values"),
    pytest.param((), "team=live", (), "", True, id="a selector against none"),
    pytest.param((), "team=live", (), "env=prod", True, id="an object may have both labels"),
    pytest.param((), "team==live", (), "team in (live, chat)", True, id="one value in common"),
    pytest.param((), "team in (a,b)", (), "team in (c, d)", False, id="sets without a common value"),
    pytest.param((), "team in (a,b),env=x", (), "env=x,team in (b,c)", True, id="sets with a common value"),
    pytest.param((), "team=live", (), "team!=live", False, id="a value and its exclusion"),
    pytest.param((), "team in (a,b)", (), "team notin (a,b)", False, id="a set and its exclusion"),
    pytest.param((), "team in (a,b)", (), "team notin (a)", True, id="a set and the exclusion of a part"),
    pytest.param((), "team", (), "!team", False, id="there and not there"),
    pytest.param((), "team=live", (), "!team", False, id="a value, and not there"),
    pytest.param((), "team!=live", (), "!team", True, id="what is not there has no value"),
    pytest.param((), "team?live", (), "!team", True, id="what can't be read makes no difference"),
    pytest.param(("live",), "team=a", ("live",), "team=b", False, id="one namespace, divided by label"),
]


@pytest.mark.parametrize(("namespaces", "selector", "other_namespaces", "other_selector", "overlap"), CASES)
def test_overlap(
    namespaces: tuple[str, ...],
    selector: str,
    other_namespaces: tuple[str, ...],
    other_selector: str,
    overlap: bool,
) -> None:
    one, other = Watched(namespaces, selector), Watched(other_namespaces, other_selector)
    assert one.overlaps(other) is overlap
    assert other.overlaps(one) is overlap, "it does not matter who asks"


def test_an_installation_overlaps_itself_unless_it_can_watch_nothing() -> None:
    for namespaces, selector in itertools.product([(), ("live",)], ["", "team=live", "team in (a,b)", "!team", "x!=y"]):
        watched = Watched(namespaces, selector)
        assert watched.overlaps(watched), watched


def test_what_is_told_in_a_lease_is_read_again() -> None:
    watched = Watched(("live", "chat"), "team in (a,b)")
    read = Watched.parse(watched.told())
    assert read == Watched(("chat", "live"), "team in (a,b)")


@pytest.mark.parametrize("text", [None, "", "{}", "[1]", "null", '{"namespaces": 3, "selector": ""}'])
def test_an_annotation_of_somebody_else_tells_nothing(text: str | None) -> None:
    assert Watched.parse(text) is None
