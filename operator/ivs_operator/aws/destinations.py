"""Reads what AWS tells about a destination: a bucket, a log group, a delivery stream, and the KMS key of one.

Each look is a few reads. What may not be read (no IAM permission) is left out, silently: the check is an extra.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import ClientError

from ivs_operator.api.reasons import Reason
from ivs_operator.aws.calls import Calls
from ivs_operator.aws.errors import CREDENTIAL_CODES
from ivs_operator.domain.destinations import Destination, EncryptionKey, Facts, Site
from ivs_operator.domain.failures import CallFailed, Fault, NotFound
from ivs_operator.domain.identity import Kind

__all__ = ["DestinationReader", "is_refusal"]

_GONE: Final = frozenset({"404", "NoSuchBucket", "NotFound"})
_REFUSED: Final = frozenset({"403", "AccessDenied", "AccessDeniedException", "AllAccessDisabled", "MethodNotAllowed"})
_UNSUPPORTED: Final = frozenset({"InvalidParameterException", "ValidationException", "NotImplemented"})
_ABSENT: Final = frozenset(
    # The last one is KMS's.
    {"NoSuchBucketPolicy", "ServerSideEncryptionConfigurationNotFoundError", "NotFoundException"}
)
_ELSEWHERE: Final = frozenset({"301", "PermanentRedirect", "AuthorizationHeaderMalformed", "400"})

_POLICY_LIMIT: Final = 51_200
"""Bytes of a log group's resource policy. Source: CloudWatch Logs guide, vended logs; PutResourcePolicy."""

_STATEMENT: Final = 350
"""Bytes that AWS's own statement takes, with a log group's name of medium length."""

_DELIVERY_TAG: Final = "LogDeliveryEnabled"


class DestinationReader:
    """Looks at destinations; `calls` gives calls to a service in an account and region, by an AWSAccount's role."""

    def __init__(self, calls: Callable[[str, str, str, str], Calls]) -> None:
        self._calls = calls

    async def look(self, site: Site) -> Facts:
        """What AWS tells now.

        Raises:
            CallFailed: AWS could not be asked, or was asked too often; nothing was learned.
        """
        match site.destination:
            case Destination.BUCKET:
                return await self._bucket(site)
            case Destination.LOG_GROUP:
                return await self._log_group(site)
            case Destination.STREAM:
                return await self._stream(site)

    async def _bucket(self, site: Site) -> Facts:
        s3 = self._at(site, "s3")
        named: dict[str, Any] = {"Bucket": site.name, "ExpectedBucketOwner": site.account_id}
        try:
            head = await s3("HeadBucket", **named)
        except CallFailed as error:
            return await self._unseen_bucket(site, s3, error)
        facts = Facts(found=True, region=head.get("BucketRegion") or None)
        if site.kind is Kind.CHAT_LOGGING:
            facts = replace(facts, policies=await _bucket_policies(s3, named))
        encryption = await _readable(s3("GetBucketEncryption", **named), absent={})
        return replace(facts, key=await self._bucket_key(site, encryption))

    async def _unseen_bucket(self, site: Site, s3: Calls, error: CallFailed) -> Facts:
        """A bucket that HeadBucket does not show: it has no words, only a status and perhaps the region."""
        region = _region_told(error)
        if error.fault.code in _GONE:
            return Facts(found=False)
        if error.fault.code in _ELSEWHERE and region not in (None, site.region):
            return Facts(found=True, region=region)
        if not is_refusal(error.fault):
            raise error
        # Refused: another account's, or ours without s3:ListBucket. The list of our buckets decides, if it may be read.
        mine = await _readable(s3("ListBuckets", Prefix=site.name, MaxBuckets=1))
        if mine is None:
            return Facts()
        listed = next((item for item in mine.get("Buckets") or () if item.get("Name") == site.name), None)
        if listed is None:
            return Facts(found=True, foreign=True, region=region)
        return Facts(found=True, region=listed.get("BucketRegion") or region)

    async def _bucket_key(self, site: Site, encryption: Mapping[str, Any] | None) -> EncryptionKey | None:
        rules = ((encryption or {}).get("ServerSideEncryptionConfiguration") or {}).get("Rules") or [{}]
        default = rules[0].get("ApplyServerSideEncryptionByDefault") or {}
        if not str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
            return None
        named = str(default.get("KMSMasterKeyID") or "")
        if not named or named.endswith("alias/aws/s3"):
            return EncryptionKey("aws/s3", aws_managed=True)
        return await self._kms_key(site, named)

    async def _log_group(self, site: Site) -> Facts:
        logs = self._at(site, "logs")
        # The prefix itself sorts before whatever else begins with it, so one entry is enough to see it.
        answer = await _readable(logs("DescribeLogGroups", logGroupNamePrefix=site.name, limit=1))
        if answer is None:
            return Facts()
        group = next((item for item in answer.get("logGroups") or () if item.get("logGroupName") == site.name), None)
        if group is None:
            return Facts(found=False)
        own = await _log_policies(logs, resourceArn=site.arn, policyScope="RESOURCE")
        shared = await _log_policies(logs)
        known = None if own is None or shared is None else (*own, *shared)
        key = str(group.get("kmsKeyId") or "")
        return Facts(
            found=True,
            policies=None if known is None else tuple(_parsed(text) for text in known),
            policy_full=any(len(text.encode()) > _POLICY_LIMIT - _STATEMENT for text in own or ()),
            key=await self._kms_key(site, key) if key else None,
        )

    async def _stream(self, site: Site) -> Facts:
        firehose = self._at(site, "firehose")
        try:
            answer = await _readable(firehose("DescribeDeliveryStream", DeliveryStreamName=site.name))
        except NotFound:
            return Facts(found=False)
        if answer is None:
            return Facts()
        stream = answer["DeliveryStreamDescription"]
        key = str((stream.get("DeliveryStreamEncryptionConfiguration") or {}).get("KeyARN") or "")
        tags = await _readable(firehose("ListTagsForDeliveryStream", DeliveryStreamName=site.name, Limit=50))
        pairs = {item.get("Key"): item.get("Value") for item in (tags or {}).get("Tags") or ()}
        return Facts(
            found=True,
            state=str(stream.get("DeliveryStreamStatus") or ""),
            tagged=None if tags is None else pairs.get(_DELIVERY_TAG) == "true",
            key=await self._kms_key(site, key) if key else None,
        )

    async def _kms_key(self, site: Site, named: str) -> EncryptionKey:
        kms = self._at(site, "kms")
        described = await _readable(kms("DescribeKey", KeyId=named))
        if described is None:  # perhaps another account's, which does not tell
            return EncryptionKey(named)
        metadata = described["KeyMetadata"]
        if metadata.get("KeyManager") == "AWS":
            return EncryptionKey(named, aws_managed=True, state=str(metadata.get("KeyState") or ""))
        policy = None
        if site.kind is Kind.CHAT_LOGGING and site.destination is not Destination.STREAM:
            answer = await _readable(kms("GetKeyPolicy", KeyId=metadata["KeyId"], PolicyName="default"))
            policy = _parsed(answer["Policy"]) if answer is not None else None
        return EncryptionKey(named, state=str(metadata.get("KeyState") or ""), policy=policy)

    def _at(self, site: Site, service: str) -> Calls:
        return self._calls(service, site.account_id, site.region, site.account)


