"""What an undisturbed run must come to: everything as the spec says, or a status that says truly why not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ivs_operator.api.names import TAG_OWNER, TAG_SPEC
from ivs_operator.domain.desired import DeletionPolicy, Desired, DriftPolicy
from ivs_operator.domain.kinds import TRAITS
from ivs_operator.domain.observed import Configuration, Consumer
from ivs_operator.domain.settings import differences
from ivs_operator.domain.subject import Subject
from model import laws
from model.laws import short

if TYPE_CHECKING:
    from model.moves import State
    from model.records import Record
    from model.world import World

__all__ = ["missed"]


def missed(world: "World", state: "State") -> Iterator[str]:
    """Everything that is not as it should be in a state where nothing more will happen."""
    cloud = world.machine.cloud
    cloud.thaw(state.cloud)
    for number, (name, record) in enumerate(zip(world.cast.names, state.records, strict=True)):
        if record is None:
            continue
        subject = world.machine.subject(number, record)
        ready = laws.conditions(world.cast.status(record)).get("Ready", {})
        word = (ready.get("status"), ready.get("reason"))
        own = [item for item in cloud.living() if item.tags.get(TAG_OWNER) == subject.owner.tag]
        found = _Look(subject, word, own=own, strangers=state.cloud.strangers | state.cloud.inherited, cloud=cloud)
        for words in found.missed(record, ready):
            yield f"{name} is {word[0]}/{word[1]} ({ready.get('message')}), but {words}"


class _Look:
    """One object that nothing more will happen to."""

    def __init__(
        self,
        subject: Subject,
        word: tuple[Any, Any],
        *,
        own: list[Configuration],
        strangers: frozenset[tuple[str, str]],
        cloud: Any,
    ) -> None:
        self.subject = subject
        self.word = word
        self.own = own
        self.consumers: list[Consumer] = list(cloud.consumers.values())
        self.strangers = strangers
        self.cloud = cloud

    def missed(self, record: "Record", ready: dict[str, Any]) -> Iterator[str]:
        if ready.get("observedGeneration") != record.generation:
            yield f"that is about generation {ready.get('observedGeneration')}, not {record.generation}"
            return
        retained = self.subject.deletion_policy is DeletionPolicy.RETAIN
        if self.subject.paused and not (record.deleting and retained):
            if self.word != ("False", "Paused"):
                yield "it is paused"
            return
        if record.deleting:
            yield from self._deleting()
            return
        desired = self.subject.desired
        if desired is not None:
            yield from self._present(desired)

    def _deleting(self) -> Iterator[str]:
        users = [
            (consumer, item) for item in self.own for consumer in self.consumers if item.arn in consumer.configurations
        ]
        if not users:
            yield f"nobody uses {[short(item.arn) for item in self.own]} and yet it is not deleted"
        if self.word != ("False", "DeletionBlocked"):
            yield "it should say who is in the way"
        if self.subject.deletion_policy is not DeletionPolicy.DETACH_AND_DELETE:
            return
        for consumer, item in users:
            if (consumer.arn, item.arn) not in self.strangers:
                yield f"{short(consumer.arn)} is still joined to {short(item.arn)}"

    def _present(self, desired: Desired) -> Iterator[str]:
        if desired.existing_arn is not None:
            yield from self._adopting(desired)
            return
        blocked = self._blocked(desired)
        if self.word[0] != "True" and self.word[1] not in blocked:
            yield f"nothing stands in the way (but {sorted(blocked)})" if blocked else "nothing stands in the way"
            return
        if self.word[0] != "True" and (not self.own or "UpdateFailed" in blocked):
            return
        if not self.own:
            yield "there is no AWS object"
            return
        best = [item for item in self.own if item.tags.get(TAG_SPEC) == desired.spec_hash] or self.own
        serving = [item for item in best if item.state == "ACTIVE"]
        if len(best) != 1 or not serving:
            yield f"there are {[(short(item.arn), item.state) for item in self.own]}"
            return
        yield from self._as_desired(desired, best[0], blocked)
        yield from self._surplus([item for item in self.own if item is not best[0]])
        yield from self._joined(desired, best[0])

    def _blocked(self, desired: Desired) -> set[str]:
        """Reasons that are true."""
        traits = TRAITS[desired.kind]
        found: set[str] = set()
        for entry in desired.selectors:
            if not entry.exact:
                continue
            meant = [item for item in self.consumers if entry.matches(item.arn, item.name, item.tags)]
            if not meant:
                found.add(str(traits.missing))
            own = {item.arn for item in self.own}
            if any(len(set(item.configurations) - own) >= traits.slots for item in meant):
                found.add(str(traits.full))
        settings = [differences(desired.settings, item.settings) for item in self.own]
        if desired.kind.value == "RecordingConfiguration" and any(settings):
            found.add("ReplacementRequired")
        if desired.drift_policy is DriftPolicy.REPORT and any(settings):
            found.add("DriftDetected")
        if desired.drift_policy is DriftPolicy.REPORT and not self.own:
            found.add("DriftDetected")
        if desired.drift_policy is DriftPolicy.REPORT and any(item.state.endswith("_FAILED") for item in self.own):
            found.add("UpdateFailed")
        return found

    def _as_desired(self, desired: Desired, item: Configuration, blocked: set[str]) -> Iterator[str]:
        if differences(desired.settings, item.settings) and not blocked & {"ReplacementRequired", "DriftDetected"}:
            yield f"{short(item.arn)} has {item.settings}"
        wrong = {key: value for key, value in desired.tags.items() if item.tags.get(key) != value}
        if wrong and not blocked and desired.drift_policy is DriftPolicy.CORRECT:
            yield f"{short(item.arn)} lacks the tags {wrong}"

    def _surplus(self, rest: list[Configuration]) -> Iterator[str]:
        for item in rest:
            users = [c.arn for c in self.consumers if item.arn in c.configurations]
            if not users:
                yield f"{short(item.arn)} is left although nobody uses it"
            elif not any((arn, item.arn) in self.strangers for arn in users):
                yield f"{', '.join(map(short, users))} still uses {short(item.arn)}"

    def _joined(self, desired: Desired, best: Configuration) -> Iterator[str]:
        slots = TRAITS[desired.kind].slots
        own = {item.arn for item in self.own}
        for consumer in self.consumers:
            meant = any(e.matches(consumer.arn, consumer.name, consumer.tags) for e in desired.selectors)
            others = set(consumer.configurations) - own
            if meant and best.arn not in consumer.configurations and len(others) < slots:
                yield f"{short(consumer.arn)} is not joined"
            stranger = (consumer.arn, best.arn) in self.strangers
            if not meant and best.arn in consumer.configurations and not stranger:
                yield f"{short(consumer.arn)} has not been let go"
            dead = [arn for arn in consumer.configurations if arn not in self.cloud.configurations]
            if meant and dead and best.arn in consumer.configurations:
                yield f"{short(consumer.arn)} still names {short(dead[0])}, which does not exist"

    def _adopting(self, desired: Desired) -> Iterator[str]:
        arn = desired.existing_arn or ""
        known = self.cloud.configurations.get(arn)
        if known is None:
            if self.word[1] != "ExistingNotFound":
                yield "what it adopts does not exist"
            return
        owner = known[0].tags.get(TAG_OWNER)
        if owner not in (None, self.subject.owner.tag):
            if self.word[1] not in {"AmbiguousOwner", "OwnedElsewhere"}:
                yield f"what it adopts belongs to {owner}"
            return
        if self.word[0] != "True" and self.word[1] not in self._blocked(desired) | {"ReplacementRequired"}:
            yield "nothing stands in the way"
