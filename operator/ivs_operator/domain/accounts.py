"""An AWSAccount as it counts for those who refer to it: its role, and which namespaces may use it.

A namespace that is not named is refused: with the operator's reach, whoever may write into some namespace could
otherwise act in every account that the operator can enter (the confused deputy).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ivs_operator.api.account import (
    AllowedNamespaces,
    AWSAccountSpec,
    LabelRequirement,
    LabelSelector,
    SelectorOperator,
)
from ivs_operator.api.kinds import AWS_ACCOUNT
from ivs_operator.api.reasons import Reason
from ivs_operator.api.validation import InvalidSpec, parse_spec
from ivs_operator.domain.failures import Fault, FaultClass

__all__ = ["Account", "Role", "account_from", "admits", "may_use_default", "reference_of", "refusal", "selects"]

Labels = Mapping[str, str]

_VALUED: Final = (SelectorOperator.IN, SelectorOperator.NOT_IN)


@dataclass(frozen=True, slots=True)
class Role:
    """What is assumed, and with which external id."""

    arn: str
    external_id: str | None = None

    @property
    def account_id(self) -> str:
        """The account that the ARN names."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, slots=True)
class Account:
    """One AWSAccount, read."""

    name: str
    role: Role | None
    """None when the spec can't be read; `invalid` says why."""
    default_region: str | None = None
    allowed: AllowedNamespaces | None = None
    invalid: str | None = None
    deleting: bool = False


def account_from(resource: Mapping[str, Any]) -> Account:
    """Read an AWSAccount. Nothing here fails: what can't be read is said."""
    metadata = resource["metadata"]
    name, deleting = str(metadata["name"]), bool(metadata.get("deletionTimestamp"))
    try:
        spec = parse_spec(AWS_ACCOUNT.kind, resource.get("spec"))
    except InvalidSpec as error:
        return Account(name, None, invalid=error.message, deleting=deleting)
    assert isinstance(spec, AWSAccountSpec)  # noqa: S101 - parsed as one
    flaw = _flaw(spec.allowed_namespaces)
    if flaw is not None:
        return Account(name, None, invalid=flaw, deleting=deleting)
    role = Role(spec.role_arn, spec.external_id)
    return Account(name, role, spec.default_region, spec.allowed_namespaces, deleting=deleting)


def reference_of(resource: Mapping[str, Any]) -> str | None:
    """Name of the AWSAccount that a resource refers to, however the rest of its spec reads."""
    spec = resource.get("spec")
    reference = spec.get("accountRef") if isinstance(spec, Mapping) else None
    name = reference.get("name") if isinstance(reference, Mapping) else None
    return name if isinstance(name, str) and name else None


def selects(account: Account) -> bool:
    """Whether it takes the labels of namespaces to tell who may use the account."""
    return account.allowed is not None and account.allowed.selector is not None


def admits(account: Account, namespace: str, labels: Labels | None) -> bool | None:
    """Whether a namespace may use the account; None: its labels would tell, and are not known."""
    allowed = account.allowed
    if allowed is None:
        return False
    if allowed.names is None and allowed.selector is None:
        return True
    if allowed.names is not None and namespace in allowed.names:
        return True
    if allowed.selector is None:
        return False
    return None if labels is None else _matches(allowed.selector, labels)


def refusal(name: str, account: Account | None, namespace: str, labels: Labels | None, *, holds: bool) -> Fault | None:
    """Why an object in `namespace` gets no credentials of AWSAccount `name`; None when it may have them.

    `holds`: the object may have something in the account already. Such a one goes on while the AWSAccount is deleted,
    so that it can be deleted itself.
    """
    if account is None:
        message = f"there is no AWSAccount {name}; create it, with namespace {namespace} in spec.allowedNamespaces"
        return _fault(Reason.ACCOUNT_NOT_FOUND, message)
    if account.role is None:
        return _fault(Reason.ACCOUNT_NOT_FOUND, f"AWSAccount {name} can't be used: {account.invalid}")
    if admits(account, namespace, labels) is False:
        message = (
            f"AWSAccount {name} does not allow namespace {namespace}; its spec.allowedNamespaces must name it"
            f"{' or select its labels' if selects(account) else ''}. Nothing is called at AWS meanwhile"
        )
        return _fault(Reason.ACCOUNT_NOT_ALLOWED, message)
    if account.deleting and not holds:
        return _fault(Reason.ACCOUNT_NOT_FOUND, f"AWSAccount {name} is being deleted; nothing new is made through it")
    return None


def may_use_default(namespace: str, patterns: Sequence[str]) -> bool:
    """Whether objects of a namespace may use the operator's own credentials.

    Patterns are names with `*` and `?`; one that begins with `!` excludes. No pattern at all allows every namespace,
    and so do exclusions alone, but for what they exclude: `!*` allows none.
    """
    excluded = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    named = [pattern for pattern in patterns if not pattern.startswith("!")]
    if any(fnmatchcase(namespace, pattern) for pattern in excluded):
        return False
    return not named or any(fnmatchcase(namespace, pattern) for pattern in named)


def _fault(reason: Reason, message: str) -> Fault:
    return Fault(FaultClass.SLOW, reason, message)


def _matches(selector: LabelSelector, labels: Labels) -> bool:
    equal = all(labels.get(key) == value for key, value in (selector.match_labels or {}).items())
    return equal and all(_holds(requirement, labels) for requirement in selector.match_expressions or ())


def _holds(requirement: LabelRequirement, labels: Labels) -> bool:
    """As Kubernetes does: NotIn and DoesNotExist hold for what lacks the label."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case SelectorOperator.IN:
            return value is not None and value in (requirement.values or ())
        case SelectorOperator.NOT_IN:
            return value is None or value not in (requirement.values or ())
        case SelectorOperator.EXISTS:
            return value is not None
        case SelectorOperator.DOES_NOT_EXIST:
            return value is None


def _flaw(allowed: AllowedNamespaces | None) -> str | None:
    """What Kubernetes would refuse in a label selector, and a schema can't tell."""
    selector = allowed.selector if allowed is not None else None
    requirements: Iterable[LabelRequirement] = (selector.match_expressions or ()) if selector is not None else ()
    for number, requirement in enumerate(requirements):
        field = f"spec.allowedNamespaces.selector.matchExpressions[{number}].values"
        valued = requirement.operator in _VALUED
        if valued and not requirement.values:
            return f"{field}: operator {requirement.operator} needs at least one value"
        if not valued and requirement.values:
            return f"{field}: operator {requirement.operator} takes no values; remove them"
    return None
