"""Pictures of commands say what the commands say: drawn anew by `PYTHONPATH=tests python -m docs.captures`."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from docs.captures import HELPS, PICTURES, POLICY, USUAL, help_shown
from docs.pages import PAGES
from docs.scenes import ACCOUNT_COMMANDS, CLUSTER_COMMANDS, Scene, denied, full_room, orphans, others
from docs.terminal import OURS, on_terminal, rows_of
from ivs_operator.commands.catalogue import CATALOGUE
from support.walk import CHAT, RECORDING

if TYPE_CHECKING:
    from pathlib import Path

    from support.walk import Walk

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_ANEW = "draw it anew: PYTHONPATH=tests .venv/bin/python -m docs.captures"
WITHOUT_PICTURE = {"crds", "completion"}
"""What they print is for programs."""


def picture(name: str) -> list[str]:
    return rows_of((PICTURES / f"{name}.svg").read_text(encoding="utf-8"))


def words(rows: list[str]) -> list[str]:
    """However lines are broken."""
    return _COLOUR.sub("", " ".join(rows)).split()


def test_every_command_has_a_picture_in_the_docs() -> None:
    shown = {match for page in PAGES for match in re.findall(r"pictures/([\w-]+)\.svg", page.read_text())}
    assert {entry.name for entry in CATALOGUE} - WITHOUT_PICTURE <= shown
    assert shown <= {path.stem for path in PICTURES.glob("*.svg")}
    drawn = {path.stem for path in PICTURES.glob("*.svg")}
    assert drawn <= shown, "nobody sees them"


@pytest.mark.parametrize("path", sorted(PICTURES.glob("*.svg")), ids=lambda path: path.stem)
def test_a_picture_is_whole_and_fetches_nothing(path: Path) -> None:
    """Browsers show no SVG that is not well-formed; fonts and images of other hosts would not be shown in a page."""
    text = path.read_text(encoding="utf-8")
    ET.fromstring(text)
    assert not re.search(r'(?:href|src)="|url\((?!#)|@import', text)
    assert len(text) < 100_000
    assert not re.search(r"/(?:root|home|work)/", text), "of the machine that drew it"


@pytest.mark.parametrize("name", HELPS)
def test_the_help_is_the_programs_own(name: str) -> None:
    assert words(picture(name)) == words([help_shown(name)]), _ANEW


def test_the_policy_is_the_programs_own() -> None:
    shown = on_terminal([*OURS, *shlex.split(POLICY)], {}, columns=USUAL)
    assert words(picture("iam-policy")) == words([shown]), _ANEW


def test_what_commands_say_of_an_account_and_a_cluster(walk: Walk) -> None:
    """The same situations as in the pictures; ids, times and the namespace differ, and who leads."""
    for bucket in ("live-chat-logs", "live-recordings"):
        walk.emulator.bucket(bucket)
    walk.ivs.create_channel(name="second-stage")
    scene = Scene(
        walk.namespace,
        walk.namespace,
        walk.ivs,
        walk.chat,
        walk.control,
        lambda text: walk.kubectl("apply", "-f", "-", stdin=text),
    )
    for prepare in (others, full_room, orphans, denied):
        prepare(scene)
    walk.reason(CHAT, "chat-archive", "RoomFull")
    walk.reason(RECORDING, "clips", "AccessDenied")

    drawn = {name: _masked(picture(name), "live", "prod-1") for name in ACCOUNT_COMMANDS | CLUSTER_COMMANDS}
    said = {name: _said(walk, line) for name, line in (ACCOUNT_COMMANDS | CLUSTER_COMMANDS).items()}

    assert words(said["cleanup"]) == words(drawn["cleanup"]), _ANEW
    assert words(_before("Failures", said["why"])) == words(_before("Failures", drawn["why"])), _ANEW
    assert words(_before("Failures", said["why-denied"])) == words(_before("Failures", drawn["why-denied"])), _ANEW
    until_cut = words(drawn["import"])[:-1]
    assert words(said["import"])[: len(until_cut)] == until_cut, _ANEW
    rows = [words([row]) for row in drawn["inventory"]]
    assert [row for row in (words([row]) for row in said["inventory"]) if row not in rows] == [], _ANEW


def _said(walk: Walk, line: str) -> list[str]:
    environment = {
        **walk.emulator.environment(),
        "KUBECONFIG": str(walk.cluster.kubeconfig),
        "IVS_OPERATOR_CLUSTER_ID": walk.namespace,
    }
    typed = shlex.split(
        line.replace("/live/", f"/{walk.namespace}/").replace("--namespace live", f"-n {walk.namespace}")
    )
    shown = _COLOUR.sub("", on_terminal([*OURS, *typed], environment, columns=400))
    return _masked([row for row in shown.splitlines() if row.strip()], walk.namespace, walk.namespace)


def _masked(rows: list[str], namespace: str, cluster_id: str) -> list[str]:
    text = "\n".join(rows)
    text = re.sub(r"(?<=[a-z]/)\w{12}\b", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)
    text = text.replace(f"{cluster_id}/{namespace}/", "CLUSTER/NAMESPACE/")
    return re.sub(rf"(?<![\w-]){namespace}(?![\w-])", "NAMESPACE", text).splitlines()


def _before(word: str, rows: list[str]) -> list[str]:
    return rows[: next(number for number, row in enumerate(rows) if row.startswith(word))]
