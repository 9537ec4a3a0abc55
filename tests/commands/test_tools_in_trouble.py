"""Tools that are cut off: by Ctrl-C, by a reader who leaves, by a full disk. One line, the right code, nothing half."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC, TAG_UID
from ivs_operator.commands.exit_codes import ExitCode
from support.deadlines import TIMEOUT
from support.operator_process import clean_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator

    Launch = Callable[..., subprocess.Popen[str]]

FULL = "/dev/full"
SOURCES = Path(__file__).parents[2] / "operator"
SMALL = 300  # bytes; less than any file here


def launch(emulator: Emulator, *arguments: str, stdout: int | IO[Any], **more: Any) -> subprocess.Popen[str]:
    """A command as a process, with the emulator's credentials."""
    given = {**emulator.environment(), "PYTHONPATH": str(SOURCES), **more.pop("environment", {})}
    environment = clean_environment(given)
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


def closed(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """The process without anybody who reads its output."""
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    return process


@pytest.mark.parametrize("arguments", [("inventory", "--format=json"), ("import",)])
def test_a_reader_who_leaves(account: Emulator, arguments: tuple[str, ...]) -> None:
    process = closed(launch(account, *arguments, stdout=subprocess.PIPE))
    assert ended(process) == (ExitCode.BROKEN_PIPE, "")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("inventory", "--format=json", "--output"), id="inventory"),
        pytest.param(("import", "--output"), id="import into a file"),
        pytest.param(("import", "--output-dir"), id="import into a folder"),
    ],
)
def test_control_c_in_the_middle_of_a_list(account: Emulator, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    held = account.control.add_fault(operation="ListRooms", hold="before")
    process = launch(account, *arguments, str(tmp_path / "result"), stdout=subprocess.DEVNULL)
    interrupt(process, account, held)
    assert ended(process)[0] == ExitCode.INTERRUPTED
    assert not [*tmp_path.iterdir()]


def interrupt(process: subprocess.Popen[str], account: Emulator, held: str) -> None:
    """Ctrl-C while AWS holds a call, which then is never carried out."""
    account.control.wait_held(held)
    process.send_signal(signal.SIGINT)
    assert process.stderr is not None
    assert process.stderr.readline() == "ivs-operator: interrupted\n", "at once, and not when AWS answers"
    account.control.clear_faults(discard=True)


@pytest.fixture
def cleanup(emulator: Emulator, control_plane: Cluster, namespace: str) -> Launch:
    """`cleanup --orphans --yes` on two orphans, sure of them."""
    tags = {TAG_OWNER: f"{namespace}/{namespace}/gone", TAG_UID: "gone", TAG_SPEC: "v1-made"}
    emulator.control.seed(recording_configurations=2, tags=tags)
    kubeconfig = {"KUBECONFIG": str(control_plane.kubeconfig)}
    options = ("--orphans", "--yes", "--all-gone", "--regions=us-west-2", f"--cluster-id={namespace}")

    def start(**streams: Any) -> subprocess.Popen[str]:
        return launch(emulator, "cleanup", *options, environment=kubeconfig, **streams)

    return start


def orphans(emulator: Emulator) -> int:
    return sum(item["state"] == "ACTIVE" for item in emulator.control.resources("recording-configuration"))


def test_cleanup_deletes_nothing_whose_plan_nobody_could_read(cleanup: Launch, emulator: Emulator) -> None:
    with Path(FULL).open("w") as full:
        code, err = ended(cleanup(stdout=full))
    assert code == ExitCode.FAILURE
    assert err == "ivs-operator: standard output can't be written: No space left on device\n"
    assert ended(closed(cleanup(stdout=subprocess.PIPE))) == (ExitCode.BROKEN_PIPE, "")
    assert orphans(emulator) == 2


def test_control_c_in_the_middle_of_a_cleanup(cleanup: Launch, emulator: Emulator) -> None:
    """What has been deleted was told, what is being asked for is not carried out, and nothing comes after it."""
    held = emulator.control.add_fault(operation="DeleteRecordingConfiguration", hold="before", skip=1)
    process = cleanup(stdout=subprocess.PIPE)
    interrupt(process, emulator, held)
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, err) == (ExitCode.INTERRUPTED, "")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("delet")] == ["delete", "delete", "deleted"]
    assert orphans(emulator) == 1
