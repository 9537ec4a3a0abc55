"""What botocore raises, classified: one test per error that the service models declare for each operation we call.

Each error is a raw HTTP answer that botocore itself parses, so the text comes from where the service puts it.
"""

import io
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from ivs_operator import aws
from ivs_operator.api.reasons import Reason
from ivs_operator.aws.errors import failed, fault_of
from ivs_operator.domain.failures import Fault, FaultClass, NotFound

OPERATIONS = {
    "ivs": (
        "ListRecordingConfigurations",
        "GetRecordingConfiguration",
        "CreateRecordingConfiguration",
        "DeleteRecordingConfiguration",
        "ListChannels",
        "GetChannel",
        "UpdateChannel",
        "ListStreams",
        "TagResource",
        "UntagResource",
    ),
    "ivschat": (
        "ListLoggingConfigurations",
        "GetLoggingConfiguration",
        "CreateLoggingConfiguration",
        "UpdateLoggingConfiguration",
        "DeleteLoggingConfiguration",
        "ListRooms",
        "GetRoom",
        "UpdateRoom",
        "TagResource",
        "UntagResource",
    ),
    "sts": ("GetCallerIdentity", "AssumeRole"),
}
LOOKED_AT = {
    # What the checks of destinations and delivery read. These services speak other protocols, and share few codes.
    "s3": ("HeadBucket", "ListBuckets", "GetBucketPolicy", "GetBucketEncryption"),
    "logs": ("DescribeLogGroups", "DescribeResourcePolicies"),
    "firehose": ("DescribeDeliveryStream", "ListTagsForDeliveryStream"),
    "kms": ("DescribeKey", "GetKeyPolicy"),
    "cloudwatch": ("ListMetrics", "GetMetricData"),
}
FAST, SLOW, INVALID = FaultClass.FAST, FaultClass.SLOW, FaultClass.INVALID

BY_CODE: dict[str, tuple[FaultClass, Reason]] = {
    "AccessDeniedException": (SLOW, Reason.ACCESS_DENIED),
    "PendingVerification": (SLOW, Reason.PENDING_VERIFICATION),
    "ServiceQuotaExceededException": (SLOW, Reason.QUOTA_EXCEEDED),
    "ThrottlingException": (FAST, Reason.THROTTLED),
    "InternalServerException": (FAST, Reason.UNAVAILABLE),
    "ExpiredTokenException": (FAST, Reason.ACCESS_DENIED),
    "RegionDisabledException": (SLOW, Reason.ACCESS_DENIED),
    # Of session policies, which are never sent.
    "MalformedPolicyDocument": (SLOW, Reason.UNAVAILABLE),
    "PackedPolicyTooLarge": (SLOW, Reason.UNAVAILABLE),
}
EDIT = "; edit the spec, or what it names; as it is, it is tried once an hour"
ALLOW = "; ivs-operator iam-policy prints what must be allowed"
VALID = "; give valid credentials as docs/iam.md has it"
QUOTA = "; raise the quota in Service Quotas or delete one (ivs-operator inventory lists them)"
VERIFICATION = "; it ends once AWS has verified the account; if it lasts, write to AWS support"

