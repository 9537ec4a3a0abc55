"""What lies between the operator and AWS: credentials, names, certificates, proxies, silence."""

from __future__ import annotations

import http.client
import http.server
import ssl
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from ivs_sandbox.certificates import Authority
from support.deadlines import until
from support.emulator import ACCOUNT
from support.walk import CHAT, RECORDING, Walk, condition, s3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OTHER = "222222222222"
PAGE = b"<html><body>Please log in to the network</body></html>"


class Between:
    """An HTTP server in front of the emulator, which answers by itself while `status` is set."""

    def __init__(self, target: str) -> None:
        self.status = 0
        self.asked = 0
        between = self
        address = urlsplit(target).netloc

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                between.asked += 1
                if between.status:
                    self._answer(between.status, "text/html", PAGE)
                    return
                connection = http.client.HTTPConnection(address, timeout=60)
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                self._answer(answer.status, answer.getheader("Content-Type") or "", content, dict(answer.getheaders()))
                connection.close()

            def _answer(self, status: int, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in (more or {}).items():
                    if name.lower().startswith("x-amz"):
                        self.send_header(name, value)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the base class looks for these

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server.server_address[1])

    @contextmanager
    def running(self) -> Iterator[None]:
        """Serve while the block lasts."""
        thread = threading.Thread(target=self.server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            self.server.shutdown()
            self.server.server_close()
            thread.join()


@pytest.fixture
def between(emulator: Any) -> Iterator[Between]:
    made = Between(emulator.url)
    with made.running():
        yield made


@pytest.mark.parametrize("status", [200, 403, 500])
def test_a_proxy_that_answers_for_aws_is_taken_for_trouble_and_not_for_an_empty_account(
    begin: Callable[..., Walk], between: Between, status: int
) -> None:
    walk = begin(environment={"AWS_ENDPOINT_URL_IVSCHAT": f"http://127.0.0.1:{between.port}"}, create_grace=3)
    bucket = walk.emulator.bucket("logs")
    walk.apply(CHAT, "before", destinationConfiguration=s3(bucket))
    walk.ready(CHAT, "before")

    between.status = status
    walk.apply(CHAT, "meanwhile", destinationConfiguration=s3(bucket))
    message = walk.reason(CHAT, "meanwhile", "AccessDenied" if status == 403 else "Unavailable")
    assert message.strip(": "), "it says something"
    asked = between.asked
    until(lambda: between.asked > asked + 3, "it goes on asking", last=walk.operator.tail)
    before = walk.get(CHAT, "before") or {}
    assert condition(before, "Ready")["status"] == "True", "what nobody can see is left alone"

    between.status = 0
    walk.annotate(CHAT, "meanwhile", "reconcile-at=now")
    walk.ready(CHAT, "meanwhile", timeout=120)
    assert len(walk.configurations(CHAT)) == 2, "nothing was made twice"


def test_a_name_that_does_not_resolve_is_told_and_the_other_service_is_not_concerned(
    begin: Callable[..., Walk],
) -> None:
    """A region that does not exist, or a private endpoint that is missing, shows as a name without an address."""
    walk = begin(environment={"AWS_ENDPOINT_URL_IVSCHAT": "http://ivschat.nowhere.invalid"})
    walk.apply(CHAT, "logs", destinationConfiguration=s3("some-bucket"))
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("vod")))

    assert "ivschat.nowhere.invalid" in walk.reason(CHAT, "logs", "Unavailable")
    walk.ready(RECORDING, "vod")


def test_a_certificate_that_nobody_trusts_is_told(begin: Callable[..., Walk], between: Between, tmp_path: Path) -> None:
    certificate, key = Authority.create(tmp_path / "tls").server("somebody")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    between.server.socket = context.wrap_socket(between.server.socket, server_side=True)
    walk = begin(environment={"AWS_ENDPOINT_URL_IVSCHAT": f"https://127.0.0.1:{between.port}"})
    walk.apply(CHAT, "logs", destinationConfiguration=s3("some-bucket"))

    message = walk.reason(CHAT, "logs", "Unavailable")
    assert "trusted" in message
    assert "certificate" in message.lower()
    assert not condition(walk.get(CHAT, "logs") or {}, "Stalled")


