"""What the texts have people type for ivs-operator, as far as it only reads or prints: each command is carried out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import commands
from support.command_here import run_here
from support.command_process import command

if TYPE_CHECKING:
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.command_here import RunHere
    from support.emulator import Emulator

__all__ = ["run_here"]

_ALONE = {"iam-policy", "crds", "completion"}
_ACCOUNT = {"inventory", "import"}
_CLUSTER = {"--orphans", "--accounts", "--account"}
_OPEN = re.compile(r"\.\.\.|…|\[|--help|\$|^[A-Z]+$")
"""Where a text leaves something open."""


def _typed(names: set[str], *, cluster: bool = False) -> list[Any]:
    found: dict[tuple[str, ...], str] = {}
    for place, words in commands():
        line = words[2:] if words[:2] == ["kubectl", "ivs"] else words[1:] if words[0] == "ivs-operator" else []
        whole = ":" in place  # in a block; what stands within a sentence may be a part only
        if not whole or not line or line[0] not in names or any(map(_OPEN.search, line)):
            continue
        if bool(_CLUSTER & set(line)) == cluster:
            found.setdefault(tuple(line), place)
    return [pytest.param(list(words), id=f"{place} {' '.join(words)}"[:110]) for words, place in found.items()]


@pytest.mark.parametrize("words", _typed(_ALONE))
def test_what_needs_nothing(
    words: list[str], run_here: RunHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_here(*words)
    assert done.code == 0, done.err
    assert done.out or [*tmp_path.iterdir()]


@pytest.fixture
def account(emulator: Emulator) -> Emulator:
    """Something of each kind, with the tags that the texts speak of."""
    tags = {"env": "prod", "team": "live"}
    emulator.control.seed(recording_configurations=1, logging_configurations=1, rooms=1, channels=1, tags=tags)
    return emulator


@pytest.mark.parametrize("words", _typed(_ACCOUNT))
def test_what_reads_an_account(
    words: list[str], account: Emulator, run_here: RunHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (recording,) = account.control.resources("recording-configuration")
    done = run_here(*words, environment=account.environment())
    assert done.code == 0, done.err
    written = "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert recording["arn"] in done.out + written, done.err


@pytest.mark.parametrize("words", _typed(_ACCOUNT | {"cleanup"}, cluster=True))
def test_what_reads_a_cluster_too(
    words: list[str], account: Emulator, control_plane: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process of its own; the emulator is this test's, so that nothing of others' can be deleted."""
    monkeypatch.chdir(tmp_path)
    done = command(*words, environment={**account.environment(), "KUBECONFIG": str(control_plane.kubeconfig)})
    assert done.code in (0, 3), done.err  # 3: AWSAccounts of other tests, whose roles can't be assumed
    assert done.out or done.err
