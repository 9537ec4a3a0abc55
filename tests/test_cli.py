"""The command line where nothing need be running."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ivs_operator import __version__
from ivs_operator.cli import cli

CRDS = Path(__file__).parents[1] / "crds"


def test_version() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert (result.exit_code, result.stdout.strip()) == (0, f"ivs-operator, version {__version__}")


def test_help_names_every_command_and_the_exit_codes() -> None:
    result = CliRunner().invoke(cli, ["-h"])
    assert result.exit_code == 0
    for name in cli.entries:
        assert re.search(rf"^  {name}\b", result.stdout, re.MULTILINE)
    assert re.search(r"Exit codes:\s+0 +success", result.stdout)


def test_crds_are_what_is_checked_in_and_fit_for_kubectl() -> None:
    result = CliRunner().invoke(cli, ["crds"])
    assert result.exit_code == 0
    printed = {item["spec"]["names"]["plural"]: item for item in yaml.safe_load_all(result.stdout)}
    kept = {path.stem: yaml.safe_load(path.read_text()) for path in CRDS.glob("*.yaml")}
    assert printed == kept


def test_crds_as_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["crds", "--output-dir", str(tmp_path)])
    assert result.exit_code == 0
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        path.name: path.read_text() for path in CRDS.glob("*.yaml")
    }


def test_crds_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(cli, ["crds", "--output-dir", str(tmp_path / "file")])
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"ivs-operator: {tmp_path / 'file'}: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rnu"], "No such command"),
        (["run", "extra"], "unexpected extra argument"),
        (["emulator", "--port", "70000"], "70000"),
        (["emulator", "--port", "http"], "http"),
        (["emulator", "--create-seconds", "soon"], "create_seconds: Input should be a valid number"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_without_a_cluster_run_says_so_in_one_line(tmp_path: Path) -> None:
    """A process of its own, since it sets up logging."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUBE")}
    environment |= {"KUBECONFIG": str(tmp_path / "missing"), "PYTHONPATH": str(CRDS.parent / "operator")}
    command = [sys.executable, "-m", "ivs_operator", "run", "--health-port=0", "--metrics-port=0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ivs-operator: ")
    assert "KUBECONFIG" in last
    assert "Traceback" not in done.stderr