async def _bucket_policies(s3: Calls, named: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...] | None:
    answer = await _readable(s3("GetBucketPolicy", **named), absent={})
    if answer is None:
        return None
    return (_parsed(answer["Policy"]),) if answer.get("Policy") else ()


async def _log_policies(logs: Calls, **scope: Any) -> list[str] | None:
    """The texts of the resource policies of one scope; None when they may not be read."""
    found: list[str] = []
    page: dict[str, Any] = {}
    while True:
        answer = await _readable(logs("DescribeResourcePolicies", **scope, **page))
        if answer is None:
            return None
        found += [str(item.get("policyDocument") or "") for item in answer.get("resourcePolicies") or ()]
        if not answer.get("nextToken"):
            return found
        page = {"nextToken": str(answer["nextToken"])}


async def _readable(call: Any, *, absent: Any = None) -> Any:
    """The answer of a call; None when it may not be made, `absent` when AWS says that there is no such setting.

    Raises:
        CallFailed: anything else.
    """
    try:
        return await call
    except CallFailed as error:
        if is_refusal(error.fault) or error.fault.code in _UNSUPPORTED:
            return None
        if error.fault.code in _ABSENT:
            return absent
        raise


def is_refusal(fault: Fault) -> bool:
    """Whether AWS knows who asks, and does not let them."""
    if fault.code in CREDENTIAL_CODES:
        return False
    return fault.code in _REFUSED or fault.reason is Reason.ACCESS_DENIED


def _region_told(error: CallFailed) -> str | None:
    """S3 names a bucket's region also when it refuses the bucket itself."""
    cause = error.__cause__
    if not isinstance(cause, ClientError):
        return None
    headers = cause.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region") or None


def _parsed(text: str) -> Mapping[str, Any]:
    """A policy; AWS accepts no malformed ones, and what is none says nothing."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}
