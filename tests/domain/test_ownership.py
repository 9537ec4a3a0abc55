"""Which AWS object is ours: by tag, never by name, never because a status says so."""

from typing import Any

import pytest

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.actions import Inspect, Tag
from ivs_operator.domain.plan import plan
from support.objects import CLUSTER, OWNER_TAGS, RECORDING, arn_of, configuration, desired_of, made_for, resource, room
from support.plans import Expect
from support.situations import failure, situation

PLAIN = resource()
ADOPTING = resource(existing={"arn": arn_of("x")}, deletionPolicy="Retain")
ADOPTING_VOD = resource(RECORDING, existing={"arn": arn_of("x", RECORDING)}, deletionPolicy="Retain")
OWNER = {key: value for key, value in desired_of(ADOPTING).tags.items() if key != "ivs-operator.dev/spec"}


def twins(*objects: Any, consumers: Any = ()) -> Any:
    return situation(PLAIN, objects, consumers)


RANKS = [
    pytest.param(
        twins(made_for(PLAIN, "a", tags={"ivs-operator.dev/spec": "v1-old"}), made_for(PLAIN, "b")),
        "b",
        id="the twin made from the present spec is kept",
    ),
    pytest.param(
        twins(made_for(PLAIN, "a"), made_for(PLAIN, "b"), consumers=[room("r", "b")]),
        "b",
        id="of two alike the one in use is kept",
    ),
    pytest.param(
        twins(made_for(PLAIN, "a", state="CREATE_FAILED"), made_for(PLAIN, "b")),
        "b",
        id="one that works goes before one that failed",
    ),
    pytest.param(twins(made_for(PLAIN, "b"), made_for(PLAIN, "a")), "a", id="else the smallest ARN, so that all agree"),
    pytest.param(
        twins(made_for(PLAIN, "a", state="DELETING"), made_for(PLAIN, "b")),
        "b",
        id="one on its way out does not count",
    ),
]


@pytest.mark.parametrize(("s", "kept"), RANKS)
def test_which_twin_is_kept(s: Any, kept: str) -> None:
    made = plan(s)
    assert made.current is not None
    assert made.current.arn == arn_of(kept)
    deleting = {item.arn for item in s.view.owned if item.state == "DELETING"}
    assert {item.arn for item in made.surplus} == {item.arn for item in s.view.owned} - {arn_of(kept)} - deleting


ADOPTION = [
    pytest.param(
        situation(ADOPTING),
        Expect(Inspect(arn_of("x")), reason=Reason.UPDATING),
        id="the named object is read before anything is said of it",
    ),
    pytest.param(
        situation(ADOPTING, failures=[failure(f"get:{arn_of('x')}")]),
        Expect(reason=Reason.ACCESS_DENIED),
        id="and when it can't be read, the reason is told",
    ),
    pytest.param(
        situation(ADOPTING, gone=[arn_of("x")]),
        Expect(reason=Reason.EXISTING_NOT_FOUND, stalled=True, says=(arn_of("x"), "us-west-2", "right ARN")),
        id="a named object that does not exist needs a person",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner=None)]),
        Expect(Tag(arn_of("x"), OWNER), reason=Reason.UPDATING, says=("marking",)),
        id="an object that nobody owns gets our owner tags first",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner=f"{CLUSTER}/live/other")], wanting={"live/other": ()}),
        Expect(reason=Reason.AMBIGUOUS_OWNER, stalled=True, says=("live/other", "Retain")),
        id="an object of this cluster's other resource is not taken",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner=f"{CLUSTER}/live/other")]),
        Expect(
            reason=Reason.AMBIGUOUS_OWNER,
            stalled=True,
            says=("live/other, an object that this operator does not see", "aws ivschat untag-resource", arn_of("x")),
        ),
        id="when that is gone there is nothing to delete: the tags are what is left",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner=None)], older_adopter="live/elder"),
        Expect(reason=Reason.AMBIGUOUS_OWNER, stalled=True, says=("live/elder", "older", "Retain")),
        id="of two that name one object the older has it, before any tag is written",
    ),
    pytest.param(
        situation(ADOPTING, [made_for(ADOPTING, "x")], None, older_adopter="live/elder"),
        Expect(reason=None),
        id="one that has it keeps it",
    ),
    pytest.param(
        situation(ADOPTING, [made_for(ADOPTING, "x")], None, unconfirmed=[arn_of("x")]),
        Expect(Inspect(arn_of("x")), reason=Reason.UPDATING, blind=True),
        id="after our tags are written they are read again: two may have written at once",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner="cluster-2/live/vod")]),
        Expect(reason=Reason.OWNED_ELSEWHERE, stalled=True, says=("cluster-2/live/vod", "Retain", "untag-resource")),
        id="another cluster's object is not taken",
    ),
    pytest.param(
        situation(ADOPTING, [configuration("x", owner="garbage")]),
        Expect(reason=Reason.OWNED_ELSEWHERE, stalled=True, says=("garbage",)),
        id="an owner tag that can't be read is still somebody's",
    ),
    pytest.param(
        situation(ADOPTING, [made_for(ADOPTING, "x")], None),
        Expect(reason=None),
        id="an adopted object that is as declared is Ready",
    ),
    pytest.param(
        situation(ADOPTING, [made_for(ADOPTING, "x", name="theirs")], None),
        Expect(reason=None),
        id="and so is one that was made under another name, which nobody asked to change",
    ),
    pytest.param(
        situation(ADOPTING_VOD, [made_for(ADOPTING_VOD, "x", name="theirs")], None),
        Expect(reason=None),
        id="of a kind that can't be renamed, too",
    ),
    pytest.param(
        situation(ADOPTING_VOD, [made_for(ADOPTING_VOD, "x", recordingReconnectWindowSeconds=7)], None),
        Expect(
            reason=Reason.REPLACEMENT_REQUIRED,
            stalled=True,
            says=("recordingReconnectWindowSeconds", "deletionPolicy to Retain and delete this object"),
        ),
        id="what differs can't be edited under Never, so that the way out is to apply it anew",
    ),
    pytest.param(
        situation(PLAIN, [configuration("a", owner=None)], None, gone=()),
        Expect(*plan(situation(PLAIN)).actions, reason=Reason.CREATING),
        id="without `existing` an object is never taken by its name",
    ),
    pytest.param(
        situation(resource(status={"arn": arn_of("a")}), [configuration("a", owner=None)], None),
        Expect(*plan(situation(PLAIN)).actions, reason=Reason.CREATING),
        id="nor because the status names it",
    ),
]


@pytest.mark.parametrize(("s", "expected"), ADOPTION)
def test_adoption(s: Any, expected: Expect) -> None:
    expected.of(s)


def test_an_object_restored_from_a_backup_has_a_new_uid_and_keeps_its_aws_object() -> None:
    restored = resource(uid="uid-of-the-second-life")
    found = made_for(restored, tags={"ivs-operator.dev/uid": "uid-of-the-first-life"})
    wanted = Tag(arn_of("a"), {"ivs-operator.dev/uid": "uid-of-the-second-life"})
    Expect(wanted, reason=Reason.UPDATING).of(situation(restored, [found], None))
    assert set(wanted.tags) < OWNER_TAGS
