"""The IAM policy that `iam-policy` prints, against every AWS call that the operator has made in this test run.

Each process of the run tells which calls its emulators saw; the process of the whole run compares. A call that the
policy does not allow fails any run; an allowed action that nothing called fails a run of everything.
"""

import sys
from collections.abc import Iterable

import pytest

from ivs_operator.domain.permissions import DEFAULT_FEATURES, ON_BEHALF, Feature, Scope, action_of, statements_for

__all__ = ["Call", "breaches", "calls_seen", "is_whole"]

Call = tuple[str, str, str]
"""Service, operation, user agent."""

_OURS = "ivs-operator"  # in the user agent of every client that the operator makes


def calls_seen() -> list[Call]:
    """Calls that emulators of this process saw; nothing is imported for it."""
    module = sys.modules.get("support.emulator")
    return sorted(module.CALLERS) if module is not None else []


def breaches(calls: Iterable[Call], *, whole: bool) -> list[str]:
    """What the policy lacks, and, after a whole run, what it has in vain."""
    used = {action_of(service, operation) for service, operation, agent in calls if _OURS in agent.split()}
    used.discard(None)
    granted = {
        action
        for statement in statements_for([*DEFAULT_FEATURES, Feature.ACCOUNTS], Scope())
        for action in statement.actions
    }
    found = [
        f"{action} was called, and iam-policy does not allow it" for action in sorted(filter(None, used - granted))
    ]
    if whole:
        unused = sorted(granted - used - ON_BEHALF)
        found += [f"{action} is allowed by iam-policy, and the operator never called it" for action in unused]
    return found


def is_whole(config: pytest.Config) -> bool:
    """Whether the run is of everything: neither paths nor a choice were given."""
    chosen = any(
        getattr(config.option, name, None) for name in ("keyword", "markexpr", "deselect", "lf", "collectonly")
    )
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not chosen
