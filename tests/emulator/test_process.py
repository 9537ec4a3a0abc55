"""The emulator as a process and as a part of one: start, stop, and trouble with both."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from ivs_emulator.client import EmulatorControl
from ivs_emulator.clock import ManualClock
from ivs_emulator.server import EmulatorServer, StartError
from ivs_emulator.settings import Settings
from support.emulator import running_emulator

SOURCES = Path(__file__).parents[2] / "operator"


def command(*arguments: str, path: str = str(SOURCES)) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivs_emulator", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.mark.parametrize("program", [["ivs_emulator"], ["ivs_operator", "emulator"]], ids=" ".join)
def test_printed_environment_is_all_a_client_needs(program: list[str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", *program, "--port", "0", "--create-seconds", "7", "--enforce-rates"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        exported = dict(pair.split("=", 1) for pair in line.strip().rpartition("export ")[2].split())
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", exported["AWS_ENDPOINT_URL"])
        assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"} <= set(exported)
        script = "import boto3; print(boto3.client('ivschat').create_room()['arn'])"
        room = subprocess.run(
            [sys.executable, "-c", script], env=exported, capture_output=True, text=True, timeout=60, check=True
        )
        assert room.stdout.startswith("arn:aws:ivschat:us-west-2:123456789012:room/")
        behaviour = EmulatorControl(exported["AWS_ENDPOINT_URL"]).settings()
        assert (behaviour["create_seconds"], behaviour["enforce_rates"]) == (7, True)
    finally:
        process.terminate()
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_it_at_once_even_with_a_held_request(number: signal.Signals) -> None:
    with running_emulator() as emulator:
        fault = emulator.control.add_fault(hold="before")
        with socket.create_connection(emulator.url.removeprefix("http://").split(":"), timeout=30) as connection:
            scope = "Credential=x/20260101/us-west-2/ivs/aws4_request"
            connection.sendall(
                b"POST /ListChannels HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
                + f"Authorization: AWS4-HMAC-SHA256 {scope}\r\n\r\n{{}}".encode()
            )
            emulator.control.wait_held(fault)
            start = time.monotonic()
            emulator.process.send_signal(number)
            assert emulator.process.wait(30) == 0
            assert time.monotonic() - start < 5


def test_ends_with_its_parents_pipe() -> None:
    with running_emulator() as emulator:
        assert emulator.process.stdin is not None
        emulator.process.stdin.close()
        assert emulator.process.wait(30) == 0


def test_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = command("--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"emulator: port {port} on 127.0.0.1 is taken; stop what listens there, or use --port 0 for a free one\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000"], "port 70000 is not between 0 and 65535"),
        (["--port", "0", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
        (["--port", "0", "--host", "no.such.host.invalid"], "cannot listen on no.such.host.invalid"),
        (["--port", "0", "--create-seconds", "-1"], "create_seconds"),
        (["--port", "0", "--logging-delete", "maybe"], "logging_delete"),
    ],
)
def test_bad_arguments_are_one_clear_line(arguments: list[str], complaint: str) -> None:
    result = command(*arguments)
    assert result.returncode == 1
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["moto", "flask", "werkzeug"])
def test_missing_extra_is_named(tmp_path: Path, missing: str) -> None:
    (tmp_path / f"{missing}.py").write_text(f"raise ModuleNotFoundError('No module named {missing}', name='{missing}')")
    result = command("--port", "0", path=f"{tmp_path}{os.pathsep}{SOURCES}")
    assert result.returncode == 1
    assert result.stderr == (
        f"emulator: the AWS emulator needs {missing}, which is not installed: pip install 'ivs-operator[emulator]'\n"
    )


def test_help_explains_every_setting() -> None:
    result = command("--help")
    assert result.returncode == 0
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in result.stdout


def test_says_nothing_about_requests_unless_verbose() -> None:
    for flags, expected in (((), False), (("--verbose",), True)):
        process = subprocess.Popen(
            [sys.executable, "-m", "ivs_emulator", "--port", "0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
        )
        assert process.stdout is not None
        url = process.stdout.readline().split()[3].rstrip(";")
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=url, **keys).create_bucket(Bucket="vod")
        boto3.client("ivs", endpoint_url=url, **keys).list_channels()
        process.terminate()
        try:
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
        assert ("ListChannels" in errors) is expected
        assert expected or errors == ""


def test_in_process_with_a_clock_of_ones_own() -> None:
    clock = ManualClock()
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-west-2"}
    with EmulatorServer(settings=Settings(create_seconds=10), clock=clock) as server:
        chat = boto3.client("ivschat", endpoint_url=server.url, **keys)
        destination = {"firehose": {"deliveryStreamName": "f"}}
        arn = chat.create_logging_configuration(destinationConfiguration=destination)["arn"]
        assert chat.get_logging_configuration(identifier=arn)["state"] == "CREATING"
        clock.advance(10)
        assert chat.get_logging_configuration(identifier=arn)["state"] == "CREATE_FAILED"
        boto3.client("s3", endpoint_url=server.url, **keys).create_bucket(
            Bucket="vod", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        boto3.client("logs", endpoint_url=server.url, **keys).create_log_group(logGroupName="group")
        boto3.client("sts", endpoint_url=server.url, **keys).get_caller_identity()
        with pytest.raises(StartError, match="this process has an emulator already"):
            EmulatorServer()
    with EmulatorServer() as server:
        chat = boto3.client("ivschat", endpoint_url=server.url, **keys)
        assert chat.list_logging_configurations()["loggingConfigurations"] == []
        assert boto3.client("s3", endpoint_url=server.url, **keys).list_buckets()["Buckets"] == []


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("localhost", "localhost"), ("0.0.0.0", "127.0.0.1")],
)
def test_url_is_one_that_clients_can_use(host: str, shown: str) -> None:
    with EmulatorServer(host) as server:
        assert re.fullmatch(rf"http://{re.escape(shown)}:[0-9]+", server.url)
        assert EmulatorControl(server.url).health()
