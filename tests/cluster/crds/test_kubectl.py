"""What a user sees: explain, columns, categories, short names."""

import pytest

from api.schemas import root_of, walk
from cluster.crds.conftest import User
from cluster.crds.objects import ACCOUNT, CL, RC, ROLE, as_text, written

# The API server describes these by itself and lets nobody else.
OF_KUBERNETES = (".apiVersion", ".kind", ".metadata")

READY = {
    "type": "Ready", "status": "False", "reason": "RoomFull", "lastTransitionTime": "2026-11-21T12:30:15Z",
}  # fmt: skip
STATUS = {
    "observedGeneration": 1,
    "arn": "arn:of-it",
    "region": "us-west-2",
    "state": "ACTIVE",
    "associations": {"summary": "118/120"},
    "conditions": [READY],
}


def explained(kind: str) -> list[tuple[str, str]]:
    """Every field below the root, as `kubectl explain` spells it, and its description."""
    found = []
    for path, node in walk(root_of(kind)):
        if path and not path.endswith(("[]", "{}")) and path not in OF_KUBERNETES:
            found.append((path.replace("[]", ""), node["description"]))
    return found


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("kind", [RC, CL, ACCOUNT])
def test_explain_teaches_every_field(user: User, kind: str, part: int) -> None:
    """In parts, so that workers share the hundred calls."""
    fields = explained(kind)[part::4]
    assert fields
    for path, description in fields:
        said = " ".join(user.run("explain", f"{kind.lower()}{path}").stdout.split())
        assert description in said, path


def test_explain_shows_the_words_of_an_enum(user: User) -> None:
    said = user.run("explain", "ivsrc.spec.deletionPolicy").stdout
    for word in ("ENUM: Delete DetachAndDelete Retain", "DeletionBlocked", "Must be given with existing"):
        assert word in " ".join(said.split())


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize(
    ("kind", "short", "destination", "shown"),
    [
        (RC, "ivsrc", {"s3": {"bucketName": "my-vod"}}, "my-vod"),
        (CL, "ivscl", {"s3": {"bucketName": "my-logs"}}, "my-logs"),
        (CL, "ivscl", {"cloudWatchLogs": {"logGroupName": "/aws/vendedlogs/chat"}}, "/aws/vendedlogs/chat"),
        (CL, "ivscl", {"firehose": {"deliveryStreamName": "chat"}}, "chat"),
    ],
)
def test_columns(user: User, kind: str, short: str, destination: dict[str, object], shown: str) -> None:
    manifest = written(kind, destinationConfiguration=destination)
    name = manifest["metadata"]["name"]
    user.create(manifest)
    user.write_status(manifest, STATUS)
    head, row = table(user.run("get", short, name).stdout)
    assert head == ["NAME", "READY", "REASON", "STATE", "ASSOCIATED", "AGE"]
    assert row[:-1] == [name, "False", "RoomFull", "ACTIVE", "118/120"]
    head, row = table(user.run("get", short, name, "--output=wide").stdout)
    assert head == ["NAME", "READY", "REASON", "STATE", "ASSOCIATED", "AGE", "REGION", "ARN", "DESTINATION"]
    assert row[:5] + row[6:] == [name, "False", "RoomFull", "ACTIVE", "118/120", "us-west-2", "arn:of-it", shown]


def test_columns_of_an_account(user: User) -> None:
    manifest = written(ACCOUNT)
    name = manifest["metadata"]["name"]
    user.create(manifest)
    user.write_status(manifest, {"accountID": "222233334444", "conditions": [READY | {"status": "True"}]})
    head, row = table(user.run("get", "ivsacct", name).stdout)
    assert head == ["NAME", "READY", "ACCOUNT", "ROLE", "AGE"]
    assert row[:-1] == [name, "True", "222233334444", ROLE]


def test_the_category_lists_both_kinds_and_no_account(user: User, namespace: str) -> None:
    """A cluster-scoped kind in it would end in Forbidden for people with namespace rights only."""
    for kind in (RC, CL):
        user.kubectl("create", f"--namespace={namespace}", "--filename=-", stdin=as_text(written(kind, "one")))
    listed = user.kubectl("get", "ivs", f"--namespace={namespace}", "--output=name").stdout.split()
    assert sorted(listed) == [
        "chatloggingconfiguration.ivs-operator.dev/one",
        "recordingconfiguration.ivs-operator.dev/one",
    ]


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (RC, ("recordingconfigurations", "recordingconfiguration", "ivsrc")),
        (CL, ("chatloggingconfigurations", "chatloggingconfiguration", "ivscl")),
        (ACCOUNT, ("awsaccounts", "awsaccount", "ivsacct")),
    ],
)
def test_every_name_of_a_kind_finds_it(user: User, kind: str, names: tuple[str, ...]) -> None:
    manifest = written(kind)
    user.create(manifest)
    for name in names:
        assert user.run("get", name, manifest["metadata"]["name"], "--output=name").stdout
