"""What a walk is made of: a user with kubectl in a namespace, the operator as a process, and AWS seen through boto3."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

from ivs_sandbox.audit import AuditEntry, Mark
from ivs_sandbox.cluster import Cluster
from ivs_sandbox.kubectl import KubectlResult
from support.api_server import ApiServer, custom
from support.deadlines import TIMEOUT, until
from support.emulator import Emulator
from support.operator_process import OperatorProcess

__all__ = ["CHAT", "RECORDING", "WRITES", "Resource", "Walk", "condition", "is_ready", "reason_of", "s3"]

Resource = dict[str, Any]
CHAT = "chatloggingconfigurations"
RECORDING = "recordingconfigurations"
WRITES = ("create", "update", "patch", "delete", "deletecollection")
_KINDS = {CHAT: "ChatLoggingConfiguration", RECORDING: "RecordingConfiguration"}
_ATTEMPTS = 5  # a test that has AWS throttle must get through itself
_SERVICES = ("ivs", "ivschat")
_LISTS = {CHAT: ("ivschat", "ListLoggingConfigurations"), RECORDING: ("ivs", "ListRecordingConfigurations")}


class Walk:
    """One namespace. Objects are named by plural and name, as in `kubectl get`."""

    def __init__(self, cluster: Cluster, namespace: str, emulator: Emulator, operator: OperatorProcess) -> None:
        self.cluster = cluster
        self.namespace = namespace
        self.emulator = emulator
        self.operator = operator
        self.api = ApiServer(cluster.kubeconfig)
        self.control = emulator.control
        self.chat = emulator.client("ivschat")
        self.ivs = emulator.client("ivs")

    # --- what a user does

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> KubectlResult:
        """kubectl in the walk's namespace."""
        return self.cluster.kubectl("--namespace", self.namespace, *arguments, stdin=stdin, check=check)

    def apply(self, plural: str, name: str, /, *, annotations: dict[str, str] | None = None, **spec: Any) -> None:
        """`kubectl apply` of a manifest."""
        self.kubectl("apply", "-f", "-", stdin=self.manifest(plural, name, annotations=annotations, **spec))

    def manifest(self, plural: str, name: str, /, *, annotations: dict[str, str] | None = None, **spec: Any) -> str:
        """A manifest as a user would write it."""
        metadata: dict[str, Any] = {"name": name}
        if annotations:
            metadata["annotations"] = annotations
        resource = {
            "apiVersion": "ivs-operator.dev/v1alpha1",
            "kind": _KINDS[plural],
            "metadata": metadata,
            "spec": spec,
        }
        return str(yaml.safe_dump(resource))

    def edit(self, plural: str, name: str, /, *, check: bool = True, **spec: Any) -> KubectlResult:
        """`kubectl patch` of members of the spec; None takes one out."""
        patch = json.dumps({"spec": spec})
        return self.kubectl("patch", plural, name, "--type=merge", f"--patch={patch}", check=check)

    def annotate(self, plural: str, name: str, *annotations: str) -> None:
        """`kubectl annotate`, names without our prefix: `paused=true`, `paused-`."""
        given = [f"ivs-operator.dev/{annotation}" for annotation in annotations]
        self.kubectl("annotate", "--overwrite", plural, name, *given)

    def delete(self, plural: str, name: str) -> None:
        """`kubectl delete` without waiting."""
        self.kubectl("delete", plural, name, "--wait=false")

    # --- what a user sees

    def get(self, plural: str, name: str) -> Resource | None:
        """The object, None when there is none."""
        return self.api.get(plural, self.namespace, name)

    def status(self, plural: str, name: str) -> dict[str, Any]:
        """The object's status."""
        return dict((self.get(plural, name) or {}).get("status") or {})

    def wait(
        self, plural: str, name: str, test: Callable[[Resource], object], what: str, *, timeout: float = TIMEOUT
    ) -> Resource:
        """The object as soon as `test` holds for it; a failure shows the object and the operator's log."""

        def look() -> Resource | None:
            found = self.get(plural, name)
            return found if found is not None and test(found) else None

        return until(look, f"{plural}/{name} {what}", timeout=timeout, last=lambda: self._shown(plural, name))

    def ready(self, plural: str, name: str, *, timeout: float = TIMEOUT) -> dict[str, Any]:
        """The status as soon as Ready is True for the present generation."""
        return dict(self.wait(plural, name, is_ready, "is Ready", timeout=timeout)["status"])

    def reason(self, plural: str, name: str, reason: str, *, timeout: float = TIMEOUT) -> str:
        """Ready's message as soon as Ready is False for this reason."""
        what = f"is not Ready because of {reason}"
        found = self.wait(plural, name, lambda item: reason_of(item) == reason, what, timeout=timeout)
        return str(condition(found, "Ready")["message"])

    def gone(self, plural: str, name: str, *, timeout: float = TIMEOUT) -> None:
        """Return as soon as the object does not exist any more."""
        what = f"{plural}/{name} is gone"
        until(lambda: self.get(plural, name) is None, what, timeout=timeout, last=lambda: self._shown(plural, name))

    def outlive_second(self, resource: Resource) -> None:
        """Return once objects made from now on are younger than `resource`: creation times have whole seconds."""
        created = datetime.fromisoformat(resource["metadata"]["creationTimestamp"])
        until(lambda: datetime.now(UTC) > created + timedelta(seconds=1), "the next second")

    def events(self, name: str) -> list[tuple[str, str]]:
        """Type and reason of the Events about an object, oldest first, once the operator is at rest."""
        self.rest()
        listed = self.api.call("GET", f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events")["items"]
        ours = [event for event in listed if event["regarding"]["name"] == name]
        return [(event["type"], event["reason"]) for event in sorted(ours, key=lambda event: str(event["eventTime"]))]

    def rest(self, *, timeout: float = TIMEOUT) -> None:
        """Return once the operator has nothing in hand, or has ended: an Event is posted after the status it is of."""

        def at_rest() -> bool:
            if not self.operator.runs:
                return True
            told = self.operator.metrics()
            return all(f"\nivs_operator_{name} 0.0\n" in told for name in ("active_workers", "queue_depth"))

        until(at_rest, "the operator is at rest, or has ended", timeout=timeout, last=self.operator.tail)

    def mark(self) -> Mark:
        """A mark for "from now on", once the operator is at rest."""
        self.rest()
        return self.cluster.audit_log.mark()

    def kube_writes(self, since: Mark | None = None) -> list[AuditEntry]:
        """The operator's writes in this namespace."""
        found = self.cluster.audit_log.entries(since=since, namespace=self.namespace, verbs=WRITES)
        return [entry for entry in found if entry.user.startswith("system:serviceaccount:")]

    def patch_status(self, plural: str, name: str, status: dict[str, Any]) -> None:
        """Edit the status by hand."""
        self.api.merge(f"{custom(plural, self.namespace, name)}/status", {"status": status})

    # --- what AWS has

    def aws_writes(self, since: int = 0) -> dict[str, int]:
        """Writes to IVS and IVS Chat by operation, so many with success; those of the test itself are counted, too."""
        counts: Counter[str] = Counter()
        for entry in self.control.requests(since, write=True):
            if entry["service"] in _SERVICES and entry["applied"]:
                counts[f"{entry['service']}.{entry['operation']}"] += 1
        return dict(counts)

    def sweeps(self, plural: str, number: int) -> None:
        """Return after this many whole Lists of a kind more: so many times everything was looked at."""
        service, operation = _LISTS[plural]
        since = self.control.last_sequence()
        until(
            lambda: len(self.control.requests(since, service=service, operation=operation)) > number,
            f"{number} sweeps of {plural}",
            last=self.operator.tail,
        )

    def configurations(self, plural: str) -> list[Resource]:
        """Every configuration of a kind that AWS has, in any state."""
        kind = "logging-configuration" if plural == CHAT else "recording-configuration"
        return list(self.control.resources(kind))

    def room(self, name: str = "", *configurations: str, **tags: str) -> str:
        """Make a room; returns its ARN."""
        chat = self.emulator.client("ivschat", attempts=_ATTEMPTS)
        made = chat.create_room(name=name, tags=tags, loggingConfigurationIdentifiers=list(configurations))
        return str(made["arn"])

    def held_by(self, room: str) -> list[str]:
        """The logging configurations of a room, in order."""
        return list(self.chat.get_room(identifier=room).get("loggingConfigurationIdentifiers") or [])

    def channel(self, name: str = "", configuration: str = "", **tags: str) -> str:
        """Make a channel; returns its ARN."""
        made = self.ivs.create_channel(name=name, tags=tags, recordingConfigurationArn=configuration)
        return str(made["channel"]["arn"])

    def recorded_by(self, channel: str) -> str:
        """The recording configuration of a channel, empty for none."""
        return str(self.ivs.get_channel(arn=channel)["channel"]["recordingConfigurationArn"])

    def foreign(self, plural: str, name: str = "foreign", **tags: str) -> str:
        """Make a configuration that nobody's cluster owns; returns its ARN."""
        destination = {"destinationConfiguration": s3(self.emulator.bucket(f"{name}-bucket-{len(tags)}"))}
        if plural == CHAT:
            made = self.chat.create_logging_configuration(name=name, tags=tags, **destination)
        else:
            made = self.ivs.create_recording_configuration(name=name, tags=tags, **destination)[
                "recordingConfiguration"
            ]
        arn = str(made["arn"])
        self.control.set_state(arn, "ACTIVE")
        return arn

    def associated(self, consumers: Iterable[str], arn: str, *, timeout: float = TIMEOUT) -> None:
        """Return as soon as every one of these rooms or channels uses a configuration."""
        self._await_users(list(consumers), lambda held: arn in held, f"use {arn}", timeout)

    def released(self, consumers: Iterable[str], arn: str, *, timeout: float = TIMEOUT) -> None:
        """Return as soon as none of these rooms or channels uses a configuration."""
        self._await_users(list(consumers), lambda held: arn not in held, f"let go of {arn}", timeout)

    def users(self, consumer: str) -> list[str]:
        """The configurations that a room or channel uses."""
        return self.held_by(consumer) if ":room/" in consumer else [self.recorded_by(consumer)]

    def _await_users(self, consumers: list[str], test: Callable[[list[str]], bool], what: str, timeout: float) -> None:
        def seen() -> str:
            return f"{ {consumer: self.users(consumer) for consumer in consumers} }\n{self.operator.tail()}"

        until(
            lambda: all(test(self.users(item)) for item in consumers), f"{consumers} {what}", timeout=timeout, last=seen
        )

    def _shown(self, plural: str, name: str) -> str:
        found = self.get(plural, name)
        if found is not None:
            found["metadata"].pop("managedFields", None)
        return f"{yaml.safe_dump(found)}\n{self.operator.tail()}"


def s3(bucket: str) -> dict[str, Any]:
    """A destinationConfiguration that is a bucket."""
    return {"s3": {"bucketName": bucket}}


def condition(resource: Resource, type_: str) -> dict[str, Any]:
    """A condition, empty when it is not there."""
    conditions = (resource.get("status") or {}).get("conditions") or ()
    return next((dict(item) for item in conditions if item["type"] == type_), {})


def is_ready(resource: Resource) -> bool:
    """Whether Ready is True for the present generation."""
    found = condition(resource, "Ready")
    return found.get("status") == "True" and found.get("observedGeneration") == resource["metadata"]["generation"]


def reason_of(resource: Resource) -> str | None:
    """Why Ready is not True for the present generation; None when it is, or was not looked at yet."""
    found = condition(resource, "Ready")
    current = found.get("observedGeneration") == resource["metadata"]["generation"]
    return str(found["reason"]) if current and found["status"] != "True" else None
