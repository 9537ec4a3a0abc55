"""What the pictures of commands are about: an account and a namespace in which there is something to be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from ivs_operator.api.names import GROUP, TAG_OWNER, TAG_SPEC, TAG_UID, VERSION

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_emulator.client import EmulatorControl

__all__ = ["ACCOUNT_COMMANDS", "CLUSTER_COMMANDS", "Scene", "denied", "full_room", "orphans", "others"]

_OWN_BUCKETS = ("live-chat-logs", "live-recordings")

ACCOUNT_COMMANDS = {
    "import": "import --namespace live --tag team=trust",
    "inventory": "inventory",
}
"""What is typed for each picture, and needs AWS only."""

CLUSTER_COMMANDS = {
    "why": "why ivscl/live/chat-archive",
    "why-denied": "why ivsrc/live/clips",
    "cleanup": "cleanup --orphans",
}
"""What is typed, and needs a cluster, too."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where it takes place."""

    namespace: str
    cluster_id: str
    video: Any
    chat: Any
    control: EmulatorControl
    apply: Callable[[str], object]
    """`kubectl apply -f -` of a text, in the namespace."""

    def declare(self, kind: str, name: str, **spec: Any) -> None:
        """Apply an object."""
        resource = {"apiVersion": f"{GROUP}/{VERSION}", "kind": kind, "metadata": {"name": name}, "spec": spec}
        self.apply(yaml.safe_dump(resource))

    def logs(self, name: str, **tags: str) -> str:
        """Somebody's logging configuration; its ARN."""
        where = {"s3": {"bucketName": "live-chat-logs"}}
        return str(self.chat.create_logging_configuration(name=name, destinationConfiguration=where, tags=tags)["arn"])

    def room(self, name: str, *arns: str, **tags: str) -> None:
        """Somebody's room that logs to these."""
        self.chat.create_room(name=name, loggingConfigurationIdentifiers=list(arns), tags=tags)

    def recording(self, name: str, **tags: str) -> str:
        """Somebody's recording configuration; its ARN."""
        where = {"s3": {"bucketName": "live-recordings"}}
        answer = self.video.create_recording_configuration(name=name, destinationConfiguration=where, tags=tags)
        return str(answer["recordingConfiguration"]["arn"])

    def owned(self, name: str) -> dict[str, str]:
        """Tags of an object that this cluster has made."""
        return {TAG_OWNER: f"{self.cluster_id}/{self.namespace}/{name}", TAG_UID: "gone", TAG_SPEC: "v1-made"}


def others(scene: Scene) -> None:
    """Three configurations of other teams."""
    moderation = scene.logs("moderation", team="trust")
    scene.room("greenroom", moderation, scene.logs("analytics", team="data"), scene.logs("legal-hold", team="legal"))
    evidence = scene.recording("evidence", team="trust")
    scene.control.advance(5)
    scene.video.create_channel(name="appeals", recordingConfigurationArn=evidence)


def full_room(scene: Scene) -> None:
    """An object that wants a room which has three already."""
    scene.declare(
        "ChatLoggingConfiguration",
        "chat-archive",
        destinationConfiguration={"s3": {"bucketName": "live-chat-logs"}},
        rooms=[{"name": "greenroom"}],
        tags={"team": "video"},
    )


def denied(scene: Scene) -> None:
    """An object that AWS does not let us make."""
    who = "arn:aws:sts::123456789012:assumed-role/ivs-operator/ivs-operator"
    action = "ivs:CreateRecordingConfiguration"
    where = "on resource: arn:aws:ivs:us-west-2:123456789012:recording-configuration/*"
    why = f"because no identity-based policy allows the {action} action"
    scene.control.add_fault(
        operation="CreateRecordingConfiguration",
        error={
            "code": "AccessDeniedException",
            "message": f"User: {who} is not authorized to perform: {action} {where} {why}",
            "status": 403,
        },
    )
    scene.declare(
        "RecordingConfiguration",
        "clips",
        destinationConfiguration={"s3": {"bucketName": "live-recordings"}},
        channels=[{"name": "second-stage"}],
    )


def orphans(scene: Scene) -> None:
    """Two AWS objects without custom resource; a room uses one."""
    scene.recording("old-vod", **scene.owned("old-vod"))
    scene.room("backstage", scene.logs("old-chat", **scene.owned("old-chat")))
    scene.control.advance(5)
