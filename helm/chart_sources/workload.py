"""Values of the Deployment: who runs it, where, and how it is kept alive."""

from typing import Annotated, Any, Final

from pydantic import Field, WithJsonSchema

from chart_sources.model import EMPTY_OR_NAME, FreeList, FreeMap, Labels, Schema, Strings, Values, only

__all__ = ["CredentialsSecret", "PodDisruptionBudget", "Probe", "Probes", "ServiceAccount", "Workload"]

Times = Annotated[int, Field(ge=1)]

_QUANTITIES: Final[Schema] = {
    "type": ["object", "null"],
    "additionalProperties": {
        "type": ["string", "number", "null"],
        "pattern": r"^[0-9.]+([eE][0-9]+|[numkMGTPE]|[KMGTPE]i)?$",
    },
}
_RESOURCES: Final = only((), requests=_QUANTITIES, limits=_QUANTITIES, claims={"type": "array"})
_ID: Final[Schema] = {"type": ["integer", "null"], "minimum": 0}
_SWITCH: Final[Schema] = {"type": ["boolean", "null"]}
_OF_BOTH: Final[dict[str, Schema]] = {"runAsUser": _ID, "runAsGroup": _ID, "runAsNonRoot": _SWITCH}
_POD_SECURITY: Final = only(
    (
        *("appArmorProfile", "fsGroupChangePolicy", "seLinuxChangePolicy", "seLinuxOptions", "seccompProfile"),
        *("supplementalGroups", "supplementalGroupsPolicy", "sysctls", "windowsOptions"),
    ),
    **_OF_BOTH,
    fsGroup=_ID,
)
_CONTAINER_SECURITY: Final = only(
    ("appArmorProfile", "capabilities", "procMount", "seLinuxOptions", "seccompProfile", "windowsOptions"),
    **_OF_BOTH,
    allowPrivilegeEscalation=_SWITCH,
    privileged=_SWITCH,
    readOnlyRootFilesystem=_SWITCH,
)
_STRATEGY: Final = only((), type={"enum": ["RollingUpdate", "Recreate"]}, rollingUpdate={"type": ["object", "null"]})


class ServiceAccount(Values):
    """The account of the pods, for Kubernetes and for AWS."""

    create: bool = True
    """Make it. Otherwise name one that exists."""

    name: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """Its name; empty: that of the release. EKS Pod Identity needs nothing else: associate this name with a role."""

    annotations: Strings = Field({})
    """IAM roles for service accounts: `eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/ivs-operator`."""

    labels: Labels = Field({})
    """Labels of the account."""

    automount_token: bool = True
    """Mount its token. Turn it off only if you mount one yourself, by extraVolumes."""


class CredentialsSecret(Values):
    """Static AWS keys out of a Secret that exists. Prefer roles (serviceAccount): keys don't rotate by themselves."""

    name: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """Name of the Secret in the release's namespace; empty: none is used."""

    access_key_id_key: str = Field("aws_access_key_id", min_length=1)
    """Its member with the access key id."""

    secret_access_key_key: str = Field("aws_secret_access_key", min_length=1)
    """Its member with the secret access key."""

    session_token_key: str = ""
    """Its member with the session token; empty: there is none."""


class Probe(Values):
    """Timing of one probe, in seconds and failures in a row."""

    enabled: bool = True
    """Have the kubelet ask."""

    period_seconds: Times
    """Seconds between questions."""

    timeout_seconds: Times
    """Seconds to wait for the answer."""

    failure_threshold: Times
    """Failures in a row that count."""


class Probes(Values):
    """The kubelet's questions: /healthz (workers, sweep, event loop) and /readyz (cache filled, rights, CRDs)."""

    startup: Probe = Probe(period_seconds=2, timeout_seconds=5, failure_threshold=30)
    """Until it has started; then the others begin."""

    liveness: Probe = Probe(period_seconds=20, timeout_seconds=5, failure_threshold=3)
    """Restarts a process that hangs. An unreachable AWS or API server never does."""

    readiness: Probe = Probe(period_seconds=5, timeout_seconds=5, failure_threshold=2)
    """Replicas that stand by are ready, too."""


