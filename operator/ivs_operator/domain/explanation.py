"""Why an object is as it is: what is wanted, what AWS has, who is in the way, what happens next and when.

Made from the operator's own plan, by whoever looks: it can say nothing that the operator would not do.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ivs_operator.api.names import FINALIZER
from ivs_operator.api.reasons import ConditionType, Reason
from ivs_operator.domain.conditions import verdict
from ivs_operator.domain.explanation_looks import seen_beside
from ivs_operator.domain.explanation_steps import Step, steps_of
from ivs_operator.domain.explanation_timing import Timing, timing_of
from ivs_operator.domain.finding import Plan
from ivs_operator.domain.identity import Key
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.settings import differences
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import users_of
from ivs_operator.domain.sync import wrong_tags
from ivs_operator.domain.transitions import request_id_in

__all__ = ["MOST", "AtAws", "Blocker", "Explanation", "PastFailure", "Standing", "Wanted", "explain", "past_failures"]

MOST: Final = 20
"""Blockers and failures that are named; beyond them, only how many."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How the object stands: Ready, as the operator has written it, or as this look finds it."""

    ready: bool | None
    """None: the operator has not said anything yet."""
    reason: str = ""
    message: str = ""
    since: str = ""
    """When Ready last changed, RFC 3339; empty for a look."""
    generation: int | None = None
    """Of which generation it speaks."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the spec asks for."""

    invalid: str | None = None
    account: str = ""
    region: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    selectors: tuple[str, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    existing: str | None = None


@dataclass(frozen=True, slots=True)
class AtAws:
    """What AWS has."""

    trouble: str | None = None
    """Why AWS could not be asked; then what follows is what the status remembers."""
    arn: str | None = None
    state: str | None = None
    differences: tuple[tuple[str, str, str], ...] = ()
    """Field, wanted, at AWS."""
    others: tuple[tuple[str, str], ...] = ()
    """ARN and state of further objects of ours: twins, and replaced ones that wait to be let go."""
    associated: int | None = None
    matched: int | None = None
    foreign: int | None = None


@dataclass(frozen=True, slots=True)
class Blocker:
    """A room, a channel, or a check that failed, which is in the way."""

    arn: str
    """Or the name that an entry gives, or the condition that tells of a check."""
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class PastFailure:
    """A failure that was told, or met by this look."""

    at: str
    reason: str
    message: str
    request_id: str = ""
    """AWS's, for its support; empty when no request had left, or none was named."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that there is to say about one object."""

    key: Key
    generation: int
    deleting: bool
    paused: bool
    finalizers: tuple[str, ...]
    told: Standing
    found: Standing
    wanted: Wanted
    aws: AtAws
    blockers: tuple[Blocker, ...]
    steps: tuple[Step, ...]
    timing: Timing
    failures: tuple[PastFailure, ...] = ()
    worker: str = ""
    """Which operator works on it, as far as can be told."""
    notes: tuple[str, ...] = ()
    """What could not be read, or makes this look differ from the operator's."""

    @property
    def agreed(self) -> bool:
        """Whether this look finds what the status says."""
        return (self.told.ready, self.told.reason) == (self.found.ready, self.found.reason)


def explain(
    resource: Mapping[str, Any], s: Situation, plan: Plan, *, asked: str | None, sweep_interval: float
) -> Explanation:
    """The explanation of one object as a look has found it; `asked` says why AWS was not asked, if it was not."""
    told = _told(s)
    found = _found(plan, told) if asked is None else replace(told, since="")
    finding = verdict(plan)
    steps = steps_of(s, plan) if asked is None else ()
    stalled = finding is not None and finding.stalled and asked is None
    present = told.ready is False and told.generation == s.subject.generation
    return Explanation(
        key=s.subject.key,
        generation=s.subject.generation,
        deleting=s.subject.deleting,
        paused=s.subject.paused,
        finalizers=tuple(name for name in resource["metadata"].get("finalizers") or () if name != FINALIZER),
        told=told,
        found=found,
        wanted=_wanted(s),
        aws=_at_aws(s, plan, asked),
        blockers=_blockers(s, plan, asked)[:MOST],
        steps=steps,
        timing=timing_of(
            reason=told.reason if present else found.reason,
            stalled=stalled or (_stalled(s) and not steps),
            refused=_stalled(s) and present and told.reason in _CALLED_INVALID and bool(steps),
            steps=bool(steps),
            paused=s.subject.paused,
            wake=plan.wake if asked is None else None,
            now=s.now,
            sweep_interval=sweep_interval,
        ),
        failures=_own_failures(s),
    )


def past_failures(events: Iterable[Mapping[str, Any]]) -> tuple[PastFailure, ...]:
    """Warnings out of Events of events.k8s.io/v1, newest first."""
    found = []
    for event in events:
        if event.get("type") == "Warning":
            message, request_id = request_id_in(str(event.get("note") or ""))
            at = str(event.get("eventTime") or event.get("deprecatedLastTimestamp") or "")
            found.append(PastFailure(at, str(event.get("reason") or ""), message, request_id))
    return tuple(sorted(found, key=lambda failure: failure.at, reverse=True)[:MOST])


def _told(s: Situation) -> Standing:
    ready = s.subject.recorded.condition("Ready")
    if not ready:
        return Standing(None)
    generation = ready.get("observedGeneration")
    return Standing(
        ready=ready.get("status") == "True",
        reason=str(ready.get("reason") or ""),
        message=str(ready.get("message") or ""),
        since=str(ready.get("lastTransitionTime") or ""),
        generation=generation if isinstance(generation, int) else None,
    )


def _found(plan: Plan, told: Standing) -> Standing:
    finding = verdict(plan)
    if finding is None:
        return Standing(ready=True, reason="Available", message=told.message if told.ready else "all is as wanted")
    return Standing(ready=False, reason=str(finding.reason), message=finding.message)


_CALLED_INVALID: Final = frozenset({Reason.CREATE_FAILED, Reason.UPDATE_FAILED})
"""Reasons of what AWS has refused as invalid, when the object is Stalled; see `aws.errors`."""


def _stalled(s: Situation) -> bool:
    return s.subject.recorded.condition("Stalled").get("status") == "True"


def _wanted(s: Situation) -> Wanted:
    subject, desired = s.subject, s.subject.desired
    if desired is None:
        return Wanted(invalid=subject.invalid, policies={"deletionPolicy": str(subject.deletion_policy)})
    policies = {"deletionPolicy": str(desired.deletion_policy), "driftPolicy": str(desired.drift_policy)}
    if "thumbnailConfiguration" in desired.settings:
        policies |= {
            "replacePolicy": str(desired.replace_policy),
            "channelConflictPolicy": str(desired.conflict_policy),
        }
    own = set(desired.tag_keys)
    return Wanted(
        account=s.placement.account_id or subject.recorded.account_id or "",
        region=s.placement.region or subject.recorded.region or "",
        settings=desired.settings,
        tags={key: value for key, value in desired.tags.items() if key in own},
        selectors=tuple(map(str, desired.selectors)),
        policies=policies,
        existing=desired.existing_arn,
    )


def _at_aws(s: Situation, plan: Plan, asked: str | None) -> AtAws:
    recorded = s.subject.recorded.raw
    current = plan.current or seen_beside(s)
    counts = _counts(s, plan)
    if asked is not None:
        return AtAws(asked, _text(recorded.get("arn")), _text(recorded.get("state")), (), (), *counts)
    if current is None:
        return AtAws(others=_states(plan.surplus), associated=counts[0], matched=counts[1], foreign=counts[2])
    return AtAws(None, current.arn, current.state, _differences(s, current), _states(plan.surplus), *counts)


def _states(items: Sequence[Configuration]) -> tuple[tuple[str, str], ...]:
    return tuple((item.arn, item.state) for item in items)


def _differences(s: Situation, current: Configuration) -> tuple[tuple[str, str, str], ...]:
    desired = s.subject.desired
    if desired is None:
        return ()
    found = differences(desired.settings, current.settings) if current.complete else ()
    tags = (
        (f"tags.{key}", value, current.tags.get(key, "not there"))
        for key, value in sorted(wrong_tags(desired, current).items())
    )
    return (*found, *tags)


def _counts(s: Situation, plan: Plan) -> tuple[int | None, int | None, int | None]:
    found = plan.associations
    if found.known:
        return found.associated, found.matched, len(found.foreign)
    recorded = s.subject.recorded.raw.get("associations")
    known = recorded if isinstance(recorded, Mapping) else {}
    associated, matched, foreign = (known.get(name) for name in ("associated", "matched", "foreign"))
    return (
        associated if isinstance(associated, int) else None,
        matched if isinstance(matched, int) else None,
        foreign if isinstance(foreign, int) else None,
    )


def _blockers(s: Situation, plan: Plan, asked: str | None) -> tuple[Blocker, ...]:
    return (*_bad_checks(s), *_users_in_the_way(s, plan, asked))


def _bad_checks(s: Situation) -> Iterable[Blocker]:
    """What the operator's checks beside the reconcile have found; they never change Ready."""
    for type_ in (ConditionType.DESTINATION_READY, ConditionType.DELIVERY_HEALTHY):
        found = s.subject.recorded.condition(type_)
        if found.get("status") == "False":
            yield Blocker(str(type_), str(found.get("reason") or ""), str(found.get("message") or ""))


def _users_in_the_way(s: Situation, plan: Plan, asked: str | None) -> tuple[Blocker, ...]:
    problems = plan.associations.problems
    if problems and asked is None:
        return tuple(Blocker(item.arn, str(item.reason), item.message) for item in problems)
    if asked is None and s.subject.deleting and plan.current is not None:
        return tuple(_user(s, item) for item in users_of(s, plan.current.arn) or ())
    if asked is None and plan.associations.known:
        return ()
    recorded = s.subject.recorded.raw.get("associations")
    listed = recorded.get("problems") if isinstance(recorded, Mapping) else None
    items = (item for item in (listed if isinstance(listed, list) else ()) if isinstance(item, Mapping))
    return tuple(
        Blocker(str(item.get("arn")), str(item.get("reason")), str(item.get("message") or "")) for item in items
    )


def _user(s: Situation, item: Consumer) -> Blocker:
    traits = TRAITS[s.subject.kind]
    name = f" {item.name}" if item.name else ""
    return Blocker(item.arn, "InUse", f"{traits.consumer}{name} {traits.uses}")


def _own_failures(s: Situation) -> tuple[PastFailure, ...]:
    """What this look itself has met."""
    found = (failure.fault for failure in s.memory.failures.values())
    return tuple(PastFailure("now", str(fault.reason), fault.message, fault.request_id) for fault in found)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
