"""Values of what stands around the Deployment: rights, network, monitoring, accounts."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chart_sources.model import EMPTY_OR_NAME, FreeList, FreeMap, Labels, Strings, Values

__all__ = ["Surroundings"]

ValidationAction = Literal["Deny", "Warn", "Audit"]
Duration = Annotated[str, Field(pattern=r"^([0-9]+(ms|s|m|h))*$")]


class Crds(Values):
    """The CustomResourceDefinitions."""

    install: bool = True
    """Make them, and renew them with each upgrade. Turn it off in all but one of several releases in a cluster."""

    keep: bool = True
    """Keep them at `helm uninstall`. With them go all objects, so that without it an uninstall hangs on them. False
    does not go with admissionPolicy.teardown, which would stop the uninstall half-way."""

    annotations: Strings = Field({})
    """Annotations of the CRDs."""


class Rbac(Values):
    """Rights of the operator and of people."""

    create: bool = True
    """Make the roles of the operator, the least it needs, and bind them to its service account."""

    aggregate: bool = True
    """Add the kinds to the roles view, edit and admin that a cluster has, so that people of a namespace have rights."""


class Service(Values):
    """A Service for metrics, and for the Helm test."""

    enabled: bool = True
    """Make it."""

    cluster_ip: Annotated[str, Field(alias="clusterIP")] = "None"
    """`None` lets DNS tell each replica, as scrapers and the Helm test want; empty: Kubernetes chooses an address."""

    annotations: Strings = Field({})
    """Annotations of the Service."""

    labels: Labels = Field({})
    """Labels of the Service."""


class NetworkPolicy(Values):
    """What the network lets through."""

    enabled: bool = False
    """Make it. In: health and metrics ports. Out: DNS, 443, the API server's port, EKS Pod Identity's agent."""

    metrics_from: FreeList = Field([])
    """Peers that may fetch metrics; empty: all."""

    api_server_ports: list[Annotated[int, Field(ge=1, le=65535)]] = Field([443, 6443])
    """Ports of AWS's endpoints and of the API server."""

    node_metadata: bool = False
    """Out to the node's metadata service (169.254.169.254), too: for the credentials of the node's role."""

    extra_egress: FreeList = Field([])
    """Further rules for what goes out."""

    extra_ingress: FreeList = Field([])
    """Further rules for what comes in."""


class Scrape(Values):
    """How Prometheus Operator is told of the metrics."""

    enabled: bool = False
    """Make it; needs the CRDs of Prometheus Operator."""

    namespace: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """Namespace to make it in; empty: the release's."""

    labels: Labels = Field({})
    """Labels, for Prometheus to find it: often `release: kube-prometheus-stack`."""

    annotations: Strings = Field({})
    """Annotations."""

    interval: Duration = ""
    """Time between scrapes; empty: Prometheus' own."""

    scrape_timeout: Duration = ""
    """Time-out of a scrape; empty: Prometheus' own."""

    honor_labels: bool = False
    """Let the metrics' labels go before the target's."""

    relabelings: FreeList = Field([])
    """Rules for targets."""

    metric_relabelings: FreeList = Field([])
    """Rules for samples."""


class PrometheusRule(Values):
    """The alerts of files/alerts.yaml."""

    enabled: bool = False
    """Make it; needs the CRDs of Prometheus Operator."""

    namespace: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """Namespace to make it in; empty: the release's."""

    labels: Labels = Field({})
    """Labels, for Prometheus to find it."""

    annotations: Strings = Field({})
    """Annotations."""

    disabled: list[str] = Field([])
    """Alerts that are left out, by name."""

    extra_groups: FreeList = Field([])
    """Further groups of rules."""


class Dashboard(Values):
    """The Grafana dashboard of files/dashboard.json as a ConfigMap for Grafana's sidecar."""

    enabled: bool = False
    """Make it."""

    namespace: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """Namespace to make it in; empty: the release's."""

    labels: Labels = Field({"grafana_dashboard": "1"})
    """Labels that the sidecar looks for."""

    annotations: Strings = Field({})
    """Annotations, e.g. `grafana_folder: Video`."""


class Monitoring(Values):
    """Metrics, alerts and a dashboard."""

    service_monitor: Scrape = Scrape()
    """A ServiceMonitor; needs service.enabled."""

    pod_monitor: Scrape = Scrape()
    """A PodMonitor; one of the two suffices."""

    prometheus_rule: PrometheusRule = PrometheusRule()
    dashboard: Dashboard = Dashboard()


class AdmissionPolicy(Values):
    """ValidatingAdmissionPolicies that refuse what people regret. The API server enforces them, without a webhook."""

    enabled: bool = False
    """Make them."""

    objects: bool = True
    """Refuse to delete an object that rooms or channels use, unless it is annotated ivs-operator.dev/allow-deletion:
    "true". A namespace with such objects stays Terminating until they are."""

    teardown: bool = True
    """Refuse to delete our CRDs, and namespaces with the label ivs-operator.dev/protected: "true", without the same
    annotation."""

    accounts: bool = True
    """Refuse objects whose accountRef names an AWSAccount that does not allow their namespace."""

    validation_actions: list[ValidationAction] = Field(["Deny"], min_length=1, json_schema_extra={"uniqueItems": True})
    """What happens to such requests: Deny or Warn, and Audit; Warn and Audit to see first whom it would concern."""


class Test(Values):
    """The pod of `helm test`: asks each replica whether it is ready, and whether one of them leads."""

    enabled: bool = True
    """Make it."""

    timeout_seconds: Annotated[int, Field(ge=1, le=900)] = 60
    """Seconds until it gives up."""

    annotations: Strings = Field({})
    """Annotations of the pod."""


class Surroundings(Values):
    """Members of the values' root that concern everything else; their order is that of the root."""

    crds: Crds = Crds()
    rbac: Rbac = Rbac()
    aws_accounts: dict[str, FreeMap] = Field({})
    """AWSAccounts to make, by name: for objects with accountRef. `helm upgrade` renews them; those taken out of here
    stay, since objects may refer to them: `kubectl delete awsaccount`."""

    service: Service = Service()
    network_policy: NetworkPolicy = NetworkPolicy()
    monitoring: Monitoring = Monitoring()
    admission_policy: AdmissionPolicy = AdmissionPolicy()
    test: Test = Test()
    extra_objects: list[Any] = Field([])
    """Further manifests, as objects or texts; both may hold templates."""
