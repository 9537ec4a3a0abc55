"""Kopf's watch streams, in an event loop and a thread of their own, begun again whenever they end.

Kopf takes every task of its loop for its own, and cancels them all when one stream fails for good: a LIST or WATCH that
is answered 403, 404 or 5xx beyond the retries, an ERROR event other than 410, credentials refused twice, a failed
discovery. A new process would come back after the kubelet's back-off, with empty caches and without its lease. So kopf
has a loop where nothing else lives: when it ends, it begins again; work in hand, probes and caches never notice.

Its end is ours, too. Kopf closes the sessions of its streams before the streams, cancels once, and waits for ever: a
stream that meets its closed session asks for new credentials, takes the cancellation for a pause and asks again. Then
nothing would be watched, and nothing would say so.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import kopf
import structlog
from kopf._cogs.structs.bodies import RawBody, RawEvent
from kopf._cogs.structs.references import Insights
from kopf._core.reactor.observation import process_discovered_resource_event

from ivs_operator.api.names import GROUP
from ivs_operator.kube.roll_call import INTERVAL, call_the_roll

__all__ = ["Watches"]

INACTIVITY: Final = 70.0
"""Seconds without a word after which a stream counts as dead; the API server sends a bookmark every 60."""

_BACKOFFS: Final = (0.5, 1.0, 2.0, 4.0)  # seconds between kopf's own attempts at one request
_FIRST_WAIT: Final = 1.0  # seconds until kopf begins again
_LONGEST_WAIT: Final = 30.0
_GOOD_LIFE: Final = 60.0  # seconds; what has gone well for so long begins again with the first wait
_ENDING: Final = 5.0
"""Seconds for the streams, and then for kopf's cleaning up, to end as they should; either takes about two."""

_ROUNDS: Final = 10  # times that what is left then is cancelled, a second each, before it is abandoned
_LAST_BREATH: Final = 0.1  # seconds for the loop to let go of connections that are closed
_PAGE: Final = 100
_TASKS: Final = 100
_IDLE: Final = 0.2
"""Objects in a page of a List, tasks at a time that hand on what has come, and seconds that each of them then waits
for more of its object. By default kopf has one for each object of a List, for five seconds: what all objects take
for that moment is more than all that is kept of them, and stays with the process (see docs/benchmarks.md)."""

_WATCHER: Final = "watcher for"  # beginning of the names of kopf's tasks that each keep a stream
_PAUSE_WAITER: Final = "pause-waiter"  # beginning of the names of kopf's tasks that end a stream when kopf is paused

_SOMETHING_OF_OURS: Final = RawEvent(type="MODIFIED", object=RawBody(spec={"group": GROUP}))
"""What makes kopf look at what is served of our group: a CustomResourceDefinition of it seems to have changed."""

# It would tell at each beginning that it does not handle signals: they are the operator's.
logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

log = structlog.get_logger(__name__)


