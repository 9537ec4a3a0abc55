"""Programs that run beside us and end with us: started through the guard, remembered by id, stopped for sure."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivs_sandbox.errors import PortTakenError, ProcessDiedError

_GUARD = Path(__file__).with_name("guard.py")
_TAIL_LINES = 12
_POLL_INTERVAL = 0.03


@dataclass(frozen=True, slots=True)
class Process:
    """A guarded program. `began` (clock ticks since boot) tells it from a later process with the same id."""

    name: str
    pid: int
    began: int
    log: str

    @property
    def is_alive(self) -> bool:
        """Whether it still runs; reaps it when it was our child."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return start_time(self.pid) == self.began

    def tail(self, lines: int = _TAIL_LINES) -> str:
        """The end of its log."""
        with suppress(OSError):
            return "\n".join(Path(self.log).read_text(errors="replace").splitlines()[-lines:])
        return ""


def guarded(command: Sequence[str | Path], owner_pid: int, folder: Path) -> list[str]:
    """The command line that runs `command` under the guard."""
    python = [sys.executable, "-I", "-S", str(_GUARD)]
    return [*python, str(owner_pid), str(folder), *map(str, command)]


def spawn(
    name: str,
    command: Sequence[str | Path],
    *,
    owner_pid: int,
    folder: Path,
    environ: Mapping[str, str] | None = None,
) -> Process:
    """Start a program that ends when `owner_pid` ends. Its output is appended to `<folder>/logs/<name>.log`.

    `environ` replaces this process's environment.
    """
    log = folder / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    line = guarded(command, owner_pid, folder)
    # Not subprocess.Popen: the process may be left running on purpose for other workers of the same test run.
    pid = os.posix_spawn(
        line[0],
        line,
        os.environ if environ is None else environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    return Process(name, pid, start_time(pid) or 0, str(log))


def stop(process: Process, timeout: float = 10.0) -> None:
    """Kill the program and wait until it is gone. Nothing here has anything to save, so there is no polite phase."""
    try:
        ended = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return
    try:
        if process.is_alive:
            signal.pidfd_send_signal(ended, signal.SIGTERM)
            if not _ends(ended, timeout):
                signal.pidfd_send_signal(ended, signal.SIGKILL)  # the kernel then kills the program too
                _ends(ended, timeout)
    except ProcessLookupError:
        pass
    finally:
        os.close(ended)
        with suppress(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def await_ready(process: Process, is_ready: Callable[[], bool], timeout: float) -> None:
    """Wait until the program answers; raises ProcessDiedError or PortTakenError with the end of its log."""
    deadline = time.monotonic() + timeout
    while not is_ready():
        if not process.is_alive:
            tail = process.tail()
            kind = PortTakenError if "address already in use" in tail else ProcessDiedError
            raise kind(f"{process.name} ended before it was ready. The end of {process.log}:\n{tail}")
        if time.monotonic() > deadline:
            raise ProcessDiedError(
                f"{process.name} was not ready after {timeout:.0f} s; the machine may be overloaded. "
                f"The end of {process.log}:\n{process.tail()}"
            )
        time.sleep(_POLL_INTERVAL)


def start_time(pid: int) -> int | None:
    """When a process began, in clock ticks since boot; None when there is none, or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold anything; state is the first field behind it, the start time the twentieth.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _ends(descriptor: int, timeout: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(timeout * 1000))
