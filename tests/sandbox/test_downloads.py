"""Downloads of released programs, from a server on loopback that keeps the layout of the official ones."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ivs_sandbox.binaries import Tool, architecture
from ivs_sandbox.cache import Cache
from ivs_sandbox.downloads import ReleaseSites, download
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import ETCD, KUBERNETES

_KUBERNETES_TOOLS = frozenset(Tool) - {Tool.ETCD}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """The served folder and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def publish(folder: Path) -> None:
    """What a release consists of."""
    programs = folder / KUBERNETES / "bin" / "linux" / architecture()
    programs.mkdir(parents=True)
    for tool in _KUBERNETES_TOOLS:
        content = f"program {tool}".encode()
        (programs / tool).write_bytes(content)
        (programs / f"{tool}.sha512").write_text(hashlib.sha512(content).hexdigest())
    name = f"etcd-{ETCD}-linux-{architecture()}"
    archive = folder / ETCD / f"{name}.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as packed:
        member = tarfile.TarInfo(f"{name}/etcd")
        member.size = len(b"program etcd")
        packed.addfile(member, io.BytesIO(b"program etcd"))
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    other = "0" * 64
    (archive.parent / "SHA256SUMS").write_text(f"{other}  etcd-{ETCD}-windows-amd64.zip\n{digest}  {archive.name}\n")


def get(root: Path, kubernetes: str, etcd: str) -> tuple[Cache, list[str]]:
    cache = Cache({"XDG_CACHE_HOME": f"{root}/cache"})
    return cache, download(Tool, cache, ReleaseSites(kubernetes, etcd), Progress(io.StringIO()))


def test_all_four_come_with_their_checksums_right(tmp_path: Path, site: tuple[Path, str]) -> None:
    publish(site[0])
    cache, problems = get(tmp_path, site[1], site[1])
    assert problems == []
    assert {tool: (cache.binaries / tool).read_text() for tool in Tool} == {tool: f"program {tool}" for tool in Tool}
    assert cache.offers().keys() == set(Tool), "they may be run"
    assert {path.name for path in cache.binaries.iterdir()} == {tool.value for tool in Tool}, "and nothing is left over"


def test_a_changed_program_is_refused_and_nothing_of_it_is_kept(tmp_path: Path, site: tuple[Path, str]) -> None:
    publish(site[0])
    for file in (Tool.KUBE_APISERVER.value, f"etcd-{ETCD}-linux-{architecture()}.tar.gz"):
        next(site[0].rglob(file)).write_bytes(b"something else")
    cache, problems = get(tmp_path, site[1], site[1])
    assert [problem.rpartition(": ")[2] for problem in problems] == [
        "its checksum is not the published one; nothing of it was kept"
    ] * 2
    assert {Tool.ETCD, Tool.KUBE_APISERVER}.isdisjoint(cache.offers())
    assert not list(cache.binaries.glob(".*partial"))


@pytest.mark.parametrize(
    ("sites", "had", "reason"),
    [
        (("{site}", "http://127.0.0.1:9"), _KUBERNETES_TOOLS, "a refused connection on one host leaves the other"),
        (("http://name.invalid", "{site}"), {Tool.ETCD}, "so does a name that does not resolve"),
        (("{site}/nothing-here", "{site}"), {Tool.ETCD}, "and a mirror that lacks the release"),
        (("not an address", "not an address"), set(), "and nonsense in the mirror's variable"),
    ],
)
def test_a_host_that_fails_is_reported_once_and_the_other_still_asked(
    tmp_path: Path, site: tuple[Path, str], sites: tuple[str, str], had: set[Tool], reason: str
) -> None:
    publish(site[0])
    cache, problems = get(tmp_path, sites[0].format(site=site[1]), sites[1].format(site=site[1]))
    assert cache.offers().keys() == had, reason
    assert len(problems) == (1 if had else 2), "one line per host, not per file"
