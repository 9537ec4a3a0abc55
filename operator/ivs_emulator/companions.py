"""The services beside ours, which are moto's: its own WSGI application, imported when the first request needs it."""

import json
import re
import threading
import warnings
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ivs_emulator.buckets import refusal
from ivs_emulator.errors import ApiError, Reply

__all__ = ["Companions", "error_code_in", "error_reply_of", "operation_of", "reads_body"]

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Any]
_ACTION = re.compile(rb"(?:^|&)Action=([A-Za-z0-9]+)")
_CODE = re.compile(rb"<Code>([^<]+)</Code>")
# The path of CloudWatch's protocol, Smithy RPC v2 with CBOR.
_CBOR_PATH = "/operation/"
_XML_SERVICES = frozenset({"sts", "iam", "sqs", "sns", "ec2"})
_S3_QUERIES = ("location", "policy", "acl", "ownershipControls", "encryption", "object-lock", "tagging", "versioning")


class Companions:
    """moto's application, composed as it is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._application: WsgiApplication | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Serve a request as moto does, but for what S3 refuses."""
        refused = refusal(environ)
        if refused is not None:
            start_response(f"{refused.status} Forbidden", list(refused.headers.items()))
            return [refused.body]
        return self._loaded()(environ, start_response)

    def load(self) -> None:
        """Import moto now rather than with the first request."""
        self._loaded()

    def reset(self) -> None:
        """Forget everything that moto holds, if it holds anything."""
        if self._application is None:
            return
        from werkzeug.test import Client

        Client(self._application).post("/moto-api/reset")

    def _loaded(self) -> WsgiApplication:
        with self._lock:
            if self._application is None:
                with warnings.catch_warnings():
                    # Deprecations inside moto and what it imports are not this program's to report.
                    warnings.simplefilter("ignore")
                    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                    self._application = DomainDispatcherApplication(create_backend_app)
            return self._application


def reads_body(environ: Mapping[str, Any]) -> bool:
    """Whether a request's body is small and tells the operation, unlike an upload's."""
    content_type = str(environ.get("CONTENT_TYPE", ""))
    return content_type.startswith(("application/x-www-form-urlencoded", "application/x-amz-json", "application/json"))


def operation_of(environ: Mapping[str, Any], service: str, raw_path: str, body: bytes) -> str:
    """The operation's name, for the request log; a guess by method and path where the protocol has no name."""
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return str(target).rpartition(".")[2]
    if match := _ACTION.search(body):
        return match.group(1).decode()
    if _CBOR_PATH in raw_path:
        return raw_path.rpartition(_CBOR_PATH)[2]
    if service == "s3":
        return _s3_operation(environ["REQUEST_METHOD"], raw_path, environ.get("QUERY_STRING", ""))
    return str(environ["REQUEST_METHOD"]).title()


def _s3_operation(method: str, raw_path: str, query: str) -> str:
    _, _, key = raw_path.strip("/").partition("/")
    verb = {"GET": "Get", "HEAD": "Head", "PUT": "Put", "DELETE": "Delete", "POST": "Post"}.get(method, method.title())
    if key:
        return f"{verb}Object"
    if raw_path.strip("/") == "":
        return "ListBuckets"
    asked = query.partition("=")[0].partition("&")[0]
    if asked in _S3_QUERIES:
        return f"{verb}Bucket{''.join(part[:1].upper() + part[1:] for part in asked.split('-'))}"
    return {"GET": "ListObjects", "PUT": "CreateBucket"}.get(method, f"{verb}Bucket")


def error_code_in(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The error code of a reply, None on success."""
    if status < 400:  # noqa: PLR2004 - the first error status of HTTP
        return None
    if match := _CODE.search(body):
        return match.group(1).decode("utf-8", "replace")
    try:
        kind = json.loads(body).get("__type", "")
    except (ValueError, AttributeError):
        kind = headers.get("x-amzn-errortype", "")
    return str(kind).rpartition("#")[2] or str(status)


def error_reply_of(service: str, raw_path: str, error: ApiError) -> Reply:
    """An injected error in the service's own protocol."""
    status = error.status or (429 if error.code == "ThrottlingException" else 400)
    if _CBOR_PATH in raw_path:
        body = _cbor_map({"__type": error.code, "message": error.message})
        cbor_headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Reply(status, body, cbor_headers, error.code)
    inner = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    headers = {"Content-Type": "text/xml"}
    if service == "s3":
        return Reply(status, f"<Error>{inner}</Error>".encode(), headers, error.code)
    if service in _XML_SERVICES:
        text = f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error></ErrorResponse>"
        return Reply(status, text.encode(), headers, error.code)
    text = json.dumps({"__type": error.code, "message": error.message})
    return Reply(status, text.encode(), {"Content-Type": "application/x-amz-json-1.1"}, error.code)


def _cbor_map(texts: Mapping[str, str]) -> bytes:
    """A map of a few texts in CBOR (RFC 8949): major type 5, then texts of major type 3 with two bytes of length."""
    encoded = [text.encode() for pair in texts.items() for text in pair]
    return bytes([0xA0 + len(texts)]) + b"".join(b"\x79" + len(text).to_bytes(2) + text for text in encoded)
