"""Where engines come from (Go modules, Go programs of our own, Debian packages, Python packages), and their cache."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivs_sandbox.build import Build
from ivs_sandbox.cache import Cache, disk_full_explained
from ivs_sandbox.errors import BuildError
from ivs_sandbox.golang import find_go
from ivs_sandbox.progress import Progress

_NEEDS = "the engines need about 3 GB (Go's module and build caches most of it)"


class EngineError(Exception):
    """An engine is missing and cannot be made; the message says what to install."""


class Store:
    """`${XDG_CACHE_HOME:-~/.cache}/ivs-operator/engines/<name>-<version>/<name>`: a name there is a whole file.

    Each name has its own lock, so that nobody waits for a compiler who needs something else.
    """

    def __init__(self, environ: Mapping[str, str], name: str) -> None:
        self.cache = Cache(environ)
        self.root = self.cache.root / "engines"
        self.work = self.root / f".work-{name}"
        self._lock = self.root / f".lock-{name}"

    def path(self, name: str, source: "Source") -> Path:
        """Where the program is, or will be."""
        return self.root / f"{name}-{source.edition()}" / name

    @contextmanager
    def locked(self, announce: Callable[[str], None]) -> Iterator[None]:
        """Hold the right to write; the folder `work` is empty and temporary. The kernel frees a dead holder's lock."""
        with disk_full_explained(self.root, _NEEDS):
            self.root.mkdir(parents=True, exist_ok=True)
            with self._lock.open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    announce(f"another process is getting {self._lock.name.partition('-')[2]}; waiting for it")
                    fcntl.flock(lock, fcntl.LOCK_EX)
                shutil.rmtree(self.work, ignore_errors=True)
                (self.work / "tmp").mkdir(parents=True)
                try:
                    yield
                finally:
                    shutil.rmtree(self.work, ignore_errors=True)

    def keep(self, made: Path, name: str, source: "Source") -> None:
        """Give a finished program its name, at once."""
        target = self.path(name, source)
        target.parent.mkdir(parents=True, exist_ok=True)
        made.chmod(0o755)
        made.replace(target)

    def go(self, environ: Mapping[str, str], progress: Progress) -> Build:
        """Go with the environment that builds the control plane too: no other toolchain, no C, no stray settings."""
        unwanted = {"GOOS", "GOARCH", "GOROOT", "GO111MODULE", "GOBIN"}
        settings = {
            "GOTOOLCHAIN": "local",
            "CGO_ENABLED": "0",
            "GOFLAGS": "-mod=mod -buildvcs=false",
            "GOWORK": "off",
            "GOTMPDIR": str(self.work / "tmp"),
            "GOBIN": str(self.work),
        }
        clean = {name: value for name, value in environ.items() if name not in unwanted}
        return Build(find_go(self.cache, environ, progress), self.cache, clean | settings, progress)


