"""Objects of the three kinds, as a user would write them."""

import json
from typing import Any
from uuid import uuid4

API = "ivs-operator.dev/v1alpha1"
RC, CL, ACCOUNT = "RecordingConfiguration", "ChatLoggingConfiguration", "AWSAccount"

RC_ARN = "arn:aws:ivs:us-west-2:111122223333:recording-configuration/abcdABCDefgh"
CL_ARN = "arn:aws:ivschat:us-west-2:111122223333:logging-configuration/abcdABCDefgh"
CHANNEL = "arn:aws:ivs:us-west-2:111122223333:channel/abcd"
ROOM = "arn:aws:ivschat:us-west-2:111122223333:room/abcd"
ROLE = "arn:aws:iam::222233334444:role/ivs-operator"

# The least spec of each kind; {"destinationConfiguration": None} in a case takes a member away again.
LEAST: dict[str, dict[str, Any]] = {
    RC: {"destinationConfiguration": {"s3": {"bucketName": "my-vod"}}},
    CL: {"destinationConfiguration": {"s3": {"bucketName": "my-logs"}}},
    ACCOUNT: {"roleARN": ROLE},
}


def written(kind: str, name: str | None = None, /, **spec: Any) -> dict[str, Any]:
    """An object with the least spec and these members; None takes a member away."""
    members = {key: value for key, value in (LEAST[kind] | spec).items() if value is not None}
    return {
        "apiVersion": API,
        "kind": kind,
        "metadata": {"name": name or f"x{uuid4().hex[:12]}"},
        "spec": members,
    }


def as_text(manifest: dict[str, Any]) -> str:
    return json.dumps(manifest)
