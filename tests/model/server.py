"""The API server as the process meets it: versions, conflicts, finalizers, and answers that are lost."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ivs_operator.kube.errors import Conflict, Gone, Unreachable
from model import laws
from model.records import Record, patched
from model.trouble import Crashed

if TYPE_CHECKING:
    from model.machine import Machine

__all__ = ["Server"]


class Server:
    """The API server as the process meets it."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    async def find(self, plural: str, namespace: str, name: str) -> Any:
        machine = self._machine
        number = machine.cast.names.index(name)
        record = machine.records[number]
        machine.gateway.line.call("read", "the object is read from the API server")
        return machine.cast.resource(number, record, machine.versions[number]) if record is not None else None

    async def patch_status(self, plural: str, resource: Mapping[str, Any], patch: Mapping[str, Any]) -> Any:
        machine = self._machine
        number, record = self._current(resource)
        before = machine.cast.status(record)
        after = patched(before, patch)
        ready = laws.conditions(after).get("Ready", {})
        intent = ", with the intent to create" if "pendingCreate" in after else ""
        words = f"status written: Ready={ready.get('status')}/{ready.get('reason')}{intent}"

        def effect() -> Record:
            written = machine.cast.with_status(record, after)
            if machine.cloud.inherited:
                machine.cloud.claim(machine.subject(number, written).recorded.ledger.selectors)
            return written

        return self._write(words, number, effect)

    async def crd_deleting(self, plural: str) -> bool:
        return False

    async def add_finalizer(self, plural: str, resource: Mapping[str, Any]) -> Any:
        number, record = self._current(resource)
        return self._write("finalizer added", number, lambda: record._replace(finalizer=True))

    async def remove_finalizer(self, plural: str, resource: Mapping[str, Any]) -> Any:
        number, record = self._current(resource)
        machine = self._machine

        def effect() -> Record:
            laws.on_release(machine.gateway.line, machine.gateway.actor, machine.cloud)
            return record._replace(finalizer=False)

        return self._write("finalizer removed", number, effect)

    async def post_event(self, resource: Any, **_: Any) -> None:
        return

    def _current(self, resource: Mapping[str, Any]) -> tuple[int, Record]:
        machine = self._machine
        number = machine.cast.names.index(resource["metadata"]["name"])
        record = machine.records[number]
        if record is None or record.life != resource["metadata"]["record"].life:
            machine.gateway.line.call("read", "the object is gone from the API server")
            raise Gone("gone")
        if resource["metadata"]["resourceVersion"] != str(machine.versions[number]):
            machine.gateway.line.call("read", "the API server says: conflict")
            raise Conflict("conflict")
        return number, record

    def _write(self, words: str, number: int, effect: Callable[[], Record]) -> Any:
        machine = self._machine
        what = machine.gateway.line.call("kube", words)
        if what == "unsent":
            raise Unreachable("no answer")
        record = effect()
        machine.versions[number] += 1
        answer = machine.cast.resource(number, record, machine.versions[number])
        released = record.deleting and not record.finalizer
        machine.records[number] = None if released else record
        if what == "killed":
            raise Crashed
        if what == "lost":
            raise Unreachable("no answer")
        if not record.finalizer:
            return {**answer, "metadata": {**answer["metadata"], "finalizers": []}}
        return answer
