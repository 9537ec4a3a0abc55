"""The status that a plan amounts to, as it is written: a plain mapping without members that say nothing."""

from collections.abc import Mapping
from typing import Any

from ivs_operator.api.names import TAG_SPEC
from ivs_operator.api.reasons import Reason
from ivs_operator.api.status import MAX_DRIFT, MAX_PROBLEMS, MAX_RECONCILE_AT, MAX_SUPERSEDED, MAX_VALUE
from ivs_operator.domain.actions import Ledger
from ivs_operator.domain.associations import Associations
from ivs_operator.domain.conditions import conditions_of, render
from ivs_operator.domain.finding import Plan
from ivs_operator.domain.location import location
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.ownership import unseen
from ivs_operator.domain.subject import Situation
from ivs_operator.domain.surplus import users_of
from ivs_operator.domain.times import format_time

__all__ = ["ledger_status", "progress_only", "status_of"]


def status_of(s: Situation, plan: Plan) -> dict[str, Any]:
    """The whole status of one object."""
    before = s.subject.recorded.raw
    current = plan.current
    status: dict[str, Any] = {
        "observedGeneration": s.subject.generation,
        "accountID": s.placement.account_id or s.subject.recorded.account_id,
        "region": _region(s),
        "pendingCreate": _pending(s, plan),
        "lastHandledReconcileAt": s.subject.reconcile_at and s.subject.reconcile_at[:MAX_RECONCILE_AT],
        "tagKeys": sorted(_tag_keys(s, plan)),
        "associations": _associations(s, plan.associations),
        "superseded": _superseded(s, plan),
        "drift": [_drift(*entry) for entry in plan.drift[:MAX_DRIFT]],
        "conditions": render(conditions_of(s, plan), _list(before.get("conditions")), s.subject.generation, s.now),
    }
    if _unanswered(s, plan):
        status["superseded"] = before.get("superseded")
    elif current is not None:
        status |= _object(s, current)
    if _unanswered(s, plan) or (current is None and _still_believed(s, plan)):
        status |= {
            key: before.get(key) for key in ("arn", "id", "state", "createTime", "updateTime", "observed", "location")
        }
    elif current is None and _reported_missing(plan):
        status |= {key: before.get(key) for key in ("arn", "id")}
    return {key: value for key, value in status.items() if value not in (None, [], {})}


def ledger_status(s: Situation, plan: Plan, ledger: Ledger) -> dict[str, Any]:
    """The status that puts a ledger on record: what is known already, the ledger, and what is about to happen."""
    status = status_of(s, plan)
    if "create" in s.memory.failures and s.subject.recorded.condition("Ready"):
        status["conditions"] = _list(s.subject.recorded.raw.get("conditions"))  # one more try is no news
    status["tagKeys"] = sorted(ledger.tag_keys)
    status["associations"] = {
        **_mapping(status.get("associations")),
        "selectors": [e.to_dict() for e in ledger.selectors],
    }
    if ledger.pending is not None:
        since = format_time(ledger.pending.since)
        status["pendingCreate"] = {"specHash": ledger.pending.spec_hash, "since": since}
    return {key: value for key, value in status.items() if value not in (None, [], {}, {"selectors": []})}


