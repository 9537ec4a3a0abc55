"""One table from what botocore raises to a fault: what it is, how long to wait, what to tell.

IVS puts its text into `exceptionMessage`, IVS Chat into `message` (service models). Any 429 or 5xx is temporary whether
or not the operation declares it: IVS answers ThrottlingException on operations that do not.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.failures import CallFailed, Fault, FaultClass, NotFound

__all__ = ["CREDENTIAL_CODES", "UnreadableAnswer", "failed", "fault_of", "is_unanswered"]

_FAST, _SLOW, _INVALID = FaultClass.FAST, FaultClass.SLOW, FaultClass.INVALID

_VERBS: Final = {
    "Create": Reason.CREATE_FAILED,
    "Update": Reason.UPDATE_FAILED,
    "Tag": Reason.UPDATE_FAILED,
    "Untag": Reason.UPDATE_FAILED,
    "Delete": Reason.DELETE_FAILED,
}

_CONFLICTS: Final = {
    # UpdateChannel is refused while the channel is live, Delete while something uses the object.
    "UpdateChannel": Reason.CHANNEL_LIVE,
    "DeleteRecordingConfiguration": Reason.DELETION_BLOCKED,
    "DeleteLoggingConfiguration": Reason.DELETION_BLOCKED,
}

_SPEC_BEARING: Final = ("CreateR", "CreateL", "UpdateL")
"""Operations whose input is the spec alone, so that a refusal of it stands until the spec changes."""

_CREDENTIALS: Final = (
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "ExpiredTokenException",
    "ExpiredToken",
)

_CLOCK: Final = (
    # What AWS answers to a signature of another time, and also to one with a wrong secret.
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestTimeTooSkewed",
    "RequestExpired",
)

_TELLING: Final = (*_CLOCK, "RegionDisabledException")
"""Refusals for another cause than a permission, with AWS's own words on what to do."""

_THROTTLES: Final = (
    # What services say beside 429; S3 says SlowDown with 503, CloudWatch RequestLimitExceeded and Throttling with 400.
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
)

_TIMEOUTS: Final = ("RequestTimeout", "RequestTimeoutException")
"""AWS got the request too slowly, or a part of it: with 400 or 408, and nobody knows whether it took effect."""

_CODES: Final[Mapping[str, tuple[FaultClass, Reason | None]]] = {
    # None: the reason follows from the operation.
    "ValidationException": (_INVALID, None),
    "ServiceQuotaExceededException": (_SLOW, Reason.QUOTA_EXCEEDED),
    "AccessDeniedException": (_SLOW, Reason.ACCESS_DENIED),
    "AccessDenied": (_SLOW, Reason.ACCESS_DENIED),
    # Credentials are renewed, and clocks set, by others at any moment: a look each minute, not each quarter hour.
    **dict.fromkeys(_CREDENTIALS, (_FAST, Reason.ACCESS_DENIED)),
    **dict.fromkeys(_CLOCK, (_FAST, Reason.ACCESS_DENIED)),
    "PendingVerification": (_SLOW, Reason.PENDING_VERIFICATION),
    "ResourceNotFoundException": (_SLOW, None),
    "ConflictException": (_FAST, None),
    **dict.fromkeys(_THROTTLES, (_FAST, Reason.THROTTLED)),
    **dict.fromkeys(_TIMEOUTS, (_FAST, Reason.UNAVAILABLE)),
    "InternalServerException": (_FAST, Reason.UNAVAILABLE),
    "ServiceUnavailable": (_FAST, Reason.UNAVAILABLE),
}

_NOT_SENT: Final = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.SSOTokenLoadError,
    boto.UnauthorizedSSOTokenError,
    # A profile or its file that is not as botocore wants it; it may be mended while we run.
    boto.ProfileNotFound,
    boto.InvalidConfigError,
    boto.ConfigParseError,
    boto.UnknownCredentialError,
)

_NO_CREDENTIALS: Final = (
    "none were found in the environment, the shared files, a web identity (IRSA), EKS Pod Identity or the metadata of "
    "ECS and EC2; give the operator a role as docs/iam.md has it"
)

