"""The operator as users run it: a process with a kubeconfig and AWS's variables, stopped or killed by signal."""

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivs_sandbox.processes import guarded
from support.deadlines import TIMEOUT, until

__all__ = ["KILLED", "OperatorProcess", "clean_environment"]

KILLED = 128 + signal.SIGKILL
"""Exit code of a process that was killed, as the guard tells it."""

PROGRAM = shlex.split(os.environ.get("IVS_OPERATOR_TEST_PROGRAM", "")) or [sys.executable, "-m", "ivs_operator"]
"""What is run; the variable names another one, such as the image's root file system entered by image/enter.sh."""

_AMBIENT = ("AWS_", "KUBE", "IVS_OPERATOR_")
_TAIL = 60


def clean_environment(given: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without anything that configures AWS, Kubernetes or the operator, and `given`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_AMBIENT)}
    nowhere = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return {**kept, **nowhere, **given}


class OperatorProcess:
    """`ivs-operator run` with `options` (flags without their dashes, `_` for `-`); ends with the test run at last."""

    def __init__(self, folder: Path, environment: Mapping[str, str], **options: object) -> None:
        flags = {"health_port": 0, "metrics_port": 0, "log_format": "json", **options}
        self._arguments = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items() if value is not None]
        self.program = PROGRAM
        self.environment = clean_environment(environment)
        """Of the next process."""
        self._folder = folder
        self._guard: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._began = 0
        self.log = folder / "operator.log"
        self.log.touch()

    def launch(self) -> None:
        """Start the process, without waiting for anything."""
        assert self._guard is None or self._guard.poll() is not None, "it runs already"
        self._began = self.log.stat().st_size
        command = guarded([*self.program, "run", *self._arguments], os.getpid(), self._folder)
        with self.log.open("ab") as log:
            self._guard = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment, start_new_session=True
            )
        self._pid = until(self._child, "the guard starts the operator", last=self.tail)

    def start(self) -> None:
        """Start the process and wait until it is ready."""
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until /readyz says so; fails at once when the process has ended."""
        until(lambda: self.probe("/readyz")[0] == http.HTTPStatus.OK, "the operator is ready", last=self.tail)

    def probe(self, path: str) -> tuple[int, str]:
        """Status and text of a probe; 0 while nobody listens."""
        self._fail_if_ended()
        port = self.port("health")
        if port is None:
            return 0, ""
        return _fetch(port, path)

    def metrics(self) -> str:
        """What /metrics says."""
        port = self.port("metrics")
        assert port is not None, self.tail()
        return _fetch(port, "/metrics")[1]

    def port(self, purpose: str) -> int | None:
        """The port that the process has logged, None until it has."""
        found = [
            line["port"] for line in self.lines() if line.get("event") == "listening" and line["purpose"] == purpose
        ]
        return int(found[-1]) if found else None

    def lines(self, **members: object) -> list[dict[str, Any]]:
        """The log of the present process: its JSON lines that have these members."""
        parsed = [json.loads(text) for text in self.text().splitlines() if text.startswith("{") and text.endswith("}")]
        return [line for line in parsed if all(line.get(name) == value for name, value in members.items())]

    def wait_line(self, *, timeout: float = TIMEOUT, **members: object) -> dict[str, Any]:
        """The first line with these members, as soon as there is one."""
        what = f"a log line with {members}"
        return until(lambda: next(iter(self.lines(**members)), None), what, timeout=timeout, last=self.tail)

    def text(self) -> str:
        """The log of the present process."""
        with self.log.open("rb") as log:
            log.seek(self._began)
            return log.read().decode(errors="replace")

    def tail(self) -> str:
        """The end of the log of all processes."""
        lines = self.log.read_text(errors="replace").splitlines()[-_TAIL:]
        return "the operator's log:\n" + "\n".join(lines)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the operator itself."""
        os.kill(self._pid, number)

    def stop(self) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def begin_stop(self) -> None:
        """SIGTERM, and wait until the operator has begun to stop."""
        self.signal(signal.SIGTERM)
        stopping = (http.HTTPStatus.SERVICE_UNAVAILABLE, "stopping\n")
        until(lambda: self.probe("/readyz") == stopping, "the operator begins to stop", last=self.tail)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self.signal(signal.SIGKILL)
        assert self.wait() == KILLED, self.tail()

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait until the process ends by itself; returns the exit code."""
        assert self._guard is not None
        try:
            return self._guard.wait(timeout)
        except subprocess.TimeoutExpired:
            message = f"the operator did not end within {timeout:.0f} s\n{self.tail()}"
            raise AssertionError(message) from None

    def end(self) -> None:
        """Kill whatever still runs."""
        if self._guard is not None and self._guard.poll() is None:
            self._guard.terminate()  # the guard kills the operator, then itself
            self._guard.wait()

    @property
    def runs(self) -> bool:
        """Whether the process runs."""
        return self._guard is not None and self._guard.poll() is None

    def _child(self) -> int | None:
        assert self._guard is not None
        children = Path(f"/proc/{self._guard.pid}/task/{self._guard.pid}/children")
        try:
            found = children.read_text().split()
        except OSError:
            found = []
        if not found and self._guard.poll() is not None:
            return self._guard.pid  # it has ended already: nothing to signal, the exit code tells
        return int(found[0]) if found else None

    def _fail_if_ended(self) -> None:
        if not self.runs:
            code = self._guard.returncode if self._guard is not None else None
            raise AssertionError(f"the operator has ended with {code}\n{self.tail()}")


def _fetch(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()
