"""What AWS changes at a destination when delivery of chat logs to it is set up: a policy, or a tag. All of it in moto.

Source: CloudWatch Logs guide, logs sent to S3, to CloudWatch Logs and to Firehose ("V1 permissions").
"""

import json
from collections.abc import Mapping
from typing import Any, Final

__all__ = ["LOG_POLICY", "set_up"]

LOG_POLICY: Final = "AWSLogDeliveryWrite20150319"
_SERVICE: Final = {"Service": "delivery.logs.amazonaws.com"}
_LARGEST_LOG_POLICY: Final = 51_200  # bytes, of the policy of a log group
_PARTITION: Final = "aws"


def set_up(account: str, region: str, destination: Mapping[str, Any]) -> bool:
    """Let the log delivery write to a destination that exists; False when its policy does not allow for that."""
    if "s3" in destination:
        return _bucket(account, region, destination["s3"]["bucketName"])
    if "cloudWatchLogs" in destination:
        return _log_group(account, region, destination["cloudWatchLogs"]["logGroupName"])
    return _stream(account, region, destination["firehose"]["deliveryStreamName"])


def _bucket(account: str, region: str, name: str) -> bool:
    from moto.s3.models import s3_backends

    backend: Any = s3_backends[account][_PARTITION]
    document = _document(backend.get_bucket_policy(name))
    if any("NotPrincipal" in item or "NotAction" in item for item in document["Statement"]):
        return False
    source = {"aws:SourceAccount": [account]}
    arn = {"aws:SourceArn": [f"arn:aws:logs:{region}:{account}:*"]}
    wanted = [
        {
            "Sid": "AWSLogDeliveryWrite",
            "Effect": "Allow",
            "Principal": _SERVICE,
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{name}/AWSLogs/{account}/*",
            "Condition": {
                "StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control", **source},
                "ArnLike": arn,
            },
        },
        {
            "Sid": "AWSLogDeliveryAclCheck",
            "Effect": "Allow",
            "Principal": _SERVICE,
            "Action": "s3:GetBucketAcl",
            "Resource": f"arn:aws:s3:::{name}",
            "Condition": {"StringEquals": source, "ArnLike": arn},
        },
    ]
    text = _with(document, wanted)
    backend.put_bucket_policy(name, text.encode())
    return True


def _log_group(account: str, region: str, name: str) -> bool:
    """Moto keeps the policies of a region, not of a group: one of the usual name has a statement for each group."""
    from moto.logs.models import logs_backends

    backend: Any = logs_backends[account][region]
    known = next(
        (item.policy_document for item in backend.describe_resource_policies() if item.policy_name == LOG_POLICY), None
    )
    wanted = {
        "Sid": f"AWSLogDeliveryWrite-{name}",
        "Effect": "Allow",
        "Principal": _SERVICE,
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:*",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": [account]},
            "ArnLike": {"aws:SourceArn": [f"arn:aws:logs:{region}:{account}:*"]},
        },
    }
    text = _with(_document(known), [wanted])
    if len(text.encode()) > _LARGEST_LOG_POLICY:
        return False
    backend.put_resource_policy(LOG_POLICY, text)
    return True


def _stream(account: str, region: str, name: str) -> bool:
    from moto.firehose.models import firehose_backends

    backend: Any = firehose_backends[account][region]
    backend.tag_delivery_stream(name, [{"Key": "LogDeliveryEnabled", "Value": "true"}])
    return True


def _document(text: str | bytes | None) -> dict[str, Any]:
    document = json.loads(text) if text else {"Version": "2012-10-17", "Statement": []}
    statements = document.get("Statement", [])
    return {**document, "Statement": statements if isinstance(statements, list) else [statements]}


def _with(document: Mapping[str, Any], wanted: list[dict[str, Any]]) -> str:
    """The policy with the statements, those of the same name replaced."""
    names = {item["Sid"] for item in wanted}
    kept = [item for item in document["Statement"] if item.get("Sid") not in names]
    return json.dumps({**document, "Statement": [*kept, *wanted]})