class PodDisruptionBudget(Values):
    """How many replicas a drain of nodes may take at a time."""

    enabled: bool = True
    """Make it, with two replicas or more: with one it would only hold up drains."""

    max_unavailable: Annotated[Any, WithJsonSchema({"type": ["integer", "string"]})] = 1
    """At most so many (or such a percentage) gone at a time."""


class Workload(Values):
    """Members of the values' root that concern pods; their order is that of the root."""

    replicas: Annotated[int, Field(ge=0, le=10)] = 2
    """One works; the others stand by, and take over at once if it stops, within settings.leaseDuration if it
    dies."""

    service_account: ServiceAccount = ServiceAccount()
    aws_credentials_secret: CredentialsSecret = CredentialsSecret()
    extra_args: list[str] = Field([])
    """Further flags of `ivs-operator run`; they win over settings."""

    extra_env: FreeList = Field([])
    """Further variables, e.g. `- {name: HTTPS_PROXY, value: http://proxy:3128}` or AWS_ENDPOINT_URL. One that
    the chart sets by settings or awsCredentialsSecret is refused."""

    extra_env_from: FreeList = Field([])
    """Further sources of variables: Secrets, ConfigMaps."""

    extra_volumes: FreeList = Field([])
    """Further volumes, e.g. a CA bundle."""

    extra_volume_mounts: FreeList = Field([])
    """Their places in the operator's container."""

    init_containers: FreeList = Field([])
    """Containers that run before."""

    extra_containers: FreeList = Field([])
    """Containers that run beside."""

    resources: FreeMap = Field(
        {"requests": {"cpu": "20m", "memory": "160Mi"}, "limits": {"memory": "512Mi"}}, json_schema_extra=_RESOURCES
    )
    """Measured (docs/benchmarks.md): about 105 MB without objects and 17 kB more for each; with a sweep a minute 0.13 %
    of a core for 200 objects at rest and 1.2 to 1.5 % for 2,000. No CPU limit: it would only make the operator late."""

    probes: Probes = Probes()
    termination_grace_period_seconds: Annotated[int, Field(ge=25)] = 30
    """Seconds to finish the work in hand and to write down its result: the operator takes up to 20, and 5 more for an
    answer of AWS to a write that has left. Then it gives the lease back."""

    strategy: FreeMap = Field(
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}, json_schema_extra=_STRATEGY
    )
    """How pods are replaced; rollingUpdate counts with that type only. The lease sees to it that old and new never
    work at the same time."""

    revision_history_limit: Annotated[int, Field(ge=0)] = 5
    """Old ReplicaSets that are kept."""

    deployment_annotations: Strings = Field({})
    """Annotations of the Deployment."""

    pod_annotations: Strings = Field({})
    """Annotations of the pods."""

    pod_labels: Labels = Field({})
    """Labels of the pods."""

    pod_security_context: FreeMap = Field(
        {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        json_schema_extra=_POD_SECURITY,
    )
    """Passes Pod Security `restricted`. OpenShift gives ids itself: set runAsUser, runAsGroup and fsGroup to null."""

    security_context: FreeMap = Field(
        {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        json_schema_extra=_CONTAINER_SECURITY,
    )
    """Of the container; only /tmp can be written."""

    node_selector: Strings = Field({})
    """Nodes that may be used."""

    tolerations: FreeList = Field([])
    """Taints that are tolerated."""

    affinity: FreeMap = Field({})
    """Affinity of the pods."""

    topology_spread_constraints: FreeList = Field(
        [
            {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"},
            {"maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"},
        ]
    )
    """Where the replicas go; one without a labelSelector gets that of the pods."""

    priority_class_name: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """PriorityClass of the pods."""

    runtime_class_name: Annotated[str, Field(pattern=EMPTY_OR_NAME)] = ""
    """RuntimeClass of the pods."""

    dns_config: FreeMap = Field({})
    """DNS settings of the pods."""

    host_aliases: FreeList = Field([])
    """Further lines of /etc/hosts."""

    pod_disruption_budget: PodDisruptionBudget = PodDisruptionBudget()
