"""Whether chat logs arrive, as CloudWatch's metrics tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from support.deadlines import until
from support.walk import CHAT, condition, is_ready, s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.walk import Walk


def _errors(walk: Walk, arn: str, metric: str, sums: tuple[float, ...]) -> None:
    """Put the sums of the latest whole periods of five minutes, newest first."""
    points = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "LoggingConfiguration", "Value": arn}],
            "Timestamp": datetime.now(UTC) - timedelta(minutes=5 * (number + 1)),
            "Value": value,
        }
        for number, value in enumerate(sums)
    ]
    walk.emulator.client("cloudwatch").put_metric_data(Namespace="AWS/IVSChat", MetricData=points)


def test_errors_of_delivery_show_beside_ready_and_no_data_is_not_unhealthy(begin: Callable[..., Walk]) -> None:
    walk = begin(destination_checks="off", delivery_interval=1)
    bucket = walk.emulator.bucket("archive")
    arns = {}
    for name in ("quiet", "fine", "failing"):
        walk.apply(CHAT, name, destinationConfiguration=s3(bucket))
    for name in ("quiet", "fine", "failing"):
        arns[name] = walk.ready(CHAT, name)["arn"]
    since = walk.control.last_sequence()
    until(lambda: walk.control.requests(since, operation="ListMetrics"), "a look at the metrics")
    _errors(walk, arns["fine"], "LogDestinationErrors", (0, 0, 1))
    # One period more than needed: the clock may pass the end of one between here and the operator's look.
    _errors(walk, arns["failing"], "LogDestinationAccessDeniedError", (3, 2, 4, 1))
    _errors(walk, arns["failing"], "LogDestinationErrors", (3, 2, 4, 1))

    told = {
        name: walk.wait(CHAT, name, lambda item: condition(item, "DeliveryHealthy"), "tells of delivery")
        for name in ("fine", "failing")
    }

    healthy = {name: condition(item, "DeliveryHealthy") for name, item in told.items()}
    assert (healthy["fine"]["status"], healthy["fine"]["reason"]) == ("True", "Available")
    assert (healthy["failing"]["status"], healthy["failing"]["reason"]) == ("False", "AccessDenied")
    assert "LogDestinationAccessDeniedError" in healthy["failing"]["message"]
    assert is_ready(told["failing"]), "Ready is about the AWS object"
    labels = 'kind="ChatLoggingConfiguration",condition="DeliveryHealthy",reason="AccessDenied"'
    counted = f"ivs_operator_resources_unhealthy{{{labels}}} 1\n"
    until(lambda: counted in walk.operator.metrics(), "it is counted", last=walk.operator.metrics)
    line = walk.operator.wait_line(event="state changed", condition="DeliveryHealthy", reason="AccessDenied")
    assert line["object"] == f"ChatLoggingConfiguration/{walk.namespace}/failing"
    assert condition(walk.get(CHAT, "quiet") or {}, "DeliveryHealthy") == {}
    mark, since = walk.mark(), walk.control.last_sequence()
    until(lambda: len(walk.control.requests(since, operation="GetMetricData")) >= 4, "more looks at the metrics")
    assert walk.kube_writes(mark) == []
    assert walk.control.counts(since).writes == 0