REMEDIES: dict[str, str] = {
    # What a person can do beside AWS's words; all other codes pass by themselves, or AWS says what to do.
    "AccessDeniedException": ALLOW,
    "PendingVerification": VERIFICATION,
    "ServiceQuotaExceededException": QUOTA,
    "ExpiredTokenException": VALID,
}
MADE, CHANGED, REMOVED, READ = (
    Reason.CREATE_FAILED,
    Reason.UPDATE_FAILED,
    Reason.DELETE_FAILED,
    Reason.UNAVAILABLE,
)
BY_OPERATION: dict[str, dict[str, tuple[FaultClass, Reason]]] = {
    "ValidationException": {
        # What the spec alone says is refused until the spec changes; what others may have a hand in is tried again.
        "CreateRecordingConfiguration": (INVALID, MADE),
        "CreateLoggingConfiguration": (INVALID, MADE),
        "UpdateLoggingConfiguration": (INVALID, CHANGED),
        "TagResource": (SLOW, CHANGED),
        "UntagResource": (SLOW, CHANGED),
        "UpdateRoom": (SLOW, CHANGED),
        "UpdateChannel": (SLOW, CHANGED),
        "DeleteRecordingConfiguration": (SLOW, REMOVED),
        "DeleteLoggingConfiguration": (SLOW, REMOVED),
    },
    "ResourceNotFoundException": {
        "CreateLoggingConfiguration": (SLOW, MADE),
        "UpdateLoggingConfiguration": (SLOW, CHANGED),
        "UpdateRoom": (SLOW, CHANGED),
        "UpdateChannel": (SLOW, CHANGED),
        "TagResource": (SLOW, CHANGED),
        "UntagResource": (SLOW, CHANGED),
        "DeleteRecordingConfiguration": (SLOW, REMOVED),
        "DeleteLoggingConfiguration": (SLOW, REMOVED),
    },
    "ConflictException": {
        "UpdateChannel": (FAST, Reason.CHANNEL_LIVE),
        "DeleteRecordingConfiguration": (FAST, Reason.DELETION_BLOCKED),
        "DeleteLoggingConfiguration": (FAST, Reason.DELETION_BLOCKED),
        "CreateRecordingConfiguration": (FAST, MADE),
        "CreateLoggingConfiguration": (FAST, MADE),
        "UpdateLoggingConfiguration": (FAST, CHANGED),
    },
}


@cache
def client(service: str) -> Any:
    return boto3.Session().client(
        service,
        region_name="us-west-2",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        endpoint_url="http://127.0.0.1:9",
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )


PARTS_OF_URL = {
    "TagResource": {"resourceArn": "a"},
    "UntagResource": {"resourceArn": "a", "tagKeys": ["k"]},
    **{name: {"Bucket": "bucket"} for name in ("HeadBucket", "GetBucketPolicy", "GetBucketEncryption")},
}


class _Body(io.BytesIO):
    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def raised(service: str, operation: str, status: int, body: Any, headers: dict[str, str] | None = None) -> Exception:
    """What boto3 raises for an HTTP answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = client(service)

    def answer(**_: Any) -> AWSResponse:
        return AWSResponse("http://127.0.0.1:9", status, {"x-amzn-RequestId": "r-1", **(headers or {})}, _Body(raw))

    made.meta.events.register("before-send", answer, unique_id="answer")
    try:
        made._make_api_call(operation, PARTS_OF_URL.get(operation, {}))
    except Exception as error:  # noqa: BLE001 - what it is, is the question
        return error
    finally:
        made.meta.events.unregister("before-send", unique_id="answer")
    raise AssertionError("this answer should have been an error")


def declared() -> Iterator[Any]:
    for service, operations in OPERATIONS.items():
        for operation in operations:
            for shape in client(service).meta.service_model.operation_model(operation).error_shapes:
                member = next(name for name in shape.members if name.lower().endswith("message"))
                error = shape.metadata["error"]
                code = error.get("code", shape.name)
                yield pytest.param(
                    service, operation, code, error["httpStatusCode"], member, id=f"{service} {operation} {code}"
                )


@pytest.mark.parametrize(("service", "operation", "code", "status", "member"), list(declared()))
def test_declared(service: str, operation: str, code: str, status: int, member: str) -> None:
    body: Any = {member: "told by AWS"}
    if service == "sts":  # speaks XML
        told = f"<Error><Code>{code}</Code><Message>told by AWS</Message></Error><RequestId>r-1</RequestId>"
        body = f"<ErrorResponse>{told}</ErrorResponse>".encode()
    error = raised(service, operation, status, body, {"x-amzn-errortype": code})
    fault = fault_of(operation, error)
    if code in BY_CODE:
        wanted = BY_CODE[code]
    else:
        wanted = BY_OPERATION[code].get(operation, (FAST if code == "ConflictException" else SLOW, READ))
    assert (fault.kind, fault.reason) == wanted
    remedy = EDIT if fault.kind is INVALID else REMEDIES.get(code, "")
    assert fault.message == f"{operation}: told by AWS{remedy}"
    assert (fault.code, fault.request_id) == (code, "r-1")
    assert fault.applied is (None if status >= 500 else False)
    assert isinstance(failed(operation, error), NotFound) is (code == "ResourceNotFoundException")


def test_every_operation_that_is_called_is_in_the_table() -> None:
    sources = "".join(path.read_text() for path in Path(str(aws.__file__)).parent.glob("*.py"))
    callers = r"self\._calls(?:\([^()]*\))?|pages|calls|s3|logs|firehose|kms|cloudwatch"
    called = set(re.findall(rf'(?:{callers})\(\s*"([A-Z]\w+)"', sources))
    tables = (*OPERATIONS.values(), *LOOKED_AT.values())
    assert called == {operation for operations in tables for operation in operations}


def _told(service: str, code: str) -> bytes:
    """An error in the service's protocol."""
    if service == "s3":
        return f"<Error><Code>{code}</Code><Message>told by AWS</Message></Error>".encode()
    return json.dumps({"__type": code, "message": "told by AWS"}).encode()


