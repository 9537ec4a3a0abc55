"""`ivs-operator demo`: the operator's story on this machine, without a cluster and without AWS.

A real API server, the AWS emulator and the operator run as processes in a folder of their own, on free ports, so that
two demos do not meet. All of it ends with this process, however that ends.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

from ivs_operator import __version__
from ivs_sandbox.errors import SandboxError
from ivs_sandbox.progress import Progress
from ivs_sandbox.screen import PlainScreen, Screen, open_screen
from ivs_sandbox.stage import NAMESPACE, Stage, opened
from ivs_sandbox.story import Story, StoryFailed

__all__ = ["run"]

_PATIENCE: Final = 60.0  # seconds for each step; each takes 1 to 8 on an idle machine with 2 cores
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WATCH_INTERVAL: Final = 0.5


class _Interrupted(BaseException):
    """Somebody wants us to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number  # what a shell reports: 130 for Ctrl-C


def run(*, keep: bool, patience: float = _PATIENCE) -> int:
    """Tell the story; returns the exit code: 0 when all of it came true, 1 when not, 130 after Ctrl-C.

    With `keep`, everything is left running at the end until Ctrl-C. A step has `patience` seconds to come true.
    """
    with _interruptible():
        folder = Path(tempfile.mkdtemp(prefix="ivs-operator-demo-"))
        try:
            _perform(folder, keep=keep, patience=patience)
        except _Interrupted as interruption:
            _end_stragglers(folder)
            with suppress(OSError):  # whoever told us to stop may have closed the terminal, too
                PlainScreen().say("\nstopped; nothing is left running")
            code = interruption.exit_code
        except BrokenPipeError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends in words, with the log, and in exit code 1
            _report(error, folder / "logs")
            for part in ("etcd", "tmp", "kubectl-cache"):
                shutil.rmtree(folder / part, ignore_errors=True)
            return 1
        else:
            code = 0
        shutil.rmtree(folder, ignore_errors=True)
        return code


def _perform(folder: Path, *, keep: bool, patience: float) -> None:
    screen = open_screen()
    screen.say(f"ivs-operator {__version__}, with a real Kubernetes API server and an AWS emulator\n")
    began = time.monotonic()
    with opened(folder, screen.note, Progress(sys.stdout)) as stage:
        with screen:
            Story(stage, screen, patience=patience).tell()
        _show_objects(stage, screen)
        screen.say(f"\nEvery step came true, in {time.monotonic() - began:.0f} s.")
        if not keep:
            screen.say(_NEXT)
            return
        _keep(stage, screen)


def _show_objects(stage: Stage, screen: Screen) -> None:
    screen.say("\n$ kubectl get ivs -A")
    screen.say(stage.cluster.kubectl("get", "ivs", "-A").stdout.rstrip())


_NEXT: Final = """
What to try next
  make demo ARGS=--keep          leaves all this running, to be used from another terminal
  manifests/samples/             one sample for each feature, with comments
  kubectl explain ivsrc.spec     after `ivs-operator crds | kubectl apply --server-side -f -` on a cluster of yours
  ivs-operator run --help        the operator itself, on that cluster and your AWS account"""

_TRY: Final = f"""
and for example
  kubectl -n {NAMESPACE} get ivs -o wide
  kubectl -n {NAMESPACE} describe ivscl chat-search
  kubectl -n {NAMESPACE} delete ivsrc vod           # held back: who uses it?
  kubectl explain ivscl.spec.rooms
  aws ivschat list-rooms                # with the AWS CLI, or boto3
"""


def _keep(stage: Stage, screen: Screen) -> NoReturn:
    """Until Ctrl-C, or until something of it ends by itself."""
    screen.say("\nEverything is left running. In another terminal:\n")
    for name, value in stage.environment.items():
        screen.say(f"export {name}={value}")
    screen.say(_TRY)
    screen.say(f"Logs: {stage.operator.log}\nCtrl-C stops everything.")
    while True:
        for process in (stage.operator, stage.emulator):
            if not process.is_alive:
                raise SandboxError(f"the {process.name} has ended")
        if trouble := stage.cluster.diagnosis():
            raise SandboxError(trouble)
        time.sleep(_WATCH_INTERVAL)


def _report(error: Exception, logs: Path) -> None:
    """What was expected, what was seen, and what the operator has said at last."""
    lines = ["", "The demo failed."]
    if isinstance(error, StoryFailed):
        lines += [f"expected: {error.expected}", "seen:", *(f"  {line}" for line in error.seen.splitlines())]
    else:
        kind = "" if isinstance(error, SandboxError) else f"{type(error).__name__}: "
        lines.append(f"{kind}{error}")
    set_here = sorted(name for name in os.environ if name.startswith("IVS_OPERATOR_"))
    if set_here:
        lines.append(f"note: set in this environment, and in force for the demo's operator: {', '.join(set_here)}")
    log = logs / "operator.log"
    if log.exists() and str(log) not in str(error):
        said = log.read_text(errors="replace").splitlines()[-15:]
        lines += ["the end of the operator's log:", *(f"  {line}" for line in said)]
    if logs.is_dir():
        lines.append(f"all logs: {logs}")
    with suppress(OSError):
        PlainScreen(sys.stderr).say("\n".join(lines))


@contextmanager
def _interruptible() -> Iterator[None]:
    """Signals end the block once; those that come while it cleans up are not heard, so that it can."""

    def interrupted(number: int, _frame: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise _Interrupted(number)

    before = {number: signal.signal(number, interrupted) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_stragglers(folder: Path) -> None:
    """End children that nobody remembers: a signal may come between a start and the note that it must be stopped."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            is_ours = entry.name.isdigit() and str(folder).encode() in (entry / "cmdline").read_bytes()
            if not is_ours or int(entry.name) == os.getpid():
                continue
            pid = int(entry.name)
            if _parent(entry) == os.getpid():
                os.kill(pid, signal.SIGTERM)  # a guard: it kills its program first
                os.waitpid(pid, 0)


def _parent(entry: Path) -> int:
    # The name in parentheses may hold anything; behind it come the state and the parent.
    return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
