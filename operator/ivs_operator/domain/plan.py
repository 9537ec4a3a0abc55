"""The decision: a situation in, the next actions and the state to report out. No I/O, no clock.

There is no phase and no history but what AWS and the ledger show: update, replacement, recovery and deletion all fall
out of looking at what is. A plan holds only the next step; after each step the situation is looked at again.
"""

from dataclasses import replace

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Action, Ledger, WriteLedger
from ivs_operator.domain.associations import Associations, associate
from ivs_operator.domain.creation import absent
from ivs_operator.domain.deletion import release
from ivs_operator.domain.desired import Desired
from ivs_operator.domain.failures import Fault
from ivs_operator.domain.finding import Finding, Plan, held
from ivs_operator.domain.kinds import TRAITS, count
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.ownership import Owned, identify
from ivs_operator.domain.patience import PATIENCE, earliest
from ivs_operator.domain.replacement import as_replacement, replacing
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import Chores, confirm_dead, remove_surplus
from ivs_operator.domain.sync import synchronise

__all__ = ["plan"]

_NOTHING = Associations(known=False)


def plan(s: Situation) -> Plan:
    """The next step for one object."""
    if s.subject.deleting:
        return release(s)
    finding = _precondition(s)
    if finding is not None:
        return _only(finding, _recognise(s))
    desired = s.subject.desired
    assert desired is not None  # noqa: S101 - an unreadable spec is a precondition
    owned = identify(s)
    if owned.finding is not None:
        return _only(owned.finding, owned)
    if owned.current is None:
        return _awaited(s, owned, replacing(s, owned, absent(s, desired, owned)))
    return _present(s, desired, owned, owned.current)


def _precondition(s: Situation) -> Finding | None:
    """What must hold before AWS is looked at."""
    if s.subject.invalid is not None:
        return Finding(Reason.INVALID_SPEC, s.subject.invalid, stalled=True, trouble=True)
    if s.placement.fault is not None:
        return _nowhere(s, s.placement.fault)
    if s.subject.paused:
        message = "annotation ivs-operator.dev/paused is set; nothing is changed at AWS until it is removed"
        return Finding(Reason.PAUSED, message, in_sync=None)
    return None


def _nowhere(s: Situation, fault: Fault) -> Finding:
    """Account or region can't be told. A fault that passes by itself keeps quiet for a while."""
    passing = s.placement.retry_at is not None
    young = passing and s.now < s.placement.fault_since + PATIENCE
    return Finding(
        Reason.CREATING if young else fault.reason,
        "finding out the AWS account" if young else fault.message,
        stalled=s.placement.stalled,
        trouble=not young,
        in_sync=None,
        blind=passing,
        wake=s.placement.retry_at if passing else None,
    )


def _recognise(s: Situation) -> Owned:
    """What is known without a call, for the report of an object that is not worked on."""
    known = s.subject.recorded.arn
    return Owned(current=next((item for item in s.view.owned if item.arn == known), None))


def _only(finding: Finding, owned: Owned) -> Plan:
    """A plan about the object alone; while a replacement is not there yet, the report shows the one that serves."""
    return Plan(
        actions=finding.actions,
        finding=finding,
        current=owned.current or (owned.surplus[0] if owned.surplus else None),
        surplus=owned.surplus if owned.current is not None else owned.surplus[1:],
        associations=_NOTHING,
        association_finding=None,
        wake=finding.wake,
    )


def _awaited(s: Situation, owned: Owned, finding: Finding) -> Plan:
    """The wanted object is not there yet, maybe for long: a quota is full, say.

    A predecessor lets go meanwhile whoever left the spec; who came into it waits for the successor, whose settings are
    the wanted ones. Both is told.
    """
    waiting = _only(finding, owned)
    if waiting.current is None or finding.blind:
        return waiting
    outdated = frozenset(item.arn for item in waiting.surplus) | s.dead
    associations = associate(s, waiting.current.arn, serving=False, surplus=outdated)
    return replace(
        waiting,
        actions=finding.actions or associations.actions,
        associations=associations,
        wake=earliest(finding.wake, associations.wake),
    )


def _present(s: Situation, desired: Desired, owned: Owned, current: Configuration) -> Plan:
    """The object exists: bring it in line, then its associations, then what is left over."""
    sync = synchronise(s, desired, current)
    finding = sync.finding
    serving = current.state == "ACTIVE" and (finding is None or finding.serving)
    outdated = frozenset(item.arn for item in owned.surplus) | s.dead
    associations = associate(s, current.arn, serving=serving, surplus=outdated)
    chores = remove_surplus(s, desired, owned.surplus) if finding is None else Chores()
    return Plan(
        actions=_next_actions(s, desired, finding, associations, chores),
        finding=as_replacement(s, owned, finding),
        current=current,
        surplus=owned.surplus,
        associations=associations,
        association_finding=as_replacement(s, owned, _association_finding(s, associations)) if serving else None,
        drift=sync.drift,
        wake=earliest(finding.wake if finding else None, associations.wake, chores.wake),
        remember=sync.remember or chores.remember,
    )


def _next_actions(
    s: Situation, desired: Desired, finding: Finding | None, associations: Associations, chores: Chores
) -> tuple[Action, ...]:
    if finding is not None and finding.actions:
        return finding.actions
    return confirm_dead(s) or _recorded_first(s, desired, associations) or chores.actions


def _recorded_first(s: Situation, desired: Desired, associations: Associations) -> tuple[Action, ...]:
    """The associations' actions, after the selectors that justify them are on record."""
    recorded = s.subject.recorded.ledger
    if not associations.joining or set(desired.selectors) <= set(recorded.selectors):
        return associations.actions
    if s.failure(WriteLedger.target):
        return ()
    return (WriteLedger(Ledger(selectors=associations.selectors, tag_keys=recorded.tag_keys)),)


def _association_finding(s: Situation, associations: Associations) -> Finding | None:
    """What of the associations keeps Ready from True.

    Entries by ARN or name always count. Entries by tags count until each room or channel that they mean was tried once
    for this generation; from then on a full room among ten thousand shows in `Associated` only.
    """
    traits = TRAITS[s.subject.kind]
    looking = Finding(Reason.UPDATING, f"looking for {traits.consumers}", in_sync=None, blind=True)
    if associations.unsure:
        return looking
    if not associations.known:
        failure = s.failure("list-consumers")
        return held(s, failure, looking) if failure is not None else None if _selects_nothing(s) else looking
    blocking = [problem for problem in associations.problems if problem.blocks_ready]
    if blocking:
        first = blocking[0]
        more = f" (and {len(blocking) - 1} more in status.associations.problems)" if len(blocking) > 1 else ""
        return Finding(first.reason, first.message + more, trouble=True, in_sync=None)
    first_pass = associations.joining and not s.subject.recorded.ready_for(s.subject.generation)
    if first_pass or associations.joining_exact:
        done = f"{associations.associated} of {count(associations.matched, traits)} associated"
        return Finding(Reason.UPDATING, done, in_sync=None)
    return None


def _selects_nothing(s: Situation) -> bool:
    desired = s.subject.desired
    return not s.subject.recorded.ledger.selectors and (desired is None or not desired.selectors)
