"""Runs one program that must not outlive its owner; a script of its own, started with `python -I -S guard.py`.

    guard.py <owner pid> <working folder> <program> <arguments...>

Why a process in between: the kernel's parent death signal fires when the *thread* that forked ends, which is wrong for
a program started from a test worker's or a server's thread. The guard has one thread, so the signal is exact for its
child; and it watches the owner, which need not be its parent, through a pidfd that no reuse of process ids can fool.

    owner ends, however   -> guard kills the program and all it started
    guard ends, however   -> the kernel kills the program
    program ends          -> guard ends with its exit code
    SIGTERM to the guard  -> program killed and reaped, then the guard ends: its end means the port is free
"""

import contextlib
import ctypes
import os
import select
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_CANNOT_RUN = 127


def _become(program: list[str], guard: int) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:  # the guard ended before the signal was armed
        os._exit(_CANNOT_RUN)
    try:
        os.execvp(program[0], program)  # noqa: S606 - running it is the purpose
    except OSError as error:
        os.write(2, f"cannot run {program[0]}: {error.strerror}\n".encode())
        os._exit(_CANNOT_RUN)


def _wake_on_signals() -> int:
    """A descriptor that becomes readable when we are told to end."""
    readable, writable = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(writable)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    return readable


def main() -> int:
    """Run the program to its end or the owner's; returns the exit code."""
    owner, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with contextlib.suppress(PermissionError):  # the starter has already given us a session
        os.setsid()
    os.chdir(folder)
    told = _wake_on_signals()
    owner_ended = os.pidfd_open(owner)
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        _become(program, guard)
    child_ended = os.pidfd_open(child)
    poll = select.poll()
    for descriptor in (told, owner_ended, child_ended):
        poll.register(descriptor, select.POLLIN)
    ready = {descriptor for descriptor, _ in poll.poll()}
    if child_ended not in ready:
        os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if child_ended not in ready:
        os.killpg(0, signal.SIGKILL)  # what the program started itself, and this guard
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ProcessLookupError:  # the owner was gone before we began
        sys.exit(_CANNOT_RUN)
