"""Visible progress of minutes-long work: one updating line on a terminal, otherwise a plain line now and then."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

_PLAIN_INTERVAL = 20.0
_TERMINAL_INTERVAL = 0.5
# Narrower than the narrowest usual terminal: a wrapped line could not be overwritten.
_WIDTH = 78


class Progress:
    """Says which step runs, for how many seconds, and a word about how far it is."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._terminal = self._stream.isatty()
        self._step = ""
        self._began = self._shown = 0.0

    def begin(self, step: str, expectation: str = "") -> None:
        """A new step, such as `building kube-apiserver`; the expectation is only said on plain streams."""
        self._step, self._began = step, self._clock()
        self._shown = self._began
        if self._terminal:
            self.tick()
        else:
            self._line(f"{step}{f' ({expectation})' if expectation else ''} ...")

    def tick(self, detail: str = "") -> None:
        """Call as often as you like; shows at the stream's own pace."""
        now = self._clock()
        if now - self._shown < (_TERMINAL_INTERVAL if self._terminal else _PLAIN_INTERVAL):
            return
        self._shown = now
        text = f"{self._step}: {now - self._began:.0f} s{f', {detail}' if detail else ''}"
        if self._terminal:
            self._write(f"\r\x1b[K{text[:_WIDTH]}")
        else:
            self._line(text)

    def end(self, result: str = "done") -> None:
        """The step is over."""
        if self._terminal:
            self._write("\r\x1b[K")
        self._line(f"{self._step}: {result} in {self._clock() - self._began:.0f} s")

    def abandon(self) -> None:
        """The step failed: leave the terminal on a fresh line for the error."""
        if self._terminal:
            self._write("\r\x1b[K")

    def say(self, text: str) -> None:
        """A line on its own."""
        self._line(text)

    def _line(self, text: str) -> None:
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