_EDIT: Final = "edit the spec, or what it names; as it is, it is tried once an hour"

_REMEDIES: Final[Mapping[Reason, str]] = {
    # What a person can do, of which AWS says nothing. Of a PendingVerification: AWS lifts it, or its support does.
    Reason.QUOTA_EXCEEDED: "raise the quota in Service Quotas or delete one (ivs-operator inventory lists them)",
    Reason.PENDING_VERIFICATION: "it ends once AWS has verified the account; if it lasts, write to AWS support",
}

_RIGHTS: Final = "ivs-operator iam-policy prints what must be allowed"

_OTHER_RIGHTS: Final[Mapping[str, str]] = {
    "AssumeRole": "ivs-operator iam-policy prints both sides, by --features accounts and by --trust account",
    "GetCallerIdentity": "",  # needs no permission
}

_VALID: Final = "give valid credentials as docs/iam.md has it"
_ENABLED: Final = f"{_VALID}, or enable the region if the account has not"

_OF_REGIONS: Final = ("UnrecognizedClientException", "InvalidClientTokenId")
"""Codes that a region which the account has not enabled answers to every call, too."""

_OF_TIME: Final = re.compile(r"expired|earlier than|later than|skew|too large|not yet current", re.IGNORECASE)

_VOLATILE: Final = re.compile(
    r"\s*\(?\b(?:request id|requestid)\b:?\s*[0-9a-fA-F-]{8,}\)?|\b0x[0-9a-fA-F]+\b|\s*\b[0-9]{8}T[0-9]{6}Z\b",
    re.IGNORECASE,
)
"""What differs from one refusal to the next: in a status it would be a write per retry."""


def failed(operation: str, error: Exception, *, missing: Reason | None = None) -> CallFailed:
    """The exception for a call of `operation` that raised `error`; `missing` is the reason for a not-found answer."""
    fault = fault_of(operation, error, missing=missing)
    return NotFound(fault) if fault.code == "ResourceNotFoundException" else CallFailed(fault)


CREDENTIAL_CODES: Final = frozenset({*_CREDENTIALS, *_CLOCK, *(error.__name__ for error in _NOT_SENT)})
"""Codes of faults that other credentials may cure."""


class UnreadableAnswer(Exception):
    """A success without anything that AWS would say: botocore takes the page of a proxy for an empty answer."""


def is_unanswered(error: Exception | None) -> bool:
    """Whether AWS did not say a word: the place may be out of reach, or hang."""
    return isinstance(error, boto.ConnectionError | boto.HTTPClientError | OSError)


def fault_of(operation: str, error: Exception, *, missing: Reason | None = None) -> Fault:
    """What went wrong with a call of `operation`, classified."""
    if isinstance(error, boto.ClientError):
        return _answered(operation, error, missing)
    if isinstance(error, _NOT_SENT):
        words = _NO_CREDENTIALS if isinstance(error, boto.NoCredentialsError) else _clean(str(error))
        message = f"no usable AWS credentials: {words}"
        return Fault(_FAST, Reason.ACCESS_DENIED, message, code=type(error).__name__)
    if isinstance(error, boto.ParamValidationError):
        message = _advised(f"{operation}: {_clean(str(error))}", _EDIT)
        return Fault(_INVALID, _by_verb(operation), message, code="ParamValidation")
    if isinstance(error, boto.ConnectTimeoutError | boto.EndpointConnectionError | boto.ProxyConnectionError):
        return Fault(
            _FAST, Reason.UNAVAILABLE, f"{operation}: AWS can't be reached: {_hosts(str(error))}", code="Connect"
        )
    if isinstance(error, boto.SSLError):
        message = f"{operation}: no trusted connection to AWS: {_clean(str(error))}"
        # Mostly from before the request is sent, but reading the answer can end so too.
        return Fault(_SLOW, Reason.UNAVAILABLE, message, code="TLS", applied=None)
    if isinstance(error, UnreadableAnswer | ResponseParserError):
        message = f"{operation}: the answer is not AWS's (no readable JSON); is there a proxy in between?"
        return Fault(_FAST, Reason.UNAVAILABLE, message, code="Unreadable", applied=None)
    # Everything else may have happened after AWS had the request: whether it took effect, nobody knows.
    words = _hosts(str(error)) if isinstance(error, boto.HTTPClientError) else type(error).__name__
    return Fault(
        _FAST,
        Reason.UNAVAILABLE,
        f"{operation}: no answer from AWS ({words})",
        code=type(error).__name__,
        applied=None,
    )


