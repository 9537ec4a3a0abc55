"""The demo as a user runs it: a process without a terminal. Its exit code must be the truth, and nothing may remain."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from ivs_sandbox.binaries import Binaries
from ivs_sandbox.waiting import wait_until

# One demo is five processes; two at once on two cores would only be slow.
pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]

_DEADLINE = 180.0
_TELL = "import sys; from ivs_sandbox.demo import run; sys.exit(run(keep=False))"

# In this order: each is said only after it was seen in Kubernetes and at AWS.
_STORY = (
    r"Kubernetes: API server on https://127\.0\.0\.1:\d+",
    r"AWS: emulator on http://127\.0\.0\.1:\d+",
    r"operator: process \d+, as service account ivs-operator/ivs-operator",
    r"1\. A platform team",
    r"- room lobby \(env=prod\) logs to nothing",
    r"2\. Somebody declares",
    r"\$ kubectl -n live apply",
    r"- ivscl/chat-archive: Ready True, reason Available, state ACTIVE, associated 2/2",
    r"ok: 4 objects Ready in [\d.]+ s with 9 AWS writes: 4 creations, 5 associations",
    r"3\. Another team makes a chat room",
    r"- room afterparty \(env=prod\) logs to chat-archive",
    r"4\. Somebody changes things by hand",
    r"ok: chat-archive writes to live-chat-logs again, and studio logs to it",
    r"5\. The logging configuration is deleted while rooms use it",
    r"reason DeletionBlocked, .*being deleted",
    r"says: \"4 rooms \(.*rehearsal arn:.*set spec\.deletionPolicy to DetachAndDelete",
    r"6\. The remedy is followed",
    r"- room studio \(env=prod\) logs to nothing",
    r"says: \"1 room \(rehearsal arn:",
    r"7\. The last room lets go",
    r"- ivscl/chat-archive is gone",
    r"\$ kubectl get ivs -A",
    r"chatloggingconfiguration\.ivs-operator\.dev/chat-search +True +Available +ACTIVE +1/1",
    r"recordingconfiguration\.ivs-operator\.dev/vod +True +Available +ACTIVE +1/1",
    r"Every step came true",
    r"What to try next",
)


class Demo:
    """A running demo: its lines so far, and the processes of its folder."""

    def __init__(self, folder: Path, *, code: str = "", **environ: str) -> None:
        self.folder = folder
        command = [
            sys.executable,
            "-c",
            code or _TELL,
        ]
        unwanted = ("IVS_OPERATOR_", "AWS_", "KUBECONFIG", "USE_EXISTING")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean | {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)} | environ,
            start_new_session=True,
        )
        self.said = ""

    def read_until(self, pattern: str) -> None:
        """Read its output until it says so; fails when it ends first or takes too long."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + _DEADLINE
        while not re.search(pattern, self.said):
            assert time.monotonic() < deadline, f"{pattern!r} was not said:\n{self.said}"
            if select.select([self.process.stdout], [], [], 0.5)[0]:
                chunk = os.read(self.process.stdout.fileno(), 1 << 16)
                assert chunk, f"it ended without {pattern!r}:\n{self.said}"
                self.said += chunk.decode()

    def finish(self) -> int:
        """Its exit code; `said` is then complete."""
        rest, _ = self.process.communicate(timeout=_DEADLINE)
        self.said += rest.decode()
        return self.process.returncode

    def processes(self) -> dict[int, str]:
        """Every process that has to do with its folder, the demo itself excepted."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.process.pid:
                continue
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                where = str((entry / "cwd").readlink())
            except OSError:
                continue
            if str(self.folder) in f"{command} {where}":
                found[int(entry.name)] = command
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def folder(control_plane_binaries: Binaries) -> Iterator[Path]:
    """The demo's temporary folder. Not tmp_path: sockets and kubeconfigs in it deserve a short name."""
    with tempfile.TemporaryDirectory(prefix="demo-test-") as name:
        yield Path(name)


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """Demos of a test; whatever becomes of it, they end with it."""
    started: list[Demo] = []
    yield started
    for demo in started:
        demo.kill()


def test_the_whole_story_comes_true_and_nothing_is_left(folder: Path, demos: list[Demo]) -> None:
    demo = Demo(folder)
    demos.append(demo)
    demo.read_until("operator: process")
    running = demo.processes()
    assert {"etcd", "kube-apiserver", "kube-controller-manager", "ivs_emulator", "ivs_operator"} <= {
        word for command in running.values() for word in re.findall(r"etcd|kube-[a-z-]+|ivs_\w+", command)
    }, "the check below must be able to see them"
    assert demo.finish() == 0, demo.said

    position = 0
    for line in _STORY:
        found = re.compile(line).search(demo.said, position)
        assert found, f"{line!r} is missing, or not where it belongs:\n{demo.said}"
        position = found.end()
    assert "\x1b" not in demo.said, "no colours and cursor movements in a log"
    lines = [re.sub(r"^ *[\d.]+ s", "", line) for line in demo.said.splitlines() if "   - " in line]
    assert all(here != after for here, after in pairwise(lines)), "each state change once"
    assert demo.processes() == {}
    assert list(folder.iterdir()) == []


