"""What the dashboard shows: one screen for "is it healthy, is AWS throttling us, who is not Ready and why, how old is
the view of AWS". Grafana's JSON (`dashboard`), the tests and the picture are made from it."""

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["PANELS", "Panel", "Query"]

Form = Literal["stat", "timeseries", "table"]

_OF: Final = '{job=~"$job"}'

_WHO: Final = "object_namespace"
# Prometheus keeps the pod's namespace under `namespace` and moves ours aside, unless it is told honor_labels. Both are
# read; AWSAccounts have none.
_RAW: Final = f"ivs_operator_resource_not_ready{_OF}"
_NAMED: Final = f'label_replace({_RAW}, "{_WHO}", "$1", "namespace", "(.*)")'
_MOVED: Final = f'label_replace({_NAMED}, "{_WHO}", "$1", "exported_namespace", "(.+)")'
_OBJECT: Final = f'label_replace({_MOVED}, "{_WHO}", "", "kind", "AWSAccount")'
_FAILED: Final = 'code!="OK"'


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and how a series of it is called, in Grafana's braces."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """`width` of 24 and `height` in Grafana's grid; `limits` are values from which on orange and red are shown."""

    title: str
    about: str
    form: Form
    queries: tuple[Query, ...]
    width: int
    height: int
    unit: str = "short"
    limits: tuple[float, float] | None = None
    columns: tuple[tuple[str, str], ...] = ()
    """Labels and headings of a table."""


def _metric(name: str, labels: str = "") -> str:
    inner = f'{labels},job=~"$job"' if labels else 'job=~"$job"'
    return f"ivs_operator_{name}{{{inner}}}"


def _rate(name: str, labels: str = "") -> str:
    return f"rate({_metric(name, labels)}[$__rate_interval])"


def _quantile(quantile: float) -> str:
    return f"histogram_quantile({quantile}, sum by (le) ({_rate('reconcile_seconds_bucket')}))"


_STAT: Final = {"width": 4, "height": 4}
_CURVE: Final = {"width": 8, "height": 7}

PANELS: Final = (
    Panel(
        "Replicas that lead",
        "1 for each release. 0: nothing is worked on; see /readyz and the log of the pods.",
        "stat",
        (Query(f"sum({_metric('leader')})"),),
        **_STAT,
    ),
    Panel(
        "Objects",
        "RecordingConfigurations and ChatLoggingConfigurations that are watched.",
        "stat",
        (Query(f"sum({_metric('resources')})"),),
        **_STAT,
    ),
    Panel(
        "Not Ready",
        "Of all objects, AWSAccounts included; who and why is told below.",
        "stat",
        (Query(f"sum({_metric('resources_not_ready')}) or vector(0)"),),
        **_STAT,
        limits=(1, 20),
    ),
    Panel(
        "Oldest view of AWS",
        "Age of the last complete Lists, where they are oldest. Usual is up to two sweep intervals.",
        "stat",
        (Query(f"max({_metric('sweep_age_seconds')})"),),
        **_STAT,
        unit="s",
        limits=(300, 900),
    ),
    Panel(
        "Throttled by AWS",
        "Calls a second that AWS refuses for their rate. Below the documented rates there are none.",
        "stat",
        (Query(f"sum({_rate('aws_throttled_total')})"),),
        **_STAT,
        unit="reqps",
        limits=(0.01, 0.2),
    ),
    Panel(
        "Orphans",
        "AWS objects with our owner tag that no custom resource accounts for: ivs-operator cleanup --orphans.",
        "stat",
        (Query(f"sum({_metric('orphans')}) or vector(0)"),),
        **_STAT,
        limits=(1, 10),
    ),
    Panel(
        "Who is not Ready, and why",
        "Each object with Ready's reason (docs/reasons.md). Empty with --resource-metrics=off.",
        "table",
        (Query(f"sum by (kind, {_WHO}, name, reason) ({_OBJECT})"),),
        width=12,
        height=8,
        columns=(("kind", "Kind"), (_WHO, "Namespace"), ("name", "Name"), ("reason", "Reason")),
    ),
    Panel(
        "Not Ready or unhealthy, by reason",
        "How many objects were not Ready over time, and of how many DestinationReady or DeliveryHealthy was False, "
        "which leaves Ready as it is. A step that stays needs a person.",
        "timeseries",
        (
            Query(
                f"sum by (kind, condition, reason) ({_metric('resources_unhealthy')})",
                "{{kind}} {{condition}} {{reason}}",
            ),
            Query(f"sum by (kind, reason) ({_metric('resources_not_ready')})", "{{kind}} {{reason}}"),
        ),
        width=12,
        height=8,
    ),
    Panel(
        "AWS calls",
        "By operation. At rest: Lists only, a few a minute.",
        "timeseries",
        (Query(f"sum by (operation) ({_rate('aws_requests_total')})", "{{operation}}"),),
        **_CURVE,
        unit="reqps",
    ),
    Panel(
        "AWS calls without success",
        "By operation and AWS's code. Throttling, AccessDenied and no answer at all show here.",
        "timeseries",
        (Query(f"sum by (operation, code) ({_rate('aws_requests_total', _FAILED)})", "{{operation}} {{code}}"),),
        **_CURVE,
        unit="reqps",
    ),
    Panel(
        "Age of the view of AWS",
        "By account and region. A line that climbs: its Lists fail.",
        "timeseries",
        (Query(f"max by (account, region) ({_metric('sweep_age_seconds')})", "{{account}} {{region}}"),),
        **_CURVE,
        unit="s",
    ),
    Panel(
        "Reconciles",
        "By result. Errors end before a status is written, and are retried.",
        "timeseries",
        (Query(f"sum by (result) ({_rate('reconcile_total')})", "{{result}}"),),
        width=6,
        height=7,
        unit="ops",
    ),
    Panel(
        "Time of a reconcile",
        "Waiting for AWS included; nothing is drawn while nothing is worked on.",
        "timeseries",
        (Query(_quantile(0.5), "half"), Query(_quantile(0.99), "99 %")),
        width=6,
        height=7,
        unit="s",
    ),
    Panel(
        "Queue",
        "Objects that wait for a worker, and that are worked on.",
        "timeseries",
        (
            Query(f"sum({_metric('queue_depth')})", "waiting"),
            Query(f"sum({_metric('active_workers')})", "worked on"),
        ),
        width=6,
        height=7,
    ),
    Panel(
        "Writes to Kubernetes",
        "By verb. At rest there are none, whatever the number of objects.",
        "timeseries",
        (Query(f"sum by (verb) ({_rate('kube_writes_total')})", "{{verb}}"),),
        width=6,
        height=7,
        unit="wps",
    ),
)
