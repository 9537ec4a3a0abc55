"""The alerts: each fires when it should and not before, names what to do, and has its runbook.

Prometheus' own engine judges (`promtool test rules`): series are written as it writes them, `0+30x20` is 0, 30, 60, ...
"""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from observability.alerts import PATH, Alert, alerts
from support.engines import engine

_ALERTS = {alert.name: alert for alert in alerts()}
_RUNBOOKS = PATH.parents[2] / "docs" / "runbooks.md"
_WHO = 'namespace="ivs",job="ivs-operator"'
_A, _B = f'{{{_WHO},pod="a"', f'{{{_WHO},pod="b"'


@dataclass(frozen=True, slots=True)
class Case:
    """Series, a value each half a minute; a time; and the alerts of one name that fire then, by their own labels."""

    about: str
    alert: str
    series: dict[str, str]
    at: str
    fires: tuple[dict[str, str], ...] = ()
    says: str = ""
    """The summary of those that fire."""


def denied(operation: str, code: str = "AccessDeniedException") -> str:
    return f'ivs_operator_aws_requests_total{_A},service="ivs",operation="{operation}",code="{code}"}}'


def not_ready(reason: str) -> str:
    return f'ivs_operator_resources_not_ready{_A},kind="RecordingConfiguration",reason="{reason}"}}'


def unhealthy(condition: str, reason: str, kind: str = "ChatLoggingConfiguration") -> str:
    return f'ivs_operator_resources_unhealthy{_A},kind="{kind}",condition="{condition}",reason="{reason}"}}'


