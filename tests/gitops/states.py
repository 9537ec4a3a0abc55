"""The states that objects get into, as the operator writes them, and what GitOps tools should make of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ivs_operator.api.reasons import Reason
from ivs_operator.domain.account_report import Standing, User, account_status
from ivs_operator.domain.accounts import account_from
from ivs_operator.domain.failures import Fault, FaultClass
from ivs_operator.domain.plan import plan
from ivs_operator.domain.report import status_of
from ivs_operator.domain.times import format_time
from support.objects import RECORDING, arn_of, channel, configuration, made_for, resource, room
from support.situations import NOW, failure, ready_status, situation

__all__ = ["CONTRADICTIONS", "STATES", "State"]


@dataclass(frozen=True)
class State:
    """One state; `kstatus` is Flux's word with and without its expressions, `argo` that of Argo CD's health check."""

    name: str
    object: Mapping[str, Any]
    kstatus: str
    argo: str
    flux: str = ""
    """Only where the expressions say something else than kstatus."""

    @property
    def by_expressions(self) -> str:
        """What Flux says with healthCheckExprs."""
        return self.flux or self.kstatus


def told(name: str, of: Mapping[str, Any], kstatus: str, argo: str, *known: Any, flux: str = "", **facts: Any) -> State:
    """A state with the status that the operator writes when it meets a resource in a situation."""
    s = situation(of, *known, **facts)
    return State(name, {**of, "status": status_of(s, plan(s))}, kstatus, argo, flux)


def account(
    name: str, kstatus: str, argo: str, *, refused: str = "", users: int = 0, deleting: bool = False, flux: str = ""
) -> State:
    """An AWSAccount with the status that the operator writes."""
    metadata: dict[str, Any] = {"name": "prod", "generation": 1}
    if deleting:
        metadata["deletionTimestamp"] = format_time(NOW)
    item = {
        "apiVersion": "ivs-operator.dev/v1alpha1",
        "kind": "AWSAccount",
        "metadata": metadata,
        "spec": {"roleARN": "arn:aws:iam::222233334444:role/ivs-operator"},
    }
    fault = Fault(FaultClass.SLOW, Reason.ACCESS_DENIED, refused) if refused else None
    found = Standing(
        account=account_from(item),
        generation=1,
        account_id=None if refused else "222233334444",
        fault=fault,
        users=[User("ChatLoggingConfiguration", "live", f"vod-{number}") for number in range(users)],
    )
    status = account_status(found, {}, NOW)
    assert status is not None, "the operator has something to say of it"
    return State(name, {**item, "status": status}, kstatus, argo, flux)


def _condition(type_: str, status: str, reason: str, message: str = "", generation: int = 1) -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-01-01T00:00:00Z",
        "observedGeneration": generation,
    }


_PLAIN, _RECORDING = resource(), resource(RECORDING)
_WAS_READY = ready_status(arn=arn_of("a"))
_DELETED = resource(deleting=True, status=_WAS_READY)
_TAGGED, _NAMED = resource(rooms=[{"matchTags": {"env": "prod"}}]), resource(rooms=[{"name": "lobby"}])
_ADOPTING = resource(existing={"arn": arn_of("e")}, deletionPolicy="Retain")
_MOVING = resource(RECORDING, replacePolicy="CreateBeforeDelete")
_OTHER_SPEC: dict[str, str | None] = {"ivs-operator.dev/spec": "v1-other"}
_STALE = {**_WAS_READY, "conditions": [_condition("Ready", "True", "Available", generation=1)]}
_UNTIL = "InProgress"  # its expressions know no word for what goes
_QUOTA = "the quota of recording configurations in us-west-2 is used up; ask AWS for more"

STATES = (
    State("just applied", {**_PLAIN, "status": {"observedGeneration": -1}}, "InProgress", "Progressing"),
    told("being created", _PLAIN, "InProgress", "Progressing", [], None),
    told("AWS at work", _RECORDING, "InProgress", "Progressing", [made_for(_RECORDING, state="CREATING")], None),
    told("ready", _PLAIN, "Current", "Healthy", [made_for(_PLAIN)], None),
    told("recording, ready", _RECORDING, "Current", "Healthy", [made_for(_RECORDING)], None),
    State("edited, not looked at yet", resource(generation=2, status=_WAS_READY), "InProgress", "Progressing"),
    State(
        "Ready speaks of an older generation",
        resource(generation=2, status={**_STALE, "observedGeneration": 2}),
        "Current",
        "Progressing",
        flux="InProgress",
    ),
    told(
        "a room matched by tags is full",
        _TAGGED,
        "Current",
        "Healthy",
        [made_for(_TAGGED)],
        [room("r", "x", "y", "z", env="prod")],
    ),
    told("a named room is missing", _NAMED, "InProgress", "Progressing", [made_for(_NAMED)], []),
    told(
        "a quota is used up",
        _RECORDING,
        "InProgress",
        "Progressing",
        failures=[failure("create", reason=Reason.QUOTA_EXCEEDED, message=_QUOTA)],
    ),
    told(
        "access denied",
        _PLAIN,
        "InProgress",
        "Progressing",
        failures=[failure("create", message="not allowed to call ivschat:CreateLoggingConfiguration")],
    ),
    told(
        "AWS could not create it",
        _RECORDING,
        "InProgress",
        "Progressing",
        [made_for(_RECORDING, state="CREATE_FAILED")],
        [],
    ),
    told("the spec is invalid", resource(destinationConfiguration={}), "Failed", "Degraded"),
    told("what it adopts is missing", _ADOPTING, "Failed", "Degraded", [], None, gone=[arn_of("e")]),
    told(
        "another cluster owns it",
        _PLAIN,
        "Failed",
        "Degraded",
        [configuration("b", owner="other/live/vod")],
        None,
        default_id=True,
    ),
    told(
        "differs, and may only be reported",
        resource(driftPolicy="Report"),
        "Failed",
        "Degraded",
        [made_for(_PLAIN, name="other")],
        None,
    ),
    told(
        "differs in what AWS can't change",
        _RECORDING,
        "Failed",
        "Degraded",
        [made_for(_RECORDING, recordingReconnectWindowSeconds=60)],
        None,
    ),
    told(
        "being replaced",
        _MOVING,
        "InProgress",
        "Progressing",
        [made_for(_MOVING, tags=_OTHER_SPEC, recordingReconnectWindowSeconds=60)],
        [channel("c", "a", name="lobby")],
    ),
    told("paused", resource(paused=True), "InProgress", "Suspended", [], None),
    told(
        "deleted, and in use", _DELETED, "Terminating", "Progressing", [made_for(_PLAIN)], [room("r", "a")], flux=_UNTIL
    ),
    told(
        "deleted, AWS at work",
        _DELETED,
        "Terminating",
        "Progressing",
        [made_for(_PLAIN, state="DELETING")],
        [],
        flux=_UNTIL,
    ),
    account("account: its role can be assumed", "Current", "Healthy"),
    account(
        "account: its role refuses", "InProgress", "Progressing", refused="not allowed to assume the role ivs-operator"
    ),
    account("account: deleted, and in use", "Terminating", "Progressing", users=2, deleting=True, flux=_UNTIL),
)

CONTRADICTIONS = (
    State("no status at all", {k: v for k, v in _PLAIN.items() if k != "status"}, "Current", "Progressing", flux="-"),
    State(
        "status speaks of an older generation than Ready",
        resource(
            generation=2, status={**_STALE, "conditions": [_condition("Ready", "True", "Available", generation=2)]}
        ),
        "InProgress",
        "Progressing",
    ),
    State("deleted, and still called ready", _DELETED, "Terminating", "Progressing"),
    State("conditions are missing", {**_PLAIN, "status": {"observedGeneration": 1}}, "Current", "Progressing"),
)
