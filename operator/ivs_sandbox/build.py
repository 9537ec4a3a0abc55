"""Builds the control plane's programs from their Go modules into the cache.

One wrapper module per project, since minimal version selection would mix their dependencies, and because
`go install package@version` refuses modules that have `replace` lines; a dependency's own replace lines are ignored.
"""

import json
import os
import re
import selectors
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivs_sandbox.binaries import Tool
from ivs_sandbox.cache import Cache, disk_full_explained, disk_full_message, free_bytes
from ivs_sandbox.errors import BuildError
from ivs_sandbox.golang import find_go
from ivs_sandbox.processes import guarded
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import ETCD, GO, KUBERNETES, Version

# The server first: it compiles what the others share, and it is what people wait for.
ORDER = (Tool.KUBE_APISERVER, Tool.KUBE_CONTROLLER_MANAGER, Tool.KUBECTL, Tool.ETCD)
_EXPECTATION = {
    Tool.KUBE_APISERVER: "about 3 minutes, once",
    Tool.KUBE_CONTROLLER_MANAGER: "about 1 minute",
    Tool.KUBECTL: "about 20 seconds",
    Tool.ETCD: "about 30 seconds",
}
_ETCD_PACKAGE = "go.etcd.io/etcd/server/v3"
_VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
_FULL_DISK_PATH = re.compile(r"(?:^|\s)(/[^\s:]+)[^\n]*no space left on device")


