"""What Kubernetes refuses, as few exceptions with one meaning each.

KubeError              the call did not succeed
  Conflict             the object has changed since it was read: look again
  Gone                 the object does not exist any more
  Forbidden            RBAC does not allow it; the message names what is missing
    Unauthenticated    the credentials are refused, which says nothing of rights
  Unreachable          no answer, or one that says to come back: retry
"""

import json
from collections.abc import Mapping

from ivs_operator.domain.failures import NotWritten

__all__ = ["Conflict", "Forbidden", "Gone", "KubeError", "Unauthenticated", "Unreachable", "error_for"]


class KubeError(NotWritten):
    """A call to the Kubernetes API did not succeed."""


class Conflict(KubeError):
    """The object has changed since it was read (409, or 422 from a failed JSON patch test)."""

    outdated = True


class Gone(KubeError):
    """The object does not exist any more (404)."""


class Forbidden(KubeError):
    """RBAC does not allow it (401, 403)."""


class Unauthenticated(Forbidden):
    """The credentials are refused (401): a token that is being renewed, as a rule. Nothing is decided on it."""


class Unreachable(KubeError):
    """No answer, a server error, or too many requests."""


_BY_STATUS = {401: Unauthenticated, 403: Forbidden, 404: Gone, 409: Conflict, 429: Unreachable}


def error_for(status: int, body: str, headers: Mapping[str, str] | None = None) -> KubeError:
    """The exception for an answer that is no success."""
    error = _classified(status, _message(body) or f"HTTP status {status}")
    error.retry_after = _seconds((headers or {}).get("Retry-After", ""))
    return error


def _classified(status: int, message: str) -> KubeError:
    if status == 422:  # noqa: PLR2004 - Unprocessable Entity
        failed_test = "rejected our request due to an error in our request" in message or "testing value" in message
        return Conflict(message) if failed_test else KubeError(message)
    if status >= 500:  # noqa: PLR2004 - server errors
        return Unreachable(message)
    return _BY_STATUS.get(status, KubeError)(message)


def _seconds(text: str) -> float:
    """A Retry-After in seconds; the API server sends no dates. More than a minute is not believed."""
    return min(float(text), 60.0) if text.isdigit() else 0.0


def _message(body: str) -> str:
    try:
        answer = json.loads(body)
    except ValueError:
        return body[:200]
    return str(answer.get("message", "")) if isinstance(answer, dict) else body[:200]
