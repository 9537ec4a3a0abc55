"""Who of ours wants a free slot, and who adopts the same object."""

from typing import Any

import pytest

from ivs_operator.domain.intake import Intake
from ivs_operator.domain.selectors import Selector
from ivs_operator.engine.claims import ResourceClaims
from ivs_operator.kube.cache import ResourceCache
from support.objects import ACCOUNT, CLUSTER, RECORDING, REGION, arn_of, key_of, resource
from support.virtual_time import START

LOBBY = [{"name": "lobby"}]
WORKING = {"arn": arn_of("o"), "region": REGION, "accountID": ACCOUNT, "state": "ACTIVE"}
ME = resource(name="me", rooms=LOBBY, created=START - 100, status={"region": REGION, "accountID": ACCOUNT})


def other(**changes: Any) -> dict[str, Any]:
    return resource(**{"name": "other", "rooms": LOBBY, "created": START - 500, "status": WORKING, **changes})


def stuck(reason: str, *, generation: int = 1) -> dict[str, Any]:
    """The status of a working object that has come to be refused."""
    ready = {"type": "Ready", "status": "False", "reason": reason, "observedGeneration": generation}
    return {**WORKING, "observedGeneration": generation, "conditions": [ready]}


STUCK = [
    "AccountNotAllowed",
    "AccountNotFound",
    "AccountChanged",
    "ExistingNotFound",
    "RegionChanged",
    "UnsupportedRegion",
]


def claims(*resources: dict[str, Any]) -> ResourceClaims:
    cache = ResourceCache()
    for item in resources:
        cache.put(key_of(item), item)
    return ResourceClaims(cache, Intake(CLUSTER, {}))


def subject(raw: dict[str, Any] = ME) -> Any:
    return Intake(CLUSTER, {}).read(key_of(raw), raw)[0]


RIVALS = [
    pytest.param(other(), True, id="an older one that works and selects"),
    pytest.param(other(created=START), False, id="a younger one"),
    pytest.param(other(created=START - 100, uid="aaa"), True, id="of the same second the smaller uid"),
    pytest.param(other(created=START - 100, uid="zzz"), False, id="and not the larger"),
    pytest.param(other(rooms=[]), False, id="one that selects nothing"),
    pytest.param(other(status={**WORKING, "state": "CREATING"}), False, id="one that does not work yet"),
    pytest.param(other(status={**WORKING, "region": "eu-west-1"}), False, id="one in another region"),
    pytest.param(other(status={**WORKING, "accountID": "444455556666"}), False, id="one in another account"),
    pytest.param(other(status={}), False, id="one that was never made"),
    pytest.param(other(deleting=True), False, id="one that goes"),
    pytest.param(other(paused=True), False, id="one that is paused"),
    pytest.param(other(destinationConfiguration={}), False, id="one whose spec can't be read"),
    *[pytest.param(other(status=stuck(reason)), False, id=f"one that is {reason}") for reason in STUCK],
    pytest.param(other(status=stuck("AccountNotAllowed", generation=0)), True, id="one that was mended just now"),
    pytest.param(other(status=stuck("RoomFull")), True, id="one that waits for another room"),
    pytest.param(resource(RECORDING, "other", channels=LOBBY, created=1.0, status=WORKING), False, id="another kind"),
]


@pytest.mark.parametrize(("raw", "counts"), RIVALS)
def test_rivals(raw: dict[str, Any], counts: bool) -> None:
    found = claims(ME, raw).rivals(subject())
    assert [rival.arn for rival in found] == ([arn_of("o")] if counts else [])


def adopting(**changes: Any) -> dict[str, Any]:
    return other(**{"existing": {"arn": arn_of("x")}, "deletionPolicy": "Retain", **changes})


