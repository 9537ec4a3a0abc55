"""Trouble on demand: rules that match requests and say what goes wrong with them."""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ivs_emulator.service import Request
from ivs_emulator.settings import SettingsError, explain

__all__ = ["ErrorEffect", "Fault", "FaultRules", "Held", "Hit"]

_STRICT = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
_DEFAULT_SEED = 0


class ErrorEffect(BaseModel):
    """An error reply in place of the real one. Without `status` the service model's status for `code` is used."""

    model_config = _STRICT

    code: str = Field(min_length=1)
    message: str = "injected fault"
    status: int | None = Field(None, ge=400, le=599)


class Fault(BaseModel):
    """What to match, how often, and the effect. Absent matchers match everything; `ListRooms` and `List*` both work.

    `drop` and `hold` take place before or after the request has been carried out. A held request waits until it is
    released.
    """

    model_config = _STRICT

    service: str | None = None
    operation: str | None = None
    account: str | None = None
    region: str | None = None
    contains: str | None = Field(None, min_length=1, description="text in the body or the path, an ARN for example")
    skip: int = Field(0, ge=0, description="let this many matching requests pass first")
    count: int | None = Field(None, ge=1, description="strike this often; absent: for ever")
    probability: float = Field(1.0, ge=0, le=1)
    seed: int = _DEFAULT_SEED

    latency: float = Field(0.0, ge=0, description="seconds before the request is carried out")
    throttle: bool = False
    error: ErrorEffect | None = None
    drop: Literal["before", "after"] | None = None
    hold: Literal["before", "after"] | None = None
    force_state: str | None = Field(None, min_length=1, description="state that a create, update or delete ends in")

    @model_validator(mode="after")
    def _has_effect(self) -> Self:
        if not (self.latency or self.throttle or self.error or self.drop or self.hold or self.force_state):
            raise ValueError("no effect; set one of latency, throttle, error, drop, hold, force_state")
        if self.throttle and self.error:
            raise ValueError("throttle and error exclude each other")
        return self

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Self:
        """A fault from plain values.

        Raises:
            SettingsError: a name is unknown, a value is not allowed, or there is no effect.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError(explain(error, sorted(cls.model_fields))) from None

    def matches(self, request: Request) -> bool:
        """Whether the request is one of those meant."""
        if self.service not in {None, request.service}:
            return False
        if self.account not in {None, request.account} or self.region not in {None, request.region}:
            return False
        if not _named(self.operation, request.operation):
            return False
        if self.contains is None:
            return True
        return self.contains in unquote(request.raw_path) or self.contains.encode() in request.body

    @property
    def reply_error(self) -> ErrorEffect | None:
        """The error that is answered without carrying out the request."""
        return ErrorEffect(code="ThrottlingException", message="Rate exceeded") if self.throttle else self.error


def _named(wanted: str | None, operation: str) -> bool:
    if wanted is None:
        return True
    if wanted.endswith("*"):
        return operation.startswith(wanted[:-1])
    return operation == wanted


@dataclass(slots=True)
class Held:
    """A request that waits. `discard`: the connection is dropped instead of going on."""

    released: threading.Event = field(default_factory=threading.Event)
    discard: bool = False


@dataclass(slots=True)
class _Rule:
    identifier: str
    fault: Fault
    chance: random.Random
    matched: int = 0
    struck: int = 0
    held: list[Held] = field(default_factory=list)

    def strikes(self) -> bool:
        """Count one matching request and say whether the fault takes effect on it."""
        self.matched += 1
        if self.matched <= self.fault.skip or (self.fault.count is not None and self.struck >= self.fault.count):
            return False
        if self.fault.probability < 1 and self.chance.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True

    def release(self, *, discard: bool) -> int:
        held, self.held = self.held, []
        for request in held:
            request.discard = discard
            request.released.set()
        return len(held)

    def describe(self) -> dict[str, Any]:
        fault = self.fault.model_dump(exclude_defaults=True)
        return {
            "id": self.identifier,
            "fault": fault,
            "matched": self.matched,
            "struck": self.struck,
            "held": len(self.held),
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that strikes a request."""

    identifier: str
    fault: Fault


class FaultRules:
    """The faults in force, in the order in which they were added. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: dict[str, _Rule] = {}
        self._last = 0

    def add(self, fault: Fault) -> str:
        """Put a fault in force; returns its id."""
        with self._lock:
            self._last += 1
            identifier = f"fault-{self._last}"
            chance = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose
            self._rules[identifier] = _Rule(identifier, fault, chance)
            return identifier

    def strike(self, request: Request) -> Sequence[Hit]:
        """The faults that strike this request."""
        with self._lock:
            matching = [rule for rule in self._rules.values() if rule.fault.matches(request)]
            return [Hit(rule.identifier, rule.fault) for rule in matching if rule.strikes()]

    def hold(self, identifier: str) -> bool:
        """Block until the fault's requests are released; whether the request may go on."""
        with self._lock:
            rule = self._rules.get(identifier)
            if rule is None:
                return True
            held = Held()
            rule.held.append(held)
        held.released.wait()
        return not held.discard

    def release(self, identifier: str, *, discard: bool) -> int:
        """Let held requests go on, or drop their connections; returns how many there were.

        Raises:
            KeyError: there is no such fault.
        """
        with self._lock:
            return self._rules[identifier].release(discard=discard)

    def remove(self, identifier: str, *, discard: bool = False) -> None:
        """Take a fault out of force and release what it holds.

        Raises:
            KeyError: there is no such fault.
        """
        with self._lock:
            self._rules.pop(identifier).release(discard=discard)

    def clear(self, *, discard: bool = False) -> None:
        """Take every fault out of force and release what they hold."""
        with self._lock:
            rules, self._rules = list(self._rules.values()), {}
            for rule in rules:
                rule.release(discard=discard)

    def describe(self) -> list[dict[str, Any]]:
        """Every fault with its counters."""
        with self._lock:
            return [rule.describe() for rule in self._rules.values()]
