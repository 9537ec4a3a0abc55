"""What the documentation consists of: pages, their code blocks, the commands in them."""

from __future__ import annotations

import re
import shlex
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = (
    *sorted(DOCS.rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "helm/ivs-operator").glob("*.md")),
)
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?:^|\n\n)(?: {4}.*\n)+)", re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`((?:kubectl ivs|ivs-operator|make) [^`]+)`(?!`)")
_ENDS = frozenset({"|", ">", ">>", "&&", "||", ";", "&", "(", ")", "<"})


@dataclass(frozen=True, slots=True)
class Block:
    """A code block, and where it stands."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks() -> Iterator[Block]:
    """Every code block of every page, fenced or indented; an indented one has no language."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        name = str(page.relative_to(ROOT))
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield Block(name, line, match["language"], textwrap.dedent(match["text"]))
        rest = _FENCE.sub(lambda match: "\n" * match[0].count("\n"), text)
        for match in _INDENTED.finditer(rest):
            yield Block(name, rest.count("\n", 0, match.end()), "", textwrap.dedent(match[0].strip("\n")))


def commands() -> Iterator[tuple[str, list[str]]]:
    """Where it stands, and the words of every command that is shown: in blocks, and in the text between backticks."""
    for block in blocks():
        if block.language in ("console", "bash", "sh", ""):
            for line in _lines(block):
                yield from ((str(block), words) for words in simple_commands(line))
    for page in PAGES:
        for line in _INLINE.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
            name = str(page.relative_to(ROOT))
            yield from ((name, words) for words in simple_commands(" ".join(line.split())))


def _lines(block: Block) -> Iterator[str]:
    whole = block.text.replace("\\\n", " ").splitlines()
    for line in whole:
        if block.language == "console":
            if line.startswith("$ "):
                yield line[2:]
        else:
            yield line.removeprefix("$ ")


def simple_commands(line: str) -> Iterator[list[str]]:
    """The words of each command in a line of shell; pipes, redirections and comments divide."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    words: list[str] = []
    try:
        for word in lexer:
            if word in _ENDS:
                yield from [words] if words else []
                words = []
            else:
                words.append(word)
    except ValueError:  # prose in an indented block: an apostrophe
        return
    if words:
        yield words


def documents(block: Block) -> Iterator[dict[str, Any]]:
    """The YAML documents of a block."""
    yield from (document for document in yaml.safe_load_all(block.text) if document)
