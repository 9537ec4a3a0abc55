"""A terminal as an SVG picture: what commands print, for the docs. Text in, text out; fonts are the reader's own."""

import calendar
import io
import re
import xml.etree.ElementTree as ET
from typing import Final

from rich.console import Console
from rich.text import Text

__all__ = ["lasting_words", "terminal_picture"]

_FORMAT: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: monospace; font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own, without the fonts that it would fetch."""

_PROMPT: Final = "$ "


def terminal_picture(title: str, text: str, *, columns: int) -> str:
    """The picture of a terminal that shows the text, ANSI colours included; what is typed after a prompt is bold.

    Lines longer than `columns` go on in the next line, as on a terminal.
    """
    console = Console(record=True, width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for line in text.rstrip("\n").split("\n"):
        shown = Text.from_ansi(line)
        if line.startswith(_PROMPT):
            shown.stylize("bold")
        console.print(shown, overflow="fold", highlight=False)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    drawn = console.export_svg(title=title, code_format=_FORMAT, unique_id=slug)
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines() if line.strip())


def lasting_words(picture: str) -> set[str]:
    """The words that a picture shows, without those that differ from run to run: dates, numbers, ids."""
    lines = ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")
    shown = {word for line in lines for word in (line.text or "").split()}
    return {word for word in shown if not re.search(r"\d", word)} - {*calendar.day_abbr, *calendar.month_abbr}
