"""A typed client of the control path; needs nothing but the standard library."""

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["ControlError", "EmulatorControl", "RequestCounts"]

_PREFIX = "/_emulator"
_TIMEOUT = 60.0
_POLL_SECONDS = 0.01


class ControlError(Exception):
    """The emulator refused a request on its control path; the text says why."""


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """How many AWS requests there were: `operations` by `service.Operation`, `errors` by code."""

    total: int
    writes: int
    operations: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)


class EmulatorControl:
    """The control path of the emulator at `url`.

    Every method raises `ControlError` for a refusal, and `OSError` when nobody answers.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._address = urlsplit(self.url).netloc

    def health(self) -> bool:
        """Whether the emulator answers."""
        try:
            return bool(self._call("GET", "health")["status"] == "ok")
        except (OSError, http.client.HTTPException):
            return False

    def wait_until_healthy(self, timeout: float = 30.0) -> None:
        """Return as soon as the emulator answers.

        Raises:
            TimeoutError: it did not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not self.health():
            _pause(deadline, f"no emulator answers on {self.url}")

    def settings(self) -> dict[str, Any]:
        """All settings."""
        return self._call("GET", "settings")

    def set(self, **settings: Any) -> dict[str, Any]:
        """Change some settings; returns all."""
        return self._call("PUT", "settings", settings)

    def add_fault(self, **fault: Any) -> str:
        """Put a fault in force (fields of `ivs_emulator.faults.Fault`); returns its id."""
        return str(self._call("POST", "faults", fault)["id"])

    def faults(self) -> list[dict[str, Any]]:
        """Every fault with its counters `matched`, `struck` and `held`."""
        return list(self._call("GET", "faults")["faults"])

    def remove_fault(self, identifier: str, *, discard: bool = False) -> None:
        """Take a fault out of force. What it holds goes on, or with `discard` loses its connection."""
        self._call("DELETE", f"faults/{quote(identifier)}{'?discard=true' if discard else ''}")

    def clear_faults(self, *, discard: bool = False) -> None:
        """Take every fault out of force."""
        self._call("DELETE", f"faults{'?discard=true' if discard else ''}")

    def release(self, identifier: str, *, discard: bool = False) -> int:
        """Let the requests that a fault holds go on, or drop them; returns how many there were."""
        return int(self._call("POST", f"faults/{quote(identifier)}/release", {"discard": discard})["released"])

    def wait_held(self, identifier: str, count: int = 1, timeout: float = 30.0) -> None:
        """Return as soon as a fault holds at least `count` requests.

        Raises:
            TimeoutError: it does not within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            held = [fault["held"] for fault in self.faults() if fault["id"] == identifier]
            if not held:
                raise ControlError(f"there is no fault {identifier}")
            if held[0] >= count:
                return
            _pause(deadline, f"{identifier} holds {held[0]} requests, not {count}")

    def requests(self, since: int = 0, **filters: Any) -> list[dict[str, Any]]:
        """The request log after sequence `since`; filters: service, operation, account, region, write, status, ..."""
        return list(self._call("GET", f"requests?{_query(since, filters)}")["requests"])

    def counts(self, since: int = 0, **filters: Any) -> RequestCounts:
        """Counts over the same choice as `requests`."""
        return RequestCounts(**self._call("GET", f"requests/counts?{_query(since, filters)}"))

    def last_sequence(self) -> int:
        """Sequence number of the newest request, to be used as `since`."""
        return int(self._call("GET", f"requests?{_query(2**53, {})}")["last"])

    def wait_for_request(self, since: int = 0, timeout: float = 30.0, **filters: Any) -> dict[str, Any]:
        """The first answered request that matches, as soon as there is one.

        Raises:
            TimeoutError: there is none within `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            done = [entry for entry in self.requests(since, **filters) if entry["status"] is not None]
            if done:
                return done[0]
            _pause(deadline, f"no request matches {filters}")

    def callers(self) -> list[dict[str, str]]:
        """Who has called what since the emulator started: service, operation and user_agent, each once."""
        return list(self._call("GET", "callers")["callers"])

    def clear_requests(self) -> None:
        """Empty the request log."""
        self._call("DELETE", "requests")

    def go_live(self, channel_arn: str, health: str = "HEALTHY") -> dict[str, Any]:
        """Put a channel on air; returns its stream."""
        return self._call("POST", "streams", {"channelArn": channel_arn, "live": True, "health": health})

    def go_offline(self, channel_arn: str) -> None:
        """Take a channel off air."""
        self._call("POST", "streams", {"channelArn": channel_arn, "live": False})

    def set_state(self, arn: str, state: str) -> dict[str, Any]:
        """Put a configuration into a state, ending any transition."""
        return self._call("POST", "states", {"arn": arn, "state": state})

    def advance(self, seconds: float) -> None:
        """Move the emulator's clock on."""
        self._call("POST", "clock", {"advance": seconds})

    def seed(self, **seed: Any) -> dict[str, list[str]]:
        """Make many resources at once (fields of `ivs_emulator.seeding.Seed`); returns ARNs by kind."""
        return self._call("POST", "seed", seed)

    def state(self, account: str | None = None, region: str | None = None) -> list[dict[str, Any]]:
        """What there is, by account and region, whatever Lists show."""
        chosen = {name: value for name, value in (("account", account), ("region", region)) if value}
        return list(self._call("GET", f"state?{urlencode(chosen)}")["territories"])

    def resources(self, kind: str, account: str | None = None, region: str | None = None) -> list[dict[str, Any]]:
        """Every resource of a kind, named as in ARNs: `room`, `channel`, `recording-configuration`, ..."""
        territories: Sequence[dict[str, Any]] = self.state(account, region)
        return [resource for territory in territories for resource in territory[kind]]

    def snapshot(self) -> str:
        """Remember the state of IVS and IVS Chat (not of moto's services); returns an id for `restore`."""
        return str(self._call("POST", "snapshots")["id"])

    def restore(self, identifier: str) -> None:
        """Bring a snapshot back."""
        self._call("POST", f"snapshots/{quote(identifier)}/restore")

    def reset(self) -> None:
        """Everything as at the start, request log and moto's services included; held requests are dropped."""
        self._call("POST", "reset")

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, f"{_PREFIX}/{path}", payload, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        try:
            answer = dict(json.loads(content))
        except ValueError:
            raise ControlError(f"{self.url} is no emulator, or has failed: status {response.status}") from None
        if response.status != http.client.OK:
            raise ControlError(answer.get("error", f"status {response.status}"))
        return answer


def _query(since: int, filters: Mapping[str, Any]) -> str:
    texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in filters.items()}
    return urlencode({"since": since, **texts})


def _pause(deadline: float, message: str) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(message)
    time.sleep(_POLL_SECONDS)
