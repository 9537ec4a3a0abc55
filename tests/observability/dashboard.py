"""The dashboard as Grafana (10 or newer) reads it; `PYTHONPATH=tests python -m observability.dashboard` writes it."""

import json
from pathlib import Path
from typing import Any, Final

from observability.panels import PANELS, Panel

__all__ = ["PATH", "places", "text"]

PATH: Final = Path(__file__).resolve().parents[2] / "manifests" / "dashboards" / "ivs-operator.json"
_COLUMNS: Final = 24
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


def text() -> str:
    """The file's content."""
    return json.dumps(_dashboard(), indent=2, ensure_ascii=False) + "\n"


def _dashboard() -> dict[str, Any]:
    return {
        "uid": "ivs-operator",
        "title": "ivs-operator",
        "description": "Is it healthy, is AWS throttling us, who is not Ready and why, how old is the view of AWS.",
        "tags": ["ivs-operator", "aws", "kubernetes"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_datasource(), _job()]},
        "panels": [
            _panel(number, panel, place)
            for number, (panel, place) in enumerate(zip(PANELS, places(), strict=True), start=1)
        ],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _job() -> dict[str, Any]:
    query = "label_values(ivs_operator_leader, job)"
    return {
        "name": "job",
        "label": "Release",
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": "job"},
        "definition": query,
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def places() -> list[dict[str, int]]:
    """Panels from left to right, a row as high as its first panel."""
    places = []
    x = y = height = 0
    for panel in PANELS:
        if x + panel.width > _COLUMNS:
            x, y = 0, y + height
        height = panel.height
        places.append({"x": x, "y": y, "w": panel.width, "h": panel.height})
        x += panel.width
    return places


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.form,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "range": panel.form == "timeseries",
                "instant": panel.form != "timeseries",
                **({"format": "table"} if panel.form == "table" else {}),
            }
            for index, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        **_form(panel),
    }


def _defaults(panel: Panel) -> dict[str, Any]:
    if panel.form == "timeseries":
        return {"unit": panel.unit, "min": 0, "custom": {"fillOpacity": 8, "showPoints": "never"}}
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.title == "Replicas that lead":
        steps = [{"color": "red", "value": None}, {"color": "green", "value": 1}]
    if panel.limits is not None:
        steps += [{"color": color, "value": at} for color, at in zip(("orange", "red"), panel.limits, strict=True)]
    return {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}


def _form(panel: Panel) -> dict[str, Any]:
    if panel.form == "stat":
        calculation = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"options": {"reduceOptions": calculation, "colorMode": "value", "graphMode": "none"}}
    if panel.form == "table":
        organized = {
            "excludeByName": {"Time": True, "Value": True},
            "indexByName": {label: index for index, (label, _) in enumerate(panel.columns)},
            "renameByName": dict(panel.columns),
        }
        return {"options": {"showHeader": True}, "transformations": [{"id": "organize", "options": organized}]}
    return {"options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}}


if __name__ == "__main__":
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(text())
