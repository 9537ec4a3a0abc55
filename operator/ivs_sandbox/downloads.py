"""Downloads the official release programs into the cache, with their published checksums.

Sources: https://kubernetes.io/releases/download/ (one file per program beside its .sha512) and etcd's GitHub releases
(an archive, and SHA256SUMS for all of them).
"""

import hashlib
import http.client
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ivs_sandbox.binaries import Tool, architecture
from ivs_sandbox.cache import Cache, disk_full_explained
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import ETCD, KUBERNETES

# A blocked network must not cost more than this per host before the next source is tried.
_TIMEOUT = 5.0
_CHUNK = 1 << 20
_NEEDS = "the programs need 0.3 GB"


@dataclass(frozen=True, slots=True)
class ReleaseSites:
    """Where releases are; mirrors keep the layout below these addresses."""

    kubernetes: str = "https://dl.k8s.io/release"
    etcd: str = "https://github.com/etcd-io/etcd/releases/download"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "ReleaseSites":
        """The official ones, or the mirrors that the environment names."""
        return cls(
            kubernetes=environ.get("IVS_OPERATOR_KUBERNETES_RELEASES", cls().kubernetes).rstrip("/"),
            etcd=environ.get("IVS_OPERATOR_ETCD_RELEASES", cls().etcd).rstrip("/"),
        )


class _DownloadError(Exception):
    """One download failed; the text says why."""


def download(tools: Iterable[Tool], cache: Cache, sites: ReleaseSites, progress: Progress) -> list[str]:
    """Download what the cache lacks; returns why something could not be had. A failed host is not asked again."""
    problems: list[str] = []
    with cache.locked(progress.say):
        missing = [tool for tool in Tool if tool in set(tools) and tool not in cache.offers()]
        for of_etcd in (False, True):
            try:
                for tool in missing:
                    if (tool is Tool.ETCD) is of_etcd:
                        _download_one(tool, cache, sites, progress)
            except _DownloadError as failure:
                problems.append(str(failure))
    return problems


def _download_one(tool: Tool, cache: Cache, sites: ReleaseSites, progress: Progress) -> None:
    cpu = architecture()
    with disk_full_explained(cache.binaries, _NEEDS):
        if tool is Tool.ETCD:
            folder, archive = f"{sites.etcd}/{ETCD}", f"etcd-{ETCD}-linux-{cpu}.tar.gz"
            expected = _published_sum(_read(f"{folder}/SHA256SUMS"), archive)
            packed = cache.partial(tool).with_name(".etcd-archive.partial")
            _fetch(f"{folder}/{archive}", "sha256", expected, packed, progress)
            _unpack(packed, f"{archive.removesuffix('.tar.gz')}/etcd", cache.partial(tool))
            packed.unlink()
        else:
            url = f"{sites.kubernetes}/{KUBERNETES}/bin/linux/{cpu}/{tool}"
            _fetch(url, "sha512", _published_sum(_read(f"{url}.sha512"), ""), cache.partial(tool), progress)
        cache.install(tool)


def _published_sum(text: str, file: str) -> str:
    """The hexadecimal sum of a file in a list of sums, or the only one."""
    for line in text.splitlines():
        words = line.split()
        if words and (not file or words[-1].lstrip("*") == file) and re.fullmatch(r"[0-9a-f]{64,128}", words[0]):
            return words[0]
    raise _DownloadError(f"no checksum is published for {file or 'the program'}")


def _read(url: str) -> str:
    with _open(url) as answer:
        return answer.read(1 << 16).decode(errors="replace")


def _open(url: str) -> IO[bytes]:
    try:
        opened: IO[bytes] = urllib.request.urlopen(url, timeout=_TIMEOUT)  # noqa: S310 - https, or the user's own mirror
    except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
        raise _DownloadError(f"{url}: {getattr(error, 'reason', error)}") from error
    return opened


def _fetch(url: str, algorithm: str, expected: str, target: Path, progress: Progress) -> None:
    progress.begin(f"downloading {url.rpartition('/')[2]}")
    digest, size = hashlib.new(algorithm), 0
    try:
        with _open(url) as answer, target.open("wb") as file:
            while chunk := _next_chunk(answer, url):
                digest.update(chunk)
                file.write(chunk)
                size += len(chunk)
                progress.tick(f"{size / 1e6:.0f} MB")
        _compare(digest.hexdigest(), expected, url)
    except BaseException:
        progress.abandon()
        target.unlink(missing_ok=True)
        raise
    progress.end(f"{size / 1e6:.0f} MB, checksum right")


def _compare(actual: str, expected: str, url: str) -> None:
    if actual != expected:
        raise _DownloadError(f"{url}: its checksum is not the published one; nothing of it was kept")


def _next_chunk(answer: IO[bytes], url: str) -> bytes:
    # Apart from writing: a read error means "try the next source", a write error means a full disk.
    try:
        return answer.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _DownloadError(f"{url}: {error}") from error


def _unpack(archive: Path, member: str, target: Path) -> None:
    try:
        with tarfile.open(archive) as packed:
            source = packed.extractfile(member)
            if source is not None:
                with source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, _CHUNK)
                return
    except (tarfile.TarError, KeyError) as error:
        raise _DownloadError(f"etcd's archive cannot be unpacked: {error}") from error
    raise _DownloadError(f"etcd's archive holds no file {member}")
