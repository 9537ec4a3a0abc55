"""The log: a line for each decision, with its object and AWS's request id; no secrets; silent at rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from support.accounts import OTHER, AccountWalk
from support.deadlines import until
from support.walk import CHAT, RECORDING, s3

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.walk import Walk

SECRETS = {"AWS_SECRET_ACCESS_KEY": "operators-secret-key", "AWS_SESSION_TOKEN": "operators-session-token"}
EXTERNAL_ID = "word-between-two-accounts"
_PROGRAM = """
import sys
import structlog
from ivs_operator.logs import configure
configure(sys.argv[1], "info")
log = structlog.get_logger("ivs_operator.aws.calls")
with structlog.contextvars.bound_contextvars(object="RecordingConfiguration/live/vod"):
    log.info("AWS call", operation="CreateRecordingConfiguration", request_id="r-1")
    log.debug("not said")
try:
    raise ValueError("of a library")
except ValueError:
    structlog.stdlib.logging.getLogger("library").exception("it failed")
"""
_FAILURES = """
import structlog
from ivs_operator.logs import configure
configure("json", "info")
log = structlog.get_logger("ivs_operator.engine.sweep")
try:
    raise ValueError("what nobody has\\n  thought of")
except ValueError as error:
    kept = error
    log.exception("in hand")
log.warning("kept", exc_info=kept)
log.warning("named", error="a word of ours", exc_info=kept)
log.warning("none", exc_info=None)
log.warning("nothing in hand", exc_info=True)
"""


def test_each_write_and_change_of_state_is_a_line_and_rest_is_silent(walk: Walk) -> None:
    bucket = walk.emulator.bucket("media")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    walk.apply(CHAT, "lost", destinationConfiguration=s3(bucket), rooms=[{"name": "nowhere"}])
    walk.ready(RECORDING, "vod")
    walk.reason(CHAT, "lost", "RoomNotFound")
    walk.mark()  # at rest
    calls = [line for line in walk.operator.lines(event="AWS call") if line["operation"].startswith("Create")]
    kinds = {"CreateRecordingConfiguration": "RecordingConfiguration", "CreateLoggingConfiguration": CHAT_KIND}
    said = {line["operation"]: line for line in calls}
    assert len(calls) == len(kinds), "one line each"
    for operation, kind in kinds.items():
        assert said[operation]["object"].startswith(f"{kind}/{walk.namespace}/")
        assert said[operation]["request_id"]
    states = walk.operator.lines(event="state changed", object=f"{CHAT_KIND}/{walk.namespace}/lost")
    assert states[-1]["reason"] == "RoomNotFound"
    assert all(line.startswith("{") for line in walk.operator.text().splitlines()), "each line is JSON"
    before = walk.operator.text()
    walk.sweeps(CHAT, 4)
    walk.sweeps(RECORDING, 1)
    assert walk.operator.text() == before, "nothing to say at info, though one object waits for its room"


def test_no_secret_is_logged_even_at_debug(begin: Callable[..., Walk], service_account: Path) -> None:
    walk = begin(log_level="debug", environment=SECRETS)
    account = AccountWalk(walk)
    account.trust(external_id="another-word")
    account.apply(externalID=EXTERNAL_ID)
    bucket = walk.emulator.bucket("media", account=OTHER)
    walk.apply(CHAT, "far", destinationConfiguration=s3(bucket), accountRef=account.reference)
    account.reason("AccessDenied")
    account.trust(external_id=EXTERNAL_ID)
    account.apply(externalID=EXTERNAL_ID, defaultRegion="us-west-2")  # a new generation is tried at once
    account.ready()
    walk.ready(CHAT, "far")
    until(lambda: walk.operator.lines(level="debug"), "debug lines", last=walk.operator.tail)
    text = walk.operator.text()
    users = yaml.safe_load(service_account.read_text())["users"]
    hidden = [*SECRETS.values(), EXTERNAL_ID, *(user["user"]["token"] for user in users if "token" in user["user"])]
    assert len(hidden) > len(SECRETS) + 1, "the service account has a token"
    assert [secret for secret in hidden if secret in text] == []
    assert not any(word in text for word in ("SecretAccessKey", "SessionToken", "Authorization", "Bearer "))


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_in_both_forms(form: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, form], env=dict(os.environ), capture_output=True, text=True, check=True
    )
    ours, theirs = done.stderr.splitlines()
    assert done.stdout == ""
    if form == "json":
        told = json.loads(ours)
        assert told.pop("timestamp").endswith("Z")
        assert told == {
            "event": "AWS call",
            "level": "info",
            "object": "RecordingConfiguration/live/vod",
            "operation": "CreateRecordingConfiguration",
            "request_id": "r-1",
        }
        assert json.loads(theirs)["error"] == "ValueError: of a library", "one line, no traceback"
        return
    assert "\x1b" not in done.stderr, "no colours into a pipe"
    for part in ("AWS call", "object=RecordingConfiguration/live/vod", "request_id=r-1"):
        assert part in ours
    assert "ValueError: of a library" in theirs


def test_a_failure_of_our_own_says_why_and_where_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FAILURES], env=dict(os.environ), capture_output=True, text=True, check=True
    )
    lines = {line["event"]: line for line in map(json.loads, done.stderr.splitlines())}
    why = "ValueError: what nobody has thought of"
    assert [(event, line.get("error"), line.get("at")) for event, line in lines.items()] == [
        ("in hand", why, "<string>:7"),
        ("kept", why, "<string>:7"),
        ("named", "a word of ours", "<string>:7"),
        ("none", None, None),
        ("nothing in hand", None, None),
    ]


CHAT_KIND = "ChatLoggingConfiguration"