class Watches:
    """Run it as a task; cancel it to end the streams."""

    def __init__(
        self,
        register: Callable[[kopf.OperatorRegistry], None],
        *,
        plurals: Collection[str],
        served: Callable[[], Coroutine[Any, Any, frozenset[str]]],
        namespaces: tuple[str, ...] = (),
        selectors: Mapping[str, str] | None = None,
        inactivity: float = INACTIVITY,
        backoffs: tuple[float, ...] = _BACKOFFS,
        roll_calls: float = INTERVAL,
        on_end: Callable[[Exception | None], None] = lambda _: None,
    ) -> None:
        """`register` connects kopf's handlers for `plurals`; they run in kopf's loop.

        `selectors` are label selectors by plural. `served` asks the API server which plurals it serves, and `on_end` is
        told whenever kopf has ended, and why; both run in the caller's loop. `roll_calls` are seconds between looks at
        whether all that is served is watched.
        """
        self._register = register
        self._plurals = frozenset(plurals)
        self._served = served
        self._roll_calls = roll_calls
        self._namespaces = namespaces
        self._selectors = dict(selectors or {})
        self._inactivity = inactivity
        self._backoffs = backoffs
        self._on_end = on_end
        self._home: asyncio.AbstractEventLoop
        self._stopping = False
        self._interrupt: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Watch for ever."""
        self._home = asyncio.get_running_loop()
        wait = _FIRST_WAIT
        while True:
            began = time.monotonic()
            error = await self._live()
            if time.monotonic() - began > _GOOD_LIFE:
                wait = _FIRST_WAIT
            log.warning("the watch has ended and begins again", error=_words(error), retry_in=wait)
            self._on_end(error)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _live(self) -> Exception | None:
        life = _in_thread(self._watch)
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
        insights, settings = Insights(), self._settings()
        try:
            tasks = await kopf.spawn_tasks(
                registry=registry,
                insights=insights,
                settings=settings,
                standalone=True,
                clusterwide=not self._namespaces,
                namespaces=self._namespaces,
                stop_flag=stop,
                memo=kopf.Memo(),
            )
            look_again = partial(
                process_discovered_resource_event,
                raw_event=_SOMETHING_OF_OURS,
                settings=settings,
                registry=registry,
                insights=insights,
            )
            tasks = [*tasks, asyncio.create_task(self._call_the_roll(insights, look_again), name="roll calls")]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._interrupt = lambda: None
        ended = [task for task in tasks if task.done()]
        await _end(tasks)
        _raise_first(ended)

    async def _call_the_roll(self, insights: Insights, look_again: Callable[[], Awaitable[None]]) -> None:
        def served() -> Awaitable[frozenset[str]]:  # the client that asks lives in the caller's loop
            return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._served(), self._home))

        await call_the_roll(insights, self._plurals, served=served, look_again=look_again, interval=self._roll_calls)

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
        settings.watching.chunk_size = _PAGE
        settings.queueing.idle_timeout = _IDLE
        settings.queueing.worker_limit = _TASKS
        for plural, selector in self._selectors.items():
            settings.watching.label_selectors[f"{plural}.{GROUP}"] = selector
        return settings


def _in_thread(life: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Future[None]:
    """Run a coroutine in a loop and a thread of its own; the future is the caller's loop's.

    The loop is left as it is afterwards: closing it as asyncio.run does would wait for what can't be ended. The thread
    is a daemon for the same reason.
    """
    home = asyncio.get_running_loop()
    outcome: asyncio.Future[None] = home.create_future()

    def tell(error: BaseException | None) -> None:
        if not outcome.done():
            outcome.set_exception(error) if error is not None else outcome.set_result(None)

    def live() -> None:
        loop = asyncio.new_event_loop()
        error: BaseException | None = None
        try:
            loop.run_until_complete(life())
            loop.run_until_complete(loop.shutdown_asyncgens())
        except BaseException as caught:  # noqa: BLE001 - it is the caller's to judge
            error = caught
        finally:
            loop.close()
        with suppress(RuntimeError):  # the caller's loop may be closed by now
            home.call_soon_threadsafe(tell, error)

    threading.Thread(target=live, name="watch", daemon=True).start()
    return outcome


async def _end(roots: Collection[asyncio.Task[Any]]) -> None:
    """End kopf: first the streams, then its root tasks, the last of which closes the connections, then what is left."""
    await _cancel(_others(_WATCHER), _ENDING)
    await _cancel(roots, _ENDING)
    for _ in range(_ROUNDS):
        # A stream whose pause-waiter ends before it takes its own cancellation for a pause, and goes on.
        left = {task for task in _others() if not task.get_name().startswith(_PAUSE_WAITER)} or _others()
        if not left:
            await asyncio.sleep(_LAST_BREATH)
            return
        await _cancel(left, 1)
    log.error("parts of a watch that has ended can't be stopped and are abandoned", parts=len(_others()))


def _others(beginning: str = "") -> set[asyncio.Task[Any]]:
    """The other tasks of this loop, whose names begin so."""
    current = asyncio.current_task()
    return {task for task in asyncio.all_tasks() if task is not current and task.get_name().startswith(beginning)}


async def _cancel(tasks: Collection[asyncio.Task[Any]], patience: float) -> None:
    """Cancel these, and wait until they are done, but no longer than this many seconds."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=patience)


def _raise_first(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Raise what has ended kopf, if it was an error."""
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            raise error


def _words(error: Exception | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"
