"""Prometheus metrics. Names are the contract; labels are bounded, but for two gauges that a setting turns off."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from ivs_operator import __version__

__all__ = [
    "ACTIVE_WORKERS",
    "AWS_REQUESTS",
    "AWS_THROTTLED",
    "BUILD_INFO",
    "KUBE_WRITES",
    "LEADER",
    "ORPHANS",
    "QUEUE_DEPTH",
    "RECONCILES",
    "RECONCILE_SECONDS",
    "RESOURCES",
    "RESOURCES_NOT_READY",
    "RESOURCES_UNHEALTHY",
    "RESOURCE_NOT_READY",
    "RESOURCE_READY",
    "SWEEP_AGE",
    "SWEEP_SECONDS",
    "stand_by",
]

disable_created_metrics()  # type: ignore[no-untyped-call]  # one gauge more for each series of a counter, which nobody asks for

RECONCILES = Counter("ivs_operator_reconcile_total", "Reconciles by outcome", ["kind", "result"])
RECONCILE_SECONDS = Histogram("ivs_operator_reconcile_seconds", "Seconds that one reconcile took", ["kind"])
QUEUE_DEPTH = Gauge("ivs_operator_queue_depth", "Objects that wait for a worker")
ACTIVE_WORKERS = Gauge("ivs_operator_active_workers", "Objects that are worked on at this moment")
AWS_REQUESTS = Counter("ivs_operator_aws_requests_total", "AWS calls by answer", ["service", "operation", "code"])
AWS_THROTTLED = Counter("ivs_operator_aws_throttled_total", "AWS calls refused for their rate")
KUBE_WRITES = Counter(
    "ivs_operator_kube_writes_total", "Writes to the Kubernetes API, but for renewals of the lease", ["verb"]
)
BUILD_INFO = Gauge("ivs_operator_build_info", "1, with the version of this process", ["version"])
BUILD_INFO.labels(version=__version__).set(1)
LEADER = Gauge("ivs_operator_leader", "1 while this process leads, 0 while it stands by")
SWEEP_SECONDS = Histogram("ivs_operator_sweep_seconds", "Seconds that one sweep of a kind and region took")
SWEEP_AGE = Gauge("ivs_operator_sweep_age_seconds", "Age of the view of AWS, in seconds", ["account", "region"])
ORPHANS = Gauge(
    "ivs_operator_orphans", "AWS objects with our owner tag that no custom resource accounts for", ["region"]
)
RESOURCES = Gauge("ivs_operator_resources", "Custom resources by state", ["kind", "state"])

# Written by `readiness` at a scrape; here are their names, labels and meanings only.
RESOURCES_NOT_READY = Gauge(
    "ivs_operator_resources_not_ready",
    "Custom resources that are not Ready, by reason",
    ["kind", "reason"],
    registry=None,
)
RESOURCES_UNHEALTHY = Gauge(
    "ivs_operator_resources_unhealthy",
    "Custom resources with DestinationReady or DeliveryHealthy False in their present generation, by reason",
    ["kind", "condition", "reason"],
    registry=None,
)
RESOURCE_READY = Gauge(
    "ivs_operator_resource_ready",
    "1 for a custom resource that is Ready in its present generation, else 0 (--resource-metrics)",
    ["kind", "namespace", "name"],
    registry=None,
)
RESOURCE_NOT_READY = Gauge(
    "ivs_operator_resource_not_ready",
    "1 for each custom resource that is not Ready, with the reason (--resource-metrics)",
    ["kind", "namespace", "name", "reason"],
    registry=None,
)


def stand_by() -> None:
    """Tell no more what only a leader knows: a sum over replicas would have it twice, and it grows old."""
    LEADER.set(0)
    for gauge in (RESOURCES, SWEEP_AGE, ORPHANS):
        gauge.clear()
