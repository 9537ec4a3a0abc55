"""Prometheus metrics. Names are the contract; labels are bounded, apart from the one gauge that a setting turns off."""

from prometheus_client import Counter, Gauge, Histogram

__all__ = [
    "ACTIVE_WORKERS",
    "AWS_REQUESTS",
    "AWS_THROTTLED",
    "KUBE_WRITES",
    "LEADER",
    "ORPHANS",
    "QUEUE_DEPTH",
    "RECONCILES",
    "RECONCILE_SECONDS",
    "RESOURCES",
    "SWEEP_AGE",
    "SWEEP_SECONDS",
]

RECONCILES = Counter("ivs_operator_reconcile_total", "Reconciles by outcome", ["kind", "result"])
RECONCILE_SECONDS = Histogram("ivs_operator_reconcile_seconds", "Seconds that one reconcile took", ["kind"])
QUEUE_DEPTH = Gauge("ivs_operator_queue_depth", "Objects that wait for a worker")
ACTIVE_WORKERS = Gauge("ivs_operator_active_workers", "Objects that are worked on at this moment")
AWS_REQUESTS = Counter("ivs_operator_aws_requests_total", "AWS calls by answer", ["service", "operation", "code"])
AWS_THROTTLED = Counter("ivs_operator_aws_throttled_total", "AWS calls refused for their rate")
KUBE_WRITES = Counter(
    "ivs_operator_kube_writes_total", "Writes to the Kubernetes API, but for renewals of the lease", ["verb"]
)
LEADER = Gauge("ivs_operator_leader", "1 while this process leads, 0 while it stands by")
SWEEP_SECONDS = Histogram("ivs_operator_sweep_seconds", "Seconds that one sweep of an account and region took")
SWEEP_AGE = Gauge("ivs_operator_sweep_age_seconds", "Age of the view of AWS, in seconds", ["account", "region"])
ORPHANS = Gauge(
    "ivs_operator_orphans", "AWS objects with our owner tag that no custom resource accounts for", ["region"]
)
RESOURCES = Gauge("ivs_operator_resources", "Custom resources by state", ["kind", "state"])
