"""What the texts have people type for the AWS CLI: each command is carried out by it, against the emulator."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import blocks, commands, simple_commands
from ivs_operator.commands.emulator import command as emulator_command
from support.command_process import command
from support.deadlines import TIMEOUT
from support.emulator import ACCOUNT, REGION
from support.engines import engine
from support.operator_process import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.emulator import Emulator

BUCKET = "seen-in-the-docs"
ELSEWHERE = {"eks"}
"""Services that the emulator has not: the AWS CLI checks the command itself, and nothing is sent."""
_ARN = re.compile(r"^arn:aws:ivs(?:chat)?:.*:(recording|logging)-configuration/")
_LOCATION = "$(kubectl get ivsrc/vod -o jsonpath='{.status.location}')"
_TEMPLATE = "role.yaml"


def _typed() -> list[Any]:
    """Each command for the AWS CLI once, with the first place where it stands."""
    helps = [("ivs-operator emulator --help", words) for words in _examples()]
    found: dict[tuple[str, ...], str] = {}
    for place, words in (*commands(), *helps):
        if "aws" in words and all("=" in word for word in words[: words.index("aws")]):
            found.setdefault(tuple(words[words.index("aws") + 1 :]), place)
    return [pytest.param(list(words), id=f"{place} aws {' '.join(words)}"[:110]) for words, place in found.items()]


def _examples() -> Iterator[list[str]]:
    for line in (emulator_command.epilog or "").splitlines():
        yield from simple_commands(line)


@pytest.fixture
def account(emulator: Emulator) -> Emulator:
    """What the texts take for granted: a recording in a bucket, a log group, objects with owner tags left."""
    key = f"ivs/v1/{ACCOUNT}/abcdABCDefgh/2026/11/21/events/recording-started.json"
    emulator.client("s3").put_object(Bucket=emulator.bucket(BUCKET), Key=key, Body=b"{}")
    emulator.log_group("/aws/vendedlogs/chat")
    tags = {"ivs-operator.dev/owner": "c/n/x", "team": "live"}
    emulator.control.seed(recording_configurations=1, logging_configurations=1, tags=tags)
    return emulator


@pytest.mark.parametrize("words", _typed())
def test_the_aws_cli_carries_out_what_is_typed(words: list[str], account: Emulator, tmp_path: Path) -> None:
    if _TEMPLATE in words:
        _make_template(tmp_path)
    if words[0] in ELSEWHERE:
        words = [*words, "--generate-cli-skeleton", "output"]
    line = [str(engine("aws")), *(_here(word, account) for word in words)]
    environment = clean_environment(account.environment())
    done = subprocess.run(
        line, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert done.returncode == 0, f"{shlex.join(line[1:])}: {done.stdout}{done.stderr}"
    _CAME_OF_IT.get(" ".join(words[:2]), lambda *_: None)(done.stdout, account)


def _make_template(folder: Path) -> None:
    """By the command that stands above in the same text."""
    (words, *_) = [
        words
        for block in blocks()
        if "aws cloudformation deploy" in block.text
        for words in simple_commands(block.text.replace("\\\n", " ").replace("$ ", "").splitlines()[0])
    ]
    assert command(*words[1:-1], str(folder / words[-1])).code == 0


def _here(word: str, account: Emulator) -> str:
    """With what there is in the emulated account."""
    if word == _LOCATION:
        return f"s3://{BUCKET}/ivs/v1/{ACCOUNT}/"
    if named := _ARN.match(word):
        return str(account.control.resources(f"{named[1]}-configuration")[0]["arn"])
    return word


def _is_role(_: str, account: Emulator) -> None:
    role = account.client("iam").get_role(RoleName="ivs-operator")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "pods.eks.amazonaws.com"}


def _lost_owner(_: str, account: Emulator) -> None:
    assert account.control.resources("logging-configuration")[0]["tags"] == {"team": "live"}


def _is_leaving(_: str, account: Emulator) -> None:
    assert all(item["state"] == "DELETING" for item in account.control.resources("recording-configuration"))


def _has_room(said: str, account: Emulator) -> None:
    (room,) = account.control.resources("room")
    assert (room["name"], room["tags"]) == ("lobby", {"env": "prod"})
    assert json.loads(said)["arn"] == room["arn"]


def _has_bucket(_: str, account: Emulator) -> None:
    where = account.client("s3").get_bucket_location(Bucket="live-chat-logs")["LocationConstraint"]
    assert where == REGION


def _shows_recording(said: str, _: Emulator) -> None:
    assert "recording-started.json" in said


_CAME_OF_IT = {
    "cloudformation deploy": _is_role,
    "ivs delete-recording-configuration": _is_leaving,
    "ivschat untag-resource": _lost_owner,
    "ivschat create-room": _has_room,
    "s3 mb": _has_bucket,
    "s3 ls": _shows_recording,
}


def test_the_aws_cli_refuses_what_is_wrong(account: Emulator) -> None:
    """The checks can fail, also where nothing is sent."""
    for words in (
        ["ivschat", "create-room", "--nmae", "lobby"],
        ["eks", "create-pod-identity-association", "--namespace", "x", "--generate-cli-skeleton", "output"],
    ):
        done = subprocess.run(
            [engine("aws"), *words],
            env=clean_environment(account.environment()),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert done.returncode != 0
        assert "usage" in done.stderr
