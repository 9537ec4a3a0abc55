"""Logging configurations of IVS Chat."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ivs_emulator.clock import timestamp
from ivs_emulator.destinations import chat_destination_usable
from ivs_emulator.log_delivery import set_up
from ivs_emulator.operations import Call, Handler
from ivs_emulator.settings import LoggingDelete
from ivs_emulator.state import Kind, Resource, Transition

__all__ = ["OPERATIONS"]

_KIND = Kind.LOGGING_CONFIGURATION


def _create(call: Call) -> Mapping[str, Any]:
    call.check_quota(_KIND, call.settings.logging_configurations_quota)
    final = call.forced_state or ("ACTIVE" if _usable(call) else "CREATE_FAILED")
    members = {
        "createTime": timestamp(call.now),
        "updateTime": timestamp(call.now),
        "name": call.params.get("name", ""),
        "destinationConfiguration": call.params["destinationConfiguration"],
        "state": "CREATING",
        "tags": call.params.get("tags", {}),
    }
    resource = call.new(_KIND, members, Transition(call.now + call.settings.create_seconds, final))
    return call.settling(_KIND, resource).members


def _usable(call: Call) -> bool:
    """Whether the destination is there, and log delivery to it could be set up."""
    place = call.territory.account, call.territory.region
    destination = call.params["destinationConfiguration"]
    return chat_destination_usable(*place, destination) and set_up(*place, destination)


def _get(call: Call) -> Mapping[str, Any]:
    return call.read(_KIND, call.params["identifier"]).members


def _list(call: Call) -> Mapping[str, Any]:
    listed = call.list(_KIND)
    return {"loggingConfigurations": listed["items"], "nextToken": listed["nextToken"]}


def _update(call: Call) -> Mapping[str, Any]:
    resource = _at_rest(call)
    final = call.forced_state or "ACTIVE"
    if "destinationConfiguration" in call.params and call.forced_state is None and not _usable(call):
        final = "UPDATE_FAILED"
    changes = {name: call.params[name] for name in ("name", "destinationConfiguration") if name in call.params}
    moving = replace(
        resource.with_members(**changes, state="UPDATING"),
        transition=Transition(call.now + call.settings.update_seconds, final),
    )
    return call.settling(_KIND, call.write(_KIND, moving)).members


def _delete(call: Call) -> None:
    resource = _at_rest(call)
    users = [
        room.arn for room in call.all(Kind.ROOM) if resource.arn in room.members["loggingConfigurationIdentifiers"]
    ]
    if users and call.settings.logging_delete is LoggingDelete.CONFLICT:
        raise call.conflict(resource.arn, f"{resource.arn} is used by {len(users)} rooms, among them {users[0]}")
    outcome = Transition(call.now + call.settings.delete_seconds, call.forced_state)
    call.settling(_KIND, call.write(_KIND, replace(resource.with_members(state="DELETING"), transition=outcome)))


def _at_rest(call: Call) -> Resource:
    """The configuration, unless it is in transition (409) or missing (404)."""
    resource = call.shelf(_KIND).get(call.params["identifier"], call.now, call.lag)
    if resource is None:
        raise call.missing(call.params["identifier"])
    if resource.transition is not None:
        raise call.conflict(resource.arn, f"{resource.arn} is {resource.state}")
    return resource


OPERATIONS: Mapping[str, Handler] = {
    "CreateLoggingConfiguration": _create,
    "GetLoggingConfiguration": _get,
    "UpdateLoggingConfiguration": _update,
    "ListLoggingConfigurations": _list,
    "DeleteLoggingConfiguration": _delete,
}
