"""A Prometheus of one's own, on loopback, that scrapes an operator as the chart's ServiceMonitor has it scraped."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ivs_sandbox.ports import free_port
from ivs_sandbox.processes import guarded
from observability.alerts import PATH as ALERTS
from support.deadlines import until
from support.engines import engine

__all__ = ["Prometheus", "Sample", "running_prometheus"]

Sample = dict[str, Any]


class Prometheus:
    """Its HTTP API."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def query(self, expression: str, *, at: float | None = None) -> list[Sample]:
        """The series of an instant query, each with `metric` and `value`; a scalar is one series without labels."""
        given = {"query": expression} if at is None else {"query": expression, "time": str(at)}
        return list(self.get("/api/v1/query", **given)["result"])

    def between(self, expression: str, start: float, end: float, step: float) -> list[Sample]:
        """The series of a range query, each with `metric` and `values`."""
        given = {"query": expression, "start": str(start), "end": str(end), "step": str(step)}
        return list(self.get("/api/v1/query_range", **given)["result"])

    def get(self, path: str, **given: str) -> dict[str, Any]:
        """`data` of an answer.

        Raises:
            AssertionError: with what Prometheus says of the expression.
        """
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{urllib.parse.urlencode(given)}", timeout=30) as answer:
                return dict(json.load(answer)["data"])
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{given}: {error.read().decode()}") from None

    def is_ready(self) -> bool:
        """Whether it answers queries."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])


@contextmanager
def running_prometheus(folder: Path, port: int) -> Iterator[Prometheus]:
    """Scrapes `port` each second, with the labels that a pod's target has, and evaluates the alerts that ship."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {"namespace": "ivs-operator", "pod": "ivs-operator-0", "job": "ivs-operator"}
    scrape = {"job_name": "ivs-operator", "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": labels}]}
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [scrape],
    }
    (folder / "prometheus.json").write_text(json.dumps(configuration))  # YAML is a superset
    mine = free_port()
    command = [
        engine("prometheus"),
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{mine}",
    ]
    log = folder / "prometheus.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            guarded(command, os.getpid(), folder), stdin=subprocess.DEVNULL, stdout=out, stderr=out
        )
    server = Prometheus(f"http://127.0.0.1:{mine}", log)
    try:
        until(lambda: server.is_ready() or process.poll() is not None, "Prometheus is ready", last=server.tail)
        assert process.poll() is None, server.tail()
        yield server
    finally:
        process.send_signal(signal.SIGTERM)  # the guard ends it, then itself
        process.wait()
