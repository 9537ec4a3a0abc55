"""Two managers under server-side apply: Git and a person, or two repositories."""

from typing import Any

import pytest

from cluster.crds.conftest import User
from cluster.crds.objects import ACCOUNT, CL, RC, written

S3 = {"s3": {"bucketName": "my-logs"}}
FIREHOSE = {"firehose": {"deliveryStreamName": "chat"}}
BOLD = {"replacePolicy": "CreateBeforeDelete"}
FORCED = "--force-conflicts"


def owned(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    """What one manager says: only its own members."""
    return written(kind, name) | {"spec": spec}


def test_git_takes_back_a_destination_that_a_person_switched(user: User) -> None:
    """With a granular map both members would be set in the end, and every later sync refused."""
    manifest = written(CL, destinationConfiguration=S3)
    name = manifest["metadata"]["name"]
    user.apply("git", manifest)
    by_hand = user.apply("person", owned(CL, name, destinationConfiguration=FIREHOSE), FORCED)
    assert by_hand["spec"]["destinationConfiguration"] == FIREHOSE
    assert user.apply("git", manifest, FORCED)["spec"]["destinationConfiguration"] == S3


def test_a_conflict_is_told_before_anything_is_forced(user: User) -> None:
    manifest = written(CL, destinationConfiguration=S3)
    user.apply("git", manifest)
    said = user.refused(
        "apply", written(CL, manifest["metadata"]["name"], destinationConfiguration=FIREHOSE),
        "--server-side", "--field-manager=person",
    )  # fmt: skip
    assert 'conflict with "git": .spec.destinationConfiguration' in said


ATOMIC: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("thumbnailConfiguration", {"resolution": "HD", "targetIntervalSeconds": 5}, {"recordingMode": "DISABLED"},
     "a merged interval would make DISABLED invalid"),
    ("renditionConfiguration", {"renditionSelection": "CUSTOM", "renditions": ["HD"]}, {"renditionSelection": "NONE"},
     "merged renditions would make NONE invalid"),
    ("channels", [{"name": "a"}], [{"name": "b"}], "entries have no key to merge by"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "theirs", "ours", "why"), ATOMIC, ids=[case[0] for case in ATOMIC])
def test_the_last_to_force_has_the_whole_of_an_atomic_field(
    user: User, field: str, theirs: Any, ours: Any, why: str
) -> None:
    manifest = written(RC, **BOLD, **{field: theirs})
    user.apply("one", manifest)
    merged = user.apply("two", owned(RC, manifest["metadata"]["name"], **{field: ours}), FORCED)["spec"][field]
    if isinstance(ours, list):
        assert merged == ours, why
        return
    assert ours.items() <= merged.items(), why
    assert not {"targetIntervalSeconds", "resolution", "renditions"} & merged.keys(), why


def test_tags_of_two_managers_live_side_by_side(user: User) -> None:
    manifest = written(RC, tags={"team": "live"})
    name = manifest["metadata"]["name"]
    user.apply("one", manifest)
    both = user.apply("two", owned(RC, name, tags={"cost-center": "7"}))
    assert both["spec"]["tags"] == {"team": "live", "cost-center": "7"}
    left = user.apply("one", written(RC, name))
    assert left["spec"]["tags"] == {"cost-center": "7"}, "what one manager drops, the other keeps"


def test_namespaces_allowed_by_two_managers_add_up(user: User) -> None:
    manifest = written(ACCOUNT, allowedNamespaces={"list": ["live"]})
    name = manifest["metadata"]["name"]
    user.create(manifest)
    user.apply("one", manifest, FORCED)
    both = user.apply("two", owned(ACCOUNT, name, allowedNamespaces={"list": ["chat"]}))
    assert sorted(both["spec"]["allowedNamespaces"]["list"]) == ["chat", "live"]


def test_conditions_of_two_writers_merge_by_type(user: User) -> None:
    """Another controller may keep a condition of its own."""
    manifest = written(CL)
    name = manifest["metadata"]["name"]
    user.create(manifest)

    def says(manager: str, kind: str) -> list[str]:
        condition = {"type": kind, "status": "True", "lastTransitionTime": "2026-11-21T12:30:15Z"}
        status = {"apiVersion": manifest["apiVersion"], "kind": CL, "metadata": {"name": name}}
        applied = user.apply(manager, status | {"status": {"conditions": [condition]}}, "--subresource=status")
        return sorted(entry["type"] for entry in applied["status"]["conditions"])

    assert says("operator", "Ready") == ["Ready"]
    assert says("someone", "Audited") == ["Audited", "Ready"]
