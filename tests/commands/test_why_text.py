"""What `why` prints: whole lines for a pipe, words that stay whole on a terminal, and nothing but text on request."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from ivs_operator.commands.exit_codes import ExitCode
from ivs_operator.commands.why_text import as_text
from ivs_operator.domain.explanation import Blocker, explain
from ivs_operator.domain.plan import plan
from support.objects import RECORDING, arn_of, made_for, resource
from support.operator_process import clean_environment
from support.situations import ready_status, situation

if TYPE_CHECKING:
    from ivs_operator.domain.explanation import Explanation

ROOT = Path(__file__).parents[2]
ARN = arn_of("abcdefghijkl", RECORDING)
LONG = f"not authorized to perform ivs:GetRecordingConfiguration on {ARN} because no policy allows the action"
MISSING = "there is no bucket vod"


def denied() -> Explanation:
    """An object whose message names an ARN, with a remedy to be copied and a failed check."""
    ready = {"type": "Ready", "status": "False", "reason": "AccessDenied", "observedGeneration": 1}
    check = {"type": "DestinationReady", "status": "False", "reason": "DestinationNotFound", "message": MISSING}
    conditions = [{**ready, "message": f"{LONG}; {MISSING}"}, check]
    res = resource(RECORDING, status=ready_status(arn=ARN) | {"conditions": conditions})
    s = situation(res, [replace(made_for(resource(RECORDING)), arn=ARN)])
    return explain(res, s, plan(s), asked=None, sweep_interval=60.0)


def printed(width: int | None, **options: str | None) -> list[str]:
    """Lines for a terminal of that width, or for a pipe."""
    settings = {"color_system": None, **options}
    console = Console(highlight=False, force_terminal=width is not None, width=width or 40, **settings)  # type: ignore[arg-type]
    return as_text(denied(), console).splitlines()


REMEDY = "kubectl -n live annotate ivsrc vod --overwrite ivs-operator.dev/reconcile-at=$(date +%s)"


def test_no_line_is_broken_for_a_pipe() -> None:
    lines = printed(None)
    assert f"  {LONG}; {MISSING}" in lines
    assert REMEDY in [line.strip() for line in lines]
    assert f"At AWS        {ARN} ACTIVE" in lines


@pytest.mark.parametrize("width", [20, 40, 80, 100])
def test_a_terminal_breaks_lines_between_words_and_never_in_an_arn_or_a_command(width: int) -> None:
    lines = printed(width)
    assert REMEDY in [line.strip() for line in lines]
    assert " ".join(" ".join(lines).split()) == " ".join(" ".join(printed(None)).split()), "no word is cut or lost"
    prose = [line for line in lines if REMEDY not in line and len(line.split()) > 1 and ARN not in line]
    assert width < 80 or max(map(len, prose)) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_what_is_in_the_way_says_why_even_if_the_top_says_it_too() -> None:
    assert denied().blockers == (Blocker("DestinationReady", "DestinationNotFound", MISSING),)
    (line,) = [line for line in printed(None) if line.startswith("In the way")]
    assert line == f"In the way    DestinationNotFound DestinationReady: {MISSING}"


def test_colours_are_for_terminals_that_want_them() -> None:
    assert any("\x1b[" in line for line in printed(80, color_system="standard"))
    assert not any("\x1b" in line for line in printed(80)), "neither bold nor dim"


SHOW = "from commands.test_why_text import denied; from ivs_operator.commands.why_text import show; show(denied())"


def shown(**options: object) -> subprocess.Popen[str]:
    """A process whose command prints the explanation."""
    script = (
        "import sys; from types import SimpleNamespace\n"
        "from ivs_operator.commands.catalogue import Entry\n"
        "from ivs_operator.commands.command_line import CommandLine, command\n"
        "@command(examples='x why')\n"
        f"def why(): {SHOW}\n"
        "sys.modules['told'] = SimpleNamespace(command=why)\n"
        "CommandLine('x', [Entry('why', 'told', 'Why.')], help_='Why.').main(['why'])\n"
    )
    paths = f"{ROOT / 'operator'}:{ROOT / 'tests'}"
    given = {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "TERM": "xterm"}
    environment = clean_environment(given)
    return subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stderr=subprocess.PIPE, text=True, **options
    )  # type: ignore[call-overload, no-any-return]


def test_a_reader_who_has_gone_ends_it_as_it_ends_every_command() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = shown(stdout=writing)
    os.close(writing)
    assert process.communicate(timeout=120)[1] == ""
    assert process.returncode == ExitCode.BROKEN_PIPE


def test_no_color_leaves_nothing_but_text_on_a_terminal() -> None:
    screen, terminal = os.openpty()
    process = shown(stdout=terminal)
    os.close(terminal)
    seen = b""
    try:
        while part := os.read(screen, 65536):
            seen += part
    except OSError:  # the terminal's other end is closed: that was all
        pass
    os.close(screen)
    assert (process.communicate(timeout=120)[1], process.returncode) == ("", 0)
    assert REMEDY.encode() in seen
    assert b"\x1b" not in seen
