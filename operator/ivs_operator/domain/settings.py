"""The settings of an AWS object in one canonical form: what means the same compares equal.

AWS fills defaults in and may reorder sets; a user may leave defaults out. Both sides pass through `canonical`.
Source of the defaults: the IVS API model (CreateRecordingConfiguration).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from ivs_operator.domain.identity import Kind

__all__ = ["CREATE_ONLY", "canonical", "destination_name", "differences", "without_defaults"]

Settings = Mapping[str, Any]

CREATE_ONLY: Final[Mapping[Kind, tuple[str, ...]]] = {
    # There is no UpdateRecordingConfiguration: whatever Create takes, apart from tags, is fixed.
    Kind.RECORDING: (
        "name",
        "destinationConfiguration",
        "thumbnailConfiguration",
        "renditionConfiguration",
        "recordingReconnectWindowSeconds",
    ),
    # UpdateLoggingConfiguration takes everything that Create takes.
    Kind.CHAT_LOGGING: (),
}

_DEFAULTS: Final[dict[str, Any]] = {
    "thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]},
    "renditionConfiguration": {"renditionSelection": "ALL"},
    "recordingReconnectWindowSeconds": 0,
}


def canonical(kind: Kind, settings: Settings) -> dict[str, Any]:
    """The settings with defaults filled in, sets sorted and members without effect left out."""
    form: dict[str, Any] = {
        "name": settings.get("name") or "",
        "destinationConfiguration": _plain(settings.get("destinationConfiguration")),
    }
    if kind is Kind.RECORDING:
        form["thumbnailConfiguration"] = _thumbnails(settings.get("thumbnailConfiguration") or {})
        form["renditionConfiguration"] = _renditions(settings.get("renditionConfiguration") or {})
        form["recordingReconnectWindowSeconds"] = settings.get("recordingReconnectWindowSeconds") or 0
    return form


def without_defaults(form: Settings) -> dict[str, Any]:
    """The canonical form less what AWS would fill in by itself: the input of the spec hash."""
    return {key: value for key, value in form.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


def differences(desired: Settings, observed: Settings) -> tuple[tuple[str, str, str], ...]:
    """Fields of `desired` that `observed` has otherwise, each as (field, desired, observed) in printable form."""
    return tuple(
        (field, _text(value), _text(observed.get(field)))
        for field, value in desired.items()
        if observed.get(field) != value
    )


def destination_name(destination: object) -> str:
    """A destination in words: `S3 bucket my-logs`."""
    kinds = {
        "s3": ("S3 bucket", "bucketName"),
        "cloudWatchLogs": ("log group", "logGroupName"),
        "firehose": ("Firehose delivery stream", "deliveryStreamName"),
    }
    if isinstance(destination, Mapping):
        for kind, (noun, member) in kinds.items():
            if kind in destination:
                return f"{noun} {destination[kind].get(member)}"
    return "the destination"


def _thumbnails(value: Settings) -> dict[str, Any]:
    mode = value.get("recordingMode") or "INTERVAL"
    form: dict[str, Any] = {"recordingMode": mode}
    if mode == "INTERVAL":
        form["targetIntervalSeconds"] = value.get("targetIntervalSeconds") or 60
    if value.get("resolution"):
        form["resolution"] = value["resolution"]
    form["storage"] = sorted(set(value.get("storage") or ["SEQUENTIAL"]))
    return form


def _renditions(value: Settings) -> dict[str, Any]:
    selection = value.get("renditionSelection") or "ALL"
    if selection != "CUSTOM":  # AWS ignores renditions otherwise
        return {"renditionSelection": selection}
    return {"renditionSelection": selection, "renditions": sorted(set(value.get("renditions") or []))}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
