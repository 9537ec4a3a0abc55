"""A session with the credentials of an AWSAccount's role, for tools that read for less than an hour and then end."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import boto3

from ivs_operator.aws.assumed import assume_parameters
from ivs_operator.aws.calls import CLIENT_CONFIG, LazyClient
from ivs_operator.aws.listing import PatientCalls
from ivs_operator.aws.rates import Limiter
from ivs_operator.clock import Clock
from ivs_operator.domain.accounts import Role

__all__ = ["role_session"]

_ANY_REGION: Final = "us-east-1"  # STS answers the same everywhere


async def role_session(own: boto3.Session, role: Role, region: str | None) -> boto3.Session:
    """Assume the role with one's own credentials; they last an hour.

    Raises:
        CallFailed: STS refuses, or can't be reached.
    """
    client: Any = own.client("sts", region_name=region or _ANY_REGION, config=CLIENT_CONFIG)
    with ThreadPoolExecutor(1) as threads:
        calls = PatientCalls("sts", LazyClient(lambda: client), Limiter(Clock()), threads)
        answer = await calls("AssumeRole", **assume_parameters(role))
    lent = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=lent["AccessKeyId"],
        aws_secret_access_key=lent["SecretAccessKey"],
        aws_session_token=lent["SessionToken"],
    )
