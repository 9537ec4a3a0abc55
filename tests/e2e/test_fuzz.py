"""Whatever the API server admits ends in a state that explains itself: specs and edits drawn from our schemas.

IVS_OPERATOR_TEST_EXAMPLES says how many rounds are drawn (at length: 100), IVS_OPERATOR_TEST_SEED which ones.
"""

from __future__ import annotations

import http
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ivs_operator.api.reasons import Reason
from support.api_server import Refused, custom
from support.deadlines import TIMEOUT, until
from support.random_specs import specs
from support.walk import CHAT, RECORDING, Resource, condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk

_ROUNDS = int(os.environ.get("IVS_OPERATOR_TEST_EXAMPLES", "2"))
_SEED = int(os.environ.get("IVS_OPERATOR_TEST_SEED") or random.SystemRandom().randrange(2**32))
_DRAWS = 5  # of so many rounds at most, each from the next seed, until they are varied enough
_KINDS = {CHAT: "ChatLoggingConfiguration", RECORDING: "RecordingConfiguration"}
_OBJECTS = 8  # side by side in one round
_NEEDED = 3 * TIMEOUT  # seconds until all of them have said how they are, with AWS's rates
_REFUSALS = {http.HTTPStatus.BAD_REQUEST, http.HTTPStatus.CONFLICT, http.HTTPStatus.UNPROCESSABLE_ENTITY}
_REASONS = frozenset(map(str, Reason))
_UNDER_WAY = {"Creating", "Updating", "Deleting"}
"""Said while something happens. Where it lasts, there is more to say; so none of these may be the last word."""

_History = tuple[str, list[dict[str, Any]], bool]
"""A kind, its specs one after the other, and whether the object is deleted before it is looked at."""


@pytest.mark.timeout(7200)
def test_random_specs_and_edits_end_in_states_that_explain_themselves(begin: Callable[..., Walk]) -> None:
    print(f"seed {_SEED}; IVS_OPERATOR_TEST_SEED={_SEED} draws the same")
    walk = begin(create_grace=2)
    walk.control.set(logging_configurations_quota=1000, recording_configurations_quota=1000)
    arns = _furnished(walk)
    numbers = iter(range(10**6))
    tally = {"refused": 0, "Ready": 0}

    def play(histories: list[_History]) -> None:
        made = [_lived(walk, history, f"o{next(numbers)}", tally) for history in histories]
        for plural, name in filter(None, made):
            word = _last_word(walk, plural, name)
            tally[word] = tally.get(word, 0) + 1
        _cleared(walk, [item for item in made if item])
        assert "Traceback" not in walk.operator.text(), walk.operator.tail()
        assert walk.operator.probe("/healthz")[0] == http.HTTPStatus.OK

    for draw in range(_DRAWS):
        _drawn(arns, _SEED + draw)(play)()
        if _is_varied(tally):
            break
    print(tally)
    assert tally["Ready"], "some of what is drawn should make sense"
    assert _is_varied(tally), "and some should not, in more ways than one"


def _is_varied(tally: dict[str, int]) -> bool:
    """Whether enough was drawn to mean something: two rounds alone are, by chance, all alike now and then."""
    return bool(tally["Ready"]) and len(tally) > 3


def _drawn(arns: dict[str, tuple[str, ...]], first: int) -> Any:
    """What draws histories from a seed and plays them, a round at a time."""
    history = st.sampled_from(sorted(_KINDS)).flatmap(
        lambda plural: st.tuples(
            st.just(plural),
            st.lists(specs(_KINDS[plural], arns[plural]), min_size=1, max_size=3),
            st.booleans(),
        )
    )
    checks = list(HealthCheck)
    chosen = settings(
        max_examples=_ROUNDS,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=checks,
        phases=(Phase.generate,),  # a round takes seconds; making one small would take an hour
    )
    return lambda play: seed(first)(chosen(given(st.lists(history, min_size=_OBJECTS, max_size=_OBJECTS))(play)))


def _furnished(walk: Walk) -> dict[str, tuple[str, ...]]:
    """An account with something in it; by kind the ARNs that a spec may name."""
    walk.emulator.bucket("archive")
    walk.emulator.bucket("elsewhere", region="eu-west-1")
    walk.emulator.log_group("/aws/vendedlogs/chat")
    theirs = {plural: walk.foreign(plural, f"theirs-{plural[:4]}") for plural in _KINDS}
    rooms = [walk.room(f"room-{number}", env=env) for number, env in enumerate(("prod", "test"))]
    channels = [walk.channel(f"channel-{number}", env=env) for number, env in enumerate(("prod", "test"))]
    return {CHAT: (theirs[CHAT], *rooms), RECORDING: (theirs[RECORDING], *channels)}


def _lived(walk: Walk, history: _History, name: str, tally: dict[str, int]) -> tuple[str, str] | None:
    """Create it with the first spec that is admitted, and edit it with the others; None when none is admitted."""
    plural, drafts, deleted = history
    there = False
    for spec in drafts:
        try:
            if there:
                walk.api.call("PUT", custom(plural, walk.namespace, name), _edited(walk, plural, name, spec))
            else:
                body = {"apiVersion": "ivs-operator.dev/v1alpha1", "kind": _KINDS[plural]}
                body |= {"metadata": {"name": name}, "spec": spec}  # type: ignore[dict-item]
                walk.api.call("POST", custom(plural, walk.namespace), body)
                there = True
        except Refused as refusal:
            if refusal.status not in _REFUSALS:
                raise
            tally["refused"] += 1
    if there and deleted:
        walk.api.call("DELETE", custom(plural, walk.namespace, name))
    return (plural, name) if there and walk.get(plural, name) is not None else None


def _edited(walk: Walk, plural: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {**(walk.get(plural, name) or {}), "spec": spec}


def _last_word(walk: Walk, plural: str, name: str) -> str:
    """`Ready`, why it is not, or `gone`, as soon as the object has come to rest."""

    def look() -> str | None:
        found = walk.get(plural, name)
        if found is None:
            return "gone"
        ready = condition(found, "Ready")
        return ("Ready" if ready["status"] == "True" else str(ready["reason"])) if _explained(found) else None

    shown = f"{plural}/{name} explains itself"
    return until(look, shown, timeout=_NEEDED, last=lambda: f"{walk.get(plural, name)}\n{walk.operator.tail()}")


def _explained(found: Resource) -> bool:
    ready = condition(found, "Ready")
    if ready.get("observedGeneration") != found["metadata"]["generation"]:
        return False
    if ready["reason"] in _UNDER_WAY:
        return False
    assert ready["reason"] in _REASONS
    assert ready["message"].strip()
    return True


def _cleared(walk: Walk, made: list[tuple[str, str]]) -> None:
    """Retain lets everything go, whatever state it is in."""
    for plural, name in made:
        if walk.get(plural, name) is not None:
            walk.edit(plural, name, deletionPolicy="Retain", check=False)
            walk.kubectl("delete", plural, name, "--wait=false", "--ignore-not-found")
    for plural, name in made:
        until(lambda p=plural, n=name: walk.get(p, n) is None, f"{plural}/{name} goes", timeout=_NEEDED)