ASIDE = [
    # service, operation, status, code, class, reason, applied
    ("s3", "ListBuckets", 503, "SlowDown", FAST, Reason.THROTTLED, None),
    ("s3", "GetBucketPolicy", 403, "AccessDenied", SLOW, Reason.ACCESS_DENIED, False),
    ("s3", "GetBucketPolicy", 404, "NoSuchBucketPolicy", SLOW, READ, False),
    ("s3", "GetBucketEncryption", 404, "ServerSideEncryptionConfigurationNotFoundError", SLOW, READ, False),
    ("s3", "GetBucketEncryption", 400, "RequestTimeout", FAST, Reason.UNAVAILABLE, None),
    ("s3", "ListBuckets", 403, "InvalidAccessKeyId", FAST, Reason.ACCESS_DENIED, False),
    ("s3", "ListBuckets", 403, "RequestTimeTooSkewed", FAST, Reason.ACCESS_DENIED, False),
    ("s3", "ListBuckets", 500, "InternalError", FAST, Reason.UNAVAILABLE, None),
    ("logs", "DescribeLogGroups", 400, "InvalidParameterException", SLOW, READ, False),
    ("logs", "DescribeLogGroups", 500, "ServiceUnavailableException", FAST, Reason.UNAVAILABLE, None),
    ("logs", "DescribeResourcePolicies", 400, "InvalidParameterException", SLOW, READ, False),
    ("logs", "DescribeResourcePolicies", 503, "ServiceUnavailableException", FAST, Reason.UNAVAILABLE, None),
    ("logs", "DescribeLogGroups", 400, "AccessDeniedException", SLOW, Reason.ACCESS_DENIED, False),
    ("logs", "DescribeLogGroups", 400, "ThrottlingException", FAST, Reason.THROTTLED, False),
    ("logs", "DescribeLogGroups", 408, "RequestTimeoutException", FAST, Reason.UNAVAILABLE, None),
    ("firehose", "DescribeDeliveryStream", 400, "ResourceNotFoundException", SLOW, READ, False),
    ("firehose", "ListTagsForDeliveryStream", 400, "ResourceNotFoundException", SLOW, READ, False),
    ("firehose", "ListTagsForDeliveryStream", 400, "InvalidArgumentException", SLOW, READ, False),
    ("firehose", "ListTagsForDeliveryStream", 400, "LimitExceededException", SLOW, READ, False),
    ("firehose", "DescribeDeliveryStream", 400, "ExpiredTokenException", FAST, Reason.ACCESS_DENIED, False),
    ("kms", "DescribeKey", 400, "NotFoundException", SLOW, READ, False),
    ("kms", "DescribeKey", 400, "InvalidArnException", SLOW, READ, False),
    ("kms", "DescribeKey", 503, "DependencyTimeoutException", FAST, Reason.UNAVAILABLE, None),
    ("kms", "DescribeKey", 500, "KMSInternalException", FAST, Reason.UNAVAILABLE, None),
    ("kms", "GetKeyPolicy", 400, "NotFoundException", SLOW, READ, False),
    ("kms", "GetKeyPolicy", 400, "InvalidArnException", SLOW, READ, False),
    ("kms", "GetKeyPolicy", 503, "DependencyTimeoutException", FAST, Reason.UNAVAILABLE, None),
    ("kms", "GetKeyPolicy", 500, "KMSInternalException", FAST, Reason.UNAVAILABLE, None),
    ("kms", "GetKeyPolicy", 409, "KMSInvalidStateException", SLOW, READ, False),
    ("cloudwatch", "ListMetrics", 500, "InternalServiceFault", FAST, Reason.UNAVAILABLE, None),
    ("cloudwatch", "ListMetrics", 400, "InvalidParameterValueException", SLOW, READ, False),
    ("cloudwatch", "GetMetricData", 400, "InvalidNextToken", SLOW, READ, False),
    ("cloudwatch", "GetMetricData", 400, "RequestLimitExceeded", FAST, Reason.THROTTLED, False),
]


