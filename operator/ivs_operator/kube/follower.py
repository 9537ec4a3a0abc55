"""A List and the watch behind it, for what the operator looks up but does not work on: AWSAccounts, and namespaces.

They are not kopf's. It ends all of its streams when one is refused, so a right that only AWSAccounts need could take
the eyes from everything; it can't begin to watch namespaces only when labels of theirs are asked for; and it does not
tell what has gone before a List, while here each List is the whole truth.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import structlog

from ivs_operator.kube.answers import items_of
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import Forbidden, Gone, KubeError, Unauthenticated, Unreachable

__all__ = ["Follower", "Listener"]

_PAGE: Final = "500"  # objects per answer to a List
_WATCH: Final = 290.0  # seconds after which a watch is begun anew, as in client-go: 5 to 10 minutes
_SILENCE: Final = 70.0  # seconds without a word after which a stream counts as dead; bookmarks come every 60
_FIRST_WAIT: Final = 0.5  # seconds between attempts, doubled with each that fails
_LONGEST_WAIT: Final = 30.0
_BRIEF: Final = 1.0  # seconds within which a watch that ends without news counts as one that failed
_PATIENCE: Final = 10.0
"""Seconds after which a first List that fails, for whatever reason, counts as refused: nobody waits for ever."""
_METADATA: Final = {
    "list": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "watch": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
}

log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who is told. All methods are called in the loop of `run`."""

    def listed(self, items: list[dict[str, Any]]) -> None:
        """All there are; whatever else was told before is gone."""

    def changed(self, item: dict[str, Any]) -> None:
        """One was made or has changed."""

    def gone(self, item: dict[str, Any]) -> None:
        """One was deleted."""

    def refused(self, why: str) -> None:
        """It can't be listed, for this reason; what was told before may be out of date."""


class Follower:
    """Run it as a task. It follows while it is wanted, which can be at once (the default) or later."""

    def __init__(
        self,
        cluster: KubernetesClient,
        path: str,
        listener: Listener,
        *,
        metadata_only: bool = False,
        wanted: bool = True,
    ) -> None:
        """`path` as of a List."""
        self._cluster = cluster
        self._path = path
        self._listener = listener
        self._metadata_only = metadata_only
        self._wanted = asyncio.Event()
        if wanted:
            self._wanted.set()
        self._answered = asyncio.Event()
        self._began = 0.0
        self._lasted = False
        """Whether the last watch brought news, or stayed for a while."""

    def want(self) -> None:
        """Begin to follow."""
        self._wanted.set()

    async def answered(self) -> None:
        """Return once the API server has answered: with a List, with a refusal, or that there is no such resource.

        What fails for long in any other way counts as refused.
        """
        await self._answered.wait()

    async def run(self) -> None:
        """Follow for ever."""
        await self._wanted.wait()
        self._began = asyncio.get_running_loop().time()
        version, wait = "", _FIRST_WAIT
        while True:
            version = await self._follow(version)
            if self._lasted:
                wait = _FIRST_WAIT
                if version:
                    continue
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _follow(self, version: str) -> str:
        """One watch, after a List unless there is a version to go on from; returns the next one, "" for none."""
        self._lasted = False
        try:
            return await self._watch(version or await self._list())
        except Gone:  # the CustomResourceDefinition is not there
            self._listener.listed([])
            self._answered.set()
        except KubeError as error:
            self._report(error)
        return ""

    async def _list(self) -> str:
        items: list[dict[str, Any]] = []
        query = {"limit": _PAGE}
        while True:
            page = await self._cluster.call("GET", f"{self._path}?{urlencode(query)}", accept=self._accept("list"))
            items += items_of(page)
            metadata = page.get("metadata") or {}
            if not metadata.get("continue"):
                break
            query["continue"] = str(metadata["continue"])
        self._listener.listed(items)
        self._answered.set()
        return str(metadata.get("resourceVersion", ""))

    async def _watch(self, version: str) -> str:
        """Watch from a version on; returns the version to go on from, "" when everything must be listed anew.

        Raises:
            KubeError: see `kube.errors`.
        """
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(int(_WATCH)),
        }
        path = f"{self._path}?{urlencode(query)}"
        clock = asyncio.get_running_loop()
        began = clock.time()
        try:
            async with (
                self._cluster.answer("GET", path, accept=self._accept("watch"), seconds=_WATCH + 10) as answer,
                aclosing(_events(answer.content.iter_any())) as events,
            ):
                async for event in events:
                    if event.get("type") == "ERROR":
                        return ""  # 410 Gone, as a rule: the version is too old
                    version = self._tell(event)
        finally:
            self._lasted = self._lasted or clock.time() - began >= _BRIEF
        return version

    def _tell(self, event: Mapping[str, Any]) -> str:
        """Pass on an event; returns its version.

        Raises:
            Unreachable: it is none that the API server sends.
        """
        item = event.get("object")
        metadata = item.get("metadata") if isinstance(item, dict) else None
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        if item is None or metadata is None or not version:
            raise Unreachable("what answers a watch sends an event without metadata.resourceVersion")
        if event.get("type") == "BOOKMARK":
            return str(version)
        if not metadata.get("name"):
            raise Unreachable("what answers a watch sends an event without metadata.name")
        self._lasted = True
        if event.get("type") == "DELETED":
            self._listener.gone(item)
        else:
            self._listener.changed(item)
        return str(version)

    def _accept(self, form: str) -> str:
        return _METADATA[form] if self._metadata_only else "application/json"

    def _report(self, error: KubeError) -> None:
        """What is missing, the review of rights tells, and that the API server is away, others do.

        A token that is refused is renewed as a rule, and says nothing of rights.

        But what is not even there to begin with keeps the operator from starting, so it is told here.
        """
        log.debug("not listed", path=self._path, error=str(error))
        late = asyncio.get_running_loop().time() - self._began >= _PATIENCE and not self._answered.is_set()
        if late:
            log.warning("can't be listed; going on without", path=self._path, error=str(error))
        refused = isinstance(error, Forbidden) and not isinstance(error, Unauthenticated)
        if late or refused:
            self._listener.refused(str(error))
            self._answered.set()


async def _events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Mapping[str, Any], None]:
    """The lines of a watch. A stream that has died without a word is an error."""
    rest = b""
    while True:
        try:
            async with asyncio.timeout(_SILENCE):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise Unreachable("the watch has fallen silent") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"the watch broke off: {error}") from error
        if chunk is None:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield _decoded(line)


def _decoded(line: bytes) -> Mapping[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        raise Unreachable(f"what answers a watch speaks no JSON: {line[:80]!r}") from None
    if not isinstance(event, dict):
        raise Unreachable("what answers a watch sends no events")
    return event
