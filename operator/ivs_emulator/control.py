"""The control path: JSON over HTTP under `/_emulator/`, unsigned, for tests and demonstrations."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from ivs_emulator.companions import Companions
from ivs_emulator.errors import ApiError, Reply
from ivs_emulator.faults import Fault, FaultRules
from ivs_emulator.models import service_api
from ivs_emulator.request_log import RequestLog, count, describe, known_filters
from ivs_emulator.seeding import Seed, sow
from ivs_emulator.serialization import to_json
from ivs_emulator.service import Emulation
from ivs_emulator.settings import SettingsError
from ivs_emulator.state import Kind, Resource, Territory
from ivs_emulator.streams import go_live, go_off

__all__ = ["CONTROL_PREFIX", "ControlPath"]

CONTROL_PREFIX = "/_emulator"
_ARN = re.compile(r"arn:aws:ivs(?:chat)?:([a-z0-9-]+):([0-9]{12}):([a-z-]+)/[a-zA-Z0-9-]+")


class _ControlError(Exception):
    """A request on the control path that cannot be carried out."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request: what the path's placeholder held, the query, and the body."""

    name: str
    query: dict[str, str]
    body: dict[str, Any]

    def text(self, field: str) -> str:
        value = self.body.get(field)
        if not isinstance(value, str) or not value:
            raise _ControlError(400, f"{field}: a text is required")
        return value

    def flag(self, field: str, *, default: bool) -> bool:
        value = self.body.get(field, default)
        if not isinstance(value, bool):
            raise _ControlError(400, f"{field}: true or false is required")
        return value

    def number(self, field: str) -> float:
        value = self.body.get(field)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise _ControlError(400, f"{field}: a number of at least 0 is required")
        return float(value)


