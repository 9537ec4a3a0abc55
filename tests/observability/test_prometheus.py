"""A real Prometheus scrapes a real operator: every expression that ships has data, and says what was done."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from docs.pages import PAGES, blocks
from observability import dashboard
from observability.alerts import alerts
from observability.panels import PANELS, Panel
from observability.picture import Curve, Drawing, svg
from observability.prometheus import running_prometheus
from support.deadlines import until
from support.walk import CHAT, RECORDING, condition, is_ready, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from observability.prometheus import Prometheus
    from support.walk import Resource, Walk

EMPTY = {
    "IvsOperatorReconcileErrors": "no reconcile fails in this run",
    "IvsOperatorChatLogsLost": "no chat log is lost in this run; e2e/test_delivery.py has one that is",
}
"""Alerts whose measure has no series here, and why."""

CONTRACT = {
    "reconcile_total": {"kind", "result"},
    "reconcile_seconds_count": {"kind"},
    "queue_depth": set(),
    "aws_requests_total": {"service", "operation", "code"},
    "aws_throttled_total": set(),
    "kube_writes_total": {"verb"},
    "sweep_seconds_count": set(),
    "sweep_age_seconds": {"account", "region"},
    "resources": {"kind", "state"},
    "resource_ready": {"kind", "namespace", "name"},
    "resources_unhealthy": {"kind", "condition", "reason"},
    "orphans": {"region"},
    "leader": set(),
    "build_info": {"version"},
}
"""Names that are promised, with their labels."""

MOST_SERIES = 400
"""Bounded labels: kinds, results, verbs, operations and codes. Measured: some 150."""


_PICTURED_SECONDS = 90


def test_every_expression_has_data(begin: Callable[..., Walk], tmp_path: Path) -> None:
    walk = begin(create_grace=3)
    started = time.time()
    port = walk.operator.port("metrics")
    assert port is not None
    with running_prometheus(tmp_path / "prometheus", port) as prometheus:
        _trouble_and_success(walk, prometheus)
        for panel in PANELS:
            for query in panel.queries:
                _await(walk, prometheus, _instant(query.expr), f"{panel.title}: {query.expr}")
        for question in _questions():
            _await(walk, prometheus, question.replace('"live"', f'"{walk.namespace}"'), f"the text's {question}")
        later = time.time() + 61  # a subquery by the minute has a step by then
        for alert in alerts():
            if alert.name not in EMPTY:
                _await(walk, prometheus, alert.measure, alert.name, at=later)
        empty = {alert.name for alert in alerts() if not prometheus.query(alert.measure, at=later)}
        assert empty <= set(EMPTY), "a conflict of two writes counts as a reconcile that failed, where there is one"
        _rules_are_evaluated(prometheus)
        _contract_is_kept(walk, prometheus)
        _is_drawn(prometheus, started)
        _names_who_is_not_ready(walk, prometheus)


def test_the_setting_turns_off_what_is_told_of_each_object(begin: Callable[..., Walk]) -> None:
    walk = begin(resource_metrics="off")
    walk.apply(CHAT, "lost", destinationConfiguration=s3(walk.emulator.bucket("media")), rooms=[{"name": "nowhere"}])
    walk.reason(CHAT, "lost", "RoomNotFound")
    counted = 'ivs_operator_resources_not_ready{kind="ChatLoggingConfiguration",reason="RoomNotFound"} 1\n'
    until(lambda: counted in walk.operator.metrics(), "it is counted", last=walk.operator.tail)
    assert 'name="lost"' not in walk.operator.metrics()
    assert "ivs_operator_resource_" not in walk.operator.metrics()


def test_the_dashboard_is_fresh() -> None:
    assert dashboard.PATH.read_text() == dashboard.text(), "PYTHONPATH=tests python -m observability.dashboard"


def test_expressions_ask_for_what_the_code_has() -> None:
    """Also of those that are empty above: a name with a slip would be empty for ever."""
    from ivs_operator import metrics

    known = {name for name in dir(metrics) if name.isupper()}
    families = {getattr(metrics, name).describe()[0].name for name in known}
    expressions = [query.expr for panel in PANELS for query in panel.queries] + [a.rule["expr"] for a in alerts()]
    expressions += [name for page in PAGES for name in re.findall(r"`(ivs_operator_\w+)", page.read_text())]
    asked = set(re.findall(r"ivs_operator_\w+", " ".join(expressions)))
    assert {re.sub(r"_(total|bucket)$", "", name) for name in asked} <= families


def _trouble_and_success(walk: Walk, prometheus: Prometheus) -> None:
    """One object that is Ready and loses its bucket, one that is not, throttled Lists, and a refused one."""
    bucket = walk.emulator.bucket("media")
    walk.apply(RECORDING, "vod", destinationConfiguration=s3(walk.emulator.bucket("vod")))
    walk.ready(RECORDING, "vod")
    scraped = f'ivs_operator_resource_ready{{name="vod",exported_namespace="{walk.namespace}"}} == 1'
    until(
        lambda: bool(prometheus.query(scraped)),
        "what was done so far has been scraped: rates begin",
        last=prometheus.tail,
    )
    walk.emulator.client("s3").delete_bucket(Bucket="vod")
    walk.annotate(RECORDING, "vod", "reconcile-at=now")  # its destination is looked at once more
    walk.wait(RECORDING, "vod", _misses_its_bucket, "misses its bucket")
    walk.apply(CHAT, "lost", destinationConfiguration=s3(bucket), rooms=[{"name": "nowhere"}])
    walk.reason(CHAT, "lost", "RoomNotFound")
    walk.control.add_fault(operation="ListRecordingConfigurations", throttle=True, probability=0.5)
    refusal = {"code": "AccessDeniedException", "message": "not authorized"}
    walk.control.add_fault(operation="ListRooms", error=refusal, probability=0.5)


def _misses_its_bucket(item: Resource) -> bool:
    return is_ready(item) and condition(item, "DestinationReady").get("reason") == "DestinationNotFound"


def _questions() -> list[str]:
    """What the texts have people ask Prometheus."""
    found = [line for block in blocks() if block.language == "promql" for line in block.text.splitlines()]
    assert found
    return found


def _instant(expression: str) -> str:
    """As Grafana fills it in."""
    return expression.replace("$__rate_interval", "2m").replace("$job", ".*")


def _await(walk: Walk, prometheus: Prometheus, expression: str, what: str, *, at: float | None = None) -> None:
    def numbers() -> bool:
        found = prometheus.query(expression, at=at)
        if found and all(sample["value"][1] != "NaN" for sample in found):
            return True
        walk.annotate(CHAT, "lost", f"reconcile-at={time.time()}")  # a rate needs something that goes on
        return False

    until(numbers, f"{what} has data", last=lambda: f"{walk.operator.metrics()}\n{prometheus.tail()}")


def _names_who_is_not_ready(walk: Walk, prometheus: Prometheus) -> None:
    """Once no refused List is the reason any more."""
    (panel,) = [panel for panel in PANELS if panel.form == "table"]
    walk.control.clear_faults()
    walk.annotate(CHAT, "lost", "reconcile-at=now")
    walk.reason(CHAT, "lost", "RoomNotFound")
    expected = {"kind": "ChatLoggingConfiguration", "name": "lost", "reason": "RoomNotFound"}

    def rows() -> list[dict[str, str]]:
        return [sample["metric"] for sample in prometheus.query(_instant(panel.queries[0].expr))]

    until(lambda: {**expected, "object_namespace": walk.namespace} in rows(), "it is named", last=lambda: str(rows()))
    assert set(rows()[0]) == {label for label, _ in panel.columns}


def _rules_are_evaluated(prometheus: Prometheus) -> None:
    expected = {alert.name: "ok" for alert in alerts()}

    def health() -> dict[str, str]:
        groups = prometheus.get("/api/v1/rules")["groups"]
        return {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}

    until(lambda: health() == expected, "every rule is evaluated", last=lambda: str(health()))


def _contract_is_kept(walk: Walk, prometheus: Prometheus) -> None:
    target = {"instance", "job", "namespace", "pod"}
    for name, labels in CONTRACT.items():
        (*_, sample) = prometheus.query(f"ivs_operator_{name}")
        moved = {label.replace("exported_", "") for label in sample["metric"]} - {"__name__"}
        assert moved - (target - labels) == labels, name
    (series,) = prometheus.query('count({__name__=~"ivs_operator_.+"})')
    assert int(series["value"][1]) < MOST_SERIES


def _is_drawn(prometheus: Prometheus, started: float) -> None:
    """The picture of the docs, from this run; written when `IVS_OPERATOR_PICTURES` is the folder for it."""
    folder = os.environ.get("IVS_OPERATOR_PICTURES")
    if folder:
        until(lambda: time.time() > started + _PICTURED_SECONDS, "enough for curves", timeout=2 * _PICTURED_SECONDS)
    end = time.time()
    start = started if not folder else end - _PICTURED_SECONDS
    drawings = [_drawing(prometheus, panel, start, end) for panel in PANELS]
    text = svg(drawings, start, end, "drawn from what Prometheus answers in a test run")
    words = [element.text for element in ET.fromstring(text).iter() if element.text]
    assert {"lost", *(panel.title for panel in PANELS)} <= set(words)
    assert {"RoomNotFound", "AccessDenied"} & set(words), "its reason, or that a List was refused meanwhile"
    assert "no data" not in words
    if folder:
        (Path(folder) / "dashboard.svg").write_text(text)


def _drawing(prometheus: Prometheus, panel: Panel, start: float, end: float) -> Drawing:
    if panel.form == "stat":
        (sample,) = prometheus.query(_instant(panel.queries[0].expr))
        return Drawing(value=float(sample["value"][1]))
    if panel.form == "table":
        found = prometheus.query(_instant(panel.queries[0].expr))
        return Drawing(rows=tuple(tuple(s["metric"].get(label, "") for label, _ in panel.columns) for s in found))
    curves = []
    for query in panel.queries:
        expression = query.expr.replace("$__rate_interval", "15s").replace("$job", ".*")
        for sample in prometheus.between(expression, start, end, max(1.0, (end - start) / 200)):
            name = re.sub(r"{{(\w+)}}", lambda found, labels=sample["metric"]: labels.get(found[1], ""), query.legend)
            points = [(float(at), float(value)) for at, value in sample["values"] if value != "NaN"]
            curves += [Curve(name, tuple(points))] if points else []
    return Drawing(curves=tuple(curves))