def test_a_story_that_does_not_come_true_fails_and_says_what_was_seen(folder: Path, demos: list[Demo]) -> None:
    """The operator looks elsewhere, so nothing ever becomes Ready."""
    demo = Demo(
        folder,
        code="import sys; from ivs_sandbox.demo import run; sys.exit(run(keep=False, patience=8))",
        IVS_OPERATOR_NAMESPACES="elsewhere",
    )
    demos.append(demo)
    assert demo.finish() == 1, demo.said
    assert "expected: every sample is Ready and used by whom it selects, within 8 s" in demo.said
    assert "ivscl/chat-archive: Ready ?" in demo.said, "what was seen instead"
    assert "room lobby uses nothing" in demo.said
    assert "in force for the demo's operator: IVS_OPERATOR_NAMESPACES" in demo.said
    assert "operator started" in demo.said, "the end of the operator's log"
    assert "Every step came true" not in demo.said
    assert "Traceback" not in demo.said
    assert demo.processes() == {}
    logs = re.search(r"all logs: (\S+)", demo.said)
    assert logs is not None
    assert {"operator.log", "emulator.log", "kube-apiserver.log"} <= {file.name for file in Path(logs[1]).iterdir()}


def test_an_operator_that_does_not_start_is_named_with_its_own_words(folder: Path, demos: list[Demo]) -> None:
    demo = Demo(folder, IVS_OPERATOR_WORKERS="none")
    demos.append(demo)
    assert demo.finish() == 1, demo.said
    assert "operator ended before it was ready" in demo.said
    assert "--workers (or IVS_OPERATOR_WORKERS)" in demo.said
    assert demo.processes() == {}


@pytest.mark.parametrize(
    ("moment", "number", "code"),
    [
        ("Kubernetes: API server", signal.SIGINT, 130),  # in the middle of the start
        (r"2\. Somebody declares", signal.SIGTERM, 143),  # in the middle of the story
    ],
)
def test_it_can_be_stopped_at_any_time_and_leaves_nothing(
    folder: Path, demos: list[Demo], moment: str, number: signal.Signals, code: int
) -> None:
    demo = Demo(folder)
    demos.append(demo)
    demo.read_until(moment)
    demo.process.send_signal(number)
    assert demo.finish() == code, demo.said
    assert "Traceback" not in demo.said
    assert "stopped; nothing is left running" in demo.said
    assert demo.processes() == {}
    assert list(folder.iterdir()) == []


def test_a_terminal_that_is_closed_ends_the_demo_and_leaves_nothing(folder: Path) -> None:
    """The live table cannot even say goodbye then."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm-256color"}
        os.execv(sys.executable, [sys.executable, "-c", _TELL])
    said = b""
    deadline = time.monotonic() + _DEADLINE
    while b"chat-archive" not in said:
        assert time.monotonic() < deadline, said.decode()
        if select.select([terminal], [], [], 0.5)[0]:
            said += os.read(terminal, 1 << 16)
    assert "KUBERNETES" in said.decode(), "the live table"
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0
    assert list(folder.iterdir()) == []


def test_a_killed_demo_takes_its_processes_along(folder: Path, demos: list[Demo]) -> None:
    demo = Demo(folder)
    demos.append(demo)
    demo.read_until(r"2\. Somebody declares")
    assert demo.processes()
    demo.process.kill()
    wait_until(lambda: not demo.processes(), timeout=10, what=lambda: f"the end of {demo.processes()}")


def test_two_demos_at_once_and_one_that_is_kept(folder: Path, demos: list[Demo]) -> None:
    """`--keep` tells how to use it, what it tells works, and Ctrl-C ends it; meanwhile another one runs beside it."""
    kept = Demo(folder, code="import sys; from ivs_sandbox.demo import run; sys.exit(run(keep=True))")
    demos.append(kept)
    kept.read_until("2. Somebody declares")
    (folder / "other").mkdir()
    other = Demo(folder / "other")
    demos.append(other)
    kept.read_until("Ctrl-C stops everything")
    exported = dict(re.findall(r"^export (\w+)=(\S+)$", kept.said, re.MULTILINE))
    assert {"KUBECONFIG", "PATH", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_REGION"} <= exported.keys()
    exported["PATH"] = exported["PATH"].replace("$PATH", os.environ["PATH"])
    shown = subprocess.run(
        ["kubectl", "get", "ivs", "-A"], env=os.environ | exported, capture_output=True, text=True, check=True
    )
    assert "chatloggingconfiguration.ivs-operator.dev/chat-search" in shown.stdout
    kept.process.send_signal(signal.SIGINT)
    assert kept.finish() == 130, kept.said
    assert other.finish() == 0, other.said
    assert kept.processes() == {}, "the other's folder lies within this one's"
