"""The operator as a tutorial would have it, written with care: change handlers, and a timer for each object.

It does what such operators do well: it keeps the ARN in the status, waits for ACTIVE by asking again, takes NotFound
for gone, updates what can be updated, and looks for drift. It is what ours is measured against, and no part of it.
TEXTBOOK_INTERVAL is the seconds between two looks at one object.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import boto3
import kopf
from botocore.config import Config

_INTERVAL: Final = float(os.environ.get("TEXTBOOK_INTERVAL", "60"))
_RECORDING: Final = ("ivs-operator.dev", "v1alpha1", "recordingconfigurations")
_LOGGING: Final = ("ivs-operator.dev", "v1alpha1", "chatloggingconfigurations")
_RETRIES: Final = Config(retries={"mode": "standard", "total_max_attempts": 10}, max_pool_connections=50)
_ACTIVE: Final = "ACTIVE"
_POLL: Final = 2.0  # seconds between two looks at something that is being made


class _Service:
    """One of the two AWS services under names that both have."""

    def __init__(self, service: str, what: str, member: str | None) -> None:
        self._client: Any = boto3.client(service, config=_RETRIES)
        self._what = what
        self._member = member

    async def create(self, spec: dict[str, Any], name: str) -> dict[str, Any]:
        wanted = {key: spec[key] for key in ("destinationConfiguration", "tags") if key in spec}
        return await self._call("create", name=name, **wanted)

    async def get(self, arn: str) -> dict[str, Any] | None:
        try:
            return await self._call("get", **self._named(arn))
        except self._client.exceptions.ResourceNotFoundException:
            return None

    async def update(self, found: dict[str, Any], spec: dict[str, Any]) -> bool:
        """Write what differs; whether anything did."""
        wanted, tags = spec["destinationConfiguration"], spec.get("tags") or {}
        moved = self._member is None and found["destinationConfiguration"] != wanted
        marked = not tags.items() <= (found.get("tags") or {}).items()
        if moved:
            await self._call("update", **self._named(found["arn"]), destinationConfiguration=wanted)
        if marked:
            await asyncio.to_thread(self._client.tag_resource, resourceArn=found["arn"], tags=tags)
        return moved or marked

    async def delete(self, arn: str) -> None:
        try:
            await self._call("delete", **self._named(arn))
        except self._client.exceptions.ResourceNotFoundException:
            return

    def _named(self, arn: str) -> dict[str, str]:
        return {"identifier" if self._member is None else "arn": arn}

    async def _call(self, verb: str, **arguments: Any) -> dict[str, Any]:
        answer = await asyncio.to_thread(getattr(self._client, f"{verb}_{self._what}_configuration"), **arguments)
        return dict(answer[self._member] if self._member and self._member in answer else answer)


_SERVICES: Final = {
    "recordingconfigurations": _Service("ivs", "recording", "recordingConfiguration"),
    "chatloggingconfigurations": _Service("ivschat", "logging", None),
}


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
    settings.posting.enabled = False  # ours posts on transitions only; this is in the textbook's favour
    settings.persistence.finalizer = "textbook.example.com/cleanup"
    settings.networking.connect_timeout = 5


@kopf.on.create(*_RECORDING)
@kopf.on.create(*_LOGGING)
@kopf.on.resume(*_RECORDING)
@kopf.on.resume(*_LOGGING)
@kopf.on.update(*_RECORDING, field="spec")
@kopf.on.update(*_LOGGING, field="spec")
async def reconcile(resource: kopf.Resource, **given: Any) -> None:
    """Make it if there is none; else bring it to the spec."""
    service, spec, patch = _SERVICES[resource.plural], dict(given["spec"]), given["patch"]
    arn = given["status"].get("arn")
    found = await service.get(arn) if arn else None
    if found is None:
        found = await service.create(spec, given["name"])
        patch.status["arn"] = found["arn"]
    elif await service.update(found, spec):
        found = await service.get(found["arn"]) or found
    _tell(patch, found, given["meta"])
    if found["state"] != _ACTIVE:
        raise kopf.TemporaryError(f"{found['arn']} is {found['state']}", delay=_POLL)


@kopf.on.delete(*_RECORDING)
@kopf.on.delete(*_LOGGING)
async def release(resource: kopf.Resource, status: kopf.Status, **_: Any) -> None:
    """Delete it, and wait until it is gone."""
    if not status.get("arn"):
        return
    service = _SERVICES[resource.plural]
    await service.delete(status["arn"])
    if await service.get(status["arn"]) is not None:
        raise kopf.TemporaryError("it is being deleted", delay=_POLL)


@kopf.timer(*_RECORDING, interval=_INTERVAL, initial_delay=_INTERVAL)
@kopf.timer(*_LOGGING, interval=_INTERVAL, initial_delay=_INTERVAL)
async def look(resource: kopf.Resource, **given: Any) -> None:
    """One Get for each object and interval; the status tells what was seen."""
    if not given["status"].get("arn"):
        return
    found = await _SERVICES[resource.plural].get(given["status"]["arn"])
    if found is None:
        found = await _SERVICES[resource.plural].create(dict(given["spec"]), given["name"])
        given["patch"].status["arn"] = found["arn"]
    _tell(given["patch"], found, given["meta"])


def _tell(patch: kopf.Patch, found: dict[str, Any], meta: kopf.Meta) -> None:
    """State and Ready; the times are left alone while nothing changes, which is more than most do."""
    ready = found["state"] == _ACTIVE
    patch.status["state"] = found["state"]
    patch.status["observedGeneration"] = meta["generation"]
    patch.status["conditions"] = [
        {
            "type": "Ready",
            "status": "True" if ready else "False",
            "reason": "Available" if ready else "Creating",
            "message": f"{found['arn']} is {found['state']}",
            "lastTransitionTime": meta["creationTimestamp"],
            "observedGeneration": meta["generation"],
        }
    ]
