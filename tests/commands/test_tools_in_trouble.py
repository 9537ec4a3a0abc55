"""Tools that are cut off: by Ctrl-C, by a reader who leaves, by a full disk. One line, the right code, nothing half."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from ivs_operator.commands.exit_codes import ExitCode
from support.deadlines import TIMEOUT
from support.operator_process import clean_environment

if TYPE_CHECKING:
    from support.emulator import Emulator

FULL = "/dev/full"
SOURCES = Path(__file__).parents[2] / "operator"
SMALL = 300  # bytes; less than any file here


def launch(emulator: Emulator, *arguments: str, stdout: int | IO[Any], **more: Any) -> subprocess.Popen[str]:
    """A command as a process, with the emulator's credentials."""
    environment = clean_environment({**emulator.environment(), "PYTHONPATH": str(SOURCES)})
    command = [sys.executable, "-m", "ivs_operator", *arguments]
    return subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True, **more)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and standard error."""
    _, err = process.communicate(timeout=TIMEOUT)
    assert "Traceback" not in err, err
    return process.returncode, err


@pytest.fixture
def account(emulator: Emulator) -> Emulator:
    emulator.control.seed(logging_configurations=40)
    return emulator


@pytest.mark.parametrize("arguments", [("import",), ("inventory", "--format=csv"), ("iam-policy",)])
def test_a_full_disk_behind_standard_output(account: Emulator, arguments: tuple[str, ...]) -> None:
    with Path(FULL).open("w") as full:
        code, err = ended(launch(account, *arguments, stdout=full))
    assert code == ExitCode.FAILURE
    assert err.splitlines()[-1] == "ivs-operator: standard output can't be written: No space left on device"


def test_a_full_disk_behind_a_file(account: Emulator) -> None:
    code, err = ended(launch(account, "iam-policy", f"--output={FULL}", stdout=subprocess.DEVNULL))
    assert (code, err) == (ExitCode.FAILURE, f"ivs-operator: {FULL}: No space left on device\n")


@pytest.mark.parametrize("option", ["--output", "--output-dir"])
def test_a_disk_that_fills_up_leaves_no_half_file(account: Emulator, tmp_path: Path, option: str) -> None:
    """A limit on the size of files stands for the disk; what was there before stays as it was."""
    target = tmp_path / "result"
    if option == "--output":
        target.write_text("before\n")
    limited = launch(
        account,
        "import",
        option,
        str(target),
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)),
    )
    code, err = ended(limited)
    assert code == ExitCode.FAILURE
    assert err.splitlines()[-1] == f"ivs-operator: {target}: File too large"
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == ({"result"} if option == "--output" else set())
    if option == "--output":
        assert target.read_text() == "before\n"


def test_a_reader_who_leaves(account: Emulator) -> None:
    process = launch(account, "inventory", "--format=json", stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert ended(process) == (ExitCode.BROKEN_PIPE, "")


def test_control_c_in_the_middle_of_a_list(account: Emulator, tmp_path: Path) -> None:
    held = account.control.add_fault(operation="ListRooms", hold="before")
    target = tmp_path / "inventory.json"
    process = launch(account, "inventory", "--format=json", f"--output={target}", stdout=subprocess.DEVNULL)
    account.control.wait_held(held)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline() == "ivs-operator: interrupted\n", "at once, and not when AWS answers"
    account.control.clear_faults(discard=True)
    assert ended(process)[0] == ExitCode.INTERRUPTED
    assert not target.exists()
