"""Reads CloudWatch's metrics of chat log delivery: one List of what there is, then one call for up to 500 of them.

Sources: IVS Chat user guide, monitoring with CloudWatch (names; one of them is singular); CloudWatch API reference
(500 queries per GetMetricData). Whether the dimension's value is the ARN or the id is not stated: either is understood.
A series that had no data lately is neither listed nor asked for, so that quiet configurations cost one List for all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ivs_operator.aws.calls import Calls
from ivs_operator.aws.destinations import is_refusal
from ivs_operator.domain.delivery import PERIOD, WINDOW, DeliveryFacts
from ivs_operator.domain.failures import CallFailed

__all__ = ["DeliveryMetrics"]

_NAMESPACE: Final = "AWS/IVSChat"
_DIMENSION: Final = "LoggingConfiguration"
_ERRORS: Final = "LogDestinationErrors"
_CAUSES: Final = ("LogDestinationAccessDeniedError", "LogDestinationResourceNotFoundErrors")
_QUERIES: Final = 500

Periods = frozenset[int]
"""Whole periods with errors, 0 being the latest."""


class DeliveryMetrics:
    """Metrics by account and region; `calls` gives the calls to a service in one, by the role of an AWSAccount."""

    def __init__(self, calls: Callable[[str, str, str, str], Calls]) -> None:
        self._calls = calls

    async def read(
        self, account_id: str, region: str, account: str, arns: Collection[str], now: float
    ) -> dict[str, DeliveryFacts] | None:
        """What the metrics of logging configurations tell, by ARN; None when they may not be read.

        `account` is the AWSAccount whose role reaches them, empty for the operator's own credentials.

        Raises:
            CallFailed: CloudWatch could not be asked; nothing was learned.
        """
        cloudwatch = self._calls("cloudwatch", account_id, region, account)
        try:
            series = await _series(cloudwatch, arns)
            errors = await _failing_periods(cloudwatch, [(value, _ERRORS) for value in series.values()], now)
            failing = {arn: value for arn, value in series.items() if errors.get((value, _ERRORS))}
            causes = [(value, metric) for value in failing.values() for metric in _CAUSES]
            errors |= await _failing_periods(cloudwatch, causes, now)
        except CallFailed as error:
            if is_refusal(error.fault):
                return None
            raise
        return {arn: _facts(series.get(arn), errors) for arn in arns}


async def _series(cloudwatch: Calls, arns: Collection[str]) -> dict[str, str]:
    """The dimension's value by ARN, for those that had data in the last hours."""
    by_value = {name: arn for arn in arns for name in (arn, arn.rpartition("/")[2])}
    found: dict[str, str] = {}
    page: dict[str, Any] = {}
    while True:
        answer = await cloudwatch(
            "ListMetrics", Namespace=_NAMESPACE, MetricName=_ERRORS, RecentlyActive="PT3H", **page
        )
        for metric in answer.get("Metrics") or ():
            values = [item["Value"] for item in metric.get("Dimensions") or () if item["Name"] == _DIMENSION]
            found.update((by_value[value], value) for value in values if value in by_value)
        if not answer.get("NextToken"):
            return found
        page = {"NextToken": answer["NextToken"]}


async def _failing_periods(
    cloudwatch: Calls, wanted: Sequence[tuple[str, str]], now: float
) -> dict[tuple[str, str], Periods]:
    """The periods with errors of each (dimension's value, metric)."""
    end = now - now % PERIOD
    found: dict[tuple[str, str], Periods] = {}
    for batch in _batches(wanted):
        parameters: dict[str, Any] = {
            "MetricDataQueries": [_query(number, *item) for number, item in enumerate(batch)],
            "StartTime": datetime.fromtimestamp(end - WINDOW * PERIOD, UTC),
            "EndTime": datetime.fromtimestamp(end, UTC),
        }
        while True:
            answer = await cloudwatch("GetMetricData", **parameters)
            for result in answer.get("MetricDataResults") or ():
                item = batch[int(result["Id"].removeprefix("q"))]
                found[item] = found.get(item, frozenset()) | _periods(result, end)
            if not answer.get("NextToken"):
                break
            parameters["NextToken"] = answer["NextToken"]
    return found


def _batches(wanted: Sequence[tuple[str, str]]) -> Iterable[Sequence[tuple[str, str]]]:
    return (wanted[start : start + _QUERIES] for start in range(0, len(wanted), _QUERIES))


def _query(number: int, value: str, metric: str) -> dict[str, Any]:
    dimension = {"Name": _DIMENSION, "Value": value}
    named = {"Namespace": _NAMESPACE, "MetricName": metric, "Dimensions": [dimension]}
    return {"Id": f"q{number}", "MetricStat": {"Metric": named, "Period": PERIOD, "Stat": "Sum"}, "ReturnData": True}


def _periods(result: Mapping[str, Any], end: float) -> Periods:
    pairs = zip(result.get("Timestamps") or (), result.get("Values") or (), strict=False)
    starts = (moment.timestamp() for moment, value in pairs if value > 0)
    numbers = (int((end - start - 1) // PERIOD) for start in starts)
    return frozenset(number for number in numbers if 0 <= number < WINDOW)


def _facts(value: str | None, errors: Mapping[tuple[str, str], Periods]) -> DeliveryFacts:
    if value is None:
        return DeliveryFacts()
    failing = errors.get((value, _ERRORS), frozenset())
    denied, missing = (bool(errors.get((value, metric))) for metric in _CAUSES)
    return DeliveryFacts(failing=tuple(number in failing for number in range(WINDOW)), denied=denied, missing=missing)
