"""The exploration can fail: each of these faults in the production code is found, and told as a story."""

import pytest

from model.explorer import explore
from model.mutants import MUTANTS, Mutant
from model.scenarios import named

_ENOUGH = 12_000  # states; a fault that takes more to be found is one that a scenario should be made for


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_in_the_product_is_found(mutant: Mutant) -> None:
    with mutant.applied():
        result = explore(named(mutant.scenario), limit=_ENOUGH)
    assert result.counterexamples, f"nobody noticed that {mutant.name}: {result}"
    (story,) = result.counterexamples
    print(story)
    assert mutant.breaks in story
    assert len(story.splitlines()) > 1, "a counterexample tells how it came to it"


@pytest.mark.parametrize("mutant", MUTANTS[:1], ids=lambda mutant: mutant.name)
def test_the_product_is_whole_again_afterwards(mutant: Mutant) -> None:
    before = getattr(mutant.module, mutant.function)
    with mutant.applied():
        assert getattr(mutant.module, mutant.function) is not before
    assert getattr(mutant.module, mutant.function) is before
