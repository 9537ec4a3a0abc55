"""What a whole test run is asked at its end: every status that was written, every request that was refused.

The run's API server writes both into its audit log, whichever worker a test ran in. So this looks once, in the process
that the run belongs to, when every worker has ended and before the server does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gitops.judges import judge
from ivs_operator.api.names import PAUSED_ANNOTATION
from ivs_operator.api.reasons import Reason
from support.engines import EngineError
from support.service_account import USER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitops.judges import Verdicts
    from ivs_sandbox.audit import AuditEntry, AuditLog

__all__ = ["Finding", "look_back", "misjudged", "refusals"]

_OPERATOR = "ivs-operator"  # its user agent; tests write statuses by hand, too, and wrong ones on purpose
_SHOWN = 10
_UNKNOWN, _FORBID = 401, "forbid"  # an admission's 403, as in a namespace that goes, is not RBAC's


@dataclass(frozen=True, slots=True)
class Finding:
    """What the end of a run has to say: `problems` make it fail."""

    line: str
    problems: tuple[str, ...]


def look_back(log: AuditLog) -> Finding:
    """Judge every status that the run's API server was given, and look for rights that the operator lacked."""
    entries = log.entries()
    refused = refusals(entries)
    written = list(_distinct(log.written_statuses(_OPERATOR)))
    wrong = _wrong(written) if written else []
    reasons = Counter(str(_ready(item).get("reason", "none")) for item in written)
    said = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
    line = f"{len(written)} different statuses judged by kstatus, Flux and Argo CD ({said or 'none was written'})"
    problems = [*refused[:_SHOWN], *wrong[:_SHOWN]]
    return Finding(line, tuple(problems))


def _wrong(written: list[dict[str, Any]]) -> list[str]:
    try:
        verdicts = judge(written)
    except EngineError as error:
        return [f"{len(written)} statuses could not be judged: {error}"]
    return [problem for item, found in zip(written, verdicts, strict=True) for problem in misjudged(item, found)]


def refusals(entries: Iterable[AuditEntry]) -> list[str]:
    """Requests of the service account that ships which its role did not allow; those that a test wants use another."""
    return [
        f"RBAC lacks a rule: {entry.verb} {entry.uri} was answered {entry.code}"
        for entry in entries
        if entry.user == USER and (entry.code == _UNKNOWN or entry.decision == _FORBID)
    ]


def misjudged(item: Mapping[str, Any], found: Verdicts) -> Iterator[str]:
    """In how far tools see an object otherwise than its status means it, and what is wrong with the status itself."""
    name = f"{item['kind']} {item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
    got = (found.kstatus.status, found.flux.status, found.argo.status)
    wanted = _meaning(item)
    if got != wanted:
        yield f"{name}: kstatus, Flux and Argo CD say {got}, its status means {wanted}: {item['status']}"
    for error in filter(None, (found.kstatus.error, found.flux.error, found.argo.error)):
        yield f"{name}: {error}"
    conditions = {each["type"]: each for each in item["status"].get("conditions", ())}
    if {"Reconciling", "Stalled"} <= set(conditions):
        yield f"{name}: Reconciling and Stalled at once"
    for each in conditions.values():
        if each["reason"] not in set(Reason) or (each["status"] != "True" and not each.get("message")):
            yield f"{name}: {each['type']} does not explain itself: {each}"


def _meaning(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """What the status means by the rules of `docs/gitops.md`, told without any of the three tools."""
    metadata, status = item["metadata"], item["status"]
    ready = _ready(item)
    looked_at = status.get("observedGeneration") == metadata["generation"] == ready.get("observedGeneration")
    stalled = any(each["type"] == "Stalled" and each["status"] == "True" for each in status.get("conditions", ()))
    paused = metadata.get("annotations", {}).get(PAUSED_ANNOTATION) == "true"
    if metadata.get("deletionTimestamp"):
        return "Terminating", "InProgress", "Progressing"
    if looked_at and ready["status"] == "True":
        return "Current", "Current", "Suspended" if paused else "Healthy"
    if looked_at and stalled:
        return "Failed", "Failed", "Suspended" if paused else "Degraded"
    return "InProgress", "InProgress", "Suspended" if paused else "Progressing"


def _distinct(items: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Once each: what tools look at. The same words about another object are judged alike."""
    seen: set[str] = set()
    for item in items:
        conditions = [
            (each.get("type"), each.get("status"), each.get("reason"), each.get("observedGeneration"))
            for each in item["status"].get("conditions", ())
        ]
        metadata = item["metadata"]
        mark = repr(
            (
                item["kind"],
                metadata["generation"],
                bool(metadata.get("deletionTimestamp")),
                metadata.get("annotations", {}).get(PAUSED_ANNOTATION),
                item["status"].get("observedGeneration"),
                conditions,
            )
        )
        if mark not in seen:
            seen.add(mark)
            yield item


def _ready(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((each for each in item["status"].get("conditions", ()) if each["type"] == "Ready"), {})