class Source(Protocol):
    """What makes an engine."""

    def edition(self) -> str:
        """The version, or a mark of the sources: part of the cache folder's name."""

    def make(self, name: str, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        """Make the program and keep it; raises BuildError. The store is locked."""

    def remedy(self, name: str) -> str:
        """What to install when it can't be made."""


@dataclass(frozen=True, slots=True)
class GoModule:
    """A program of a published module, as `go install package@version`."""

    package: str
    version: str
    expectation: str
    stamp: str = ""
    """`-X` of the linker: such a build knows no version otherwise."""

    def edition(self) -> str:
        """Part of the cache folder's name."""
        return self.version

    def make(self, name: str, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        """Build and keep it."""
        progress.begin(f"building {name} {self.version}", f"about {self.expectation}, once")
        flags = f"-s -w -X {self.stamp}" if self.stamp else "-s -w"
        line = ("install", "-v", "-trimpath", "-ldflags", flags, f"{self.package}@{self.version}")
        store.go(environ, progress).run(*line, folder=store.work, on_line=_counter(progress))
        store.keep(store.work / name, name, self)
        progress.end()

    def remedy(self, name: str) -> str:
        """What to install."""
        return f"Install Go and let `go` reach a module proxy (GOPROXY), or put {name} {self.version} on PATH."


@dataclass(frozen=True, slots=True)
class OwnGoProgram:
    """A program of ours over somebody's library: a folder with go.mod, go.sum and sources."""

    folder: Path
    expectation: str = "1 minute"

    def edition(self) -> str:
        """A mark of the sources, so that an edit is built anew."""
        mark = hashlib.sha256()
        for path in sorted(p for p in self.folder.iterdir() if p.suffix in {".go", ".mod", ".sum"}):
            mark.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return mark.hexdigest()[:16]

    def make(self, name: str, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        """Build it in a copy, so that go.sum in the checkout never changes by itself, and keep it."""
        progress.begin(f"building {name}", f"about {self.expectation}, once")
        copy = store.work / "sources"
        shutil.copytree(self.folder, copy)
        line = ("build", "-v", "-trimpath", "-ldflags", "-s -w", "-o", str(store.work / name), ".")
        store.go(environ, progress).run(*line, folder=copy, on_line=_counter(progress))
        store.keep(store.work / name, name, self)
        progress.end()

    def remedy(self, name: str) -> str:
        """What to install."""
        return f"Install Go and let `go` reach a module proxy (GOPROXY): {name} is built from {self.folder.name}."


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """A program out of a Debian package, unpacked without being installed (no root needed)."""

    package: str
    file: str

    def edition(self) -> str:
        """The distribution decides the version; a cache folder lives on one machine."""
        return "debian"

    def make(self, name: str, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        """Download, unpack and keep it."""
        progress.begin(f"getting {name} from Debian's package {self.package}", "about 20 seconds, once")
        self._download(store.work, environ)
        (archive,) = store.work.glob(f"{self.package}_*.deb")
        _run(["dpkg-deb", "-x", str(archive), "unpacked"], store.work, environ)
        store.keep(store.work / "unpacked" / self.file, name, self)
        progress.end()

    def _download(self, folder: Path, environ: Mapping[str, str]) -> None:
        try:
            _run(["apt-get", "download", self.package], folder, environ)
        except BuildError:
            # No package lists on this machine (images come without): fetch them, into our own folder, as anybody.
            state = [
                "-o",
                f"Dir::State={folder}/apt",
                "-o",
                f"Dir::Cache={folder}/apt",
                "-o",
                "APT::Sandbox::User=root",
            ]
            (folder / "apt" / "lists" / "partial").mkdir(parents=True)
            (folder / "apt" / "archives" / "partial").mkdir(parents=True)
            _run(["apt-get", *state, "update"], folder, environ)
            _run(["apt-get", *state, "download", self.package], folder, environ)

    def remedy(self, name: str) -> str:
        """What to install."""
        return f"Install the package {self.package} (Debian, Ubuntu), or put {name} on PATH."


@dataclass(frozen=True, slots=True)
class PythonProgram:
    """A program out of Python packages that are to stay apart from ours; the lock has their versions and hashes."""

    lock: Path
    module: str
    """With a function `main` that returns the exit code."""
    expectation: str = "15 seconds"

    def edition(self) -> str:
        """A mark of the lock, and of the Python that the program names and that compiled parts are for."""
        python = f"{sys.prefix} {sys.version}".encode()
        return hashlib.sha256(self.lock.read_bytes() + python).hexdigest()[:16]

    def make(self, name: str, store: Store, environ: Mapping[str, str], progress: Progress) -> None:
        """Unpack the packages beside a program that finds nothing but them, and keep both."""
        progress.begin(f"getting {name}", f"about {self.expectation}, once")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        _run([*pip, "--target", "packages", "--requirement", str(self.lock)], store.work, environ)
        packages = store.path(name, self).parent / "packages"
        packages.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(packages, ignore_errors=True)
        (store.work / "packages").replace(packages)
        program = store.work / name
        program.write_text(
            f"#!{sys.executable} -I\nimport sys\nsys.path.insert(0, {str(packages)!r})\n"
            f"from {self.module} import main\nsys.exit(main())\n"
        )
        store.keep(program, name, self)
        progress.end()

    def remedy(self, name: str) -> str:
        """What to install."""
        return f"Let pip reach a package index: {name} is made from {self.lock.name}."


def _run(line: list[str], folder: Path, environ: Mapping[str, str]) -> None:
    try:
        answer = subprocess.run(
            line, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=dict(environ)
        )
    except FileNotFoundError as error:
        raise BuildError(f"there is no {line[0]}") from error
    if answer.returncode != 0:
        said = answer.stderr.strip().splitlines()[-4:]
        raise BuildError(f"`{line[0]} {line[-1]}` ended with {answer.returncode}: {' / '.join(said)}")


def _counter(progress: Progress) -> Callable[[str], None]:
    """Turns go's words into how far it is."""
    compiled = 0

    def heard(line: str) -> None:
        nonlocal compiled
        compiled += bool(line) and not line.startswith("go: ")
        progress.tick(f"{compiled} packages compiled" if compiled else "")

    return heard