@pytest.mark.parametrize(("service", "operation", "status", "code", "kind", "reason", "applied"), ASIDE)
def test_of_services_that_are_looked_at(  # noqa: PLR0917 - columns of the table
    service: str, operation: str, status: int, code: str, kind: FaultClass, reason: Reason, applied: bool | None
) -> None:
    fault = fault_of(operation, raised(service, operation, status, _told(service, code)))
    assert (fault.kind, fault.reason, fault.applied) == (kind, reason, applied)
    assert (fault.code, fault.message.partition(": ")[0]) == (code, operation)
    words, _, remedy = fault.message.partition("; ")
    assert words.endswith("told by AWS")
    assert bool(remedy) is (reason is Reason.ACCESS_DENIED and code != "RequestTimeTooSkewed")


HEADS = [
    (403, SLOW, Reason.ACCESS_DENIED, False),
    (404, SLOW, READ, False),
    (429, FAST, Reason.THROTTLED, False),
    (503, FAST, Reason.UNAVAILABLE, None),
]


@pytest.mark.parametrize(("status", "kind", "reason", "applied"), HEADS)
def test_a_head_has_no_words(status: int, kind: FaultClass, reason: Reason, applied: bool | None) -> None:
    fault = fault_of("HeadBucket", raised("s3", "HeadBucket", status, b""))
    assert (fault.kind, fault.reason, fault.applied, fault.code) == (kind, reason, applied, str(status))


def test_every_error_that_a_service_to_look_at_declares_is_in_the_table() -> None:
    declared_there = {
        (service, operation, shape.name)
        for service, operations in LOOKED_AT.items()
        for operation in operations
        for shape in client(service).meta.service_model.operation_model(operation).error_shapes
    }
    rows = {(service, operation, code) for service, operation, _, code, *_ in ASIDE}
    assert declared_there - rows == {("s3", "HeadBucket", "NoSuchBucket")}, "of which only the status comes"


UNDECLARED = [
    pytest.param(429, b"", None, FAST, Reason.THROTTLED, False, id="429 without a word"),
    pytest.param(429, {}, "ThrottlingException", FAST, Reason.THROTTLED, False, id="a throttle that no model declares"),
    pytest.param(400, {}, "Throttling", FAST, Reason.THROTTLED, False, id="a throttle in STS' words"),
    pytest.param(500, b"<html>oops</html>", None, FAST, Reason.UNAVAILABLE, None, id="500 from a proxy"),
    pytest.param(502, b"", None, FAST, Reason.UNAVAILABLE, None, id="502"),
    pytest.param(503, {}, "ServiceUnavailable", FAST, Reason.UNAVAILABLE, None, id="503"),
    pytest.param(403, {}, "UnrecognizedClientException", FAST, Reason.ACCESS_DENIED, False, id="a key that is unknown"),
    pytest.param(403, {}, "InvalidClientTokenId", FAST, Reason.ACCESS_DENIED, False, id="the same in STS' words"),
    pytest.param(403, {}, "ExpiredTokenException", FAST, Reason.ACCESS_DENIED, False, id="expired: renewed soon"),
    pytest.param(403, {}, "SomethingNew", SLOW, Reason.ACCESS_DENIED, False, id="a new word for forbidden"),
    pytest.param(429, {}, "SomethingNew", FAST, Reason.THROTTLED, False, id="429 with a word of its own"),
    pytest.param(400, {}, "RequestTimeout", FAST, Reason.UNAVAILABLE, None, id="sent too slowly: nobody knows"),
    pytest.param(408, b"", None, FAST, Reason.UNAVAILABLE, None, id="408"),
    pytest.param(418, {}, "Teapot", SLOW, Reason.CREATE_FAILED, False, id="what nobody has thought of"),
]


