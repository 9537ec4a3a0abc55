"""Who may take a Lease, and when: decisions over what was read and when it was first seen so."""

from dataclasses import replace
from typing import Any

import pytest

from ivs_operator.kube.election import (
    LONGEST_DURATION,
    Acquire,
    Candidacy,
    Decision,
    Lease,
    Renew,
    Sighting,
    Wait,
    decide,
    lease_from,
    released,
    sight,
    taken,
)

US = Candidacy("us", "live", "ivs-operator", 15.0)
NOW = 1000.0
TIME = "2026-01-02T03:04:05.000006Z"


def lease(holder: str | None = "them", seconds: object = 15, renewed: str = "t1", **more: Any) -> Lease:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": seconds, "renewTime": renewed, "leaseTransitions": 4}
    return lease_from({"metadata": {"resourceVersion": "7"}, "spec": spec | more})


RELEASED = lease("", 1)
WIPED = lease("")


def seen(*reads: tuple[float, Lease | None]) -> Sighting:
    """What these reads, at these times, amount to."""
    sighting = None
    for at, found in reads:
        sighting = sight(sighting, found, at, duration=US.duration)
    assert sighting is not None
    return sighting


@pytest.mark.parametrize(
    ("why", "reads", "leading", "decision"),
    [
        ("nobody ever made it", [(NOW, None)], False, Acquire()),
        ("a holder that we have just met may be alive", [(NOW, lease())], False, Wait(NOW + 15)),
        ("it did not change for 14 s", [(NOW - 14, lease()), (NOW, lease())], False, Wait(NOW + 1)),
        ("it did not change for its whole duration", [(NOW - 15, lease()), (NOW, lease())], False, Acquire()),
        ("it was renewed meanwhile", [(NOW - 15, lease()), (NOW, lease(renewed="t2"))], False, Wait(NOW + 15)),
        ("it changed hands", [(NOW - 15, lease()), (NOW, lease("third"))], False, Wait(NOW + 15)),
        ("it changed hands and back", [(NOW - 15, lease()), (NOW, lease(leaseTransitions=6))], False, Wait(NOW + 15)),
        (
            "renewed in the year 2999: not read as a time",
            [(NOW, lease(renewed="2999-01-01T00:00:00Z"))],
            False,
            Wait(NOW + 15),
        ),
        (
            "renewed in 1970: no reason to take it at once",
            [(NOW, lease(renewed="1970-01-01T00:00:00Z"))],
            False,
            Wait(NOW + 15),
        ),
        (
            "stuck in the year 2999: expires like any other",
            [(NOW - 15, lease(renewed="2999-01-01T00:00:00Z")), (NOW, lease(renewed="2999-01-01T00:00:00Z"))],
            False,
            Acquire(),
        ),
        ("its holder waits longer than we do", [(NOW, lease(seconds=60))], False, Wait(NOW + 60)),
        ("set to 1 s by hand: its holder does not know", [(NOW, lease(seconds=1))], False, Wait(NOW + 15)),
        ("set to years by hand: not for ever", [(NOW, lease(seconds=10**9))], False, Wait(NOW + LONGEST_DURATION)),
        ("without a duration: ours", [(NOW, lease(seconds=None))], False, Wait(NOW + 15)),
        ("let go", [(NOW, RELEASED)], False, Acquire()),
        ("let go while we waited", [(NOW - 3, lease()), (NOW, RELEASED)], False, Acquire()),
        ("wiped out by hand: the holder may work still", [(NOW - 3, lease()), (NOW, WIPED)], False, Wait(NOW + 15)),
        ("wiped out long ago", [(NOW - 15, WIPED), (NOW, WIPED)], False, Acquire()),
        ("wiped out while we lead and nobody took it", [(NOW - 3, lease("us")), (NOW, WIPED)], True, Acquire()),
        ("deleted by hand: the holder may work still", [(NOW - 20, lease()), (NOW, None)], False, Wait(NOW + 15)),
        ("deleted long ago", [(NOW - 20, lease()), (NOW - 15, None), (NOW, None)], False, Acquire()),
        ("deleted while we lead", [(NOW - 3, lease("us")), (NOW, None)], True, Acquire()),
        ("it names us", [(NOW, lease("us"))], True, Renew()),
        ("it names us though no answer came: nobody else can have written that", [(NOW, lease("us"))], False, Renew()),
        ("it names somebody else while we lead", [(NOW - 3, lease("us")), (NOW, lease())], True, Wait(NOW + 15)),
        (
            "only a label was edited",
            [(NOW - 15, lease()), (NOW, replace(lease(), raw={"metadata": {}}))],
            False,
            Acquire(),
        ),
        ("empty object", [(NOW, lease_from({}))], False, Wait(NOW + 15)),
        ("garbage", [(NOW, lease_from({"spec": ["what"], "metadata": None}))], False, Wait(NOW + 15)),
        ("garbage fields", [(NOW, lease(holder="x", seconds="soon", leaseTransitions="many"))], False, Wait(NOW + 15)),
    ],
)
def test_decision(why: str, reads: list[tuple[float, Lease | None]], leading: bool, decision: Decision) -> None:
    assert decide(seen(*reads), US.identity, NOW, leading=leading) == decision, why


@pytest.mark.parametrize(
    ("why", "before", "transitions", "acquired"),
    [
        ("the first holder ever", None, 0, TIME),
        ("after somebody else", lease(), 5, TIME),
        ("after somebody who let go", RELEASED, 5, TIME),
        ("renewed: the same tenure", lease("us", acquireTime="long ago"), 4, "long ago"),
        (
            "the largest number that the API takes: one more would be refused for ever",
            lease(leaseTransitions=2**31 - 1),
            0,
            TIME,
        ),
        ("a negative number", lease(leaseTransitions=-5), 1, TIME),
    ],
)
def test_a_takeover_is_counted_and_a_renewal_is_not(
    why: str, before: Lease | None, transitions: int, acquired: str
) -> None:
    spec = taken(before, US, 15, TIME)["spec"]
    assert (spec["leaseTransitions"], spec["acquireTime"]) == (transitions, acquired), why
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["renewTime"]) == ("us", 15, TIME)


def test_a_new_lease_carries_no_resource_version_and_another_carries_the_one_that_was_read() -> None:
    assert "resourceVersion" not in taken(None, US, 15, TIME)["metadata"]
    assert taken(lease(), US, 15, TIME)["metadata"]["resourceVersion"] == "7"


def test_what_others_put_on_a_lease_stays() -> None:
    labelled = lease_from({"metadata": {"labels": {"team": "live"}}, "spec": {"strategy": "OldestEmulationVersion"}})
    written = taken(labelled, US, 15, TIME)
    assert written["metadata"]["labels"] == {"team": "live"}
    assert written["spec"]["strategy"] == "OldestEmulationVersion"


def test_a_lease_that_we_let_go_is_free_for_others() -> None:
    left = lease_from(released(lease("us"), US, TIME))
    assert decide(seen((NOW, left)), "them", NOW, leading=False) == Acquire()


@pytest.mark.parametrize("duration", [1.0, 15.0, LONGEST_DURATION])
def test_renewals_fit_into_the_tenure_and_the_tenure_ends_before_the_lease(duration: float) -> None:
    candidacy = replace(US, duration=duration)
    assert 3 * candidacy.interval <= candidacy.tenure <= duration * 0.7, "three attempts, and time for calls to end"
