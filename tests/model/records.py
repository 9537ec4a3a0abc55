"""The API server of a small world: a record per custom resource, and what people do to them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ivs_operator.api.names import FINALIZER, RECONCILE_AT_ANNOTATION
from ivs_operator.domain.identity import Key, Kind
from ivs_operator.domain.times import format_time, parse_time
from model.ages import age_class
from model.pools import Values
from support.objects import resource

__all__ = ["Cast", "Record", "aged"]

_STILL = "2023-11-14T00:00:00Z"  # for times that only people read


class Record(NamedTuple):
    """One custom resource as far as it can differ; the spec is a number into the scenario's list."""

    life: int = 1
    generation: int = 1
    spec: int = 0
    deleting: bool = False
    paused: bool = False
    finalizer: bool = False
    asked: int = 0
    status: int = -1


class Cast:
    """The objects of a scenario: turns records into resources and back."""

    def __init__(self, kind: Kind, specs: Mapping[str, tuple[Mapping[str, Any], ...]], values: Values) -> None:
        self.kind = kind
        self.names = tuple(specs)
        self.specs = specs
        self.keys = tuple(Key(kind, "live", name) for name in self.names)
        self._values = values
        self._resources: dict[tuple[int, Record, int], dict[str, Any]] = {}

    def resource(self, number: int, record: Record, version: int) -> dict[str, Any]:
        """What the API server would answer. Shared: nobody may change it."""
        known = self._resources.get((number, record, version))
        if known is None:
            known = self._resources[number, record, version] = self._made(number, record, version)
        return known

    def spec(self, number: int, record: Record) -> Mapping[str, Any]:
        """The spec of a record."""
        return self.specs[self.names[number]][record.spec]

    def status(self, record: Record) -> dict[str, Any]:
        """The status of a record."""
        return self._values.item(record.status) if record.status >= 0 else {}

    def intent(self, record: Record | None) -> float | None:
        """When the intent on record was written."""
        pending = self.status(record).get("pendingCreate") if record is not None else None
        return parse_time(pending["since"]) if pending else None

    def with_status(self, record: Record, status: Mapping[str, Any]) -> Record:
        """The record with another status."""
        return record._replace(status=self._values.number(aged(status)))

    def later(self, record: Record, passes: float) -> Record:
        """The record when time has passed."""
        status = self.status(record)
        return self.with_status(record, aged(status, passes)) if "pendingCreate" in status else record

    def _made(self, number: int, record: Record, version: int) -> dict[str, Any]:
        name = self.names[number]
        found = resource(
            self.kind,
            name,
            uid=f"uid-{name}-{record.life}",
            generation=record.generation,
            created=1_600_000_000.0 + number,
            deleting=record.deleting,
            paused=record.paused,
            finalizers=(FINALIZER,) if record.finalizer else (),
            annotations={RECONCILE_AT_ANNOTATION: str(record.asked)} if record.asked else {},
            status=self.status(record) if record.status >= 0 else None,
            **self.spec(number, record),
        )
        found["metadata"]["resourceVersion"] = str(version)
        found["metadata"]["record"] = record
        return found


def patched(before: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A status after a merge patch (RFC 7386). What stays is not copied: nobody changes a status in place."""
    result = {name: value for name, value in before.items() if patch.get(name, value) is not None}
    for name, value in patch.items():
        if isinstance(value, Mapping):
            inner = result.get(name)
            result[name] = patched(inner if isinstance(inner, Mapping) else {}, value)
        elif value is not None:
            result[name] = value
    return result


def aged(status: Mapping[str, Any], passes: float = 0.0) -> dict[str, Any]:
    """A status with its times reduced to what matters."""
    found = dict(status)
    if "conditions" in status:
        found["conditions"] = [{**item, "lastTransitionTime": _STILL} for item in status["conditions"]]
    pending = status.get("pendingCreate")
    if pending:
        since = parse_time(pending["since"])
        assert since is not None
        found["pendingCreate"] = {**pending, "since": format_time(age_class(since, passes))}
    return found
