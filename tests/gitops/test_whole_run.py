"""The look back at a whole run finds what it is there for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from gitops.judges import Verdict, Verdicts, judge
from gitops.states import STATES
from gitops.whole_run import look_back, misjudged, refusals
from ivs_sandbox.audit import AuditEntry, AuditLog
from support.service_account import USER

if TYPE_CHECKING:
    from pathlib import Path


def test_no_state_of_the_table_is_misjudged() -> None:
    """But one that no operator writes: kstatus takes an older generation's Ready for news."""
    found = zip(STATES, judge([state.object for state in STATES]), strict=True)
    wrong = [state.name for state, verdicts in found if list(misjudged(state.object, verdicts))]
    assert wrong == ["Ready speaks of an older generation"]


READY = next(state for state in STATES if state.name == "ready")
HEALTHY = Verdicts(Verdict("Current"), Verdict("Current"), Verdict("Healthy"))


def with_condition(**members: Any) -> dict[str, Any]:
    """An object whose Ready is as it is, and that has another condition."""
    usual = {"type": "Synced", "status": "False", "reason": "Updating", "message": "m", "observedGeneration": 1}
    status = READY.object["status"]
    return {**READY.object, "status": {**status, "conditions": [*status["conditions"], {**usual, **members}]}}


WRONG = [
    pytest.param(READY.object, Verdicts(Verdict("Current"), Verdict("Failed"), Verdict("Healthy")), "say", id="Flux"),
    pytest.param(
        READY.object, Verdicts(Verdict("Current"), Verdict("Current"), Verdict("Degraded")), "say", id="Argo CD"
    ),
    pytest.param(
        READY.object,
        Verdicts(Verdict("Current"), Verdict("Current", error="no such key"), Verdict("Healthy")),
        "key",
        id="an error",
    ),
    pytest.param(with_condition(message=""), HEALTHY, "explain", id="a condition without words"),
    pytest.param(with_condition(reason="Whatever"), HEALTHY, "explain", id="a reason that is not in the table"),
]


@pytest.mark.parametrize(("item", "verdicts", "said"), WRONG)
def test_what_is_wrong_is_said(item: dict[str, Any], verdicts: Verdicts, said: str) -> None:
    (problem,) = misjudged(item, verdicts)
    assert said in problem
    assert "live/vod" in problem


def entry(user: str = USER, code: int = 403, decision: str = "forbid") -> AuditEntry:
    return AuditEntry(time="", user=user, verb="get", uri="/api/v1/secrets", code=code, decision=decision)


def test_only_what_rbac_refused_to_the_operator_that_ships_is_a_missing_rule() -> None:
    others = [entry(user="system:serviceaccount:x:poor"), entry(code=200, decision="allow"), entry(decision="allow")]
    assert refusals(others) == []
    assert refusals([*others, entry()]) == ["RBAC lacks a rule: get /api/v1/secrets was answered 403"]
    assert len(refusals([entry(code=401, decision="")])) == 1, "a token that is not known"


def test_the_audit_log_is_looked_at_and_repetitions_count_once(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    event = {"requestReceivedTimestamp": "t", "user": {"username": USER}, "verb": "patch", "userAgent": "ivs-operator"}
    answers = [{"code": 200, "responseObject": dict(READY.object)}] * 2
    answers.append({"code": 409, "responseObject": {"kind": "Status"}})
    lines = [
        {**event, "responseStatus": {"code": answer["code"]}, "responseObject": answer["responseObject"]}
        for answer in answers
    ]
    by_hand = with_condition(reason="Whatever")
    lines.append({**lines[0], "userAgent": "kubectl/v1.36.3", "responseObject": by_hand})
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    found = look_back(AuditLog(log, touch=lambda _: None))

    assert found.line.startswith("1 different statuses")
    assert "Available 1" in found.line
    assert found.problems == ()
