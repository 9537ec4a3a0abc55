"""Requests that no client library sends."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.emulator import Emulator

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=123456789012/20260101/us-west-2/{service}/aws4_request, "
    "SignedHeaders=host, Signature=00"
)


def send(
    emulator: Emulator,
    path: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    service: str | None = "ivs",
    headers: dict[str, str] | None = None,
) -> tuple[int, dict[str, str], Any]:
    connection = http.client.HTTPConnection(urlsplit(emulator.url).netloc, timeout=30)
    signed = {} if service is None else {"Authorization": AUTHORIZATION.format(service=service)}
    try:
        connection.request(method, path, body, {**signed, **(headers or {})})
        reply = connection.getresponse()
        content = reply.read()
    finally:
        connection.close()
    parsed = json.loads(content) if content else None
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, parsed


@pytest.mark.parametrize("body", [b"not json", b"{", b"\xff\xfe", b'{"name": }', b"[" * 100_000])
@pytest.mark.parametrize("service", ["ivs", "ivschat"])
def test_body_that_is_not_json(emulator: Emulator, service: str, body: bytes) -> None:
    path = "/ListChannels" if service == "ivs" else "/ListRooms"
    status, headers, answer = send(emulator, path, body, service=service)
    assert (status, headers["x-amzn-errortype"]) == (400, "SerializationException")
    assert "not JSON" in answer["message"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"5", b"null", b"true"])
def test_body_that_is_no_object(emulator: Emulator, body: bytes) -> None:
    status, _, answer = send(emulator, "/ListChannels", body)
    assert (status, "must be a JSON object" in answer["message"]) == (400, True)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_empty_body_is_an_empty_request(emulator: Emulator, body: bytes) -> None:
    status, headers, answer = send(emulator, "/ListChannels", body)
    assert (status, answer) == (200, {"channels": []})
    assert len(headers["x-amzn-requestid"]) == 36


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/NoSuchOperation"), ("GET", "/ListChannels"), ("POST", "/"), ("POST", "/ListRooms"), ("PUT", "/tags/x")],
)
def test_unknown_path_or_method(emulator: Emulator, method: str, path: str) -> None:
    status, headers, answer = send(emulator, path, b"{}", method=method)
    assert (status, headers["x-amzn-errortype"]) == (404, "UnknownOperationException")
    assert f"{method} {path}" in answer["message"]
    assert emulator.control.requests()[-1]["error_code"] == "UnknownOperationException"


def test_enormous_body_is_refused_and_the_next_request_served(emulator: Emulator) -> None:
    status, headers, _ = send(emulator, "/CreateChannel", b'{"name": "' + b"x" * 20_000_000 + b'"}')
    assert (status, headers["x-amzn-errortype"]) == (413, "RequestEntityTooLargeException")
    assert send(emulator, "/ListChannels")[0] == 200


@pytest.mark.parametrize("length", ["-1", "many", "\u0663"])
def test_nonsense_content_length(emulator: Emulator, length: str) -> None:
    headers = {"Content-Length": length.encode("utf-8").decode("latin-1")}
    assert send(emulator, "/ListChannels", headers=headers)[0] == 200


@pytest.mark.parametrize(("service", "path"), [("ivs", "/CreateChannel"), ("ivschat", "/ListRooms")])
def test_unsigned_request_says_why_it_cannot_be_served(emulator: Emulator, service: str, path: str) -> None:
    status, headers, answer = send(emulator, path, b"{}", service=None)
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert "must be signed" in answer["message"]


def test_tag_arn_may_come_plain_or_encoded(emulator: Emulator) -> None:
    arn = emulator.control.seed(channels=1, tags={"a": "b"})["channels"][0]
    encoded = arn.replace(":", "%3A").replace("/", "%2F")
    for form in (arn, encoded, encoded.lower() if encoded.lower() == encoded else encoded):
        status, _, answer = send(emulator, f"/tags/{form}", method="GET")
        assert (status, answer) == (200, {"tags": {"a": "b"}})


def test_tag_arn_that_is_none(emulator: Emulator) -> None:
    assert send(emulator, "/tags/", method="GET")[0] == 400
    assert send(emulator, "/tags/nonsense", method="GET")[0] in {403, 404}
    assert send(emulator, "/tags/%ff%00", method="GET")[0] in {400, 403, 404}


def test_garbage_instead_of_http_does_not_stop_it(emulator: Emulator) -> None:
    import socket

    address = urlsplit(emulator.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01garbage\r\n\r\n")
        connection.recv(1000)
    assert send(emulator, "/ListChannels")[0] == 200