class ControlPath:
    """Everything that the control path offers; `{}` in a route takes one segment."""

    def __init__(self, emulation: Emulation, faults: FaultRules, log: RequestLog, companions: Companions) -> None:
        self._emulation = emulation
        self._faults = faults
        self._log = log
        self._companions = companions
        self._initial = emulation.settings
        self._snapshots: dict[str, Callable[[], None]] = {}
        self._routes: dict[tuple[str, str], Callable[[_Asked], Any]] = {
            ("GET", "health"): lambda _: {"status": "ok"},
            ("GET", "settings"): lambda _: emulation.settings.model_dump(mode="json"),
            ("PUT", "settings"): self._change_settings,
            ("GET", "faults"): lambda _: {"faults": faults.describe()},
            ("POST", "faults"): lambda asked: {"id": faults.add(Fault.parse(asked.body))},
            ("DELETE", "faults"): self._clear_faults,
            ("DELETE", "faults/{}"): self._remove_fault,
            ("POST", "faults/{}/release"): self._release,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): lambda _: log.clear(),
            ("GET", "requests/counts"): self._counts,
            ("GET", "callers"): lambda _: {"callers": log.callers()},
            ("POST", "streams"): self._set_live,
            ("POST", "states"): self._set_state,
            ("POST", "clock"): lambda asked: emulation.clock.advance(asked.number("advance")),
            ("POST", "seed"): self._seed,
            ("GET", "state"): self._dump,
            ("POST", "snapshots"): self._take_snapshot,
            ("POST", "snapshots/{}/restore"): self._restore,
            ("POST", "reset"): self._reset,
        }

    def handle(self, method: str, raw_path: str, query: str, body: bytes) -> Reply:
        """Answer one request; errors are JSON objects with the member `error`."""
        try:
            route, name = self._find(method, raw_path.removeprefix(CONTROL_PREFIX).strip("/"))
            asked = _Asked(name, dict(parse_qsl(query, keep_blank_values=True)), _object(body))
            result = self._routes[route](asked)
        except _ControlError as error:
            return _failure(error.status, str(error))
        except (SettingsError, ValueError) as error:
            return _failure(400, str(error))
        except ApiError as error:
            return _failure(404, error.message)
        return Reply(200, to_json(result if result is not None else {}), {"Content-Type": "application/json"})

    def _find(self, method: str, path: str) -> tuple[tuple[str, str], str]:
        segments = path.split("/")
        for route in self._routes:
            wanted = route[1].split("/")
            if route[0] != method or len(wanted) != len(segments):
                continue
            if all(want in {"{}", have} for want, have in zip(wanted, segments, strict=True)):
                name = next((have for want, have in zip(wanted, segments, strict=True) if want == "{}"), "")
                return route, unquote(name)
        offered = ", ".join(f"{verb} {CONTROL_PREFIX}/{pattern}" for verb, pattern in self._routes)
        raise _ControlError(404, f"no {method} {CONTROL_PREFIX}/{path}; there are: {offered}")

    def _change_settings(self, asked: _Asked) -> dict[str, Any]:
        with self._emulation.lock:
            self._emulation.settings = self._emulation.settings.changed(asked.body)
            return self._emulation.settings.model_dump(mode="json")

    def _clear_faults(self, asked: _Asked) -> None:
        self._faults.clear(discard=asked.query.get("discard") == "true")

    def _remove_fault(self, asked: _Asked) -> None:
        self._known_fault(
            asked.name, lambda: self._faults.remove(asked.name, discard=asked.query.get("discard") == "true")
        )

    def _release(self, asked: _Asked) -> dict[str, int]:
        discard = asked.flag("discard", default=False)
        released: int = self._known_fault(asked.name, lambda: self._faults.release(asked.name, discard=discard))
        return {"released": released}

    @staticmethod
    def _known_fault(identifier: str, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except KeyError:
            raise _ControlError(404, f"there is no fault {identifier}") from None

    def _requests(self, asked: _Asked) -> dict[str, Any]:
        return {"requests": describe(self._chosen(asked)), "last": self._log.last_sequence}

    def _counts(self, asked: _Asked) -> dict[str, Any]:
        return count(self._chosen(asked))

    def _chosen(self, asked: _Asked) -> list[Any]:
        filters = {name: value for name, value in asked.query.items() if name != "since"}
        if unknown := known_filters(filters):
            raise _ControlError(400, f"{unknown}: not a filter of the request log")
        since = asked.query.get("since", "0")
        if not since.isdecimal():
            raise _ControlError(400, "since: a sequence number is required")
        return self._log.entries(int(since), filters)

    def _set_live(self, asked: _Asked) -> dict[str, Any]:
        arn = asked.text("channelArn")
        account, region, _ = _parts(arn)
        with self._emulation.lock:
            call = self._emulation.call(account, region)
            if asked.flag("live", default=True):
                return dict(go_live(call, arn, _health(asked)).members)
            go_off(call, arn)
            return {}

    def _set_state(self, asked: _Asked) -> dict[str, Any]:
        arn = asked.text("arn")
        account, region, kind = _parts(arn)
        with self._emulation.lock:
            call = self._emulation.call(account, region)
            resource = call.require(kind, arn)
            if not resource.state:
                raise _ControlError(400, f"arn: a {kind.value} has no state")
            changed = replace(resource.with_members(state=asked.text("state")), transition=None)
            call.shelf(kind).put(changed, call.now, call.lag)
            return dict(changed.members)

    def _seed(self, asked: _Asked) -> dict[str, Any]:
        seed = Seed.parse(asked.body)
        if seed.buckets:
            self._companions.load()
        with self._emulation.lock:
            return sow(seed, self._emulation.call(seed.account, seed.region))

    def _dump(self, asked: _Asked) -> dict[str, Any]:
        with self._emulation.lock:
            chosen = [territory for territory in self._emulation.world if _meant(territory, asked.query)]
            return {"territories": [self._describe(territory) for territory in chosen]}

    def _describe(self, territory: Territory) -> dict[str, Any]:
        call = self._emulation.call(territory.account, territory.region)
        kinds = {kind.value: [_shown(resource) for resource in call.all(kind)] for kind in Kind}
        return {"account": territory.account, "region": territory.region, **kinds}

    def _take_snapshot(self, _asked: _Asked) -> dict[str, str]:
        with self._emulation.lock:
            identifier = f"snapshot-{len(self._snapshots) + 1}"
            self._snapshots[identifier] = self._emulation.world.snapshot()
            return {"id": identifier}

    def _restore(self, asked: _Asked) -> None:
        with self._emulation.lock:
            if asked.name not in self._snapshots:
                raise _ControlError(404, f"there is no snapshot {asked.name}")
            self._snapshots[asked.name]()

    def _reset(self, _asked: _Asked) -> None:
        """Everything as at the start: time, settings, state, moto's state, faults (held requests are dropped), log."""
        self._faults.clear(discard=True)
        self._emulation.clock.restart()
        with self._emulation.lock:
            self._emulation.settings = self._initial
            self._emulation.world.clear()
            self._emulation.rates.clear()
            self._snapshots.clear()
            self._companions.reset()
        self._log.clear()


def _object(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise _ControlError(400, "the body is not JSON") from None
    if not isinstance(value, dict):
        raise _ControlError(400, "the body must be a JSON object")
    return value


def _parts(arn: str) -> tuple[str, str, Kind]:
    match = _ARN.fullmatch(arn)
    if match is None or match.group(3) not in set(Kind):
        raise _ControlError(400, f"not an ARN of IVS or IVS Chat: {arn}")
    region, account, kind = match.groups()
    return account, region, Kind(kind)


def _health(asked: _Asked) -> str:
    known = service_api("ivs").model.shape_for("StreamHealth").enum
    health = asked.body.get("health", known[0])
    if health not in known:
        raise _ControlError(400, f"health: one of {', '.join(known)} is required")
    return str(health)


def _meant(territory: Territory, query: dict[str, str]) -> bool:
    return query.get("account", territory.account) == territory.account and (
        query.get("region", territory.region) == territory.region
    )


def _shown(resource: Resource) -> dict[str, Any]:
    return {**resource.members, "deleting": resource.leaving}


def _failure(status: int, message: str) -> Reply:
    return Reply(status, to_json({"error": message}), {"Content-Type": "application/json"}, "ControlError")
