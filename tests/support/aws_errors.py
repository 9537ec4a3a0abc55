"""What a boto3 call fails with, as values to compare."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

__all__ = ["Refusal", "refusal"]


@dataclass(frozen=True)
class Refusal:
    """A reply that is an error."""

    status: int
    code: str
    message: str
    response: dict[str, Any]


def refusal(call: Callable[..., Any], **arguments: Any) -> Refusal:
    """The error that `call(**arguments)` ends in; fails when it succeeds."""
    try:
        result = call(**arguments)
    except ClientError as error:
        response: dict[str, Any] = dict(error.response)
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        message = response["Error"]["Message"] or response.get("exceptionMessage", "")
        return Refusal(status, response["Error"]["Code"], message, response)
    raise AssertionError(f"{call.__name__} should have been refused, but gave {result}")
