"""Every reason that a status can show is explained, and nothing else is."""

import re
from pathlib import Path

from ivs_operator.api.reasons import ConditionType, Reason

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_every_reason_has_a_section_with_what_to_do() -> None:
    sections = re.split(r"^### ", PAGE.read_text(), flags=re.MULTILINE)[1:]
    explained = {section.partition("\n")[0]: section.partition("\n")[2].strip() for section in sections}
    assert set(explained) == {reason.value for reason in Reason}
    assert not [reason for reason, text in explained.items() if len(text) < 60], "a word or two do not help anybody"


def test_every_condition_is_named() -> None:
    text = PAGE.read_text()
    assert not [condition for condition in ConditionType if f"`{condition}`" not in text]
