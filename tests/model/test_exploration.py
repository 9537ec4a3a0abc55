"""The states that small worlds can reach: nothing forbidden happens, and an undisturbed run reaches the goal.

Here each world is explored as far as a few minutes allow, fewest disturbances first; `make model` goes on from there.
"""

import pytest

from model.explorer import Counterexample, explore
from model.scenario import Scenario
from model.scenarios import SCENARIOS

_EXPLORED = 4_000  # states of each world whose every successor is judged; several times as many are run to their goal


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_state_is_safe_and_leads_to_the_goal(scenario: Scenario) -> None:
    result = explore(scenario, limit=None if scenario.whole else _EXPLORED, most=3)
    print(result)
    if result.counterexamples:
        raise Counterexample("\n\n".join(result.counterexamples))
    assert result.states >= (scenario.whole or _EXPLORED), (
        "the world has become smaller: something is no longer explored"
    )
