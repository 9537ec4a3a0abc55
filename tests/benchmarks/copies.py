"""Copies of a Ready object in bulk, with all that the operator has written to it and made for it.

Five thousand objects would take the operator half an hour at the rates of AWS, to no profit. Whether a copy is what the
operator would have made is seen at its next start: it writes nothing.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from support.api_server import ApiServer, custom
from support.walk import CHAT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.walk import Walk

__all__ = ["copy"]

_CLIENTS = 4
_TEMPLATE = "one-0"
_UID_TAG = "ivs-operator.dev/uid"


def copy(walk: Walk, plural: str, numbers: Iterable[int]) -> None:
    """Make `one-<number>` for all of them like `one-0`; no operator may run meanwhile.

    All have the same name at AWS, as `spec.name` has it: a name is part of the spec's hash.
    """
    queue = list(numbers)
    walk.control.set(create_seconds=0)
    template = _Template.of(walk, plural)
    with ThreadPoolExecutor(_CLIENTS) as pool:
        list(pool.map(template.copy, [queue[first::_CLIENTS] for first in range(_CLIENTS)]))
    walk.control.set(create_seconds=0.5)


@dataclass(frozen=True, slots=True)
class _Template:
    walk: Walk
    plural: str
    resource: dict[str, Any]
    aws: dict[str, Any]

    @classmethod
    def of(cls, walk: Walk, plural: str) -> _Template:
        resource = walk.get(plural, _TEMPLATE)
        assert resource is not None, f"{plural}/{_TEMPLATE} must be there to be copied"
        arn = resource["status"]["arn"]
        (aws,) = [item for item in walk.configurations(plural) if item["arn"] == arn]
        return cls(walk, plural, resource, aws)

    def copy(self, numbers: list[int]) -> None:
        api = ApiServer(self.walk.cluster.kubeconfig)
        for number in numbers:
            self._one(api, f"one-{number}")
        api.close()

    def _one(self, api: ApiServer, name: str) -> None:
        metadata = {
            "name": name,
            "namespace": self.walk.namespace,
            "finalizers": self.resource["metadata"]["finalizers"],
        }
        body = {**{key: self.resource[key] for key in ("apiVersion", "kind", "spec")}, "metadata": metadata}
        made = api.call("POST", custom(self.plural, self.walk.namespace), body)
        status = self._status(name, self._at_aws(name, made["metadata"]["uid"]), made["metadata"]["uid"])
        path = f"{custom(self.plural, self.walk.namespace, name)}/status"
        api.merge(path, {"status": status})

    def _at_aws(self, name: str, uid: str) -> dict[str, Any]:
        tags = dict(_renamed(self.aws["tags"], {_TEMPLATE: name}))
        wanted = {
            "name": self.aws["name"],
            "tags": {**tags, _UID_TAG: uid},
            "destinationConfiguration": self.aws["destinationConfiguration"],
        }
        if self.plural == CHAT:
            return dict(self.walk.chat.create_logging_configuration(**wanted))
        return dict(self.walk.ivs.create_recording_configuration(**wanted)["recordingConfiguration"])

    def _status(self, name: str, made: dict[str, Any], uid: str) -> dict[str, Any]:
        old = self.resource["status"]
        words = {self.resource["metadata"]["uid"]: uid, _TEMPLATE: name}
        id_ = str(made["arn"]).rpartition("/")[2]
        status = _renamed(old, {old["arn"]: str(made["arn"]), old["id"]: id_, **words})
        for member in ("createTime", "updateTime"):
            if member in old:
                status[member] = _like(old[member], made[member])
        return dict(status)


def _like(old: str, new: Any) -> str:
    """A time as the operator writes it."""
    text = str(new.isoformat(timespec="milliseconds" if "." in old else "seconds"))
    return text.replace("+00:00", "Z") if old.endswith("Z") else text


def _renamed(value: Any, words: dict[str, str]) -> dict[str, Any]:
    """The value with these words of its texts replaced; `one-0` is part of no other word that an operator writes."""
    text = json.dumps(value)
    for old, new in words.items():
        text = text.replace(old, new)
    found: dict[str, Any] = json.loads(text)
    return found
