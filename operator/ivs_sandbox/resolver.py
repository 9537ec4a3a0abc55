"""Finds the control plane's programs: one function for tests, demo and benchmarks; the first hit wins.

An existing cluster (the first source) and kind (the last) are no programs but clusters: see `ivs_sandbox.clusters`.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivs_sandbox.binaries import ALL_TOOLS, REQUIRED_TOOLS, Binaries, Offer, Tool, ask_version, is_executable, misfit
from ivs_sandbox.cache import Cache, pinned_version
from ivs_sandbox.errors import BinariesNotFoundError, BuildError
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import KUBERNETES, Version

FILE_VARIABLES: Final = {
    Tool.ETCD: "TEST_ASSET_ETCD",
    Tool.KUBE_APISERVER: "TEST_ASSET_KUBE_APISERVER",
    Tool.KUBE_CONTROLLER_MANAGER: "TEST_ASSET_KUBE_CONTROLLER_MANAGER",
    Tool.KUBECTL: "TEST_ASSET_KUBECTL",
}
FOLDER_VARIABLE: Final = "KUBEBUILDER_ASSETS"
KUBEBUILDER_FOLDER: Final = Path("/usr/local/kubebuilder/bin")
# The server decides which versions of the others fit, so it is looked at first.
_ORDER = (Tool.KUBE_APISERVER, Tool.ETCD, Tool.KUBE_CONTROLLER_MANAGER, Tool.KUBECTL)


def say_on_stderr(line: str) -> None:
    """The default way to tell what was chosen: standard output belongs to the caller."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201


