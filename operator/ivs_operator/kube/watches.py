"""Kopf's watch streams, in an event loop and a thread of their own, begun again whenever they end.

Kopf takes every task of its loop for its own, and cancels them all when one stream fails for good: a LIST or WATCH that
is answered 403, 404 or 5xx beyond the retries, an ERROR event other than 410, credentials refused twice, a failed
discovery. A new process would come back after the kubelet's back-off, with empty caches and without its lease. So kopf
has a loop where nothing else lives: when it ends, it begins again; work in hand, probes and caches never notice.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import kopf
import structlog

from ivs_operator.api.names import GROUP

__all__ = ["Watches"]

INACTIVITY: Final = 70.0
"""Seconds without a word after which a stream counts as dead; the API server sends a bookmark every 60."""

_BACKOFFS: Final = (0.5, 1.0, 2.0, 4.0)  # seconds between kopf's own attempts at one request
_FIRST_WAIT: Final = 1.0  # seconds until kopf begins again
_LONGEST_WAIT: Final = 30.0
_GOOD_LIFE: Final = 60.0  # seconds; what has gone well for so long begins again with the first wait

# It would tell at each beginning that it does not handle signals: they are the operator's.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

log = structlog.get_logger(__name__)


class Watches:
    """Run it as a task; cancel it to end the streams."""

    def __init__(
        self,
        register: Callable[[kopf.OperatorRegistry], None],
        *,
        namespaces: tuple[str, ...] = (),
        selectors: Mapping[str, str] | None = None,
        inactivity: float = INACTIVITY,
        backoffs: tuple[float, ...] = _BACKOFFS,
        on_end: Callable[[Exception | None], None] = lambda _: None,
    ) -> None:
        """`register` connects kopf's handlers, which run in kopf's loop; `selectors` are label selectors by plural.

        `on_end` is told in the caller's loop whenever kopf has ended, and why.
        """
        self._register = register
        self._namespaces = namespaces
        self._selectors = dict(selectors or {})
        self._inactivity = inactivity
        self._backoffs = backoffs
        self._on_end = on_end
        self._stopping = False
        self._interrupt: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Watch for ever."""
        wait = _FIRST_WAIT
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="watch") as thread:
            while True:
                began = time.monotonic()
                error = await self._live(thread)
                if time.monotonic() - began > _GOOD_LIFE:
                    wait = _FIRST_WAIT
                log.warning("the watch has ended and begins again", error=_words(error), retry_in=wait)
                self._on_end(error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)

    async def _live(self, thread: ThreadPoolExecutor) -> Exception | None:
        life = asyncio.get_running_loop().run_in_executor(thread, lambda: asyncio.run(self._watch()))
        try:
            await asyncio.shield(life)
        except asyncio.CancelledError:
            self._stopping = True
            self._interrupt()
            await asyncio.wait([life])
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, watching must go on
            return error
        return None

    async def _watch(self) -> None:
        """One life of kopf, in its thread."""
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._interrupt = lambda: loop.call_soon_threadsafe(stop.set)
        if self._stopping:
            return
        registry = kopf.OperatorRegistry()
        self._register(registry)
        try:
            await kopf.operator(
                registry=registry,
                settings=self._settings(),
                standalone=True,
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                stop_flag=stop,
                memo=kopf.Memo(),
            )
        finally:
            self._interrupt = lambda: None

    def _settings(self) -> kopf.OperatorSettings:
        """No writes of its own, short time-outs, few retries: what takes longer is ours to repeat."""
        settings = kopf.OperatorSettings()
        settings.posting.enabled = False
        # Never used, but must differ from ours: kopf takes off what it thinks is its own and not needed.
        settings.persistence.finalizer = f"{GROUP}/unused-by-kopf"
        settings.process.ultimate_exiting_timeout = None
        settings.networking.request_timeout = 30
        settings.networking.connect_timeout = 5
        settings.networking.error_backoffs = self._backoffs
        settings.watching.inactivity_timeout = self._inactivity
        settings.watching.chunk_size = 500
        for plural, selector in self._selectors.items():
            settings.watching.label_selectors[f"{plural}.{GROUP}"] = selector
        return settings


def _words(error: Exception | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"
