"""A plan in the words of Kubernetes: conditions after the rules of kstatus."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.api.reasons import ConditionType, Reason
from ivs_operator.api.status import MAX_MESSAGE
from ivs_operator.domain.destinations_verdict import Verdict
from ivs_operator.domain.finding import Finding, Plan
from ivs_operator.domain.kinds import TRAITS, count
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surroundings import delivery_verdict, destination_verdict
from ivs_operator.domain.times import format_time

__all__ = ["Condition", "conditions_of", "render", "verdict"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, without its time."""

    type: ConditionType
    status: str
    reason: Reason
    message: str
    observed_generation: int | None = None
    """Set for a condition that is carried over: what it says was found out for that generation."""


def verdict(plan: Plan) -> Finding | None:
    """What keeps Ready from True: the object's own finding first, then what its associations say."""
    finding = plan.finding
    if finding is not None and not (finding.serving and plan.association_finding is not None and not finding.trouble):
        return finding
    return plan.association_finding


def conditions_of(s: Situation, plan: Plan) -> tuple[Condition, ...]:
    """All conditions of the present state; Reconciling and Stalled only while True, never both."""
    finding = verdict(plan)
    found: list[Condition] = [_ready(s, finding)]
    if finding is not None and finding.stalled:
        found.append(Condition(ConditionType.STALLED, "True", finding.reason, finding.message))
    elif finding is not None and finding.reason is not Reason.PAUSED:
        found.append(Condition(ConditionType.RECONCILING, "True", finding.reason, finding.message))
    details = (_synced(s, plan), _associated(s, plan), _destination_ready(s), _delivery_healthy(s))
    return (*found, *(condition for condition in details if condition is not None))


def render(
    conditions: Iterable[Condition], previous: Iterable[Any], generation: int, now: float
) -> list[dict[str, Any]]:
    """The conditions as written; the time of one changes only with its status."""
    before = {item["type"]: item for item in previous if isinstance(item, Mapping) and "type" in item}
    return [_entry(condition, before.get(condition.type), generation, now) for condition in conditions]


def _entry(condition: Condition, before: Mapping[str, Any] | None, generation: int, now: float) -> dict[str, Any]:
    same = before is not None and before.get("status") == condition.status and before.get("lastTransitionTime")
    return {
        "type": str(condition.type),
        "status": condition.status,
        "reason": str(condition.reason),
        "message": _cut(condition.message),
        "lastTransitionTime": before["lastTransitionTime"] if same and before else format_time(now),
        "observedGeneration": generation if condition.observed_generation is None else condition.observed_generation,
    }


def _cut(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 1] + "…"


def _ready(s: Situation, finding: Finding | None) -> Condition:
    if finding is not None:
        return Condition(ConditionType.READY, "False", finding.reason, finding.message)
    noun = TRAITS[s.subject.kind].object_noun
    return Condition(ConditionType.READY, "True", Reason.AVAILABLE, f"the {noun} is active and as declared")


def _synced(s: Situation, plan: Plan) -> Condition | None:
    """Whether the AWS object is as the spec says; kept as it was while nothing is known about that."""
    finding = plan.finding
    if finding is None:
        return Condition(ConditionType.SYNCED, "True", Reason.AVAILABLE, "the AWS object is as the spec says")
    if finding.in_sync is None:
        return _as_before(s, ConditionType.SYNCED)
    return Condition(ConditionType.SYNCED, "False", finding.reason, finding.message)


def _associated(s: Situation, plan: Plan) -> Condition | None:
    a = plan.associations
    if not a.known:
        return _as_before(s, ConditionType.ASSOCIATED)
    if not a.selectors and not a.problems:
        return None
    traits = TRAITS[s.subject.kind]
    if a.problems:
        first = a.problems[0]
        more = f" (and {len(a.problems) - 1} more)" if len(a.problems) > 1 else ""
        return Condition(ConditionType.ASSOCIATED, "False", first.reason, first.message + more)
    if s.subject.deleting and a.pending and not a.releasing:
        message = f"{count(a.pending, traits)} not associated, and none is any more while this object is deleted"
        return Condition(ConditionType.ASSOCIATED, "False", Reason.DELETING, message)
    if a.pending or a.releasing:
        waiting = f"{count(a.pending, traits)} to associate" if a.pending else f"{count(a.releasing, traits)} to let go"
        return Condition(ConditionType.ASSOCIATED, "False", Reason.UPDATING, waiting)
    stray = f"; {a.foreign[0].arn} uses it without being selected" if a.foreign else ""
    more = f" (and {len(a.foreign) - 1} more)" if len(a.foreign) > 1 else ""
    message = f"all selected {traits.consumers} are associated{stray}{more}"
    return Condition(ConditionType.ASSOCIATED, "True", Reason.AVAILABLE, message)


def _destination_ready(s: Situation) -> Condition | None:
    """What a look at the destination has told; absent when it told nothing, as before until it has been looked at."""
    if s.around.destination is None:
        return _as_before(s, ConditionType.DESTINATION_READY) if _same_destination(s) else None
    return _detail(ConditionType.DESTINATION_READY, destination_verdict(s))


def _delivery_healthy(s: Situation) -> Condition | None:
    """What the metrics have told; while there are none that is no news, and absent when they may not be read."""
    facts = s.around.delivery
    if facts is not None and not facts.readable:
        return None
    told = _detail(ConditionType.DELIVERY_HEALTHY, delivery_verdict(s))
    return told or _as_before(s, ConditionType.DELIVERY_HEALTHY)


def _detail(type_: ConditionType, verdict: Verdict | None) -> Condition | None:
    if verdict is None:
        return None
    return Condition(type_, "True" if verdict.good else "False", verdict.reason, verdict.message)


def _same_destination(s: Situation) -> bool:
    """Whether the spec still names the destination that AWS was last seen to have."""
    before = s.subject.recorded.settings.get("destinationConfiguration")
    return s.subject.desired is None or s.subject.desired.settings.get("destinationConfiguration") == before


def _as_before(s: Situation, type_: ConditionType) -> Condition | None:
    before = s.subject.recorded.condition(type_)
    reason, status, message = before.get("reason"), before.get("status"), before.get("message")
    if not isinstance(reason, str) or reason not in set(Reason) or not isinstance(status, str):
        return None
    generation = before.get("observedGeneration")
    return Condition(
        type_,
        status,
        Reason(reason),
        message if isinstance(message, str) else "",
        observed_generation=generation if isinstance(generation, int) else None,
    )
