"""When the cache holds everything: claims between objects, and a start that repeats nothing, need all of them."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from ivs_operator.domain.identity import Key, Kind
from ivs_operator.kube.cache import ResourceCache
from ivs_operator.kube.client import KubernetesClient
from ivs_operator.kube.errors import KubeError

__all__ = ["until_filled"]

_LOOK = 0.05  # seconds between looks at the cache
_ROUND = 2.0  # seconds without an arrival after which all is listed anew: what is missing may have been deleted


async def until_filled(
    cluster: KubernetesClient,
    cache: ResourceCache,
    plurals: Mapping[Kind, str],
    *,
    namespaces: Sequence[str],
    selector: str | None,
    say: Callable[[str], None],
) -> None:
    """Return when the cache, which others fill, holds every object that a List of our own shows.

    Counting what the watch delivers would not do: how much there is, the watch does not say. Namespaces given as
    patterns are not waited for; what they match is the watch's secret.
    """
    known = [name for name in namespaces if re.fullmatch(r"[a-z0-9-]+", name)]
    places: list[str | None] = [*known] if namespaces else [None]
    while True:
        try:
            listed = [
                (Key(kind, namespace, name), uid)
                for kind, plural in plurals.items()
                for place in places
                for namespace, name, uid in await cluster.present(plural, place, selector)
            ]
        except KubeError as error:
            say(f"custom resources can't be listed: {error}")
            await asyncio.sleep(_ROUND)
            continue
        if await _arrive(deque(listed), cache, say):
            return


async def _arrive(missing: deque[tuple[Key, str]], cache: ResourceCache, say: Callable[[str], None]) -> bool:
    """Take off what has arrived until nothing is missing; False if nothing arrives any more.

    The watch hands them on in the order of a List, so only the first is asked for until it is there: a look at all of
    thousands, twenty times a second, would keep them from arriving.
    """
    loop = asyncio.get_running_loop()
    while missing:
        before, ends = len(missing), loop.time() + _ROUND
        while missing and loop.time() < ends:
            while missing and _holds(cache, *missing[0]):
                missing.popleft()
            if missing:
                await asyncio.sleep(_LOOK)
        missing = deque((key, uid) for key, uid in missing if not _holds(cache, key, uid))
        if missing:
            say(f"{len(missing)} custom resources have not arrived yet")
        if len(missing) == before:
            return False
    return True


def _holds(cache: ResourceCache, key: Key, uid: str) -> bool:
    resource = cache.get(key)
    return resource is not None and resource["metadata"].get("uid") == uid
