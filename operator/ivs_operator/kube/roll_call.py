"""Whether kopf watches what the API server serves.

Kopf looks at what is served when it begins, and whenever a CustomResourceDefinition changes, then at the group of that
one. The API server tells of the change before its discovery knows the new kind (each controller of it goes at its own
pace, each replica, too), and nothing tells when it does: what kopf has missed then, it would not watch until it begins
anew, or a CustomResourceDefinition of ours changes once more.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Final

import structlog
from kopf._cogs.structs.references import Insights

from ivs_operator.api.names import GROUP

__all__ = ["INTERVAL", "call_the_roll"]

INTERVAL: Final = 5.0
"""Seconds between two looks at what kopf watches. They cost no request as long as it is everything."""

_LONGEST: Final = 30.0  # seconds between two looks while something is missing; a kind may be away for days

log = structlog.get_logger(__name__)


async def call_the_roll(
    insights: Insights,
    plurals: Collection[str],
    *,
    served: Callable[[], Awaitable[frozenset[str]]],
    look_again: Callable[[], Awaitable[None]],
    interval: float = INTERVAL,
) -> None:
    """For ever: when a kind of ours is served and not watched, have kopf look at what is served once more.

    `insights` are kopf's, `plurals` our kinds, `served` asks the API server for those it serves; seconds.
    """
    await insights.ready_resources.wait()
    wait = interval
    while True:
        await asyncio.sleep(wait)
        unwatched = frozenset(plurals) - {item.plural for item in insights.watched_resources if item.group == GROUP}
        if not unwatched:
            wait = interval
            continue
        wait = min(wait * 2, max(_LONGEST, interval))
        try:
            if missed := unwatched & await served():
                log.info("a kind is served and not watched; looking again", kinds=sorted(missed))
                await look_again()
        except Exception as error:  # noqa: BLE001 - whatever it was, the kinds that are watched go on
            log.debug("what is served is not known", error=str(error))
