"""Where the demo's story is shown: a live table on a terminal, otherwise plain lines, each state change once."""

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self, TextIO

from ivs_sandbox.stage_view import Declared, View

__all__ = ["PlainScreen", "Screen", "open_screen"]


class Screen(ABC):
    """What the story needs of any place it is shown in. A context manager: leaving it gives the terminal back."""

    paced = False
    """Whether a person reads along, so that there must be time to read."""

    @abstractmethod
    def say(self, text: str) -> None:
        """One line as it is."""

    @abstractmethod
    def note(self, topic: str, text: str) -> None:
        """Something that is ready, while everything starts."""

    @abstractmethod
    def chapter(self, number: int, title: str, text: str) -> None:
        """A new step of the story, and what it is about."""

    @abstractmethod
    def command(self, typed: str) -> None:
        """A command that a person could type, carried out now; may have several lines."""

    @abstractmethod
    def quote(self, speaker: str, text: str) -> None:
        """What an object says about itself, word for word."""

    @abstractmethod
    def result(self, text: str) -> None:
        """What came of a step."""

    @abstractmethod
    def show(self, view: View, doing: str) -> None:
        """What there is now, and what is being waited for; call it as often as you look."""

    @abstractmethod
    def __enter__(self) -> Self:
        """Take the place."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it back."""


class PlainScreen(Screen):
    """Lines for logs and pipes, with the seconds since the start."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._began = time.monotonic()
        self._before: View | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was taken."""

    def say(self, text: str) -> None:
        """A line without time."""
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def note(self, topic: str, text: str) -> None:
        """Timed, topic first."""
        self._timed(f"{topic}: {text}")

    def chapter(self, number: int, title: str, text: str) -> None:
        """An empty line, then both on lines of their own."""
        self.say("")
        self._timed(f"{number}. {title}")
        self._timed(f"   {text}")

    def command(self, typed: str) -> None:
        """As in documentation, behind a dollar sign."""
        first, *others = typed.splitlines()
        self._timed(f"   $ {first}")
        for line in others:
            self._timed(f"     {line}")

    def quote(self, speaker: str, text: str) -> None:
        """Whole, however long."""
        self._timed(f'   {speaker} says: "{text}"')

    def result(self, text: str) -> None:
        """Marked, so that a log can be searched for it."""
        self._timed(f"   ok: {text}")

    def show(self, view: View, doing: str) -> None:  # noqa: ARG002 - a log needs no word on what is waited for
        """Only what differs from the view before."""
        for line in changes(self._before, view):
            self._timed(f"   - {line}")
        self._before = view

    def _timed(self, text: str) -> None:
        self.say(f"{time.monotonic() - self._began:5.1f} s  {text}")


def open_screen(environ: Mapping[str, str] | None = None) -> Screen:
    """The live table when standard output is a terminal that can move its cursor, else plain lines."""
    environ = os.environ if environ is None else environ
    if not sys.stdout.isatty() or environ.get("TERM", "dumb") in ("", "dumb", "unknown"):
        return PlainScreen()
    from ivs_sandbox.screen_live import LiveScreen

    return LiveScreen()


def changes(before: View | None, after: View) -> Iterable[str]:
    """What happened between two views, one sentence each."""
    old = {} if before is None else before.declared
    yield from (_declared(item) for name, item in after.declared.items() if _shown(old.get(name)) != _shown(item))
    yield from (f"{name} is gone" for name in old if name not in after.declared)
    uses = {} if before is None else {item.arn: item.uses for item in before.consumers}
    for item in after.consumers:
        if item.arn not in uses or uses[item.arn] != item.uses:
            verb = "logs to" if item.kind == "room" else "records with"
            tags = ", ".join(f"{key}={value}" for key, value in item.tags.items())
            yield f"{item.kind} {item.name} ({tags}) {verb} {', '.join(item.uses) or 'nothing'}"


def _shown(item: Declared | None) -> tuple[object, ...]:
    return () if item is None else (item.ready, item.reason, item.state, item.associated, item.deleting)


def _declared(item: Declared) -> str:
    if not item.reason:
        return f"{item.name} is declared"
    known = {"Ready": item.ready or "?", "reason": item.reason, "state": item.state, "associated": item.associated}
    said = ", ".join(f"{name} {value}" for name, value in known.items() if value)
    return f"{item.name}: {said}{', being deleted' if item.deleting else ''}"
