"""The AWS emulator for tests: a process of its own, boto3 clients for it, and its control path.

Import the fixtures that a conftest offers: `from support.emulator import emulator, emulator_process`.
"""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ivs_emulator.client import EmulatorControl

__all__ = ["ACCOUNT", "CALLERS", "REGION", "Emulator", "emulator", "emulator_process", "running_emulator"]

ACCOUNT = "123456789012"
REGION = "us-west-2"
START_SECONDS = 60.0
CALLERS: set[tuple[str, str, str]] = set()
"""Service, operation and user agent of every call that emulators of this process have seen, once they have ended."""
_SOURCES = Path(__file__).parents[2] / "operator"
# One model load per worker, not per test.
_SESSION = boto3.Session()


@dataclass
class Emulator:
    """A running emulator: its address, its control path, and clients."""

    url: str
    process: subprocess.Popen[str]
    control: EmulatorControl
    _clients: dict[tuple[str, str, str, int, bool], Any] = field(default_factory=dict)

    def client(
        self,
        service: str,
        *,
        region: str = REGION,
        account: str = ACCOUNT,
        attempts: int = 1,
        as_operator: bool = False,
    ) -> Any:
        """A boto3 client that acts as `account`; without retries unless `attempts` says so.

        `as_operator`: it calls in the operator's name, so that its IAM policy must allow what is called.
        """
        key = (service, region, account, attempts, as_operator)
        if key not in self._clients:
            self._clients[key] = _SESSION.client(
                service,
                endpoint_url=self.url,
                region_name=region,
                aws_access_key_id=account,
                aws_secret_access_key="emulator",
                config=Config(
                    retries={"total_max_attempts": attempts, "mode": "standard"},
                    max_pool_connections=64,
                    ignore_configured_endpoint_urls=True,
                    user_agent_extra="ivs-operator" if as_operator else None,
                ),
            )
        return self._clients[key]

    def environment(self, account: str = ACCOUNT, region: str = REGION) -> dict[str, str]:
        """Environment variables that make any AWS tool use the emulator as `account`."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "emulator",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def bucket(self, name: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
        """Make a bucket; returns its name."""
        location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client("s3", region=region, account=account).create_bucket(Bucket=name, **location)
        return name

    def log_group(self, name: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
        """Make a log group; returns its name."""
        self.client("logs", region=region, account=account).create_log_group(logGroupName=name)
        return name

    def delivery_stream(self, name: str, bucket: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
        """Make a Firehose delivery stream that ends in `bucket`; returns its name."""
        self.client("firehose", region=region, account=account).create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": f"arn:aws:iam::{account}:role/firehose",
                "BucketARN": f"arn:aws:s3:::{bucket}",
            },
        )
        return name


@contextmanager
def running_emulator(*arguments: str) -> Iterator[Emulator]:
    """An emulator process of one's own, on a free port; `arguments` as on its command line.

    It ends with the block, and with this process whatever becomes of it, since it watches its standard input.
    """
    environment = {**os.environ, "PYTHONPATH": str(_SOURCES)}
    command = [sys.executable, "-m", "ivs_emulator", "--port", "0", "--exit-with-stdin", *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    try:
        url = _announced_url(process)
        control = EmulatorControl(url)
        control.wait_until_healthy()
        yield Emulator(url, process, control)
        with suppress(OSError):  # a test may have ended it
            CALLERS.update((call["service"], call["operation"], call["user_agent"]) for call in control.callers())
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _announced_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.5)[0]:
            line = process.stdout.readline()
            if match := re.search(r"on (http://\S+);", line):
                return match.group(1)
            pytest.fail(
                f"the emulator said {line!r} and ended with {process.wait(5)}; pip install 'ivs-operator[emulator]'"
            )
    pytest.fail(f"the emulator did not start within {START_SECONDS} s")


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[Emulator]:
    """One emulator process per test worker; use `emulator`, which is clean."""
    with running_emulator() as running:
        yield running


@pytest.fixture
def emulator(emulator_process: Emulator) -> Iterator[Emulator]:
    """An emulator without any state, faults, log or changed settings."""
    emulator_process.control.reset()
    yield emulator_process
    # Whatever a failed test left held must not block the next one's reset.
    emulator_process.control.clear_faults(discard=True)
