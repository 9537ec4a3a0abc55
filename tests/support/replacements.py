"""What replacements need: a recording configuration that may be replaced, its edit, and where each channel went."""

import json
from typing import Any

from support.deadlines import until
from support.walk import RECORDING, Walk, s3

__all__ = ["ENDLESS", "change_bucket", "made_later", "moves", "replaceable"]

ENDLESS = 3600.0
"""Seconds in CREATING that no test waits for: a test says itself when AWS has finished."""


def replaceable(walk: Walk, by_arn: list[str], **spec: Any) -> str:
    """An object `vod` in bucket `old` that records these channels and may be replaced; returns its ARN once Ready."""
    given = {"channels": [{"arn": channel} for channel in by_arn], "replacePolicy": "CreateBeforeDelete", **spec}
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("old")), **given)
    return str(walk.ready(RECORDING, "vod")["arn"])


def change_bucket(walk: Walk, name: str, **spec: Any) -> None:
    """Edit what AWS can't change: the bucket, which is made first."""
    walk.emulator.bucket(name)
    walk.edit(RECORDING, "vod", destinationConfiguration=s3(name), **spec)


def made_later(walk: Walk, known: list[str]) -> str:
    """The recording configuration that is made besides the known ones, as soon as there is one."""

    def look() -> str | None:
        return next((item["arn"] for item in walk.configurations(RECORDING) if item["arn"] not in known), None)

    return until(look, "another recording configuration is made", last=walk.operator.tail)


def moves(walk: Walk, since: int) -> dict[str, list[str]]:
    """By channel, the configurations that writes have given it, in order; an empty one would be a gap in recording."""
    found: dict[str, list[str]] = {}
    for entry in walk.control.requests(since, operation="UpdateChannel"):
        if entry["applied"]:
            body = json.loads(entry["body"])
            found.setdefault(body["arn"], []).append(body["recordingConfigurationArn"])
    return found
