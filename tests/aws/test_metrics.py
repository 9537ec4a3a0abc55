"""CloudWatch's metrics of chat logs: what is asked, how often, and what is made of the answers."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ivs_operator.aws.calls import Calls, LazyClient
from ivs_operator.aws.metrics import DeliveryMetrics
from ivs_operator.aws.rates import Limiter
from ivs_operator.clock import Clock
from ivs_operator.domain.delivery import DELIVERY_ACTIONS, PERIOD, DeliveryFacts
from ivs_operator.domain.failures import CallFailed
from support.emulator import ACCOUNT, REGION, Emulator

NOW = datetime.now(UTC).timestamp()
END = NOW - NOW % PERIOD
DENIED = {"code": "AccessDeniedException", "status": 403}


def arn(number: int) -> str:
    return f"arn:aws:ivschat:{REGION}:{ACCOUNT}:logging-configuration/{number:012}"


@pytest.fixture
def metrics(emulator: Emulator) -> Iterator[DeliveryMetrics]:
    with ThreadPoolExecutor(4) as threads:

        def calls(service: str, account_id: str, region: str, account: str) -> Calls:
            client = emulator.client(service, region=region, account=account_id)
            return Calls(service, LazyClient(lambda: client), Limiter(Clock()), threads)

        yield DeliveryMetrics(calls)


def put(emulator: Emulator, metric: str, values: Sequence[tuple[str, float, float]]) -> None:
    """Data points as (value of the dimension, periods ago, sum)."""
    points = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "LoggingConfiguration", "Value": name}],
            "Timestamp": datetime.fromtimestamp(END - ago * PERIOD + 1, UTC),
            "Value": value,
        }
        for name, ago, value in values
    ]
    cloudwatch = emulator.client("cloudwatch")
    for start in range(0, len(points), 500):
        cloudwatch.put_metric_data(Namespace="AWS/IVSChat", MetricData=points[start : start + 500])


async def read(metrics: DeliveryMetrics, *arns: str) -> dict[str, DeliveryFacts] | None:
    return await metrics.read(ACCOUNT, REGION, "", arns, NOW)


async def test_no_data_says_nothing_and_costs_one_call(emulator: Emulator, metrics: DeliveryMetrics) -> None:
    assert await read(metrics, arn(1), arn(2)) == {arn(1): DeliveryFacts(), arn(2): DeliveryFacts()}
    assert emulator.control.counts().operations == {"monitoring.ListMetrics": 1}


async def test_errors_by_period_and_cause_whichever_the_dimension_names(
    emulator: Emulator, metrics: DeliveryMetrics
) -> None:
    put(emulator, "LogDestinationErrors", [(arn(1), 1, 2), (arn(1), 3, 1), (arn(1), 7, 9), (arn(1), 0, 5)])
    put(emulator, "LogDestinationErrors", [(f"{2:012}", 2, 1), (f"{3:012}", 1, 0), ("somebody-else", 1, 1)])
    put(emulator, "LogDestinationAccessDeniedError", [(arn(1), 1, 2)])
    put(emulator, "LogDestinationResourceNotFoundErrors", [(f"{2:012}", 2, 1)])
    found = await read(metrics, arn(1), arn(2), arn(3), arn(4))
    x, o = True, False
    assert found == {
        arn(1): DeliveryFacts(failing=(x, o, x, o, o, o), denied=True),
        arn(2): DeliveryFacts(failing=(o, x, o, o, o, o), missing=True),
        arn(3): DeliveryFacts(failing=(o,) * 6),
        arn(4): DeliveryFacts(),
    }
    operations = {entry["operation"] for entry in emulator.control.requests()} - {"PutMetricData"}
    assert {f"cloudwatch:{name}" for name in operations} == set(DELIVERY_ACTIONS)


async def test_a_thousand_configurations_take_two_calls_for_the_data(
    emulator: Emulator, metrics: DeliveryMetrics
) -> None:
    arns = [arn(number) for number in range(1000)]
    put(emulator, "LogDestinationErrors", [(name, 1, 0) for name in arns])
    emulator.control.clear_requests()
    found = await read(metrics, *arns)
    assert found == {name: DeliveryFacts(failing=(False,) * 6) for name in arns}
    operations = emulator.control.counts().operations
    assert operations["monitoring.GetMetricData"] == 2
    assert operations["monitoring.ListMetrics"] <= 2


@pytest.mark.parametrize("operation", ["ListMetrics", "GetMetricData"])
async def test_without_permission_nothing_is_known(
    emulator: Emulator, metrics: DeliveryMetrics, operation: str
) -> None:
    put(emulator, "LogDestinationErrors", [(arn(1), 1, 2)])
    emulator.control.add_fault(service="monitoring", operation=operation, error=DENIED)
    assert await read(metrics, arn(1)) is None


async def test_another_trouble_is_no_answer(emulator: Emulator, metrics: DeliveryMetrics) -> None:
    emulator.control.add_fault(
        service="monitoring", operation="ListMetrics", error={"code": "Throttling", "status": 400}
    )
    with pytest.raises(CallFailed):
        await read(metrics, arn(1))
