"""RFC 3339 times as Kubernetes writes them, and seconds since the epoch."""

from datetime import UTC, datetime

__all__ = ["format_time", "parse_time"]


def format_time(seconds: float) -> str:
    """Whole seconds, in UTC: the form of metav1.Time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: object) -> float | None:
    """Seconds since the epoch, or None for what is no RFC 3339 time."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return moment.timestamp()
