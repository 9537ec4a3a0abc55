"""Where the output lands, to be pasted."""

from typing import Any

import pytest

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.location import location
from support.objects import ACCOUNT, CHAT, RECORDING, REGION


@pytest.mark.parametrize(
    ("kind", "destination", "where"),
    [
        (RECORDING, {"s3": {"bucketName": "my-vod"}}, "s3://my-vod/ivs/v1/111122223333/"),
        (CHAT, {"s3": {"bucketName": "b"}}, "s3://b/AWSLogs/111122223333/IVSChatLogs/1.0/us-west-2/"),
        (CHAT, {"cloudWatchLogs": {"logGroupName": "/aws/g"}}, "/aws/g aws/IVSChatLogs/1.0/"),
        (
            CHAT,
            {"firehose": {"deliveryStreamName": "chat"}},
            "arn:aws:firehose:us-west-2:111122223333:deliverystream/chat",
        ),
        (CHAT, {"s3": None}, None),
        (CHAT, {}, None),
    ],
)
def test_location(kind: Kind, destination: dict[str, Any], where: str | None) -> None:
    assert location(kind, destination, ACCOUNT, REGION) == where
