"""What there is to see at one moment: the objects in Kubernetes, and rooms and channels at AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ivs_operator.api.kinds import MANAGED_KINDS, Kind
from ivs_operator.api.names import GROUP, VERSION
from ivs_sandbox.stage_account import Account, Consumer

__all__ = ["Declared", "Observer", "View"]


@dataclass(frozen=True, slots=True)
class Declared:
    """One custom resource, as the columns of kubectl show it."""

    name: str
    """Short name of the kind, and the object's name, as kubectl takes it: `ivscl/chat-archive`."""
    ready: str
    reason: str
    message: str
    state: str
    associated: str
    foreign: int
    arn: str
    deleting: bool

    @classmethod
    def of(cls, kind: Kind, resource: Mapping[str, Any]) -> Self:
        """From the object as the API server has it."""
        metadata, status = resource["metadata"], resource.get("status") or {}
        associations = status.get("associations") or {}
        ready: Mapping[str, Any] = next((item for item in status.get("conditions", ()) if item["type"] == "Ready"), {})
        current = status.get("observedGeneration") == metadata["generation"]
        return cls(
            name=f"{kind.short_names[0]}/{metadata['name']}",
            ready=str(ready.get("status", "")) if current else "",
            reason=str(ready.get("reason", "")),
            message=str(ready.get("message", "")),
            state=str(status.get("state", "")),
            associated=str(associations.get("summary", "")),
            foreign=int(associations.get("foreign", 0)),
            arn=str(status.get("arn", "")),
            deleting="deletionTimestamp" in metadata,
        )


@dataclass(frozen=True, slots=True)
class View:
    """One look at both sides."""

    declared: Mapping[str, Declared]
    consumers: tuple[Consumer, ...]
    configurations: Mapping[str, Mapping[str, Any]]

    def users(self, name: str) -> set[str]:
        """Names of the rooms and channels that use the configuration of this AWS name."""
        return {consumer.name for consumer in self.consumers if name in consumer.uses}


class Observer:
    """Looks at the API server and at AWS; changes nothing."""

    def __init__(self, kubeconfig: Path, account: Account, namespace: str) -> None:
        from kubernetes import client, config  # takes a moment

        connect: Any = config.new_client_from_config
        self._cluster: Any = client.CustomObjectsApi(connect(str(kubeconfig)))
        self._account = account
        self._namespace = namespace

    def look(self) -> View:
        """Both sides, now."""
        declared = {
            item.name: item for kind in MANAGED_KINDS for item in (Declared.of(kind, raw) for raw in self._list(kind))
        }
        return View(declared, tuple(self._account.consumers()), self._account.configurations())

    def _list(self, kind: Kind) -> list[dict[str, Any]]:
        answer = self._cluster.list_namespaced_custom_object(GROUP, VERSION, self._namespace, kind.plural)
        return list(answer["items"])
