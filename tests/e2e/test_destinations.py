"""Destinations that are not there, not ours, elsewhere or locked: the status says so, and goes on by itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, is_ready, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Resource, Walk

_OTHER = "222222222222"
_OFTEN = {"destination_interval": 1, "delivery_interval": 1, "create_grace": 3}
_DENIED = {"code": "AccessDenied", "status": 403}
_READS = {
    "s3": ("HeadBucket", "ListBuckets", "GetBucketPolicy", "GetBucketEncryption"),
    "monitoring": ("ListMetrics", "GetMetricData"),
}


def _group(name: str) -> dict[str, Any]:
    return {"cloudWatchLogs": {"logGroupName": name}}


def _detail(walk: Walk, plural: str, name: str, reason: str, status: str = "False") -> str:
    """The message of DestinationReady as soon as it says so."""

    def told(item: Resource) -> bool:
        found = condition(item, "DestinationReady")
        return (found.get("status"), found.get("reason")) == (status, reason)

    what = f"has DestinationReady {status} because of {reason}"
    return str(condition(walk.wait(plural, name, told, what), "DestinationReady")["message"])


def _looks(walk: Walk, number: int) -> None:
    """Return after so many further looks at a bucket."""
    since = walk.control.last_sequence()
    until(
        lambda: len(walk.control.requests(since, service="s3", operation="HeadBucket")) >= number,
        f"{number} looks",
        last=walk.operator.tail,
    )


def test_what_is_wrong_with_a_destination_is_named_and_its_remedy_is_noticed(begin: Callable[..., Walk]) -> None:
    walk = begin(**_OFTEN)
    emulator = walk.emulator
    emulator.bucket("theirs", account=_OTHER)
    emulator.bucket("far", region="eu-west-1")
    full = {"Version": "2012-10-17", "Statement": [], "Id": "x" * 51_100}
    emulator.client("logs").put_resource_policy(
        policyName="AWSLogDeliveryWrite20150319", policyDocument=json.dumps(full)
    )
    walk.apply(CHAT, "theirs", destinationConfiguration=s3("theirs"))
    walk.apply(RECORDING, "far", destinationConfiguration=s3("far"))
    walk.apply(RECORDING, "missing", destinationConfiguration=s3("missing"))
    walk.apply(CHAT, "full", destinationConfiguration=_group(emulator.log_group("/chat/full")))
    walk.apply(CHAT, "stream", destinationConfiguration={"firehose": {"deliveryStreamName": "nowhere"}})

    assert "belongs to another AWS account" in _detail(walk, CHAT, "theirs", "DestinationNotOwned")
    assert "is in eu-west-1" in _detail(walk, RECORDING, "far", "DestinationWrongRegion")
    assert "create it in us-west-2" in _detail(walk, RECORDING, "missing", "DestinationNotFound")
    assert "make it smaller" in _detail(walk, CHAT, "full", "QuotaExceeded")
    assert "deliveryStreamName" in _detail(walk, CHAT, "stream", "DestinationNotFound")
    for plural, name in ((CHAT, "theirs"), (RECORDING, "missing"), (CHAT, "full"), (CHAT, "stream")):
        detail = condition(walk.get(plural, name) or {}, "DestinationReady")["message"]
        walk.wait(
            plural,
            name,
            lambda item, cause=detail: cause in condition(item, "Ready")["message"],
            "names the cause in Ready",
        )
        assert walk.reason(plural, name, "CreateFailed")

    emulator.bucket("missing")
    emulator.client("logs").delete_resource_policy(policyName="AWSLogDeliveryWrite20150319")
    for plural, name in ((RECORDING, "missing"), (CHAT, "full")):
        walk.ready(plural, name)  # sooner than the retries of a failed creation would be: they wait a minute and more
        _detail(walk, plural, name, "Available", "True")


def test_a_bucket_that_goes_or_locks_shows_and_nothing_is_done_about_it(begin: Callable[..., Walk]) -> None:
    walk = begin(**_OFTEN)
    client = walk.emulator.client("s3")
    for plural, name in ((CHAT, "logs"), (RECORDING, "vod")):
        walk.apply(plural, name, destinationConfiguration=s3(walk.emulator.bucket(name)))
    for plural, name in ((CHAT, "logs"), (RECORDING, "vod")):
        walk.ready(plural, name)
        _detail(walk, plural, name, "Available", "True")
    mark, since = walk.mark(), walk.control.last_sequence()

    _looks(walk, 8)
    assert walk.kube_writes(mark) == [], "looks that find the same are never written"
    client.delete_bucket(Bucket="vod")
    client.delete_bucket_policy(Bucket="logs")
    assert "does not exist" in _detail(walk, RECORDING, "vod", "DestinationNotFound")
    assert "AWSLogs/123456789012/" in _detail(walk, CHAT, "logs", "AccessDenied")
    mark = walk.mark()
    _looks(walk, 4)
    assert walk.kube_writes(mark) == [], "nor are looks that find the same trouble"
    assert is_ready(walk.get(RECORDING, "vod") or {})
    assert is_ready(walk.get(CHAT, "logs") or {})
    assert walk.aws_writes(since) == {}

    walk.emulator.bucket("vod")
    _detail(walk, RECORDING, "vod", "Available", "True")


def test_checks_that_are_refused_or_hang_keep_silent_and_hold_up_nobody(begin: Callable[..., Walk]) -> None:
    walk = begin(**_OFTEN)
    bucket = walk.emulator.bucket("logs")
    hanging = walk.control.add_fault(service="s3", operation="HeadBucket", hold="before")
    walk.apply(CHAT, "logs", destinationConfiguration=s3(bucket))
    walk.control.wait_held(hanging)
    status = walk.ready(CHAT, "logs")
    assert condition({"status": status}, "DestinationReady") == {}

    for service, operations in _READS.items():
        for operation in operations:
            walk.control.add_fault(service=service, operation=operation, error=_DENIED)
    walk.control.remove_fault(hanging, discard=True)
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(bucket))
    walk.ready(RECORDING, "vod")
    mark = walk.mark()
    _looks(walk, 3)
    for plural, name in ((CHAT, "logs"), (RECORDING, "vod")):
        found = walk.get(plural, name) or {}
        assert is_ready(found)
        assert condition(found, "DestinationReady") == {}
        assert condition(found, "DeliveryHealthy") == {}
    assert walk.kube_writes(mark) == []
    warnings = [str(line) for line in walk.operator.lines(level="warning")]
    assert not [line for line in warnings if "Bucket" in line or "Metric" in line], (
        "an extra that is refused is no trouble"
    )
