"""Replicas on one machine as a cluster shows them: each at an address of its own, all behind the Service's name."""

import http.server
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from ivs_sandbox.ports import free_port

__all__ = ["addressed", "resolving"]


@contextmanager
def addressed(ports: Mapping[str, int]) -> Iterator[int]:
    """Passes requests on from loopback addresses, all at the one port that it yields, to a port of each."""
    common = free_port()
    with ExitStack() as stack:
        for address, port in ports.items():
            server = stack.enter_context(http.server.ThreadingHTTPServer((address, common), _passing_to(port)))
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.shutdown)
        yield common


_RESOLVER = """\
import socket

def resolve(host, *rest, ask=socket.getaddrinfo, **named):
    return [found for one in {names}.get(host, [host]) for found in ask(one, *rest, **named)]

socket.getaddrinfo = resolve
"""


def resolving(script: str, name: str, addresses: list[str]) -> str:
    """A Python script for which the name stands for these addresses, as the cluster's DNS would have it."""
    return _RESOLVER.format(names={name: addresses}) + script


def _passing_to(port: int) -> type[http.server.BaseHTTPRequestHandler]:
    class Relay(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{self.path}", timeout=5) as found:
                    status, body = found.status, found.read()
            except urllib.error.HTTPError as refused:
                status, body = refused.code, refused.read()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Relay
