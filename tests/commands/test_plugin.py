"""`kubectl ivs` through kubectl itself: found, completed, and given kubectl's own options."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from commands.test_manners import program
from support.operator_process import clean_environment

if TYPE_CHECKING:
    from ivs_sandbox.binaries import Binaries
    from ivs_sandbox.cluster import Cluster

PLUGIN = Path(__file__).parents[2] / "kubectl-plugin"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the console scripts of an installed package."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program(programs, "kubectl-ivs", "kubectl_plugin")
    program(programs, "kubectl_complete-ivs", "kubectl_completion")
    return programs


def kubectl(binaries: Binaries, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment({"PATH": f"{path}:{os.environ['PATH']}"})
    line = [str(binaries.kubectl), *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_kubectl_finds_asks_and_completes_it(
    folder: Path, control_plane_binaries: Binaries, control_plane: Cluster, tmp_path: Path
) -> None:
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = "from-the-context"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(config))
    path = str(folder)

    given = ("--kubeconfig", str(kubeconfig), "--context", config["contexts"][0]["name"])
    asked = kubectl(control_plane_binaries, path, "ivs", "why", "ivsrc/vod", *given)
    assert (asked.returncode, asked.stdout) == (1, "")
    (line,) = asked.stderr.splitlines()
    assert line.startswith("kubectl ivs: there is no RecordingConfiguration from-the-context/vod")

    wrong = kubectl(control_plane_binaries, path, "ivs", "why", "ivsrc/vod", *given[:2], "--context", "nowhere")
    assert wrong.returncode == 1
    assert "nowhere" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1

    completed = kubectl(control_plane_binaries, path, "__complete", "ivs", "w")
    assert completed.stdout.splitlines()[0].startswith("why\t")
    kinds = kubectl(control_plane_binaries, path, "__complete", "ivs", "why", "ivs")
    assert [line.strip() for line in kinds.stdout.splitlines()] == ["ivsrc/", "ivscl/", ":6"]


def test_what_krew_installs_hands_over_to_the_package(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    for _ in range(2):
        subprocess.run(
            [PLUGIN / "pack", "--url=https://example.org/a.tar.gz", "--homepage=https://example.org", packed],
            check=True,
        )
        digest = hashlib.sha256((packed / "kubectl-ivs.tar.gz").read_bytes()).hexdigest()
        (platform,) = yaml.safe_load((packed / "ivs.yaml").read_text())["spec"]["platforms"]
        assert platform["sha256"] == digest, "the same bytes each time"
    store = tmp_path / "store"
    with tarfile.open(packed / "kubectl-ivs.tar.gz") as archive:
        assert archive.getnames() == ["kubectl-ivs", "LICENSE"]
        archive.extractall(store, filter="data")
    krew = tmp_path / "krew"
    krew.mkdir()
    (krew / "kubectl-ivs").symlink_to(store / platform["bin"])  # as Krew does

    def run(path: str) -> subprocess.CompletedProcess[str]:
        sh = shutil.which("sh") or "sh"
        tools = tmp_path / "tools"
        tools.mkdir(exist_ok=True)
        for name in ("sh", "readlink"):
            if not (tools / name).exists():
                (tools / name).symlink_to(shutil.which(name) or name)
        environment = clean_environment({"PATH": f"{path}:{tools}"})
        line = [sh, str(krew / "kubectl-ivs"), "--help"]
        return subprocess.run(line, env=environment, capture_output=True, text=True, check=False, timeout=60)

    with_package = run(f"{krew}:{folder}")
    assert with_package.returncode == 0, with_package.stderr
    assert "Usage: kubectl ivs" in with_package.stdout
    without = run(str(krew))
    assert without.returncode == 1
    assert "install it with pipx or pip" in without.stderr
