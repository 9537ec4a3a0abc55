"""What may go wrong with one call, and what a run of one step tells about its calls."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["TROUBLES", "Crashed", "Line", "Trouble"]

TROUBLES: Final = {
    # kind of call -> what may happen to it, and the sort of fault that a scenario must allow for it
    "write": {"killed": "crash", "lost": "lost", "unsent": "lost", "refused": "refused"},
    "list": {"lagging": "lag", "unanswered": "reads"},
    "read": {"unanswered": "reads"},
    "kube": {"killed": "crash", "lost": "kube", "unsent": "kube"},
}
_WORDS: Final = {
    "killed": "done, and the process dies before it hears of it",
    "lost": "done, but the answer is lost",
    "unsent": "never arrives",
    "refused": "access denied",
    "unanswered": "no answer comes",
    "lagging": "shows things as they were one write ago",
}


class Crashed(BaseException):
    """The process is dead. Derived so that no handler in the product can catch it."""


@dataclass(frozen=True)
class Trouble:
    """One call of a step goes wrong."""

    at: int
    what: str


@dataclass
class Line:
    """The way out of the process during one step: counts the calls and spoils one."""

    trouble: Trouble | None = None
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Sort and words of each call."""
    breaches: list[str] = field(default_factory=list)

    def call(self, sort: str, words: str) -> str | None:
        """A call is about to be made; what happens to it."""
        number = len(self.calls)
        what = self.trouble.what if self.trouble is not None and self.trouble.at == number else None
        self.calls.append((sort, f"{words} ({_WORDS[what]})" if what else words))
        return what

    def breach(self, words: str) -> None:
        """Something happened that must never happen."""
        self.breaches.append(words)