def progress_only(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two statuses differ in nothing that anybody waits for: such a write may wait."""
    return _essence(before) == _essence(after)


def _object(s: Situation, current: Configuration) -> dict[str, Any]:
    settings = _observed_settings(s, current)
    destination = _mapping(settings.get("destinationConfiguration"))
    return {
        "arn": current.arn,
        "id": current.id or current.arn.rpartition("/")[2],
        "state": current.state,
        "createTime": current.create_time,
        "updateTime": current.update_time,
        "observed": {**settings, "tags": dict(sorted(current.tags.items()))},
        "location": location(s.subject.kind, destination, s.placement.account_id, s.placement.region),
    }


def _observed_settings(s: Situation, current: Configuration) -> dict[str, Any]:
    """Settings at AWS. What only Get reports never changes, so the record of the same object stands for it."""
    if current.complete:
        return {key: value for key, value in current.settings.items() if value != ""}
    desired = s.subject.desired
    hidden: Mapping[str, Any] = {}
    if desired is not None and current.tags.get(TAG_SPEC) == desired.spec_hash:
        hidden = desired.settings
    elif s.subject.recorded.arn == current.arn:
        hidden = {key: value for key, value in s.subject.recorded.settings.items() if key != "tags"}
    return {key: value for key, value in {**hidden, **current.settings}.items() if value != ""}


def _still_believed(s: Situation, plan: Plan) -> bool:
    """Whether the object that status names counts although the plan has none: not looked yet, or not allowed to."""
    arn = s.subject.recorded.arn
    finding = plan.finding
    unseen = s.view.listed_at == 0.0 or finding is None or finding.in_sync is None or bool(s.view.unlisted)
    return arn is not None and arn not in s.view.gone and unseen


def _unanswered(s: Situation, plan: Plan) -> bool:
    """Whether the object that status names must be looked at before anything is made.

    Until then the record stays, whatever else is there: a successor that no List shows yet would be made a second time.
    """
    return plan.finding is not None and plan.finding.blind and unseen(s) is not None


def _reported_missing(plan: Plan) -> bool:
    """Whether the object is gone and is not to be made again: its ARN on record tells that from one never made."""
    return plan.finding is not None and plan.finding.reason is Reason.DRIFT_DETECTED


def _region(s: Situation) -> str | None:
    """On record for good once it is known: not before the spec can be read, and mended where the object was found."""
    recorded, found = s.subject.recorded.region, s.placement.region
    if s.placement.fault is not None or not found:
        return recorded
    if recorded:
        return found if s.view.owned else recorded
    return found if s.subject.invalid is None else None


def _pending(s: Situation, plan: Plan) -> dict[str, Any] | None:
    """The intent stays until its outcome is known: its object is there, AWS said that none was made, or time has told.

    It goes in the same write that names the object: with neither on record, a process that dies leaves no trace of it.

    Time tells once a List that began after the grace period shows an object of ours; without one, the next intent
    replaces this one.
    """
    pending = s.subject.recorded.ledger.pending
    told = {item.arn for item in (plan.current, *plan.surplus) if item is not None}
    named = [item for item in s.view.owned if item.arn in told]
    if pending is not None and named and s.view.listed_at >= pending.since + s.policy.create_grace:
        return None
    attempt = s.memory.attempt
    answered = attempt is not None and pending is not None and attempt.since == pending.since and attempt.answered
    if pending is None or answered or any(item.tags.get(TAG_SPEC) == pending.spec_hash for item in named):
        return None
    raw = s.subject.recorded.raw.get("pendingCreate")
    return dict(raw) if isinstance(raw, Mapping) else None


def _tag_keys(s: Situation, plan: Plan) -> frozenset[str]:
    """Keys that are ours to remove: recorded before they are set, dropped once they are neither there nor wanted."""
    recorded = s.subject.recorded.ledger.tag_keys
    desired = s.subject.desired
    if plan.current is None or desired is None:
        return recorded
    return recorded & (frozenset(plan.current.tags) | desired.tag_keys)


def _associations(s: Situation, a: Associations) -> dict[str, Any] | None:
    if not a.known:
        kept = s.subject.recorded.raw.get("associations")
        return dict(kept) if isinstance(kept, Mapping) else None
    if not a.selectors and not a.foreign:
        return None
    problems = [{"arn": p.arn, "reason": str(p.reason), "message": p.message} for p in a.problems[:MAX_PROBLEMS]]
    return {
        "summary": f"{a.associated}/{a.matched}",
        "matched": a.matched,
        "associated": a.associated,
        "pending": a.pending,
        "foreign": len(a.foreign),
        **({"problems": problems} if problems else {}),
        **({"selectors": [entry.to_dict() for entry in a.selectors]} if a.selectors else {}),
    }


def _superseded(s: Situation, plan: Plan) -> list[dict[str, Any]]:
    """Ours that are on their way out: predecessors and twins, and dead ones that rooms or channels still name.

    Until AWS has deleted them: it may fail and be asked again, and each time the status would be written twice.
    """
    current = plan.current.arn if plan.current is not None else None
    leaving = {item.arn for item in s.view.owned if item.state == "DELETING"}
    arns = {item.arn for item in plan.surplus} | (leaving & set(s.subject.recorded.superseded))
    arns |= set(filter(None, (_still_named(s, arn) for arn in _former(s))))
    entries = sorted(arns - {current})[:MAX_SUPERSEDED]
    return [{"arn": arn, "associated": len(users_of(s, arn) or ())} for arn in entries]


def _former(s: Situation) -> frozenset[str]:
    """What status names as ours and AWS has no longer, will soon have no longer, or has not been asked about yet.

    What exists without our owner tag was let go, or never was ours: a status may have been edited by hand.
    """
    recorded = s.subject.recorded
    known = {*recorded.superseded, *((recorded.arn,) if recorded.arn and not s.subject.deleting else ())}
    leaving = {item.arn for item in s.view.owned if item.state == "DELETING"}
    return s.dead | (known & leaving) | frozenset(arn for arn in recorded.superseded if arn not in s.view.read_at)


def _still_named(s: Situation, arn: str) -> str | None:
    """The ARN while some room or channel holds it, or as long as nobody can tell."""
    looked = bool(s.view.consumers.listed_at)
    selects = s.subject.desired is not None and bool(s.subject.desired.selectors)
    return arn if users_of(s, arn) or (selects and not looked) else None


def _drift(field: str, desired: str, observed: str) -> dict[str, str]:
    return {"field": field, "desired": desired[:MAX_VALUE], "observed": observed[:MAX_VALUE]}


def _essence(status: Mapping[str, Any]) -> tuple[Any, ...]:
    conditions = {
        item.get("type"): (item.get("status"), item.get("reason"), item.get("observedGeneration"))
        for item in _list(status.get("conditions"))
        if isinstance(item, Mapping) and item.get("type") in {"Ready", "Reconciling", "Stalled"}
    }
    return (conditions, status.get("arn"), status.get("lastHandledReconcileAt"), status.get("observedGeneration"))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