@dataclass(slots=True)
class _Search:
    """What has been found so far, and why the rest has not."""

    needed: frozenset[Tool]
    found: dict[Tool, Offer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def missing(self) -> frozenset[Tool]:
        return self.needed - self.found.keys()

    @property
    def server(self) -> Version | None:
        """The API server's version; before it is found, the version that would be installed."""
        server = self.found.get(Tool.KUBE_APISERVER)
        return server.version if server else Version.parse(KUBERNETES)

    def take(self, offers: Mapping[Tool, Offer]) -> None:
        """Keep what is still missing and goes together."""
        for tool in _ORDER:
            if tool not in offers or tool not in self.missing:
                continue
            offer = offers[tool]
            reason = misfit(tool, offer.version, self.server)
            if reason is None:
                self.found[tool] = offer
            else:
                self.notes.append(f"{offer.path} {reason}")

    def installable(self) -> frozenset[Tool]:
        """What is missing and, in the version that we install, would go with what was found."""
        return frozenset(tool for tool in self.missing if misfit(tool, pinned_version(tool), self.server) is None)


def resolve(
    environ: Mapping[str, str] | None = None,
    *,
    install: bool = True,
    needed: frozenset[Tool] = ALL_TOOLS,
    announce: Callable[[str], None] = say_on_stderr,
    progress: Progress | None = None,
    kubebuilder: Path = KUBEBUILDER_FOLDER,
) -> Binaries:
    """Find the programs, or with `install` download or build them (minutes, once); announces one line about the choice.

    Raises:
        BinariesNotFoundError: some are missing; the message lists what was tried and what to do.
        BuildError: the last source, the Go build, failed.
    """
    environ = os.environ if environ is None else environ
    search = _Search(needed)
    _look_around(search, environ, kubebuilder)
    if install and search.installable():
        _install(search, Cache(environ), environ, progress or Progress())
    lacking = (needed & REQUIRED_TOOLS) - search.found.keys()
    if lacking:
        raise BinariesNotFoundError(_lament(lacking, search.notes, install=install))
    origin = _origin(search)
    announce(origin)
    manager = search.found.get(Tool.KUBE_CONTROLLER_MANAGER)
    paths = {tool: offer.path for tool, offer in search.found.items()}
    nowhere = Path(os.devnull)  # only for programs the caller did not ask for
    return Binaries(
        etcd=paths.get(Tool.ETCD, nowhere),
        kube_apiserver=paths.get(Tool.KUBE_APISERVER, nowhere),
        kube_controller_manager=manager.path if manager else None,
        kubectl=paths.get(Tool.KUBECTL, nowhere),
        origin=origin,
    )


def _look_around(search: _Search, environ: Mapping[str, str], kubebuilder: Path) -> None:
    """Every source that needs no network, in order."""
    cache = Cache(environ)
    sources: tuple[Callable[[], dict[Tool, Offer]], ...] = (
        lambda: _files_named(search, environ),
        lambda: _folder_named(search, environ),
        cache.offers,
        lambda: _setup_envtest(search, environ),
        lambda: _in_folder(search, kubebuilder, f"{kubebuilder}"),
        lambda: _on_path(search, environ),
    )
    for look in sources:
        if not search.missing:
            return
        offers = look()
        search.take(offers)
        if look == cache.offers and not offers:
            search.notes.append(f"our cache {cache.binaries} is empty")


def _files_named(search: _Search, environ: Mapping[str, str]) -> dict[Tool, Offer]:
    offers = {}
    for tool, variable in FILE_VARIABLES.items():
        if tool not in search.missing or not environ.get(variable):
            continue
        path = Path(environ[variable])
        answer = ask_version(tool, path) if is_executable(path) else f"{path} is not an executable file"
        if isinstance(answer, str):
            raise BinariesNotFoundError(f"{variable}: {answer}; point it at {tool}, or unset it")
        offers[tool] = Offer(path, answer, variable)
    if not offers:
        search.notes.append("no TEST_ASSET_* is set")
    return offers


def _folder_named(search: _Search, environ: Mapping[str, str]) -> dict[Tool, Offer]:
    if not environ.get(FOLDER_VARIABLE):
        search.notes.append(f"{FOLDER_VARIABLE} is not set")
        return {}
    folder = Path(environ[FOLDER_VARIABLE])
    if not folder.is_dir():
        raise BinariesNotFoundError(
            f"{FOLDER_VARIABLE}: {folder} is not a folder; point it at the programs, or unset it"
        )
    return _in_folder(search, folder, f"{FOLDER_VARIABLE} {folder}")


def _setup_envtest(search: _Search, environ: Mapping[str, str]) -> dict[Tool, Offer]:
    """The newest release in setup-envtest's store, whose folders are named `1.36.1-linux-amd64`."""
    base = environ.get("XDG_DATA_HOME")
    store = (Path(base) if base else Path.home() / ".local" / "share") / "kubebuilder-envtest" / "k8s"
    releases = [folder for folder in store.glob("*") if folder.is_dir() and Version.find(folder.name)]
    if not releases:
        search.notes.append(f"setup-envtest's store {store} is empty")
        return {}
    newest = max(releases, key=lambda folder: Version.parse(folder.name))
    return _in_folder(search, newest, f"setup-envtest's store {newest}")


def _on_path(search: _Search, environ: Mapping[str, str]) -> dict[Tool, Offer]:
    found = ((tool, shutil.which(tool, path=environ.get("PATH", ""))) for tool in _ORDER)
    return _asked(search, {tool: Path(path) for tool, path in found if path}, "PATH")


def _in_folder(search: _Search, folder: Path, source: str) -> dict[Tool, Offer]:
    candidates = {tool: folder / tool for tool in _ORDER if is_executable(folder / tool)}
    if not candidates:
        search.notes.append(f"{source} holds none of them")
    return _asked(search, candidates, source)


def _asked(search: _Search, candidates: Mapping[Tool, Path], source: str) -> dict[Tool, Offer]:
    offers = {}
    for tool, path in candidates.items():
        if tool not in search.missing:
            continue
        answer = ask_version(tool, path)
        if isinstance(answer, str):
            search.notes.append(answer)
        else:
            offers[tool] = Offer(path, answer, source)
    return offers


def _install(search: _Search, cache: Cache, environ: Mapping[str, str], progress: Progress) -> None:
    """The sources that need a network: released programs first (seconds), else a build (minutes)."""
    # Both need nothing that the rest of the process should pay for when everything is there already.
    from ivs_sandbox.build import build
    from ivs_sandbox.downloads import ReleaseSites, download

    problems = download(search.installable(), cache, ReleaseSites.of(environ), progress)
    search.notes += problems
    search.take(cache.offers())
    if not search.installable():
        return
    for problem in problems:
        progress.say(f"cannot download: {problem}")
    progress.say(f"building from the Go modules into {cache.binaries} (about 5 minutes, once)")
    try:
        build(search.installable(), cache, environ, progress)
    except BuildError as failure:
        # A controller-manager alone is worth trying for, not worth failing for.
        if search.installable() & REQUIRED_TOOLS:
            raise
        search.notes.append(str(failure))
    search.take(cache.offers())


def _origin(search: _Search) -> str:
    by_source: dict[str, list[str]] = {}
    for tool in _ORDER:
        if tool in search.found:
            by_source.setdefault(search.found[tool].source, []).append(tool)
    complete = len(by_source) == 1 and not search.missing and search.needed == ALL_TOOLS
    chosen = "; ".join(
        f"{'all' if complete else ', '.join(tools)} from {source}" for source, tools in by_source.items()
    )
    lacking = "" if not search.missing else f"; no {', '.join(sorted(search.missing))}"
    why = f" (before that: {'; '.join(search.notes)})" if search.notes else ""
    server = search.found.get(Tool.KUBE_APISERVER)
    version = f" {server.version}" if server else ""
    return f"control plane{version}: {chosen}{lacking}{why}"


def _lament(lacking: frozenset[Tool], notes: list[str], *, install: bool) -> str:
    tried = "\n".join(f"  - {note}" for note in notes)
    remedy = (
        f"Install Go and run it again, or set {FOLDER_VARIABLE} to a folder with the programs (setup-envtest makes one)"
        if install
        else "Run `make control-plane` once: it downloads the programs, or builds them in about 5 minutes"
    )
    lacks = f"the control plane lacks {', '.join(sorted(lacking))}. Tried:\n{tried}"
    return f"{lacks}\n{remedy}; or use a cluster that exists: USE_EXISTING_CLUSTER=true."
