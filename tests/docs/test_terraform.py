"""What the texts show for Terraform: read by Terraform's own parser, and made of names that its AWS provider has.

Nothing of it is carried out: that would need Terraform, its provider and an account.
"""

from __future__ import annotations

import re
import subprocess

import pytest

from docs.pages import PAGES, ROOT, Block, blocks
from support.engines import engine

_BLOCKS = [block for block in blocks() if block.language in ("terraform", "hcl")]
_INLINE = re.compile(r"`((?:ignore_tags|lifecycle|provider|resource)\b[^`]*\})`")
_NAME = re.compile(r"\baws_ivs\w*_\w+")

RESOURCES = {
    "aws_ivs_channel": {"recording_configuration_arn"},
    "aws_ivs_recording_configuration": set[str](),
    "aws_ivschat_logging_configuration": set[str](),
    "aws_ivschat_room": {"logging_configuration_identifiers"},
}
"""What the texts may name, with arguments of these. Source: terraform-provider-aws, service/ivs and ivschat."""


def _formatted(text: str) -> str:
    """As Terraform would write it; fails when it could not read it."""
    done = subprocess.run(
        [engine("hclfmt"), "-check"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("block", _BLOCKS, ids=str)
def test_blocks_are_read_and_well_formatted(block: Block) -> None:
    assert _formatted(block.text) == block.text


def test_pieces_in_the_text_are_read() -> None:
    pieces = [piece for page in PAGES for piece in _INLINE.findall(" ".join(page.read_text().split()))]
    assert pieces
    for piece in pieces:
        _formatted(piece.replace("[...]", "[name]"))


def test_names_are_the_providers() -> None:
    unknown = {
        f"{page.relative_to(ROOT)}: {name}"
        for page in PAGES
        for name in _NAME.findall(page.read_text())
        if name not in RESOURCES
    }
    assert not unknown
    text = (ROOT / "docs/migration.md").read_text()
    for resource, arguments in RESOURCES.items():
        (line, *_) = [line for line in text.split("\n* ") if f"`{resource}`" in line] or [text]
        assert all(f"`{argument}`" in line for argument in arguments), resource


def test_what_terraform_could_not_read_is_seen() -> None:
    with pytest.raises(AssertionError):
        _formatted("removed {\n  from = = x\n}\n")