ADOPTERS = [
    pytest.param(adopting(), "live/other", id="an older one"),
    pytest.param(adopting(created=START), None, id="a younger one"),
    pytest.param(adopting(deleting=True), None, id="one that goes"),
    *[pytest.param(adopting(status=stuck(reason)), None, id=f"one that is {reason}") for reason in STUCK],
    pytest.param(adopting(status=stuck("AccountNotAllowed", generation=0)), "live/other", id="one mended just now"),
    pytest.param(adopting(paused=True), "live/other", id="one that is paused: it had it first"),
    pytest.param(adopting(destinationConfiguration={}), None, id="one whose spec can't be read"),
    pytest.param(other(), None, id="one that adopts nothing"),
    pytest.param(
        other(existing={"arn": arn_of("y")}, deletionPolicy="Retain"), None, id="one that adopts something else"
    ),
]


@pytest.mark.parametrize(("raw", "name"), ADOPTERS)
def test_older_adopter(raw: dict[str, Any], name: str | None) -> None:
    assert claims(ME, raw).older_adopter(subject(), arn_of("x")) == name


ENTRIES = [
    pytest.param(other(), (Selector(name="lobby"),), id="the spec's"),
    pytest.param(other(paused=True), (Selector(name="lobby"),), id="also of one that is paused"),
    pytest.param(other(deleting=True), (Selector(name="lobby"),), id="and of one whose deletion waits for its users"),
    pytest.param(other(deleting=True, deletionPolicy="DetachAndDelete"), (), id="none of one that lets all go"),
    pytest.param(
        other(destinationConfiguration={}, status={"associations": {"selectors": [{"name": "foyer"}]}}),
        (Selector(name="foyer"),),
        id="those on record while the spec can't be read",
    ),
    pytest.param(resource(name="stranger"), None, id="unknown of one that is not there"),
]


@pytest.mark.parametrize(("raw", "entries"), ENTRIES)
def test_entries_in_force(raw: dict[str, Any], entries: tuple[Selector, ...] | None) -> None:
    assert claims(ME, raw).entries(key_of(other())) == entries


class Counted(Intake):
    """Counts what is read."""

    reads = 0

    def read(self, key: Any, resource: Any) -> Any:
        self.reads += 1
        return super().read(key, resource)


def test_of_a_thousand_objects_only_those_that_matter_are_read() -> None:
    """Each object that waits looks at all others: to read them all takes a second for a hundred of them."""
    cache = ResourceCache()
    far = {**WORKING, "accountID": "444455556666"}
    others = [
        resource(name=f"{place}-{number}", rooms=LOBBY, created=START - 500, status=status, **existing)
        for number in range(500)
        for place, status, existing in (
            ("far", far, {}),
            ("adopts", far, {"existing": {"arn": arn_of(f"{number:012}")}, "deletionPolicy": "Retain"}),
        )
    ]
    for item in (*others, other(), adopting(name="adopter")):
        cache.put(key_of(item), item)
    intake = Counted(CLUSTER, {})
    found = ResourceClaims(cache, intake)
    assert len(found.rivals(subject())) == 2
    assert found.older_adopter(subject(), arn_of("x")) == "live/adopter"
    assert intake.reads == 3
    found.rivals(subject())
    assert intake.reads == 3, "and no version twice"
    cache.put(key_of(other()), {**other(), "metadata": {**other()["metadata"], "resourceVersion": "9"}})
    found.rivals(subject())
    assert intake.reads == 4


def test_what_has_changed_or_gone_is_seen() -> None:
    cache = ResourceCache()
    cache.put(key_of(other()), other())
    found = ResourceClaims(cache, Intake(CLUSTER, {}))
    assert len(found.rivals(subject())) == 1
    changed = other(rooms=[{"name": "foyer"}], generation=2)
    changed["metadata"]["resourceVersion"] = "9"
    cache.put(key_of(other()), changed)
    assert [rival.selectors for rival in found.rivals(subject())] == [(Selector(name="foyer"),)]
    cache.remove(key_of(other()))
    assert found.rivals(subject()) == []
    assert not found._claims, "nothing is kept of what is gone"
