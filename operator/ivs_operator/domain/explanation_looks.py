"""What an explanation asks AWS beside the plan: the operator asks nothing about an object that it must not work on.

Who asks why wants to know how it stands at AWS all the same.
"""

from ivs_operator.domain.actions import Inspect, Refresh
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.subject import Situation

__all__ = ["looks_beside", "seen_beside"]

Look = Refresh | Inspect


def looks_beside(s: Situation) -> tuple[Look, ...]:
    """The reads that are still to be made; none when the plan itself looks, or when one has failed before."""
    if not _unlooked(s) or s.placement.fault is not None or s.memory.failures:
        return ()
    if s.view.listed_at == 0.0:
        return (Refresh(newer_than=0.0),)
    known = s.view.got | s.view.gone
    return tuple(Inspect(arn) for arn in _names(s) if arn not in known)


def seen_beside(s: Situation) -> Configuration | None:
    """The AWS object of an object whose plan does not look: what it names, else what carries its owner tag."""
    if not _unlooked(s):
        return None
    names = _names(s)
    found = (s.view.named, *s.view.owned)
    there = [item for item in found if item is not None and item.arn not in s.view.gone]
    return next((item for arn in names for item in there if item.arn == arn), there[0] if there else None)


def _unlooked(s: Situation) -> bool:
    return s.subject.paused or s.subject.invalid is not None or s.crd_deleting


def _names(s: Situation) -> tuple[str, ...]:
    existing = s.subject.desired.existing_arn if s.subject.desired is not None else None
    owned = tuple(item.arn for item in s.view.owned)
    first = tuple(arn for arn in (s.subject.recorded.arn, existing) if arn is not None)
    return tuple(dict.fromkeys(first or owned[:1]))
