"""What Argo CD and Flux have applied stays as they have applied it, whatever the operator does to the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from support.walk import Resource, Walk

# Server-side, with the words that they use: Argo CD with ServerSideApply=true, and Flux always.
APPLIERS = ("argocd-controller", "kustomize-controller")
OURS = {"finalizers", "generation", "managedFields", "resourceVersion", "uid", "creationTimestamp", "name", "namespace"}


def test_objects_of_git_stay_in_sync_for_ever(walk: Walk) -> None:
    """Made, associated, edited in Git, reconciled on request, after a restart: never a difference, never our name."""
    bucket = walk.emulator.bucket("archive")
    room = walk.room("lobby", env="prod")
    manifests = {
        (plural, applier): manifest(walk, plural, applier, destinationConfiguration=s3(bucket), **more)
        for plural, more in ((CHAT, {"rooms": [{"arn": room}, {"matchTags": {"env": "prod"}}]}), (RECORDING, {}))
        for applier in APPLIERS
    }
    for (_, applier), text in manifests.items():
        apply(walk, applier, text)
    unchanged(walk, manifests, applied := settled(walk, manifests))

    for key, text in manifests.items():
        edited = yaml.safe_load(text)
        edited["spec"]["tags"] = {"team": "live"}
        manifests[key] = yaml.safe_dump(edited)
        apply(walk, key[1], manifests[key])
    edited_at = settled(walk, manifests)
    assert edited_at != applied, "an edit in Git is the applier's own change"
    unchanged(walk, manifests, edited_at)

    mark = walk.mark()
    walk.operator.stop()
    walk.operator.start()
    walk.sweeps(CHAT, 2)
    walk.sweeps(RECORDING, 2)
    assert walk.kube_writes(mark) == []
    unchanged(walk, manifests, edited_at)


def manifest(walk: Walk, plural: str, applier: str, **spec: Any) -> str:
    """As Git has it: with a label and an annotation of the tool's own."""
    made = yaml.safe_load(walk.manifest(plural, f"vod-of-{applier.partition('-')[0]}", **spec))
    made["metadata"]["labels"] = {"app.kubernetes.io/instance": "live-video"}
    made["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "live-video:vod"}
    return str(yaml.safe_dump(made))


def apply(walk: Walk, applier: str, text: str) -> None:
    walk.kubectl("apply", "--server-side", "--force-conflicts", f"--field-manager={applier}", "-f", "-", stdin=text)


def settled(walk: Walk, manifests: dict[tuple[str, str], str]) -> dict[tuple[str, str], Any]:
    """The applier's own entry of managedFields, once the operator is done with every object."""
    found = {}
    for (plural, applier), text in manifests.items():
        name = yaml.safe_load(text)["metadata"]["name"]
        walk.ready(plural, name)
        found[plural, applier] = owned(walk.get(plural, name), applier)
    return found


def owned(item: Resource | None, applier: str) -> Any:
    assert item is not None
    (entry,) = [each for each in item["metadata"]["managedFields"] if each["manager"] == applier]
    return entry


def unchanged(walk: Walk, manifests: dict[tuple[str, str], str], before: dict[tuple[str, str], Any]) -> None:
    for (plural, applier), text in manifests.items():
        wanted = yaml.safe_load(text)
        diff = walk.kubectl(
            *("diff", "--server-side", "--force-conflicts", f"--field-manager={applier}", "-f", "-"),
            stdin=text,
            check=False,
        )
        assert (diff.returncode, diff.stdout) == (0, ""), diff
        item = walk.get(plural, wanted["metadata"]["name"])
        assert owned(item, applier) == before[plural, applier], "the applier owns what it did, since then"
        assert item is not None
        assert item["metadata"]["labels"] == wanted["metadata"]["labels"]
        assert item["metadata"]["annotations"] == wanted["metadata"]["annotations"]
        assert set(item["metadata"]) - OURS == {"labels", "annotations"}
        ours = [each for each in item["metadata"]["managedFields"] if each["manager"] != applier]
        assert all(touched(each) <= {"f:metadata/f:finalizers", "f:status"} for each in ours), ours


def touched(entry: dict[str, Any]) -> set[str]:
    """Which parts of an object a manager has written."""
    parts = set()
    for top, below in entry["fieldsV1"].items():
        parts |= {f"{top}/{name}" for name in below if name != "."} if top == "f:metadata" else {top}
    return parts
