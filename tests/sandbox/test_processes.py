"""Programs that must end with their owner, whatever ends it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ivs_sandbox.errors import PortTakenError, ProcessDiedError
from ivs_sandbox.ports import free_port
from ivs_sandbox.processes import Process, await_ready, spawn, stop
from ivs_sandbox.waiting import wait_until

# A server with a child of its own, as compilers of a build are; says both process ids.
_FAMILY = "sleep 300 & echo $! > child; echo $$ > parent; wait"


def start(folder: Path, script: str = _FAMILY, owner: int | None = None) -> Process:
    return spawn("family", ["sh", "-c", script], owner_pid=owner or os.getpid(), folder=folder)


def family(folder: Path) -> list[int]:
    """The ids of the program and of its child, once both run."""
    files = [folder / "parent", folder / "child"]
    wait_until(lambda: all(file.exists() and file.read_text().strip() for file in files), what="the family")
    return [int(file.read_text()) for file in files]


def gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # the latter: it has gone between opening and reading
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def owner(folder: Path, how: str) -> subprocess.Popen[bytes]:
    """Another Python process that starts the family in the folder, then waits for ever."""
    code = f"""
import os, signal, threading
from pathlib import Path
from ivs_sandbox.processes import spawn
def start():
    spawn("family", ["sh", "-c", {_FAMILY!r}], owner_pid=os.getpid(), folder=Path({str(folder)!r}))
{how}
(Path({str(folder)!r}) / "started").touch()
signal.pause()
"""
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", code], env=environ, start_new_session=True)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (signal.SIGKILL, "nothing of the owner can run"),
        (signal.SIGTERM, "no handler of the owner does anything"),
        (signal.SIGINT, "Ctrl-C reaches only the owner, since the programs have a session of their own"),
    ],
)
def test_programs_end_with_a_killed_owner(tmp_path: Path, end: signal.Signals, reason: str) -> None:
    process = owner(tmp_path, "start()")
    pids = family(tmp_path)
    process.send_signal(end)
    process.wait(timeout=10)
    wait_until(lambda: all(map(gone, pids)), timeout=10, what=f"the family's end: {reason}")


def test_programs_outlive_the_thread_that_started_them(tmp_path: Path) -> None:
    """The kernel's parent death signal alone would kill them here."""
    process = owner(tmp_path, "thread = threading.Thread(target=start); thread.start(); thread.join()")
    pids = family(tmp_path)
    wait_until((tmp_path / "started").exists, what="the end of the thread")
    try:
        assert not any(map(gone, pids))
    finally:
        process.kill()
        process.wait(timeout=10)
    wait_until(lambda: all(map(gone, pids)), timeout=10, what="the family's end")


def test_the_program_ends_when_its_guard_is_killed(tmp_path: Path) -> None:
    guard = start(tmp_path)
    program, child = family(tmp_path)
    os.kill(guard.pid, signal.SIGKILL)
    wait_until(lambda: gone(program), timeout=10, what="the program's end")
    os.kill(child, signal.SIGKILL)  # nobody promised anything for grandchildren of a killed guard


def test_stop_returns_when_the_program_is_gone(tmp_path: Path) -> None:
    guard = start(tmp_path)
    pids = family(tmp_path)
    assert guard.is_alive
    stop(guard)
    assert [gone(pid) for pid in (guard.pid, pids[0])] == [True, True]
    wait_until(lambda: gone(pids[1]), timeout=10, what="the child's end")
    assert not guard.is_alive
    stop(guard)  # twice does no harm


def test_an_owner_that_is_gone_already_starts_nothing(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    guard = start(tmp_path, owner=dead.pid)
    wait_until(lambda: not guard.is_alive, timeout=10, what="the guard's end")
    assert not (tmp_path / "parent").exists()


def test_a_later_process_with_the_same_id_is_not_ours(tmp_path: Path) -> None:
    guard = start(tmp_path)
    pids = family(tmp_path)
    reused = Process(guard.name, guard.pid, guard.began - 1, guard.log)
    assert not reused.is_alive
    stop(reused)
    assert not any(map(gone, pids)), "it was left alone"
    stop(guard)


def never() -> bool:
    return False


@pytest.mark.parametrize(
    ("script", "error", "said", "reason"),
    [
        ("echo bad flag >&2; exit 2", ProcessDiedError, "bad flag", "the end of the log is in the message"),
        ("echo 'bind: address already in use'; exit 1", PortTakenError, "in use", "worth another port"),
        ("exec sleep 300", ProcessDiedError, "was not ready after", "a program that hangs"),
        ("exec /nowhere/at/all", ProcessDiedError, "/nowhere/at/all", "a program that is not there"),
    ],
)
def test_a_program_that_does_not_become_ready_says_why(
    tmp_path: Path, script: str, error: type[Exception], said: str, reason: str
) -> None:
    process = start(tmp_path, script)
    try:
        with pytest.raises(error, match=said) as failure:
            await_ready(process, never, timeout=2)
        assert failure.type is error, reason
    finally:
        stop(process)


def test_threads_get_ports_that_can_be_listened_on() -> None:
    ports: list[int] = []
    threads = [threading.Thread(target=lambda: ports.append(free_port())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(port < outgoing for port in ports), "not where any outgoing connection may take it"
    with socket.create_server(("127.0.0.1", ports[0])):
        pass
