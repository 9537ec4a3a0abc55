"""A custom resource as the API server has it: nothing here fails, what can't be read is said."""

from typing import Any

import pytest

from ivs_operator.domain.desired import DeletionPolicy
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.selectors import Selector
from ivs_operator.domain.subject import recorded_from
from support.objects import CHAT, CLUSTER, RECORDING, arn_of, desired_of, key_of, resource, subject_of

BROKEN: list[Any] = [
    pytest.param(None, "spec", id="no spec"),
    pytest.param({}, "spec.destinationConfiguration", id="an empty one"),
    pytest.param({"destinationConfiguration": {"s3": {"bucketName": 7}}}, "bucketName", id="a wrong type"),
    pytest.param({"destinationConfiguration": {"s3": {"bucketName": "bbb"}}, "rooom": []}, "spec.rooom", id="a typo"),
]


@pytest.mark.parametrize(("spec", "field"), BROKEN)
def test_what_can_not_be_read_names_the_field(spec: Any, field: str) -> None:
    raw = resource()
    raw["spec"] = spec
    subject = subject_of(raw)
    assert subject.desired is None
    assert field in (subject.invalid or "")


POLICIES: list[Any] = [
    ({"deletionPolicy": "Retain"}, DeletionPolicy.RETAIN),
    ({"deletionPolicy": "retain"}, DeletionPolicy.DELETE),
    ({"deletionPolicy": ["Retain"]}, DeletionPolicy.DELETE),
    ({}, DeletionPolicy.DELETE),
    (None, DeletionPolicy.DELETE),
    ("text", DeletionPolicy.DELETE),
]


@pytest.mark.parametrize(("spec", "policy"), POLICIES)
def test_deleting_works_for_what_can_not_be_read(spec: Any, policy: DeletionPolicy) -> None:
    raw = resource()
    raw["spec"] = spec
    assert subject_of(raw).deletion_policy is policy


def test_metadata() -> None:
    raw = resource(deleting=True, paused=True, annotations={"ivs-operator.dev/reconcile-at": "now"}, generation=7)
    subject = subject_of(raw)
    assert (subject.deleting, subject.paused, subject.reconcile_at, subject.generation) == (True, True, "now", 7)
    assert (subject.has_finalizer, subject_of(resource(finalizers=("x",))).has_finalizer) == (True, False)
    assert subject.owner.tag == f"{CLUSTER}/live/vod"


@pytest.mark.parametrize("value", ["True", "yes", "1", ""])
def test_only_true_pauses(value: str) -> None:
    assert not subject_of(resource(annotations={"ivs-operator.dev/paused": value})).paused


def test_a_generation_is_read_once_and_another_or_another_life_anew() -> None:
    intake = Intake(CLUSTER, {})
    raw = resource()
    first = intake.read(key_of(raw), raw)[0].desired
    assert intake.read(key_of(raw), resource(generation=1))[0].desired is first
    assert intake.read(key_of(raw), resource(generation=2))[0].desired is not first
    assert intake.read(key_of(raw), resource(generation=2, uid="other"))[0].owner.uid == "other"
    intake.forget(key_of(raw))
    assert intake.read(key_of(raw), resource())[0].desired is not first


def test_what_is_desired() -> None:
    made = desired_of(resource(CHAT, "vod.live", tags={"team": "live"}, rooms=[{"name": "a"}, {"name": "a"}]))
    assert made.settings["name"] == "vod-live", "IVS allows no dots"
    assert made.selectors == (Selector(name="a"),)
    assert made.tag_keys == {"team"}
    assert desired_of(resource(RECORDING)).selectors == ()


def test_an_empty_name_is_a_name() -> None:
    given = resource(CHAT, "vod")
    given["spec"]["name"] = ""
    made = desired_of(given)
    assert made.settings["name"] == "", "a nameless AWS object can be adopted without a difference"


@pytest.mark.parametrize("kind", [CHAT, RECORDING])
def test_who_adopts_and_names_nothing_keeps_the_name_at_aws(kind: Kind) -> None:
    """Else a chat object were renamed unasked, and a recording one could never be Ready."""
    adopting: dict[str, Any] = {"existing": {"arn": arn_of("x", kind)}, "deletionPolicy": "Retain"}
    assert "name" not in desired_of(resource(kind, **adopting)).settings
    named = resource(kind, **adopting)
    named["spec"]["name"] = "ours"
    assert desired_of(named).settings["name"] == "ours"


REGIONS: list[Any] = [
    ("eu-west-1", "eu-west-1"),
    ("EU WEST", None),
    (7, None),
    (None, None),
]


@pytest.mark.parametrize(("region", "read"), REGIONS)
def test_the_region_of_an_unreadable_spec_counts_when_it_is_one(region: Any, read: str | None) -> None:
    """It is looked for there, too, when the object is deleted; the default would be the wrong place."""
    _, reading = Intake("c", {}).read(key_of(resource()), resource(region=region, bogus=1))
    assert (reading.desired, reading.region) == (None, read)


def test_default_tags_yield_to_the_users() -> None:
    subject = subject_of(resource(tags={"team": "live"}), default_tags={"team": "x", "cost": "7"})
    assert subject.desired is not None
    assert {key: subject.desired.tags[key] for key in ("team", "cost")} == {"team": "live", "cost": "7"}
    assert subject.desired.tag_keys == {"team", "cost"}


GARBAGE: list[Any] = [None, "text", [], {"conditions": "x"}, {"associations": [], "pendingCreate": 7, "tagKeys": {}}]


@pytest.mark.parametrize("value", [*GARBAGE, {"arn": 7, "region": "", "observed": "x", "superseded": [7, {"arn": 1}]}])
def test_a_status_that_was_edited_by_hand_counts_as_not_recorded(value: Any) -> None:
    found = recorded_from(value)
    assert (found.arn, found.region, found.superseded, found.observed_generation) == (None, None, (), -1)
    assert (found.ledger.pending, found.ledger.selectors, found.ledger.tag_keys) == (None, (), frozenset())
    assert found.condition("Ready") == {}
    assert not found.ready_for(1)


def test_a_status_is_read_back() -> None:
    found = recorded_from(
        {
            "arn": arn_of("a"),
            "pendingCreate": {"specHash": "v1-x", "since": "2023-11-14T22:13:20Z"},
            "tagKeys": ["a", 7],
            "superseded": [{"arn": arn_of("b"), "associated": 1}],
            "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 3}],
        }
    )
    assert found.ledger.pending is not None
    assert (found.ledger.pending.since, found.ledger.pending.spec_hash) == (1_700_000_000.0, "v1-x")
    assert (found.ledger.tag_keys, found.superseded) == ({"a"}, (arn_of("b"),))
    assert (found.ready_for(3), found.ready_for(4)) == (True, False)
