"""The engines that tests hand our artifacts to, such as helm and promtool: PATH's, or made once, into a cache.

    from support.engines import engine
    subprocess.run([engine("helm"), "lint", ...])

`python -m support.engines` (PYTHONPATH=tests) gets all of them, with visible progress; `make test` does that before
pytest, so that no test waits for a compiler. An engine more is one line in `ENGINES`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from ivs_sandbox.binaries import is_executable
from ivs_sandbox.errors import SandboxError
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import Version
from support.engines_files import prometheus_operator_crds
from support.engines_sources import DebianPackage, EngineError, GoModule, OwnGoProgram, PythonProgram, Source, Store

__all__ = ["ENGINES", "TESTS", "Engine", "EngineError", "OwnGoProgram", "engine", "find"]

TESTS: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Engine:
    """A program, what makes it, and how PATH's is asked for its version (never asked: only ours will do)."""

    source: Source
    ask: tuple[str, ...] = ()
    oldest: str = ""
    """The oldest version from PATH that will do; the same major version is expected."""


ENGINES: Final[Mapping[str, Engine]] = {
    "helm": Engine(
        GoModule(
            "helm.sh/helm/v4/cmd/helm", "v4.3.1", "2 minutes", stamp="helm.sh/helm/v4/internal/version.version=v4.3.1"
        ),
        ask=("version", "--template={{.Version}}"),
        oldest="v4.1.0",
    ),
    "kubeconform": Engine(
        GoModule("github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0", "10 seconds", stamp="main.version=v0.8.0"),
        ask=("-v",),
        oldest="v0.7.0",
    ),
    "kwok": Engine(
        GoModule("sigs.k8s.io/kwok/cmd/kwok", "v0.8.0", "1 minute", stamp="sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0"),
        ask=("--version",),
        oldest="v0.7.0",
    ),
    "promtool": Engine(DebianPackage("prometheus", "usr/bin/promtool"), ask=("--version",), oldest="v2.40.0"),
    "prometheus": Engine(DebianPackage("prometheus", "usr/bin/prometheus"), ask=("--version",), oldest="v2.40.0"),
    "actionlint": Engine(
        GoModule("github.com/rhysd/actionlint/cmd/actionlint", "v1.7.12", "15 seconds"),
        ask=("-version",),
        oldest="v1.7.7",
    ),
    "dockerfile-check": Engine(OwnGoProgram(TESTS / "image" / "dockerfile_check", "10 seconds")),
    "shellcheck": Engine(DebianPackage("shellcheck", "usr/bin/shellcheck"), ask=("--version",), oldest="v0.9.0"),
    "aws": Engine(PythonProgram(TESTS / "support" / "aws_cli.lock", "awscli.clidriver")),
    "hclfmt": Engine(GoModule("github.com/hashicorp/hcl/v2/cmd/hclfmt", "v2.24.0", "15 seconds")),
    "gitops-health": Engine(OwnGoProgram(TESTS / "gitops" / "go", "3 minutes")),
}
"""A program of our own: `"flux-health": Engine(OwnGoProgram(TESTS / "gitops" / "flux_health"))`, a folder with go.mod
and go.sum; it is built anew when one of its files changes."""


@cache
def engine(name: str) -> Path:
    """Where the program is; makes it when it is missing (seconds to minutes, once for all test workers).

    Raises:
        EngineError: with what to install.
    """
    return find(name, os.environ, Progress())


def find(name: str, environ: Mapping[str, str], progress: Progress) -> Path:
    """As `engine`, in the environment given and with its own progress."""
    wanted = ENGINES[name]
    store = Store(environ, name)
    kept = store.path(name, wanted.source)
    if is_executable(kept):
        return kept
    unfit = "only our own will do"
    if wanted.ask:
        on_path = shutil.which(name, path=environ.get("PATH", ""))
        unfit = _why_unfit(wanted, Path(on_path)) if on_path else "not on PATH"
        if on_path and not unfit:
            return Path(on_path)
    try:
        with store.locked(progress.say):
            if not is_executable(kept):
                wanted.source.make(name, store, environ, progress)
    except SandboxError as error:
        raise EngineError(
            f"tests need {name} ({unfit}) and it can't be made: {error}\n{wanted.source.remedy(name)}"
        ) from error
    finally:
        progress.abandon()
    return kept


def _why_unfit(wanted: Engine, program: Path) -> str:
    """Why PATH's program won't do; empty when it does."""
    try:
        answer = subprocess.run(
            [program, *wanted.ask], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{program} does not run: {error}"
    found, oldest = Version.find(answer.stdout + answer.stderr), Version.parse(wanted.oldest)
    if answer.returncode != 0 or found is None:
        return f"{program} does not tell its version"
    if found < oldest or found.major != oldest.major:
        return f"{program} is {found}, not {oldest} or a newer {oldest.major}"
    return ""


def main(names: Iterable[str] = ()) -> int:
    """Get everything, or the engines named; one line each. Exit code 1 and one readable error when one can't be had."""
    progress = Progress()
    unknown = [name for name in names if name not in ENGINES]
    if unknown:
        print(f"error: no engine is named {unknown[0]}; there are {', '.join(ENGINES)}", file=sys.stderr)
        return 1
    try:
        for name in names or ENGINES:
            print(f"{name}: {find(name, os.environ, progress)}", flush=True)
        if not names:
            print(f"CRDs of Prometheus Operator: {prometheus_operator_crds()}")
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
