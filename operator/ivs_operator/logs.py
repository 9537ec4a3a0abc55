"""Logging: one line per decision, as text or JSON, with the object and AWS's request id; at rest silent at info."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Literal

import structlog

__all__ = ["configure"]

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure(format_: Literal["text", "json"], level: str) -> None:
    """Set up logging of this process, ours and that of libraries, to standard error."""
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if format_ == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _one_line, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)  # libraries tell of trouble only; kopf would log each cycle
    logging.getLogger("ivs_operator").setLevel(level.upper())
    logging.getLogger("kopf").setLevel(logging.WARNING)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def _one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its last line: a traceback tells a user nothing that the message does not.

    Of one that we did not think of, the place as well: whoever reports it has no more than this line.
    """
    told = event.pop("exc_info", None)
    error = _exception(told)
    if error is None:
        return event
    message = " ".join(str(error).split())
    event.setdefault("error", f"{type(error).__name__}: {message}" if message else type(error).__name__)
    frames = traceback.extract_tb(error.__traceback__)
    if frames and not isinstance(told, tuple):
        event["at"] = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return event


def _exception(told: object) -> BaseException | None:
    """What `exc_info` stands for: an exception, the three that libraries give, or the one in hand."""
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple):
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None