@dataclass(frozen=True, slots=True)
class Build:
    """Go, the folder it works in, and the environment it gets."""

    go: Path
    cache: Cache
    environ: Mapping[str, str]
    progress: Progress

    def run(self, *arguments: str, folder: Path, on_line: Callable[[str], None] = lambda _: None) -> str:
        """Run go; returns its standard output. Raises BuildError with the end of what it said."""
        process = subprocess.Popen(  # noqa: S603 - the go that find_go checked
            guarded([self.go, *arguments], os.getpid(), folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(self.environ),
            start_new_session=True,
        )
        said: deque[str] = deque(maxlen=15)

        def heard(line: str) -> None:
            said.append(line.rstrip())
            on_line(line)

        with process:
            try:
                output = _follow(process, heard, idle=lambda: on_line(""))
            except BaseException:
                process.terminate()  # the guard then kills go and its compilers
                raise
        if process.returncode != 0:
            raise BuildError(self._explain(arguments, "\n".join(said)))
        return output

    def _explain(self, arguments: tuple[str, ...], said: str) -> str:
        if "no space left on device" in said:
            return disk_full_message(_full_folder(said, self.environ, self.cache))
        hint = ""
        if re.search(r"dial tcp|no such host|i/o timeout|module lookup disabled|TLS|403 Forbidden", said):
            hint = "\nThe Go module proxy cannot be reached; set GOPROXY to one that can."
        return f"`go {' '.join(arguments[:2])}` failed:\n{said}{hint}"


def _follow(process: subprocess.Popen[bytes], heard: Callable[[str], None], idle: Callable[[], None]) -> str:
    """Read both streams to their end, and keep the progress moving while go is silent; returns standard output."""
    assert process.stdout is not None  # noqa: S101 - for mypy: both are pipes
    assert process.stderr is not None  # noqa: S101
    output, errors = process.stdout.fileno(), process.stderr.fileno()
    pending = {output: b"", errors: b""}
    with selectors.DefaultSelector() as ready:
        for descriptor in pending:
            ready.register(descriptor, selectors.EVENT_READ)
        while ready.get_map():
            for key, _ in ready.select(timeout=0.5):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    ready.unregister(key.fd)
                pending[key.fd] += chunk
            *lines, pending[errors] = pending[errors].split(b"\n")
            for line in lines:
                heard(line.decode(errors="replace"))
            idle()
    if pending[errors]:
        heard(pending[errors].decode(errors="replace"))
    return pending[output].decode(errors="replace")


def _full_folder(said: str, environ: Mapping[str, str], cache: Cache) -> Path:
    """The folder that go names; where it names only its own linker, the fullest of those it writes to."""
    named = [path for path in _FULL_DISK_PATH.findall(said) if "/pkg/tool/" not in path]
    if named:
        return Path(named[0])
    home = Path(environ.get("HOME", "/"))
    user_cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    modules = Path(environ.get("GOPATH") or home / "go") / "pkg" / "mod"
    written = (
        cache.binaries,
        Path(environ.get("GOCACHE") or user_cache / "go-build"),
        Path(environ.get("GOMODCACHE") or modules),
    )
    return min(written, key=free_bytes)


def build(tools: Iterable[Tool], cache: Cache, environ: Mapping[str, str], progress: Progress) -> None:
    """Build the tools that the cache does not have; each is kept as soon as it is done. Raises BuildError."""
    wanted = [tool for tool in ORDER if tool in set(tools)]
    with cache.locked(progress.say):
        missing = [tool for tool in wanted if tool not in cache.offers()]
        if not missing:
            return
        go = find_go(cache, environ, progress)
        with disk_full_explained(cache.binaries):
            (cache.work / "tmp").mkdir(parents=True)
            steps = Build(go, cache, _environment(environ, cache), progress)
            try:
                _build_missing(steps, missing)
            finally:
                progress.abandon()
                _discard(cache.work)


def _build_missing(steps: Build, missing: list[Tool]) -> None:
    modules: dict[bool, Path] = {}
    for number, tool in enumerate(missing, start=1):
        steps.progress.begin(f"building {tool} ({number} of {len(missing)})", _EXPECTATION[tool])
        of_etcd = tool is Tool.ETCD
        if of_etcd not in modules:
            modules[of_etcd] = _etcd_module(steps) if of_etcd else _kubernetes_module(steps)
        package = _ETCD_PACKAGE if of_etcd else f"k8s.io/kubernetes/cmd/{tool}"
        flags = "-s -w" if of_etcd else _stamped_flags()
        target = str(steps.cache.partial(tool))
        count = _Counter(steps.progress)
        steps.run(
            "build", "-v", "-trimpath", "-ldflags", flags, "-o", target, package, folder=modules[of_etcd], on_line=count
        )
        steps.cache.install(tool)
        steps.progress.end()


class _Counter:
    """Turns go's words into how far it is; go tells no total."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._downloaded = self._compiled = 0

    def __call__(self, line: str) -> None:
        if line.startswith("go: downloading"):
            self._downloaded += 1
        elif line and not line.startswith("go: "):
            self._compiled += 1
        done = f"{self._compiled} packages compiled" if self._compiled else f"{self._downloaded} modules downloaded"
        self._progress.tick(done if self._compiled or self._downloaded else "")


def _kubernetes_module(steps: Build) -> Path:
    """A module that replaces the staging modules by their releases, as listed in the release's own go.mod."""
    asking = steps.cache.work / "asking"
    asking.mkdir()
    (asking / "go.mod").write_text(f"module asking\n\ngo {GO}\n")
    download = json.loads(steps.run("mod", "download", "-json", f"k8s.io/kubernetes@{KUBERNETES}", folder=asking))
    released = json.loads(steps.run("mod", "edit", "-json", download["GoMod"], folder=asking))
    kubernetes = Version.parse(KUBERNETES)
    # Staging modules are published as v0.<minor>.<patch> of the same release.
    staging = f"v0.{kubernetes.minor}.{kubernetes.patch}"
    replaced = [rule["Old"]["Path"] for rule in released["Replace"] if rule["New"]["Path"].startswith("./staging/")]
    wrapper = steps.cache.work / "kubernetes"
    wrapper.mkdir()
    rules = "".join(f"\nreplace {path} => {path} {staging}" for path in replaced)
    (wrapper / "go.mod").write_text(f"module wrapper\n\ngo {GO}\n\nrequire k8s.io/kubernetes {KUBERNETES}\n{rules}\n")
    return wrapper


def _etcd_module(steps: Build) -> Path:
    wrapper = steps.cache.work / "etcd"
    wrapper.mkdir()
    (wrapper / "go.mod").write_text(f"module wrapper\n\ngo {GO}\n")
    steps.run("get", f"{_ETCD_PACKAGE}@{ETCD}", folder=wrapper, on_line=_Counter(steps.progress))
    return wrapper


def _stamped_flags() -> str:
    """Linker flags with the version; without them the server says v0.0.0-master and Helm's kubeVersion checks fail."""
    version = Version.parse(KUBERNETES)
    stamp = {
        "gitVersion": KUBERNETES,
        "gitMajor": version.major,
        "gitMinor": version.minor,
        "gitTreeState": "clean",
        "buildDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    pairs = (f"-X {package}.{name}={value}" for package in _VERSION_PACKAGES for name, value in stamp.items())
    return " ".join(("-s -w", *pairs))


def _environment(environ: Mapping[str, str], cache: Cache) -> dict[str, str]:
    fixed = {
        "GOTOOLCHAIN": "local",  # never fetch another Go behind the user's back
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=mod -buildvcs=false",
        "GOWORK": "off",
        "GOTMPDIR": str(cache.work / "tmp"),  # so that an interrupted build's remains are found and removed
    }
    unwanted = {"GOOS", "GOARCH", "GOROOT", "GO111MODULE"}
    return {name: value for name, value in environ.items() if name not in unwanted} | fixed


def _discard(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):
            path.unlink() if not path.is_dir() or path.is_symlink() else path.rmdir()
    with suppress(OSError):
        folder.rmdir()
