"""Every sample becomes what it says, applied as it ships: only the ARNs and names that readers put in are replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from ivs_sandbox.shipped import manifests
from support.accounts import OTHER, AccountWalk
from support.walk import CHAT, RECORDING, Walk, condition

if TYPE_CHECKING:
    from collections.abc import Callable

PLURALS = {"ChatLoggingConfiguration": CHAT, "RecordingConfiguration": RECORDING}
SAMPLES = {path.stem: path.read_text() for path in sorted(manifests("samples").glob("*.yaml"))}
EXISTING = "arn:aws:ivschat:us-west-2:111122223333:logging-configuration/AbCdEfGh1234"
ROOM = "arn:aws:ivschat:us-west-2:111122223333:room/AbCdEfGh1234"


def test_every_sample_becomes_ready(begin: Callable[..., Walk]) -> None:
    walk = begin(create_grace=3)
    account = AccountWalk(walk)
    account.trust(external_id="live-platform")
    surroundings(walk)
    own = {
        EXISTING: walk.foreign(CHAT, "legacy"),
        ROOM: walk.room("special"),
        "name: prod": f"name: {account.name}",
        "list: [live]": f"list: [{walk.namespace}]",
    }
    objects = applied(walk, own)
    assert {item["kind"] for item in objects} == {*PLURALS, "AWSAccount"}

    for item in objects:
        name, plural = item["metadata"]["name"], PLURALS.get(item["kind"])
        if plural is None:
            account.ready()
        elif item["metadata"].get("annotations"):
            walk.reason(plural, name, "Paused")
        elif item["spec"].get("existing"):
            drift = walk.reason(plural, name, "DriftDetected")
            assert "destinationConfiguration" in drift, "told, and not changed; the name is AWS's"
        else:
            walk.ready(plural, name)
    assert all(told(walk, item) for item in objects if item["spec"].get("rooms") or item["spec"].get("channels"))


def surroundings(walk: Walk) -> None:
    """The buckets, streams, rooms and channels that the samples speak of, all of them other people's."""
    for bucket in ("live-chat-logs", "live-recordings", "legacy-logs"):
        walk.emulator.bucket(bucket)
    walk.emulator.bucket("live-recordings-europe", region="eu-central-1")
    walk.emulator.bucket("prod-chat-logs", region="eu-west-1", account=OTHER)
    walk.emulator.log_group("/aws/vendedlogs/live-chat")
    walk.emulator.delivery_stream("live-chat", "legacy-logs")
    walk.room("lobby", env="prod")
    walk.room("moderated", moderated="true")
    walk.channel("second-stage")
    walk.channel("stage", show="main")


def applied(walk: Walk, own: dict[str, str]) -> list[dict[str, Any]]:
    """Apply all samples together; returns what they hold."""
    everything = "\n---\n".join(SAMPLES.values())
    for theirs, ours in own.items():
        everything = everything.replace(theirs, ours)
    walk.kubectl("apply", "-f", "-", stdin=everything)
    return list(yaml.safe_load_all(everything))


def told(walk: Walk, item: Any) -> bool:
    """Whether the status says what became of the rooms or channels, unless it is left alone."""
    found = walk.get(PLURALS[item["kind"]], item["metadata"]["name"])
    assert found is not None
    return condition(found, "Ready")["reason"] == "Paused" or bool(condition(found, "Associated"))
