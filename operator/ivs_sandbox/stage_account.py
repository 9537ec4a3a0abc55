"""The AWS side of the demo: buckets, rooms and channels of teams that know nothing of the operator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ivs_emulator.client import EmulatorControl

__all__ = ["ACCOUNT", "REGION", "Account", "Consumer"]

ACCOUNT: Final = "123456789012"
REGION: Final = "us-west-2"

BUCKETS: Final = ("live-recordings", "live-chat-logs")
LOG_GROUP: Final = "/aws/vendedlogs/live-chat"
ROOMS: Final[Mapping[str, Mapping[str, str]]] = {
    "lobby": {"env": "prod"},
    "studio": {"env": "prod"},
    "rehearsal": {"env": "test"},
}
CHANNELS: Final[Mapping[str, Mapping[str, str]]] = {
    "main-stage": {"show": "main"},
    "second-stage": {"show": "second"},
}


@dataclass(frozen=True, slots=True)
class Consumer:
    """A room or channel, and the AWS names of the configurations that it uses."""

    kind: str
    name: str
    arn: str
    tags: Mapping[str, str]
    uses: tuple[str, ...]


class Account:
    """One emulated AWS account, used as its owner would: through boto3."""

    def __init__(self, url: str) -> None:
        import boto3  # takes a moment, which the first lines of the demo should not wait for

        session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="demo", region_name=REGION)  # noqa: S106
        self.control = EmulatorControl(url)
        self._chat: Any = session.client("ivschat", endpoint_url=url)
        self._video: Any = session.client("ivs", endpoint_url=url)
        self._storage: Any = session.client("s3", endpoint_url=url)
        self._logs: Any = session.client("logs", endpoint_url=url)

    def furnish(self) -> None:
        """What the platform team has before anybody declares anything."""
        for bucket in BUCKETS:
            self._storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        self._logs.create_log_group(logGroupName=LOG_GROUP)
        for name, tags in ROOMS.items():
            self.make_room(name, tags)
        for name, tags in CHANNELS.items():
            self._video.create_channel(name=name, tags=dict(tags))

    def make_room(self, name: str, tags: Mapping[str, str]) -> None:
        """A new room."""
        self._chat.create_room(name=name, tags=dict(tags))

    def log_room(self, name: str, *configurations: str) -> None:
        """Make a room log to exactly these configurations, given by ARN, as in AWS's console."""
        self._chat.update_room(identifier=self._room(name)["arn"], loggingConfigurationIdentifiers=list(configurations))

    def redirect(self, arn: str, bucket: str) -> None:
        """Send the messages of a logging configuration elsewhere, past its declaration."""
        self._chat.update_logging_configuration(identifier=arn, destinationConfiguration={"s3": {"bucketName": bucket}})

    def configurations(self) -> dict[str, dict[str, Any]]:
        """Every recording and logging configuration there is, by ARN."""
        kinds = ("recording-configuration", "logging-configuration")
        return {item["arn"]: item for kind in kinds for item in self.control.resources(kind, ACCOUNT, REGION)}

    def consumers(self) -> list[Consumer]:
        """Every room and channel, rooms first, by name."""
        names = {arn: str(item.get("name") or arn) for arn, item in self.configurations().items()}
        return [
            Consumer(kind, item["name"], item["arn"], item["tags"], tuple(names.get(arn, arn) for arn in _used(item)))
            for kind in ("room", "channel")
            for item in sorted(self.control.resources(kind, ACCOUNT, REGION), key=lambda item: str(item["name"]))
        ]

    def _room(self, name: str) -> dict[str, Any]:
        return next(room for room in self.control.resources("room", ACCOUNT, REGION) if room["name"] == name)


def _used(item: Mapping[str, Any]) -> list[str]:
    return [
        arn for arn in (*item.get("loggingConfigurationIdentifiers", ()), item.get("recordingConfigurationArn")) if arn
    ]
