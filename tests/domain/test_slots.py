"""One room's or channel's list, and how it changes; foreign entries keep their place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivs_operator.domain.slots import Blocked, arrange

CASES = [
    pytest.param("", "n", "", 3, "", "n", id="an empty list takes the new one"),
    pytest.param("xy", "n", "", 3, "", "xyn", id="a free slot: the new one comes last"),
    pytest.param("xyz", "n", "", 3, "", Blocked(("x", "y", "z")), id="full: its holders are named"),
    pytest.param("xoz", "n", "o", 3, "", "xnz", id="the new one takes the place of the old one"),
    pytest.param("oxp", "n", "op", 3, "", "nx", id="of two old ones the first place"),
    pytest.param("xnz", "n", "", 3, "", "xnz", id="there already: nothing changes"),
    pytest.param("xno", "n", "o", 3, "", "xn", id="there already, and the old one goes"),
    pytest.param("xoy", None, "o", 3, "", "xy", id="only letting go"),
    pytest.param("xy", None, "o", 3, "", "xy", id="nothing to let go"),
    pytest.param("x", "n", "", 1, "", Blocked(("x",)), id="a channel holds one"),
    pytest.param("x", "n", "", 1, "x", "n", id="a replaceable one gives way"),
    pytest.param("xy", "n", "", 3, "x", "xyn", id="but only when there is no free slot"),
    pytest.param("xyz", "n", "", 3, "y", "xnz", id="in its place"),
    pytest.param("xyz", None, "", 3, "y", "xyz", id="replaceable ones are not let go for nothing"),
]


@pytest.mark.parametrize(("current", "add", "remove", "capacity", "replaceable", "wanted"), CASES)
def test_arrange(  # noqa: PLR0917 - columns of the table
    current: str, add: str, remove: str, capacity: int, replaceable: str, wanted: Any
) -> None:
    made = arrange(tuple(current), add=add, remove=remove, capacity=capacity, replaceable=replaceable)
    assert made == (tuple(wanted) if isinstance(wanted, str) else wanted)


LETTERS = st.sampled_from("abcdefgh")


@given(
    current=st.lists(LETTERS, unique=True, max_size=3).map(tuple),
    add=st.none() | LETTERS,
    remove=st.frozensets(LETTERS),
    replaceable=st.frozensets(LETTERS),
)
def test_properties(
    current: tuple[str, ...], add: str | None, remove: frozenset[str], replaceable: frozenset[str]
) -> None:
    """Foreign ones stay in their order, nothing is doubled, never more than fit, and once arranged it stays."""
    remove -= {add}
    made = arrange(current, add=add, remove=remove, capacity=3, replaceable=replaceable)
    foreign = [entry for entry in current if entry not in remove and entry != add]
    if isinstance(made, Blocked):
        assert len(current) == 3
        assert not (remove | replaceable) & set(current)
        return
    assert len(made) <= 3
    assert len(set(made)) == len(made)
    assert add is None or add in made
    assert not remove & set(made)
    kept = [entry for entry in made if entry != add]
    assert kept == [entry for entry in foreign if entry in made], "in their order"
    assert len(set(foreign) - set(made)) <= (len(foreign) == 3 and bool(replaceable & set(foreign)))
    assert arrange(made, add=add, remove=remove, capacity=3, replaceable=replaceable) == made
