"""An object from before a rule existed stays usable: it can be read, reported on, annotated and let go."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from api.schemas import walk
from cluster.crds.conftest import User
from cluster.crds.objects import RC, written
from ivs_operator.api.crd import crds
from ivs_operator.api.validation import InvalidSpec, parse_spec

GROUP = "ratcheting.example.com"
RULES = "x-kubernetes-validations"
BOUNDS = ("pattern", "maxLength", "enum", "maxItems", RULES)
VIOLATING = {
    "tags": {"aws:x": "y"},
    "thumbnailConfiguration": {"recordingMode": "DISABLED", "targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]},
    "channels": [{"name": "a", "arn": "b"}],
    "region": "Oregon",
}


class Upgrade:
    """The definition of one kind under names of its own, first without any bound, then as it is.

    Its own kind as well as its own group: `kubectl get recordingconfigurations` of other tests must not find it.
    """

    def __init__(self, user: User) -> None:
        self.user = user
        self.kind = f"Old{uuid4().hex[:8]}"
        (ours,) = [crd for crd in crds() if crd["spec"]["names"]["kind"] == RC]
        self.now = deepcopy(ours)
        singular = self.kind.lower()
        self.now["metadata"]["name"] = f"{singular}s.{GROUP}"
        self.now["spec"]["group"] = GROUP
        self.now["spec"]["names"] = {"kind": self.kind, "singular": singular, "plural": f"{singular}s"}
        self.before = deepcopy(self.now)
        root = self.before["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        for _, node in walk(root):
            for key in BOUNDS:
                node.pop(key, None)

    @property
    def crd_name(self) -> str:
        name: str = self.now["metadata"]["name"]
        return name

    def written(self, **spec: Any) -> dict[str, Any]:
        return written(RC, **spec) | {"apiVersion": f"{GROUP}/v1alpha1", "kind": self.kind}

    def install(self, crd: dict[str, Any]) -> None:
        self.user.run("apply", "--server-side", "--force-conflicts", "--filename=-", manifest=crd)
        self.user.run("wait", "--for=condition=Established", f"crd/{self.crd_name}", "--timeout=30s")


@pytest.fixture
def upgrade(user: User) -> Iterator[Upgrade]:
    upgrade = Upgrade(user)
    yield upgrade
    user.run("delete", "crd", upgrade.crd_name, "--wait=false")


def test_an_object_older_than_the_rules_stays_usable(user: User, upgrade: Upgrade) -> None:
    upgrade.install(upgrade.before)
    old = upgrade.written(**VIOLATING)
    eventually(lambda: user.run("create", "--filename=-", manifest=old, check=False).returncode == 0)
    upgrade.install(upgrade.now)
    fresh = upgrade.written(**VIOLATING)
    eventually(
        lambda: user.run("create", "--dry-run=server", "--filename=-", manifest=fresh, check=False).returncode != 0
    )
    target = (upgrade.kind, old["metadata"]["name"])

    def patched(patch: str, *options: str) -> dict[str, Any]:
        result: dict[str, Any] = user.run(
            "patch", *target, "--type=merge", f"--patch={patch}", "--output=json", *options
        ).json()
        return result

    assert patched('{"status":{"state":"ACTIVE"}}', "--subresource=status")["status"]["state"] == "ACTIVE"
    assert patched('{"metadata":{"finalizers":["ivs-operator.dev/aws-cleanup"]}}')["metadata"]["finalizers"]
    assert patched('{"metadata":{"annotations":{"ivs-operator.dev/paused":"true"}}}')["metadata"]["annotations"]
    edited = patched('{"spec":{"driftPolicy":"Report"}}')
    assert edited["spec"]["driftPolicy"] == "Report", "an edit elsewhere, the old mistakes untouched"

    def refused(patch: str) -> str:
        result = user.run("patch", *target, "--type=merge", f"--patch={patch}", check=False)
        assert result.returncode != 0
        return result.stderr

    assert "spec.tags: Invalid value" in refused('{"spec":{"tags":{"aws:z":"y"}}}'), "a mistake made anew"
    assert "spec.channels[0]" in refused('{"spec":{"channels":[{"name":"a","arn":"c"}]}}')

    with pytest.raises(InvalidSpec) as caught:
        parse_spec(RC, edited["spec"])
    for field in ("spec.region: ", "spec.tags: ", "spec.thumbnailConfiguration.targetIntervalSeconds: "):
        assert field in caught.value.message, "the operator sees what the API server lets pass"

    user.run("delete", *target, "--wait=false")
    assert "finalizers" not in patched('{"metadata":{"finalizers":null}}')["metadata"], "and it can go"


def eventually(holds: Any) -> None:
    """A new schema is served a moment after the definition says so."""
    from time import monotonic

    deadline = monotonic() + 30
    while not holds():
        assert monotonic() < deadline, "not within 30 s"