def _write(file: Path, account: str) -> None:
    file.write_text(f"[default]\naws_access_key_id = {account}\naws_secret_access_key = x\n")


@pytest.fixture
def with_file(begin: Callable[..., Walk], tmp_path: Path) -> tuple[Walk, Path]:
    """A walk whose credentials come from a file that is not there yet."""
    file = tmp_path / "credentials"
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SHARED_CREDENTIALS_FILE": str(file)}
    return begin(environment=none), file


def test_credentials_that_appear_are_used_without_a_restart(with_file: tuple[Walk, Path]) -> None:
    walk, file = with_file
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    assert "credentials" in walk.reason(CHAT, "logs", "AccessDenied")

    _write(file, ACCOUNT)

    walk.ready(CHAT, "logs")


def test_credentials_that_expire_are_told_and_read_again_and_another_account_is_noticed(
    with_file: tuple[Walk, Path],
) -> None:
    walk, file = with_file
    _write(file, ACCOUNT)
    walk.apply(CHAT, "first", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    walk.ready(CHAT, "first")
    expired = {"code": "ExpiredTokenException", "status": 403, "message": "The security token is expired"}
    walk.control.add_fault(account=ACCOUNT, error=expired)
    walk.apply(CHAT, "second", destinationConfiguration=s3("logs"))
    assert "token is expired" in walk.reason(CHAT, "second", "AccessDenied")
    assert condition(walk.get(CHAT, "first") or {}, "Ready")["status"] == "True"

    _write(file, OTHER)

    for name in ("first", "second"):
        walk.annotate(CHAT, name, "reconcile-at=now")
        assert ACCOUNT in walk.reason(CHAT, name, "AccountChanged"), "what was begun in one account stays there"
    walk.apply(CHAT, "third", destinationConfiguration=s3(walk.emulator.bucket("elsewhere", account=OTHER)))
    assert walk.ready(CHAT, "third")["accountID"] == OTHER
    assert len(walk.configurations(CHAT)) == 2, "nothing was made anew for the first"


def test_a_clock_that_is_wrong_is_named(walk: Walk) -> None:
    late = "Signature expired: 20261121T114500Z is now earlier than 20261121T120000Z"
    fault = walk.control.add_fault(
        service="ivschat", error={"code": "InvalidSignatureException", "status": 403, "message": late}
    )
    walk.apply(CHAT, "logs", destinationConfiguration=s3(walk.emulator.bucket("logs")))
    message = walk.reason(CHAT, "logs", "AccessDenied")
    assert "clock" in message
    assert "20261121T" not in message, "it would be written anew with each attempt"

    walk.control.remove_fault(fault)
    walk.ready(CHAT, "logs", timeout=120)


def test_a_region_that_hangs_does_not_slow_another(begin: Callable[..., Walk]) -> None:
    """60 objects for 8 workers and their 24 stand-ins, and no call of theirs comes back."""
    walk = begin()
    walk.control.set(logging_configurations_quota=100)
    bucket = walk.emulator.bucket("logs")
    held = walk.control.add_fault(region="eu-west-1", hold="before")
    for number in range(60):
        walk.apply(CHAT, f"hangs-{number}", destinationConfiguration=s3(bucket), region="eu-west-1")
    walk.control.wait_held(held)

    for number in range(5):
        walk.apply(CHAT, f"good-{number}", destinationConfiguration=s3(bucket))
        walk.ready(CHAT, f"good-{number}", timeout=30)
    assert "answer" in walk.reason(CHAT, "hangs-59", "Unavailable")

    walk.control.remove_fault(held)
    for number in (0, 59):
        walk.wait(CHAT, f"hangs-{number}", lambda item: (item.get("status") or {}).get("arn"), "goes on", timeout=120)
