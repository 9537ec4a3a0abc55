"""Faults put into the production code on purpose: an exploration that does not notice them proves nothing.

Each is a replacement of one function, or of a line in its source, put back afterwards.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ivs_operator.domain import associations, creation, deletion, ownership, plan, report, slots, surplus, sync
from ivs_operator.engine import executor

__all__ = ["MUTANTS", "Mutant"]


@dataclass(frozen=True)
class Mutant:
    """One fault: in `function` of `module`, `before` becomes `after`."""

    name: str
    module: Any
    function: str
    before: str
    after: str
    scenario: str
    """Part of the name of the scenario that must notice it."""
    breaks: str
    """Part of what the counterexample must say."""

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The product with the fault in it."""
        owner, name = self._place()
        original = getattr(owner, name)
        mutated = _mutated(original, self.before, self.after)
        bound = list(_bindings(owner, name, original))
        try:
            for place in bound:
                setattr(place, name, mutated)
            yield
        finally:
            for place in bound:
                setattr(place, name, original)

    def _place(self) -> tuple[Any, str]:
        outer, _, inner = self.function.rpartition(".")
        return (getattr(self.module, outer) if outer else self.module), inner


def _mutated(function: Callable[..., Any], before: str, after: str) -> Any:
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(before) != 1:
        raise AssertionError(f"{function.__qualname__} has changed: {before!r} is there {source.count(before)} times")
    scope: dict[str, Any] = {}
    code = compile(source.replace(before, after), f"<{function.__name__} with a fault>", "exec")
    exec(code, function.__globals__, scope)  # the product's own code, with one line changed
    return scope[function.__name__]


def _bindings(owner: Any, name: str, original: Any) -> Iterator[Any]:
    """Everywhere the function is known under its name."""
    yield owner
    for module in tuple(sys.modules.values()):
        ours = module is not owner and getattr(module, "__name__", "").startswith("ivs_operator")
        if ours and getattr(module, name, None) is original:
            yield module


MUTANTS = (
    Mutant(
        "the intent is not written",
        creation,
        "absent",
        "attempt = s.memory.attempt",
        "attempt = Attempt(0.0, s.now - 1); _may_call = lambda *_: True",
        "chat logging configuration is made once",
        "without an intent on record",
    ),
    Mutant(
        "the List before Create need not be newer than the intent",
        creation,
        "settled",
        "if pending is None:",
        "if pending is not None or pending is None:",
        "a few seconds matter",
        "a twin is made",
    ),
    Mutant(
        "the grace is not waited for",
        creation,
        "settled",
        "if s.now < trusted_from:",
        "if False:",
        "a few seconds matter",
        "goes on without getting anywhere",
    ),
    Mutant(
        "a Create without an answer counts as not made",
        executor,
        "Executor._settle_create",
        "fault.applied is False",
        "fault.applied is not True",
        "a few seconds matter",
        "a twin is made",
    ),
    Mutant(
        "a Create is tried again at once when no answer comes",
        executor,
        "Executor._create",
        "made = await region.gateway.create(action.settings, action.tags)\n    finally:",
        "made = await region.gateway.create(action.settings, action.tags)\n"
        "    except CallFailed:\n        made = await region.gateway.create(action.settings, action.tags)\n"
        "    finally:",
        "chat logging configuration is made once",
        "a twin is made",
    ),
    Mutant(
        "status is believed more than tags",
        deletion,
        "release",
        "if not s.view.owned:",
        "if not s.view.owned or s.subject.recorded.arn is None:",
        "chat logging configuration is made once",
        "is left behind",
    ),
    Mutant(
        "a pause is ignored",
        plan,
        "_precondition",
        "if s.subject.paused:",
        "if False:",
        "rooms are joined and let go",
        "paused",
    ),
    Mutant(
        "a pause does not hold a deletion",
        deletion,
        "_before",
        "if s.subject.paused:",
        "if False:",
        "a used object is deleted",
        "paused",
    ),
    Mutant(
        "an object is deleted after the first List that shows nobody",
        surplus,
        "unused",
        "if answer.empty_in_a_row < CONFIRMATIONS:",
        "if False:",
        "deleted while Lists lag",
        "as every List shows",
    ),
    Mutant(
        "confirmations of long ago count",
        surplus,
        "unused",
        "max(since, s.now - FRESH)",
        "since",
        "what is joined goes",
        "as every List shows",
    ),
    Mutant(
        "what stands in a full room is pushed out",
        slots,
        "arrange",
        "if len(kept) < capacity:",
        "if len(kept) >= capacity:\n        kept = kept[1:]\n    if True:",
        "two objects want the last slot",
        "which is another's",
    ),
    Mutant(
        "a room keeps only ours",
        slots,
        "arrange",
        "return (*kept, add)",
        "return (add,)",
        "rooms are joined and let go",
        "which is another's",
    ),
    Mutant(
        "the lists of others change their order",
        slots,
        "arrange",
        "return tuple(kept)",
        "return tuple(reversed(kept))",
        "two objects want the last slot",
        "in another order",
    ),
    Mutant(
        "rooms are joined before the object is ACTIVE",
        plan,
        "_present",
        'serving = current.state == "ACTIVE" and (finding is None or finding.serving)',
        "serving, finding = True, None",
        "two objects want the last slot",
        "before it is ACTIVE",
    ),
    Mutant(
        "the record of selectors is not kept",
        plan,
        "_recorded_first",
        "if not associations.joining or set(desired.selectors) <= set(recorded.selectors):",
        "if True:",
        "rooms are joined and let go",
        "no entry on record",
    ),
    Mutant(
        "an entry leaves the record with the spec",
        associations,
        "_forgettable",
        "return not s.subject.deleting and s.view.consumers.listed_at >= max(seen_at + LAG, 1.0)",
        "return True",
        "a room that lags behind",
        "has not been let go",
    ),
    Mutant(
        "whoever uses the object is let go",
        associations,
        "associate",
        "if key not in matched and _meant(stale, item)]",
        "if key not in matched]",
        "rooms are joined and let go",
        "no entry ever meant it",
    ),
    Mutant(
        "tags of others are removed",
        sync,
        "_stale_tags",
        "recorded.tag_keys - desired.tag_keys",
        "set(current.tags) - set(desired.tags)",
        "AWS fails on its own",
        "tags of others are removed",
    ),
    Mutant(
        "an object of another owner is adopted",
        ownership,
        "_adopted",
        "if owner == s.subject.owner.tag:",
        "if True:",
        "two objects adopt the same",
        "which belongs to",
    ),
    Mutant(
        "Retain deletes",
        deletion,
        "release",
        "if s.subject.deletion_policy is DeletionPolicy.RETAIN:",
        "if False:",
        "a used object is deleted",
        "Paused",
    ),
    Mutant(
        "the finalizer goes while an earlier Create may still show",
        deletion,
        "_before",
        "return (misplaced(s) or settled(s)) if not s.view.owned else None",
        "return None",
        "a few seconds matter",
        "is left behind",
    ),
    Mutant(
        "the intent leaves the record before the ARN is on it",
        report,
        "_pending",
        "if item.arn in told]",
        "]",
        "what was just made",
        "a twin is made",
    ),
    Mutant(
        "what a List leaves out is never looked at",
        ownership,
        "unlisted",
        "for arn in sorted(s.view.unlisted):",
        "for arn in ():",
        "AWS fails on its own",
        "there is no AWS object",
    ),
)
