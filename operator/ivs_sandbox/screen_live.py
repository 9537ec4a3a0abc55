"""The story on a terminal: what has happened scrolls up, what there is now stands below it."""

import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ivs_sandbox.screen import Screen
from ivs_sandbox.stage_view import View

__all__ = ["LiveScreen"]

_WIDE = 120  # columns from which both tables fit side by side
_ROOMY = 70  # columns from which every column fits
_LINES_AROUND = 7  # headers, empty lines, what is being waited for
_COLOURS = {"True": "green", "False": "yellow"}


class LiveScreen(Screen):
    """Two tables and a sentence at the bottom, redrawn on every look."""

    paced = True

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="ellipsis")
        self._spinner = Spinner("line")
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the tables away and show the cursor again."""
        with suppress(OSError):  # the terminal may be gone, which must not hide why we end
            self._live.stop()

    def say(self, text: str) -> None:
        """As it is: too long for the window, it is left to the terminal to wrap."""
        self._console.print(Text(text), soft_wrap=True)

    def note(self, topic: str, text: str) -> None:
        """Topics in a column of their own."""
        self._hanging(Text(f"{topic:<11}", style="bold"), Text(text))

    def chapter(self, number: int, title: str, text: str) -> None:
        """The title stands out; an empty line sets it apart."""
        self._console.print()
        self._console.print(Text(f"{number}  {title}", style="bold cyan"))
        self._hanging(Text("   "), Text(text))

    def command(self, typed: str) -> None:
        """As typed."""
        text = typed.replace("\n", "\n     ")
        self._console.print(Text(f"   $ {text}", style="bold"), soft_wrap=True)

    def quote(self, speaker: str, text: str) -> None:
        """Its words in another colour."""
        self._hanging(Text("   "), Text.assemble(f"{speaker} says: ", (text, "yellow")))

    def result(self, text: str) -> None:
        """With a tick."""
        self._hanging(Text("   ✓ ", style="bold green"), Text(text))

    def show(self, view: View, doing: str) -> None:
        """Redraw."""
        self._live.update(self._picture(view, doing), refresh=True)

    def _hanging(self, head: Text, body: Text) -> None:
        """Wrapped to the window; further lines stand below the body's first."""
        grid = Table.grid()
        grid.add_column(no_wrap=True, width=head.cell_len)
        grid.add_column(overflow="fold")
        grid.add_row(head, body)
        self._console.print(grid)

    def _picture(self, view: View, doing: str) -> RenderableType:
        width, height = self._console.size
        self._spinner.update(text=Text(f" {doing}  ({time.monotonic() - self._began:.0f} s)", style="bold"))
        tables = [table for table in (_declared(view, narrow=width < _ROOMY), _consumers(view)) if table.row_count]
        if width >= _WIDE:
            side_by_side = Table.grid(padding=(0, 4))
            side_by_side.add_row(*tables)
            return Group(Text(), side_by_side, Text(), self._spinner)
        if height < len(view.declared) + len(view.consumers) + _LINES_AROUND:
            tables = tables[:1]
        return Group(*(part for table in tables for part in (Text(), table)), Text(), self._spinner)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table


def _declared(view: View, *, narrow: bool) -> Table:
    columns = ["KUBERNETES", "READY", "REASON", "ASSOCIATED"] + ([] if narrow else ["STATE AT AWS"])
    table = _table(*columns)
    for item in view.declared.values():
        style = "strike dim" if item.deleting and item.reason == "Deleting" else _COLOURS.get(item.ready, "dim")
        cells = [item.name, item.ready or "?", item.reason, item.associated or "-"]
        table.add_row(*(Text(cell, style=style) for cell in (cells if narrow else [*cells, item.state or "-"])))
    return table


def _consumers(view: View) -> Table:
    table = _table("AT AWS", "TAGS", "LOGS TO / RECORDS WITH")
    for item in view.consumers:
        tags = ", ".join(f"{key}={value}" for key, value in item.tags.items())
        uses = Text(", ".join(item.uses) or "nothing", style="green" if item.uses else "dim")
        table.add_row(f"{item.kind} {item.name}", Text(tags, style="dim"), uses)
    return table