def _answered(operation: str, error: boto.ClientError, missing: Reason | None) -> Fault:
    response: Mapping[str, Any] = error.response
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind, reason = _classified(code, status)
    if code == "ResourceNotFoundException" and missing is not None:
        reason = missing
    if code == "ConflictException":
        reason = _CONFLICTS.get(operation)
    if kind is _INVALID and not operation.startswith(_SPEC_BEARING):
        kind = _SLOW  # what others did to a room or channel meanwhile may be at fault, and may pass
    text = _text(response) or code or f"HTTP status {status}"
    if code in _CLOCK and _OF_TIME.search(text):
        text = f"AWS refuses the signature for its time; set this machine's clock right: {text}"
    reason = reason or _by_verb(operation)
    return Fault(
        kind,
        reason,
        _advised(f"{operation}: {text}", _remedy(operation, code, kind, reason)),
        code=code,
        applied=None if _leaves_open(code, status) else False,
        request_id=str(response.get("ResponseMetadata", {}).get("RequestId", "")),
    )


def _remedy(operation: str, code: str, kind: FaultClass, reason: Reason) -> str:
    """What a person can do; empty where nobody can, or AWS's own words say it."""
    if kind is _INVALID:
        return _EDIT
    if code in _CREDENTIALS:
        return _ENABLED if code in _OF_REGIONS else _VALID
    if reason is not Reason.ACCESS_DENIED:
        return _REMEDIES.get(reason, "")
    return "" if code in _TELLING else _OTHER_RIGHTS.get(operation, _RIGHTS)


def _advised(cause: str, remedy: str) -> str:
    """AWS's words first, for people look for them; the same each time, for it ends in a status."""
    return f"{cause.removesuffix('.')}; {remedy}" if remedy else cause


def _leaves_open(code: str, status: int) -> bool:
    """A server error, a time-out or an answer that could not be read says nothing about the effect."""
    return status >= 500 or status in {0, 408} or code in _TIMEOUTS  # noqa: PLR2004


def _classified(code: str, status: int) -> tuple[FaultClass, Reason | None]:
    if code in _CODES:
        return _CODES[code]
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return _FAST, Reason.THROTTLED
    if _leaves_open(code, status):
        return _FAST, Reason.UNAVAILABLE
    if status in {401, 403}:
        return _SLOW, Reason.ACCESS_DENIED
    return _SLOW, None


def _by_verb(operation: str) -> Reason:
    return next((reason for verb, reason in _VERBS.items() if operation.startswith(verb)), Reason.UNAVAILABLE)


def _text(response: Mapping[str, Any]) -> str:
    """The words of the error, wherever the service puts them, with the fields that a validation names."""
    message = (
        response.get("Error", {}).get("Message") or response.get("exceptionMessage") or response.get("message") or ""
    )
    fields = [
        f"{item.get('name')}: {item.get('message')}"
        for item in response.get("fieldList") or ()
        if isinstance(item, Mapping)
    ]
    return _clean("; ".join([str(message), *fields]) if fields else str(message))


_SESSION: Final = re.compile(r"(:assumed-role/[\w+=,.@-]+)/[\w+=,.@-]+")
"""Who was refused, by a session that has another name with each process: the role is what somebody can act upon."""


_PATH: Final = re.compile(r"(https?://[^/\s\"']+)/[^\s\"']*")
"""Each operation has a path of its own; what does not answer is the host, and a status must not tell each in turn."""


def _hosts(text: str) -> str:
    return _PATH.sub(r"\1", _clean(text))


def _clean(text: str) -> str:
    return _SESSION.sub(r"\1", _VOLATILE.sub("", " ".join(text.split())))