VOD = {"kind": "RecordingConfiguration", "reason": "QuotaExceeded"}
LEADERS = {f"ivs_operator_leader{_A}}}": "1x90", f"ivs_operator_leader{_B}}}": "0x90"}
CASES = [
    Case("one of two leads", "IvsOperatorNotLeading", LEADERS, "40m"),
    Case(
        "both stand by",
        "IvsOperatorNotLeading",
        {f"ivs_operator_leader{_A}}}": "1x9 0x90", f"ivs_operator_leader{_B}}}": "0x99"},
        "10m30s",
        ({},),
        says="No replica of ivs-operator works",
    ),
    Case("a change of leaders", "IvsOperatorNotLeading", {f"ivs_operator_leader{_A}}}": "1x9 0x4 1x90"}, "8m"),
    Case(
        "nobody is scraped",
        "IvsOperatorNotLeading",
        {"up": "0x90"},
        "6m",
        ({"namespace": "", "job": ""},),
        says="No replica of ivs-operator works",
    ),
    Case(
        "AWS is seen each minute",
        "IvsOperatorSweepOld",
        {f'ivs_operator_sweep_age_seconds{_A},account="1",region="eu-west-1"}}': "55+2x5 60x90"},
        "40m",
    ),
    Case(
        "one region is not seen any more",
        "IvsOperatorSweepOld",
        {
            f'ivs_operator_sweep_age_seconds{_A},account="1",region="eu-west-1"}}': "60x90",
            f'ivs_operator_sweep_age_seconds{_A},account="1",region="us-west-2"}}': "60+30x90",
        },
        "25m",
        ({"account": "1", "region": "us-west-2"},),
        says="ivs-operator has not seen account 1, region us-west-2 for 26m 0s",
    ),
    Case(
        "an outage of ten minutes",
        "IvsOperatorSweepOld",
        {f"ivs_operator_sweep_age_seconds{_A}}}": "60+30x20 60x60"},
        "20m",
    ),
    Case(
        "a permission is missing, asked for each five minutes",
        "IvsOperatorAccessDenied",
        {denied("CreateRecordingConfiguration"): "1x9 2x9 3x9 4x9 5x9 6x9"},
        "25m",
        ({"service": "ivs", "operation": "CreateRecordingConfiguration"},),
        says="AWS refuses CreateRecordingConfiguration of ivs to ivs-operator",
    ),
    Case("once, long ago", "IvsOperatorAccessDenied", {denied("ListChannels"): "0x3 1x90"}, "35m"),
    Case("another refusal", "IvsOperatorAccessDenied", {denied("ListChannels", "ConflictException"): "0+1x90"}, "25m"),
    Case(
        "half an hour of throttling",
        "IvsOperatorThrottled",
        {f"ivs_operator_aws_throttled_total{_A}}}": "0+15x120"},
        "50m",
        ({},),
        says="AWS has throttled ivs-operator for half an hour",
    ),
    Case("a burst", "IvsOperatorThrottled", {f"ivs_operator_aws_throttled_total{_A}}}": "0+15x20 300x120"}, "50m"),
    Case(
        "a throttle now and then", "IvsOperatorThrottled", {f"ivs_operator_aws_throttled_total{_A}}}": "0+1x120"}, "50m"
    ),
    Case(
        "no spare quota",
        "IvsOperatorResourceNotReady",
        {not_ready("QuotaExceeded"): "2x90"},
        "31m",
        (VOD,),
        says="2 RecordingConfiguration not Ready for half an hour: QuotaExceeded",
    ),
    Case("a creation takes its time", "IvsOperatorResourceNotReady", {not_ready("Creating"): "1x20 stale"}, "31m"),
    Case("paused by a person", "IvsOperatorResourceNotReady", {not_ready("Paused"): "2x90"}, "31m"),
    Case(
        "a destination refuses chat logs",
        "IvsOperatorChatLogsLost",
        {
            unhealthy("DeliveryHealthy", "AccessDenied"): "0x9 2x90",
            unhealthy("DestinationReady", "AccessDenied"): "1x90",
        },
        "10m",
        ({"reason": "AccessDenied"},),
        says="Chat logs of 2 ChatLoggingConfiguration are lost: AccessDenied",
    ),
    Case(
        "an object that was deleted soon after",
        "IvsOperatorChatLogsLost",
        {unhealthy("DeliveryHealthy", "AccessDenied"): "1x8 stale"},
        "4m",
    ),
    Case(
        "a destination in trouble, though logs arrive",
        "IvsOperatorChatLogsLost",
        {unhealthy("DestinationReady", "AccessDenied"): "1x90"},
        "31m",
    ),
    Case(
        "a bucket was deleted",
        "IvsOperatorDestinationNotReady",
        {
            unhealthy("DestinationReady", "DestinationNotFound", "RecordingConfiguration"): "1x90",
            unhealthy("DeliveryHealthy", "DestinationNotFound"): "1x90",
        },
        "16m",
        ({"kind": "RecordingConfiguration", "reason": "DestinationNotFound"},),
        says="1 RecordingConfiguration with a destination in trouble: DestinationNotFound",
    ),
    Case(
        "a bucket that is made a little later",
        "IvsOperatorDestinationNotReady",
        {unhealthy("DestinationReady", "DestinationNotFound", "RecordingConfiguration"): "1x28 stale"},
        "14m",
    ),
    Case(
        "writes are refused",
        "IvsOperatorReconcileErrors",
        {f'ivs_operator_reconcile_total{_A},kind="ChatLoggingConfiguration",result="error"}}': "0+3x90"},
        "31m",
        ({"kind": "ChatLoggingConfiguration"},),
        says="ivs-operator can't finish its work on ChatLoggingConfiguration",
    ),
    Case(
        "a conflict now and then",
        "IvsOperatorReconcileErrors",
        {f'ivs_operator_reconcile_total{_A},kind="ChatLoggingConfiguration",result="error"}}': "0+1x90"},
        "31m",
    ),
    Case(
        "a queue that does not shrink",
        "IvsOperatorQueueLong",
        {f"ivs_operator_queue_depth{_A}}}": "900-1x120"},
        "40m",
        ({},),
        says="820 objects have waited for ivs-operator for half an hour",
    ),
    Case(
        "a queue that was empty once",
        "IvsOperatorQueueLong",
        {f"ivs_operator_queue_depth{_A}}}": "900x40 0x1 900x90"},
        "40m",
    ),
    Case(
        "orphans",
        "IvsOperatorOrphans",
        {f'ivs_operator_orphans{_A},region="eu-west-1"}}': "2x150"},
        "61m",
        ({"region": "eu-west-1"},),
        says="2 AWS objects in eu-west-1 are ours by their tags, and nothing accounts for them",
    ),
    Case(
        "none any more", "IvsOperatorOrphans", {f'ivs_operator_orphans{_A},region="eu-west-1"}}': "2x60 stale"}, "61m"
    ),
]


