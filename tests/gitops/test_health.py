"""What GitOps tools make of every state: kstatus and Flux's expressions in Go, Argo CD's check in two kinds of Lua."""

from __future__ import annotations

from typing import Any

import pytest

from gitops.judges import Verdicts, judge, judge_in_luajit
from gitops.states import CONTRADICTIONS, STATES, State
from ivs_operator.api.reasons import Reason


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdicts]:
    """What each tool says of each state."""
    states = [*STATES, *CONTRADICTIONS]
    return dict(zip([state.name for state in states], judge([state.object for state in states]), strict=True))


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_tool_tells_what_it_is(state: State, verdicts: dict[str, Verdicts]) -> None:
    found = verdicts[state.name]

    assert (found.kstatus.status, found.flux.status, found.argo.status) == (
        state.kstatus,
        state.by_expressions,
        state.argo,
    )
    assert [found.kstatus.error, found.flux.error, found.argo.error] == ["", "", ""]
    assert found.argo.message, "Argo CD shows a reason beside every state"


@pytest.mark.parametrize("state", [*STATES, *CONTRADICTIONS], ids=lambda state: state.name)
def test_two_implementations_of_lua_agree(state: State, verdicts: dict[str, Verdicts]) -> None:
    assert judge_in_luajit(state.object) == verdicts[state.name].argo


@pytest.mark.parametrize("state", CONTRADICTIONS, ids=lambda state: state.name)
def test_what_says_nothing_is_never_taken_for_ready(state: State, verdicts: dict[str, Verdicts]) -> None:
    """kstatus takes an object without a word for ready; the default of the CRD prevents that, and so do these."""
    found = verdicts[state.name]

    assert found.kstatus.status == state.kstatus
    assert found.flux.status != "Current"
    assert found.argo.status == "Progressing"


@pytest.mark.parametrize("order", [1, -1], ids=["as written", "reversed"])
def test_the_order_of_conditions_does_not_matter(order: int) -> None:
    turned: list[dict[str, Any]] = []
    for state in STATES:
        status = dict(state.object["status"])
        status["conditions"] = list(status.get("conditions", []))[::order]
        turned.append({**state.object, "status": status})

    found = judge(turned)

    assert [(each.kstatus.status, each.argo.status) for each in found] == [(s.kstatus, s.argo) for s in STATES]


def test_the_message_names_the_reason_when_something_is_wrong(verdicts: dict[str, Verdicts]) -> None:
    for state in STATES:
        if state.argo == "Degraded":
            reason, _, rest = verdicts[state.name].argo.message.partition(": ")
            assert reason in set(Reason), state.name
            assert rest, state.name