@pytest.mark.parametrize(("status", "body", "code", "kind", "reason", "applied"), UNDECLARED)
def test_undeclared(  # noqa: PLR0917 - columns of the table
    status: int, body: Any, code: str | None, kind: FaultClass, reason: Reason, applied: bool | None
) -> None:
    headers = {"x-amzn-errortype": code} if code else {}
    fault = fault_of(
        "CreateLoggingConfiguration", raised("ivschat", "CreateLoggingConfiguration", status, body, headers)
    )
    assert (fault.kind, fault.reason, fault.applied) == (kind, reason, applied)
    assert fault.message.startswith("CreateLoggingConfiguration: ")
    assert len(fault.message) > len("CreateLoggingConfiguration: ")


URL = {"endpoint_url": "https://ivs.us-west-2.amazonaws.com/"}
UNANSWERED = [
    pytest.param(boto.EndpointConnectionError(**URL), FAST, Reason.UNAVAILABLE, False, id="refused"),
    pytest.param(boto.ConnectTimeoutError(**URL), FAST, Reason.UNAVAILABLE, False, id="never connected"),
    pytest.param(
        boto.ProxyConnectionError(proxy_url="http://p", error="x"), FAST, Reason.UNAVAILABLE, False, id="no proxy"
    ),
    pytest.param(boto.ReadTimeoutError(**URL), FAST, Reason.UNAVAILABLE, None, id="no answer in time: nobody knows"),
    pytest.param(boto.ConnectionClosedError(**URL), FAST, Reason.UNAVAILABLE, None, id="cut off: nobody knows"),
    pytest.param(boto.HTTPClientError(error="x"), FAST, Reason.UNAVAILABLE, None, id="broken: nobody knows"),
    pytest.param(OSError("reset"), FAST, Reason.UNAVAILABLE, None, id="reset: nobody knows"),
    pytest.param(
        boto.SSLError(error="certificate", **URL), SLOW, Reason.UNAVAILABLE, None, id="no trust, or broken off later"
    ),
    pytest.param(boto.ProfileNotFound(profile="p"), FAST, Reason.ACCESS_DENIED, False, id="no such profile"),
    pytest.param(boto.NoCredentialsError(), FAST, Reason.ACCESS_DENIED, False, id="no credentials"),
    pytest.param(
        boto.PartialCredentialsError(provider="env", cred_var="x"), FAST, Reason.ACCESS_DENIED, False, id="half a key"
    ),
    pytest.param(
        boto.CredentialRetrievalError(provider="p", error_msg="m"), FAST, Reason.ACCESS_DENIED, False, id="no role"
    ),
    pytest.param(
        boto.ParamValidationError(report="bad"), INVALID, Reason.CREATE_FAILED, False, id="refused by botocore itself"
    ),
]


@pytest.mark.parametrize(("error", "kind", "reason", "applied"), UNANSWERED)
def test_unanswered(error: Exception, kind: FaultClass, reason: Reason, applied: bool | None) -> None:
    """`applied` decides whether a Create may be made again at once, or the grace is waited out."""
    fault = fault_of("CreateRecordingConfiguration", error)
    assert (fault.kind, fault.reason, fault.applied) == (kind, reason, applied)


def test_the_reason_for_what_is_missing_is_the_callers() -> None:
    error = raised("ivschat", "GetRoom", 404, {"message": "no"}, {"x-amzn-errortype": "ResourceNotFoundException"})
    assert fault_of("GetRoom", error, missing=Reason.ROOM_NOT_FOUND).reason is Reason.ROOM_NOT_FOUND


def test_fields_that_a_validation_names_are_told() -> None:
    body = {
        "message": "bad input",
        "reason": "FIELD_VALIDATION_FAILED",
        "fieldList": [{"name": "bucketName", "message": "too short"}],
    }
    error = raised("ivschat", "CreateLoggingConfiguration", 400, body, {"x-amzn-errortype": "ValidationException"})
    assert fault_of("CreateLoggingConfiguration", error).message == (
        f"CreateLoggingConfiguration: bad input; bucketName: too short{EDIT}"
    )


