"""A cluster's API over HTTP as its administrator: for what a test does too often for a kubectl process each time."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from weakref import WeakSet

import yaml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ApiServer", "Refused", "close_all"]

GROUP_PATH = "/apis/ivs-operator.dev/v1alpha1"
_TIMEOUT = 30.0
_MERGE = "application/merge-patch+json"
_OPEN: WeakSet[ApiServer] = WeakSet()


class Refused(AssertionError):
    """The API server's answer was no success; the text is its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiServer:
    """Calls with one kept connection; the credentials are those of a kubeconfig with a single context.

    Not for two threads at a time. One that a thread of its own uses beyond a single test is `kept`: whoever has made it
    closes it.
    """

    def __init__(self, kubeconfig: Path, *, kept: bool = False) -> None:
        self._kept = kept
        config: dict[str, Any] = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.url = str(cluster["server"])
        self._context = ssl.create_default_context(
            cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
        )
        self._headers = {"Accept": "application/json"}
        if "token" in user:
            self._headers["Authorization"] = f"Bearer {user['token']}"
        else:
            self._identify(user["client-certificate-data"], user["client-key-data"])
        self._connection: http.client.HTTPSConnection | None = None

    def get(self, plural: str, namespace: str, name: str) -> dict[str, Any] | None:
        """A custom resource, or None when there is none."""
        try:
            return self.call("GET", custom(plural, namespace, name))
        except Refused as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return None
            raise

    def merge(self, path: str, patch: dict[str, Any]) -> dict[str, Any]:
        """Merge-patch what is at `path`."""
        return self.call("PATCH", path, patch, content_type=_MERGE)

    def call(
        self, method: str, path: str, body: Any = None, *, content_type: str = "application/json", **query: str
    ) -> dict[str, Any]:
        """One request; raises Refused for any answer that is no success."""
        payload = None if body is None else json.dumps(body)
        address = f"{path}?{urlencode(query)}" if query else path
        status, content = self._exchange(method, address, payload, {**self._headers, "Content-Type": content_type})
        answer: dict[str, Any] = json.loads(content or b"{}")
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise Refused(status, str(answer.get("message", answer)))
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, method: str, address: str, payload: str | None, headers: dict[str, str]) -> tuple[int, bytes]:
        fresh = self._connection is None
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                urlsplit(self.url).netloc, timeout=_TIMEOUT, context=self._context
            )
            if not self._kept:
                _OPEN.add(self)
        try:
            self._connection.request(method, address, payload, headers)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            if fresh:
                raise
            return self._exchange(method, address, payload, headers)  # the server had closed an idle connection

    def _identify(self, certificate: str, key: str) -> None:
        with tempfile.NamedTemporaryFile() as pair:  # the ssl module reads files only
            pair.write(base64.b64decode(certificate) + b"\n" + base64.b64decode(key))
            pair.flush()
            self._context.load_cert_chain(pair.name)


def close_all() -> None:
    """Close every connection that is not kept; the next call over each opens it again.

    One that nobody closes is found by a garbage collection in whatever test runs then, and fails that one.
    """
    while _OPEN:
        _OPEN.pop().close()


def custom(plural: str, namespace: str, name: str = "") -> str:
    """The path of one custom resource, or of all in a namespace."""
    path = f"{GROUP_PATH}/namespaces/{namespace}/{plural}"
    return f"{path}/{name}" if name else path
