"""The cache folder of programs we downloaded or built: who may write it, and how files get there whole."""

import errno
import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ivs_sandbox.binaries import Offer, Tool, is_executable
from ivs_sandbox.errors import BuildError
from ivs_sandbox.versions import ETCD, KUBERNETES, Version

# Measured on a cold build of all four: module cache 0.9 GB, build cache 2.9 GB, programs 0.3 GB, linking the rest.
BUILD_NEEDS = "a build from nothing needs about 4.5 GB (Go's module cache 0.9, its build cache 2.9, the programs 0.3)"
_PARTIAL = ".partial"
_WORK = ".work"


def pinned_version(tool: Tool) -> Version:
    """The version of a program that we download and build."""
    return Version.parse(ETCD if tool is Tool.ETCD else KUBERNETES)


class Cache:
    """`${XDG_CACHE_HOME:-~/.cache}/ivs-operator`; programs live under `control-plane/<Kubernetes version>`."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        base = environ.get("XDG_CACHE_HOME")
        self.root = (Path(base) if base else Path.home() / ".cache") / "ivs-operator"
        self.binaries = self.root / "control-plane" / KUBERNETES
        self.work = self.binaries / _WORK

    def offers(self) -> dict[Tool, Offer]:
        """What is there. A name in this folder is a whole file of the pinned version, so nothing is run to ask."""
        return {
            tool: Offer(self.binaries / tool, pinned_version(tool), f"our cache {self.binaries}")
            for tool in Tool
            if is_executable(self.binaries / tool)
        }

    @contextmanager
    def locked(self, announce: Callable[[str], None]) -> Iterator[None]:
        """Hold the right to write. The kernel frees the lock when its holder dies, however it dies."""
        with disk_full_explained(self.root):
            self.binaries.mkdir(parents=True, exist_ok=True)
            lock = (self.root / "control-plane" / ".lock").open("w")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                announce("another process is getting the control plane's programs; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            self._forget_interrupted_work()
            yield

    def partial(self, tool: Tool) -> Path:
        """Where to write a program before it is whole."""
        self.binaries.mkdir(parents=True, exist_ok=True)
        return self.binaries / f".{tool}{_PARTIAL}"

    def install(self, tool: Tool) -> Path:
        """Give the finished partial file its name, at once and for good."""
        partial = self.partial(tool)
        partial.chmod(0o755)
        return partial.replace(self.binaries / tool)

    def _forget_interrupted_work(self) -> None:
        # Only the holder of the lock comes here, so whatever lies around was left by a process that is gone.
        for partial in self.binaries.glob(f".*{_PARTIAL}"):
            partial.unlink(missing_ok=True)
        shutil.rmtree(self.work, ignore_errors=True)


def disk_full_message(folder: Path, needs: str = BUILD_NEEDS) -> str:
    """The text for a full disk: which folder, what is free, how much is needed, what to set."""
    return (
        f"no space left on the disk of {folder} ({free_bytes(folder) / 1e9:.1f} GB free); {needs}. Free some, "
        "or set XDG_CACHE_HOME, GOCACHE and GOMODCACHE to folders on a bigger disk, then run it again"
    )


@contextmanager
def disk_full_explained(folder: Path, needs: str = BUILD_NEEDS) -> Iterator[None]:
    """Turn ENOSPC and unwritable folders into BuildError."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise BuildError(disk_full_message(folder, needs)) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
            raise BuildError(
                f"cannot write to {error.filename or folder} ({error.strerror}); "
                "set XDG_CACHE_HOME to a folder that can be written"
            ) from error
        raise


def free_bytes(folder: Path) -> int:
    """Free space where the folder is, or will be."""
    existing = next((part for part in (folder, *folder.parents) if part.exists()), Path("/"))
    return shutil.disk_usage(existing).free
