"""Custom resources and AWS objects with readable defaults: a test states only what matters to it."""

from collections.abc import Mapping
from typing import Any

from ivs_operator.api.names import FINALIZER, PAUSED_ANNOTATION, TAG_OWNER, TAG_SPEC, TAG_UID
from ivs_operator.domain.desired import Desired
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.intake import Intake
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.settings import canonical
from ivs_operator.domain.subject import Subject
from ivs_operator.domain.times import format_time
from support.virtual_time import START

__all__ = [
    "ACCOUNT",
    "CHAT",
    "CLUSTER",
    "OWNER_TAGS",
    "RECORDING",
    "REGION",
    "arn_of",
    "channel",
    "configuration",
    "consumer_arn",
    "desired_of",
    "key_of",
    "made_for",
    "resource",
    "room",
    "subject_of",
]

ACCOUNT = "111122223333"
REGION = "us-west-2"
CLUSTER = "cluster-1"
CHAT = Kind.CHAT_LOGGING
RECORDING = Kind.RECORDING
OWNER_TAGS = frozenset({TAG_OWNER, TAG_UID, TAG_SPEC})

_PATHS = {CHAT: "ivschat:{}:{}:logging-configuration/", RECORDING: "ivs:{}:{}:recording-configuration/"}
_CONSUMERS = {CHAT: "ivschat:{}:{}:room/", RECORDING: "ivs:{}:{}:channel/"}
_NAMES = 12  # characters of an id, as AWS makes them


def arn_of(id_: str, kind: Kind = CHAT, region: str = REGION, account: str = ACCOUNT) -> str:
    """ARN of a configuration."""
    return f"arn:aws:{_PATHS[kind].format(region, account)}{id_}"


def consumer_arn(id_: str, kind: Kind = CHAT, region: str = REGION, account: str = ACCOUNT) -> str:
    """ARN of a room or channel; its last part is as long as AWS makes it."""
    return f"arn:aws:{_CONSUMERS[kind].format(region, account)}{id_.ljust(_NAMES, '0')}"


def key_of(resource: Mapping[str, Any]) -> Key:
    """What the queue would hold for a resource."""
    metadata = resource["metadata"]
    return Key(Kind(resource["kind"]), metadata["namespace"], metadata["name"])


def resource(
    kind: Kind = CHAT,
    name: str = "vod",
    *,
    namespace: str = "live",
    uid: str = "",
    generation: int = 1,
    created: float = START - 3600,
    status: Mapping[str, Any] | None = None,
    deleting: bool = False,
    paused: bool = False,
    finalizers: tuple[str, ...] = (FINALIZER,),
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    """A custom resource; keywords are members of its spec."""
    metadata: dict[str, Any] = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"uid-{name}",
        "generation": generation,
        "creationTimestamp": format_time(created),
        "resourceVersion": "1",
        "finalizers": list(finalizers),
        "annotations": {**(annotations or {}), **({PAUSED_ANNOTATION: "true"} if paused else {})},
    }
    if deleting:
        metadata["deletionTimestamp"] = format_time(START)
    return {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": str(kind),
        "metadata": metadata,
        "spec": {"destinationConfiguration": {"s3": {"bucketName": "my-bucket"}}, **spec},
        **({"status": dict(status)} if status is not None else {}),
    }


def subject_of(
    resource: Mapping[str, Any], *, cluster: str = CLUSTER, default_tags: Mapping[str, str] | None = None
) -> Subject:
    """The subject that a resource amounts to."""
    return Intake(cluster, default_tags or {}).read(key_of(resource), resource)[0]


def desired_of(resource: Mapping[str, Any]) -> Desired:
    """What a resource asks for."""
    desired = subject_of(resource).desired
    assert desired is not None, "the resource of this test should be valid"
    return desired


def configuration(
    id_: str = "a",
    kind: Kind = CHAT,
    *,
    state: str = "ACTIVE",
    name: str = "vod",
    bucket: str = "my-bucket",
    owner: str | None = f"{CLUSTER}/live/vod",
    tags: Mapping[str, str] | None = None,
    complete: bool = True,
    **settings: Any,
) -> Configuration:
    """An AWS object, by default one that carries the owner tag of the resource `vod` and nothing else."""
    members = {"name": name, "destinationConfiguration": {"s3": {"bucketName": bucket}}, **settings}
    form = canonical(kind, members)
    if not complete:
        form = {member: form[member] for member in ("name", "destinationConfiguration")}
    owned = {TAG_OWNER: owner} if owner is not None else {}
    return Configuration(
        arn=arn_of(id_, kind), id=id_, state=state, settings=form, tags={**owned, **(tags or {})}, complete=complete
    )


def made_for(
    resource: Mapping[str, Any],
    id_: str = "a",
    *,
    state: str = "ACTIVE",
    complete: bool = True,
    tags: Mapping[str, str | None] | None = None,
    **settings: Any,
) -> Configuration:
    """The AWS object as we make it for a resource; `tags` differ from that (None: missing), and so do `settings`."""
    desired = desired_of(resource)
    form = {"name": "", **desired.settings, **settings}  # an adopted one may keep its name, which is none here
    if not complete:
        form = {member: form[member] for member in ("name", "destinationConfiguration")}
    merged: dict[str, str | None] = {**desired.tags, **(tags or {})}
    return Configuration(
        arn=arn_of(id_, desired.kind),
        id=id_,
        state=state,
        settings=form,
        tags={tag: value for tag, value in merged.items() if value is not None},
        complete=complete,
    )


def room(id_: str, *configurations: str, name: str = "", **tags: str) -> Consumer:
    """A chat room that logs to `configurations` (ids, or ARNs)."""
    arns = tuple(entry if entry.startswith("arn:") else arn_of(entry) for entry in configurations)
    return Consumer(arn=consumer_arn(id_), name=name, tags=tags, configurations=arns)


def channel(id_: str, configuration: str = "", *, name: str = "", **tags: str) -> Consumer:
    """A channel that records with `configuration` (an id), or with none."""
    arns = (arn_of(configuration, RECORDING),) if configuration else ()
    return Consumer(arn=consumer_arn(id_, RECORDING), name=name, tags=tags, configurations=arns)