def test_promtool_accepts_them() -> None:
    done = _promtool("check", "rules", "--lint=all", "--lint-fatal", str(PATH))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(_ALERTS)} rules found" in done.stdout


def test_each_fires_when_it_should_and_not_before(tmp_path: Path) -> None:
    """One run of promtool for all cases: each is a test of its own in it, named in what it says."""
    tests = [_test(case) for case in CASES]
    file = tmp_path / "alerts_test.yaml"
    file.write_text(json.dumps({"rule_files": [str(PATH)], "evaluation_interval": "30s", "tests": tests}))
    done = _promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_judge_can_say_no(tmp_path: Path) -> None:
    """The same cases against alerts that are never due."""
    blunt = tmp_path / "alerts.yaml"
    blunt.write_text(PATH.read_text().replace("for: ", "for: 9"))
    tests = [_test(case) for case in CASES if case.fires]
    file = tmp_path / "alerts_test.yaml"
    file.write_text(json.dumps({"rule_files": [str(blunt)], "evaluation_interval": "30s", "tests": tests}))
    done = _promtool("test", "rules", str(file))
    assert done.returncode != 0
    for case in CASES:
        assert (f"name: {case.alert}: {case.about}" in done.stdout + done.stderr) == bool(case.fires)


@pytest.mark.parametrize("alert", _ALERTS.values(), ids=_ALERTS)
def test_each_is_tried_both_ways(alert: Alert) -> None:
    tried = [case for case in CASES if case.alert == alert.name]
    assert any(case.fires for case in tried)
    assert any(not case.fires for case in tried)


@pytest.mark.parametrize("alert", _ALERTS.values(), ids=_ALERTS)
def test_each_has_its_runbook(alert: Alert) -> None:
    address, _, anchor = alert.rule["annotations"]["runbook_url"].partition("#")
    assert address.endswith("/docs/runbooks.md")
    headings = re.findall(r"^### (.+)$", _RUNBOOKS.read_text(), re.MULTILINE)
    assert alert.name in headings, f"docs/runbooks.md has no section {alert.name}"
    assert anchor == alert.name.lower()


def test_no_runbook_is_for_an_alert_that_is_no_more() -> None:
    headings = re.findall(r"^### (IvsOperator\w+)$", _RUNBOOKS.read_text(), re.MULTILINE)
    assert set(headings) == set(_ALERTS)


def _test(case: Case) -> dict[str, object]:
    labels = {"severity": _ALERTS[case.alert].rule["labels"]["severity"], "namespace": "ivs", "job": "ivs-operator"}
    annotations = {**_ALERTS[case.alert].rule["annotations"], "summary": case.says}
    expected = [
        {"exp_labels": {k: v for k, v in {**labels, **told}.items() if v}, "exp_annotations": annotations}
        for told in case.fires
    ]
    return {
        "name": f"{case.alert}: {case.about}",
        "interval": "30s",
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "alert_rule_test": [{"eval_time": case.at, "alertname": case.alert, "exp_alerts": expected}],
    }


def _promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([engine("promtool"), *arguments], capture_output=True, text=True, check=False)
