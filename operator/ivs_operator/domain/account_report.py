"""The status of an AWSAccount: whether its role can be entered, and who keeps it from going."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivs_operator.api.kinds import MANAGED_KINDS
from ivs_operator.api.names import FINALIZER
from ivs_operator.api.reasons import ConditionType, Reason
from ivs_operator.domain.accounts import Account
from ivs_operator.domain.conditions import Condition, render
from ivs_operator.domain.failures import Fault
from ivs_operator.domain.patience import PATIENCE

__all__ = ["Standing", "User", "account_status"]

_NAMED = 5  # users that a message names; the rest is counted
_KINDS = " and ".join(sorted((kind.plural for kind in MANAGED_KINDS), reverse=True))
_PASSING = frozenset({Reason.UNAVAILABLE, Reason.THROTTLED})


@dataclass(frozen=True, slots=True, order=True)
class User:
    """A custom resource that may have something in the account."""

    kind: str
    namespace: str
    name: str
    deleting: bool = False

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found out about an AWSAccount."""

    account: Account
    generation: int
    account_id: str | None = None
    fault: Fault | None = None
    """Why the role can't be assumed."""
    fault_since: float = 0.0
    labels_trouble: str | None = None
    """Why labels of namespaces can't be told, although the account selects by them."""
    users: Sequence[User] = ()
    """Who keeps it from being deleted; some of them while it is not deleted."""
    untold: str | None = None
    """Why it can't be told whether objects of other installations use it, now that it is deleted."""


@dataclass(frozen=True, slots=True)
class _Word:
    reason: Reason
    message: str
    stalled: bool = False
    well: bool = False


def account_status(found: Standing, before: Mapping[str, Any], now: float) -> dict[str, Any] | None:
    """The whole status; None when there is nothing to say yet, or nothing new."""
    word = _word(found, now)
    if word is None:
        return None
    conditions = [Condition(ConditionType.READY, "True" if word.well else "False", word.reason, word.message)]
    if not word.well:
        type_ = ConditionType.STALLED if word.stalled else ConditionType.RECONCILING
        conditions.append(Condition(type_, "True", word.reason, word.message))
    previous = before.get("conditions")
    return {
        "observedGeneration": found.generation,
        **({"accountID": id_} if (id_ := _account_id(found, before)) else {}),
        "conditions": render(conditions, previous if isinstance(previous, list) else (), found.generation, now),
    }


def _word(found: Standing, now: float) -> _Word | None:
    account, fault = found.account, found.fault
    if account.deleting and found.users:
        return _blocked(found.users)
    if account.deleting and found.untold is not None:
        message = (
            f"whether objects of another installation use it can't be told: {found.untold}. Allow the operator to list "
            f"{_KINDS} in all namespaces; or, if no object names it any more, remove its finalizer {FINALIZER}"
        )
        return _Word(Reason.DELETION_BLOCKED, message)
    if account.role is None:
        return _Word(Reason.INVALID_SPEC, account.invalid or "the spec can't be read", stalled=True)
    if fault is not None:
        young = fault.reason in _PASSING and now < found.fault_since + PATIENCE
        return None if young else _Word(fault.reason, fault.message)
    if found.account_id is None:
        return None
    if found.labels_trouble is not None:
        message = f"spec.allowedNamespaces.selector can't be evaluated: labels of namespaces: {found.labels_trouble}"
        return _Word(Reason.ACCESS_DENIED, message)
    hint = "; no namespace may use it until spec.allowedNamespaces is set" if account.allowed is None else ""
    return _Word(Reason.AVAILABLE, f"the role can be assumed{hint}", well=True)


def _blocked(users: Sequence[User]) -> _Word:
    """A GitOps prune takes the users along: then it is just a matter of time."""
    staying = sorted(user for user in users if not user.deleting)
    leaving = len(users) - len(staying)
    if not staying:
        objects = "object that uses it is" if leaving == 1 else "objects that use it are"
        return _Word(Reason.DELETING, f"goes once {leaving} {objects} deleted, which is under way")
    named = ", ".join(str(user) for user in staying[:_NAMED])
    more = f" and {len(staying) - _NAMED} more" if len(staying) > _NAMED else ""
    uses = "uses" if len(staying) == 1 else "use"
    return _Word(Reason.DELETION_BLOCKED, f"{named}{more} still {uses} it; delete them, and it goes after them")


def _account_id(found: Standing, before: Mapping[str, Any]) -> str | None:
    """As AWS has said; while it says nothing, what it said of the same account before."""
    if found.account_id is not None:
        return found.account_id
    recorded = before.get("accountID")
    same = found.account.role is not None and recorded == found.account.role.account_id
    return str(recorded) if same else None
