"""The kinds of the API as values."""

from dataclasses import dataclass
from typing import Final, Literal

from ivs_operator.api.account import AWSAccountSpec, AWSAccountStatus
from ivs_operator.api.chat_logging import ChatLoggingConfigurationSpec
from ivs_operator.api.model import Model, SpecModel
from ivs_operator.api.names import API_VERSION, GROUP
from ivs_operator.api.recording import RECORDING_ROOT_RULES, RecordingConfigurationSpec
from ivs_operator.api.rules import Rule
from ivs_operator.api.status import Status

__all__ = [
    "AWS_ACCOUNT",
    "CHAT_LOGGING_CONFIGURATION",
    "KINDS",
    "MANAGED_KINDS",
    "RECORDING_CONFIGURATION",
    "Column",
    "Kind",
]

# The owner tag is CLUSTER/NAMESPACE/NAME in AWS's 256 characters: 63 + 1 + 63 + 1 + 128.
MAX_OBJECT_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; `wide` ones show with `-o wide` only."""

    name: str
    path: str
    type: Literal["string", "date"] = "string"
    wide: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its names, models, columns, and the rules that stand on the whole object."""

    kind: str
    plural: str
    singular: str
    short_names: tuple[str, ...]
    categories: tuple[str, ...]
    scope: Literal["Namespaced", "Cluster"]
    spec_model: type[SpecModel]
    status_model: type[Model]
    description: str
    columns: tuple[Column, ...]
    root_rules: tuple[Rule, ...] = ()

    @property
    def api_version(self) -> str:
        """Group and version, as in `apiVersion`."""
        return API_VERSION

    @property
    def crd_name(self) -> str:
        """Name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


# Root rules never ratchet: an object that violates a later one could get no status, no annotation and no finalizer
# removal. They are frozen at v1alpha1; a new rule goes on a field.
_ROOT_RULES: Final = (
    Rule(
        cel=f"size(self.metadata.name) <= {MAX_OBJECT_NAME}",
        message=(
            f"metadata.name has at most {MAX_OBJECT_NAME} characters, as it becomes part of an AWS tag; choose "
            "a shorter one"
        ),
    ),
    Rule(
        cel="has(oldSelf.spec.region) ? has(self.spec.region) && self.spec.region == oldSelf.spec.region"
        " : !has(self.spec.region) || (has(self.status) && has(self.status.region)"
        " && self.spec.region == self.status.region)",
        message=(
            "region can't be changed or removed once set, and may be pinned later to exactly status.region; "
            "undo the edit, or create another object for the other region"
        ),
        field="spec.region",
        reason="FieldValueForbidden",
    ),
)

_READY: Final = Column("Ready", '.status.conditions[?(@.type=="Ready")].status', description="Whether all is as wanted")
_AGE: Final = Column("Age", ".metadata.creationTimestamp", type="date", description="Time since creation")

_MANAGED_COLUMNS: Final = (
    _READY,
    Column("Reason", '.status.conditions[?(@.type=="Ready")].reason', description="Why Ready is what it is"),
    Column("State", ".status.state", description="AWS's word for the state"),
    Column("Associated", ".status.associations.summary", description="Rooms or channels attached, of those matched"),
    _AGE,
    Column("Region", ".status.region", wide=True, description="Region the AWS object lives in"),
    Column("ARN", ".status.arn", wide=True, description="ARN of the AWS object"),
    Column("Destination", ".spec.destinationConfiguration.*.*", wide=True, description="Bucket, log group or stream"),
)

RECORDING_CONFIGURATION: Final = Kind(
    kind="RecordingConfiguration",
    plural="recordingconfigurations",
    singular="recordingconfiguration",
    short_names=("ivsrc",),
    categories=("ivs",),
    scope="Namespaced",
    spec_model=RecordingConfigurationSpec,
    status_model=Status,
    description="An Amazon IVS recording configuration: records live channels to an S3 bucket.",
    columns=_MANAGED_COLUMNS,
    root_rules=(*_ROOT_RULES, *RECORDING_ROOT_RULES),
)

CHAT_LOGGING_CONFIGURATION: Final = Kind(
    kind="ChatLoggingConfiguration",
    plural="chatloggingconfigurations",
    singular="chatloggingconfiguration",
    short_names=("ivscl",),
    categories=("ivs",),
    scope="Namespaced",
    spec_model=ChatLoggingConfigurationSpec,
    status_model=Status,
    description=(
        "An Amazon IVS Chat logging configuration: logs the messages of chat rooms to an S3 bucket, a "
        "CloudWatch Logs log group or a Firehose delivery stream."
    ),
    columns=_MANAGED_COLUMNS,
    root_rules=_ROOT_RULES,
)

# No category: on a cluster-scoped kind it makes `kubectl get ivs` end in Forbidden for people with namespace rights
# only.
AWS_ACCOUNT: Final = Kind(
    kind="AWSAccount",
    plural="awsaccounts",
    singular="awsaccount",
    short_names=("ivsacct",),
    categories=(),
    scope="Cluster",
    spec_model=AWSAccountSpec,
    status_model=AWSAccountStatus,
    description=(
        "An AWS account to work in: the role that the operator assumes there, and the namespaces that may use it."
    ),
    columns=(
        _READY,
        Column("Account", ".status.accountID", description="AWS account id"),
        Column("Role", ".spec.roleARN", description="Role that the operator assumes"),
        _AGE,
    ),
)

MANAGED_KINDS: Final = (RECORDING_CONFIGURATION, CHAT_LOGGING_CONFIGURATION)
KINDS: Final = {kind.kind: kind for kind in (*MANAGED_KINDS, AWS_ACCOUNT)}
