"""kubectl as a function: the same program users run, with nothing of this machine's user mixed in."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivs_sandbox.errors import KubectlError

_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class KubectlResult:
    """What kubectl said; `str(result)` is its standard output, and `"text" in result` looks at both streams."""

    command: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str

    def __str__(self) -> str:
        return self.stdout

    def __contains__(self, text: str) -> bool:
        return text in self.stdout or text in self.stderr

    def json(self) -> Any:
        """Standard output of `-o json`, parsed."""
        return json.loads(self.stdout)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """The program, its kubeconfig, and a cache folder of its own: a user's cache would remember another server's kinds.

    `diagnose` adds to an error what the caller knows about the server's state.
    """

    program: Path
    kubeconfig: Path
    cache: Path
    diagnose: Callable[[], str] = str

    def __call__(
        self, *arguments: str | Path, stdin: str | None = None, kubeconfig: Path | None = None, check: bool = True
    ) -> KubectlResult:
        """Run kubectl. With `check`, an exit code other than 0 raises KubectlError with all that it said."""
        command = ("kubectl", *map(str, arguments))
        options = (f"--kubeconfig={kubeconfig or self.kubeconfig}", f"--cache-dir={self.cache}")
        environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
        try:
            answer = subprocess.run(  # noqa: S603 - the kubectl that the resolver chose
                [self.program, *options, *command[1:]],
                **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
                capture_output=True,
                text=True,
                timeout=_TIMEOUT,
                check=False,
                env=environment | {"KUBERC": "off"},  # the user's own aliases and defaults
            )
        except subprocess.TimeoutExpired as error:
            raise KubectlError(f"`{' '.join(command)}` gave no answer in {_TIMEOUT:.0f} s{self._hint()}") from error
        result = KubectlResult(command, answer.returncode, answer.stdout, answer.stderr)
        if check and result.returncode != 0:
            raise KubectlError(
                f"`{' '.join(command)}` ended with {result.returncode}: {result.stderr.strip()}{self._hint()}"
            )
        return result

    def _hint(self) -> str:
        hint = self.diagnose()
        return f"\n{hint}" if hint else ""
