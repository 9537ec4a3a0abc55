"""Whether kopf watches what the API server serves.

Kopf looks at what is served when it begins, and whenever a CustomResourceDefinition changes. The API server tells of
the change before its discovery knows the new kind (each controller of it goes at its own pace, each replica, too), and
nothing tells when it does: what kopf has missed then, it would not watch until some other CustomResourceDefinition
changes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from kopf._cogs.structs.references import Insights

from ivs_operator.api.names import GROUP
from ivs_operator.kube.errors import KubeError

__all__ = ["INTERVAL", "Missed", "missed"]

INTERVAL: Final = 5.0
"""Seconds between two looks at what kopf watches. They cost no request as long as it is everything."""


class Missed(Exception):
    """The API server serves what kopf does not watch; only a new beginning helps."""


async def missed(
    insights: Insights,
    plurals: Collection[str],
    served: Callable[[], Awaitable[frozenset[str]]],
    interval: float = INTERVAL,
) -> None:
    """Look for ever. `insights` are kopf's, `plurals` our kinds, `served` asks the API server for those it serves.

    Raises:
        Missed: a kind was served and not watched at two looks in a row; at one, kopf may be about to begin.
    """
    await insights.ready_resources.wait()
    missing: frozenset[str] = frozenset()
    while True:
        await asyncio.sleep(interval)
        before, missing = missing, await _missing(insights, plurals, served)
        if still := before & missing:
            raise Missed(f"{', '.join(sorted(still))}: served by the API server, and not watched")


async def _missing(
    insights: Insights, plurals: Collection[str], served: Callable[[], Awaitable[frozenset[str]]]
) -> frozenset[str]:
    unwatched = frozenset(plurals) - {item.plural for item in insights.watched_resources if item.group == GROUP}
    if not unwatched:
        return frozenset()
    try:
        return unwatched & await served()
    except KubeError:
        return frozenset()  # others tell of it
