"""Both ways to show the story, on made-up views; what the real story says is tried with the whole demo."""

import io
import os
import pty
import re
from dataclasses import replace

import pytest
from rich.console import Console

from ivs_sandbox.screen import PlainScreen, changes, open_screen
from ivs_sandbox.screen_live import LiveScreen
from ivs_sandbox.stage_account import Consumer
from ivs_sandbox.stage_view import Declared, View

NEW = Declared(
    name="ivscl/chat-archive",
    ready="",
    reason="",
    message="",
    state="",
    associated="",
    foreign=0,
    arn="",
    deleting=False,
)
READY = replace(NEW, ready="True", reason="Available", state="ACTIVE", associated="1/1")
BLOCKED = replace(READY, ready="False", reason="DeletionBlocked", deleting=True)
QUIET = Consumer("room", "lobby", "arn:lobby", {"env": "prod"}, ())
LOGGING = replace(QUIET, uses=("chat-archive", "other"))
STAGE = Consumer("channel", "main", "arn:main", {"show": "a", "tier": "b"}, ())


def view(*items: Declared | Consumer) -> View:
    declared = {item.name: item for item in items if isinstance(item, Declared)}
    return View(declared, tuple(item for item in items if isinstance(item, Consumer)), {})


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (None, view(), []),
        (None, view(NEW, QUIET), ["ivscl/chat-archive is declared", "room lobby (env=prod) logs to nothing"]),
        (view(), view(STAGE), ["channel main (show=a, tier=b) records with nothing"]),
        (view(NEW), view(READY), ["ivscl/chat-archive: Ready True, reason Available, state ACTIVE, associated 1/1"]),
        (view(QUIET), view(LOGGING), ["room lobby (env=prod) logs to chat-archive, other"]),
        (view(READY, LOGGING), view(READY, LOGGING), []),  # each state once
        (view(READY), view(replace(READY, message="in other words")), []),  # words alone are no change of state
        (
            view(READY),
            view(BLOCKED),
            ["ivscl/chat-archive: Ready False, reason DeletionBlocked, state ACTIVE, associated 1/1, being deleted"],
        ),
        (view(BLOCKED), view(), ["ivscl/chat-archive is gone"]),
        (
            None,
            view(replace(READY, ready="")),
            ["ivscl/chat-archive: Ready ?, reason Available, state ACTIVE, associated 1/1"],
        ),
    ],
)
def test_what_happened_between_two_views(before: View | None, after: View, lines: list[str]) -> None:
    assert list(changes(before, after)) == lines


def test_plain_lines_carry_times_and_say_nothing_twice() -> None:
    stream = io.StringIO()
    with PlainScreen(stream) as screen:
        for seen in (view(NEW), view(NEW), view(READY)):
            screen.show(seen, "waiting")
        screen.command("kubectl apply \\\n  -f a.yaml")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert all(line.startswith("  0.0 s  ") for line in lines)
    assert lines[2].endswith("$ kubectl apply \\")


def live(width: int, height: int = 40) -> tuple[LiveScreen, io.StringIO]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, height=height, highlight=False)
    return LiveScreen(console), stream


@pytest.mark.parametrize(("width", "shown"), [(40, False), (80, True), (140, True)])
def test_tables_fit_the_window(width: int, shown: bool) -> None:
    screen, stream = live(width)
    with screen:
        screen.chapter(1, "A title", "word " * 60)
        screen.quote("ivscl/chat-archive", "word " * 60)
        screen.result("word " * 60)
        screen.show(view(BLOCKED, LOGGING, STAGE), "waiting until it is gone")
    lines = _without_codes(stream.getvalue()).splitlines()
    assert max(map(len, lines)) <= width, "a longer line would be wrapped, and the table then not redrawn in place"
    assert ("STATE AT AWS" in stream.getvalue()) is shown, "the least important column gives way first"
    assert "DeletionBl" in stream.getvalue()


def test_a_low_window_keeps_the_objects_and_drops_the_rooms() -> None:
    screen, stream = live(80, height=9)
    with screen:
        screen.show(view(READY, QUIET, STAGE), "waiting")
    assert "chat-archive" in stream.getvalue()
    assert "lobby" not in stream.getvalue()


def test_nothing_is_shown_of_nothing() -> None:
    screen, stream = live(80)
    with screen:
        screen.show(view(), "waiting")
    assert "KUBERNETES" not in stream.getvalue()
    assert "waiting" in stream.getvalue()


def test_no_colour_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen, stream = live(80)
    with screen:
        screen.show(view(READY, QUIET), "waiting")
        screen.result("done")
    codes = {code for code in stream.getvalue().split("\x1b[") if "m" in code[:6]}
    assert not any(code.split("m")[0] in {"32", "33", "1;32", "1;36"} for code in codes)


def test_the_cursor_is_given_back_after_an_error() -> None:
    screen, stream = live(80)
    with pytest.raises(RuntimeError), screen:
        raise RuntimeError
    assert "\x1b[?25l" in stream.getvalue(), "it was taken"
    assert "\x1b[?25h" in stream.getvalue()


@pytest.mark.parametrize(
    ("terminal", "environ", "kind"),
    [
        (True, {"TERM": "xterm-256color"}, LiveScreen),
        (True, {"TERM": "dumb"}, PlainScreen),  # cannot move its cursor
        (True, {}, PlainScreen),
        (False, {"TERM": "xterm-256color"}, PlainScreen),  # a pipe or a log
    ],
)
def test_which_screen_is_taken(
    terminal: bool, environ: dict[str, str], kind: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, terminal_end = pty.openpty()
    with os.fdopen(controller, "rb"), os.fdopen(terminal_end, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout if terminal else io.StringIO())
        screen = open_screen(environ)
        monkeypatch.undo()
    assert isinstance(screen, kind)


def _without_codes(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r", "\n")
