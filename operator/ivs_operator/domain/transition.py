"""Waiting for AWS to finish: how often to look."""

from dataclasses import replace
from typing import Final

from ivs_operator.domain.actions import Poll
from ivs_operator.domain.finding import Finding, act
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.subject import Situation

__all__ = ["watch"]

_SHORTEST: Final = 1.0  # seconds; AWS's own state machines take seconds (measured by other tools at 1 to 25)
_LONGEST: Final = 15.0
_PATIENCE: Final = 0.2
"""The next look comes after this share of the time already waited, so that a long wait is looked at less often."""


def watch(s: Situation, item: Configuration, finding: Finding) -> Finding:
    """The finding, with a look at `item` when one is due, else with the time of the next."""
    since = max(s.memory.generation_seen_at, s.memory.deletion_seen_at)
    read_at = s.view.read_at.get(item.arn, 0.0)
    waited = read_at - since if since else _LONGEST
    due = read_at + min(max(waited * _PATIENCE, _SHORTEST), _LONGEST)
    if s.now < due:
        return replace(finding, wake=due)
    return act(s, replace(finding, actions=(Poll(item.arn),)))