DENIED = "AccessDeniedException"
ADVISED = [
    # operation, status, code, AWS's words, what is added, why
    ("CreateRoom", 403, "Forbidden", "no", ALLOW, "a new word for forbidden"),
    ("CreateRoom", 403, DENIED, "no.", ALLOW, "the full stop gives way"),
    ("GetRoom", 403, DENIED, "no. Ask x.", ALLOW, "the last one"),
    ("UpdateRoom", 400, "ValidationException", "no", "", "others may have a hand in it: it is tried again soon"),
    ("GetRoom", 403, "InvalidAccessKeyId", "no", VALID, "no right is missing"),
    (
        "GetRoom",
        403,
        "UnrecognizedClientException",
        "no",
        f"{VALID}, or enable the region if the account has not",
        "a region that is not enabled says so, too",
    ),
    ("GetRoom", 403, "InvalidSignatureException", "no", "", "AWS says what to check"),
    ("GetRoom", 429, "ThrottlingException", "no", "", "nobody can do anything"),
    ("GetRoom", 500, "InternalServerException", "no", "", "nor here"),
    ("GetCallerIdentity", 403, DENIED, "no", "", "needs no permission"),
    (
        "AssumeRole",
        403,
        "AccessDenied",
        "no",
        "; ivs-operator iam-policy prints both sides, by --features accounts and by --trust account",
        "two policies must fit",
    ),
    ("AssumeRole", 403, "RegionDisabledException", "no", "", "AWS says where to activate it"),
]


@pytest.mark.parametrize(("operation", "status", "code", "words", "added", "why"), ADVISED)
def test_awss_words_come_first_and_then_what_a_person_can_do(  # noqa: PLR0917 - columns of the table
    operation: str, status: int, code: str, words: str, added: str, why: str
) -> None:
    answer = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": {"HTTPStatusCode": status}}
    told = fault_of(operation, boto.ClientError(answer, operation)).message  # type: ignore[arg-type]
    assert told == f"{operation}: {words.removesuffix('.') if added else words}{added}", why


def test_what_botocore_itself_refuses_is_for_the_spec_to_mend() -> None:
    fault = fault_of("CreateRecordingConfiguration", boto.ParamValidationError(report="bad"))
    assert fault.message.startswith("CreateRecordingConfiguration: Parameter validation failed")
    assert fault.message.endswith(EDIT)


VOLATILE = [
    ("denied (Request ID: 01234567-89ab-cdef)", "denied"),
    ("denied, RequestId: 0123456789abcdef", "denied,"),
    ("at <object 0x7f00aa>", "at <object >"),
    ("expired: 20261121T114500Z is now earlier than 20261121T120000Z", "expired: is now earlier than"),
    ("two\n  lines", "two lines"),
    ("arn:aws:ivs:us-west-2:1:channel/abcd stays", "arn:aws:ivs:us-west-2:1:channel/abcd stays"),
]


@pytest.mark.parametrize(("told", "kept"), VOLATILE)
def test_what_differs_each_time_is_left_out(told: str, kept: str) -> None:
    """In a status it would be a write per retry."""
    error = raised("ivschat", "GetRoom", 403, {"message": told}, {"x-amzn-errortype": "AccessDeniedException"})
    fault = fault_of("GetRoom", error)
    assert fault == Fault(
        SLOW, Reason.ACCESS_DENIED, f"GetRoom: {kept}{ALLOW}", code="AccessDeniedException", request_id="r-1"
    )


LATE = "Signature expired: 20261121T114500Z is now earlier than 20261121T120000Z (20261121T121500Z - 15 min.)"
WRONG = "The request signature we calculated does not match the signature you provided."


@pytest.mark.parametrize(
    ("code", "text", "of_time"),
    [
        pytest.param("InvalidSignatureException", LATE, True, id="a clock that is slow"),
        pytest.param("RequestTimeTooSkewed", "The difference is too large.", True, id="in S3's words"),
        pytest.param("InvalidSignatureException", WRONG, False, id="a wrong secret"),
    ],
)
def test_a_wrong_clock_is_told_from_a_wrong_secret_and_both_heal_within_a_minute(
    code: str, text: str, of_time: bool
) -> None:
    error = raised("ivschat", "ListRooms", 403, {"message": text}, {"x-amzn-errortype": code})
    fault = fault_of("ListRooms", error)
    assert (fault.kind, fault.reason, fault.applied) == (FAST, Reason.ACCESS_DENIED, False)
    assert ("clock" in fault.message) is of_time
    assert "T1145" not in fault.message, "a time in a message would be a write per attempt"
