"""Every reason that a status can show is explained under the right heading, and nothing else is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from ivs_operator.api.reasons import ConditionType, Reason

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reasons.md"
DOMAIN = ROOT / "operator" / "ivs_operator" / "domain"


def test_every_reason_has_a_section_with_what_to_do() -> None:
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    explained = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    assert set(explained) == {reason.value for reason in Reason}
    assert not [reason for reason, text in explained.items() if len(text) < 60], "a word or two do not help anybody"


def test_under_stalled_stand_the_reasons_that_the_planner_never_tells_without_it() -> None:
    stalled, passing = ({Reason[name].value for name, stalls in _told() if stalls is told} for told in (True, False))
    heading = re.search(r"^## [^\n]*\(Stalled\)\n(.*?)^## ", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert heading is not None
    assert set(re.findall(r"^### (\w+)$", heading[1], flags=re.MULTILINE)) == stalled - passing


def _told() -> Iterator[tuple[str, bool]]:
    """Each reason that the planner's sources name for a finding, or for there being no place, and whether it stalls."""
    for path in DOMAIN.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            match call:
                case ast.Call(
                    func=ast.Name("Finding" | "_nowhere" as how), args=[ast.Attribute(ast.Name("Reason"), name), *_]
                ):
                    yield name, how == "_nowhere" or "stalled=True" in map(ast.unparse, call.keywords)
                case ast.Call(func=ast.Name("_fault"), args=[ast.Attribute(ast.Name("Reason"), name), *_]):
                    yield name, False  # a refusal of credentials, which goes once somebody allows them


def test_every_condition_is_named() -> None:
    text = PAGE.read_text()
    assert not [condition for condition in ConditionType if f"`{condition}`" not in text]
