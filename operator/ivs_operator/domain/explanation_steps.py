"""A plan's actions in words: what the operator would do next, and by which call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivs_operator.domain import actions as do
from ivs_operator.domain.finding import Plan
from ivs_operator.domain.identity import Kind
from ivs_operator.domain.kinds import TRAITS, count
from ivs_operator.domain.subject import Situation

__all__ = ["Step", "steps_of"]

_EACH = 5  # associations that are named one by one; more are counted

_SERVICE = {Kind.RECORDING: "ivs", Kind.CHAT_LOGGING: "ivschat"}
_NOUN = {Kind.RECORDING: "RecordingConfiguration", Kind.CHAT_LOGGING: "LoggingConfiguration"}
_UPDATE = {Kind.RECORDING: "UpdateChannel", Kind.CHAT_LOGGING: "UpdateRoom"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done next."""

    what: str
    call: str
    """As AWS or Kubernetes name it: `ivs:CreateRecordingConfiguration`, `patch status`."""


def steps_of(s: Situation, plan: Plan) -> tuple[Step, ...]:
    """The steps of a plan, in order; what else will be seen to be needed is planned after them."""
    found: list[Step] = []
    traces = any(action.writes or isinstance(action, do.WriteLedger) for action in plan.actions)
    if traces and not s.subject.has_finalizer and not s.subject.deleting:
        found.append(Step("add the finalizer, so that nothing is left behind at AWS", "patch metadata.finalizers"))
    associations = [action for action in plan.actions if isinstance(action, do.Associate)]
    for action in plan.actions:
        if not isinstance(action, do.Associate):
            found += _steps(s, action)
    return (*found, *_associations(s, associations))


def _steps(s: Situation, action: do.Action) -> Iterable[Step]:
    noun, service, name = TRAITS[s.subject.kind].object_noun, _SERVICE[s.subject.kind], _NOUN[s.subject.kind]
    match action:
        case do.WriteLedger():
            yield from _recorded(s, action)
        case do.Create():
            yield _creation(s)
        case do.Update():
            yield Step(f"change {', '.join(action.settings)} of {action.arn} in place", f"{service}:Update{name}")
        case do.Tag():
            tags = ", ".join(f"{key}={value}" for key, value in sorted(action.tags.items()))
            yield Step(f"tag {action.arn} with {tags}", f"{service}:TagResource")
        case do.Untag():
            yield Step(f"take the tags {', '.join(action.keys)} off {action.arn}", f"{service}:UntagResource")
        case do.Delete():
            yield Step(f"delete the {noun} {action.arn}", f"{service}:Delete{name}")
        case do.ReleaseFinalizer():
            yield Step("take the finalizer off, so that Kubernetes removes the object", "patch metadata.finalizers")
        case _:
            yield _read(s, action)


def _recorded(s: Situation, action: do.WriteLedger) -> Iterable[Step]:
    if action.intends_create:
        yield Step("put the intent to create on record, so that nothing is made twice", "patch status")
        yield _creation(s)
        return
    yield Step(f"put the entries of {TRAITS[s.subject.kind].field} on record before they take effect", "patch status")


def _creation(s: Situation) -> Step:
    noun, service, name = TRAITS[s.subject.kind].object_noun, _SERVICE[s.subject.kind], _NOUN[s.subject.kind]
    return Step(f"create the {noun} in {s.placement.region}", f"{service}:Create{name}")


def _read(s: Situation, action: do.Action) -> Step:
    traits, service = TRAITS[s.subject.kind], _SERVICE[s.subject.kind]
    consumers = traits.consumers.capitalize()
    match action:
        case do.Refresh():
            return Step(f"list the {traits.object_noun}s", f"{service}:List{_NOUN[s.subject.kind]}s")
        case do.RefreshConsumers():
            return Step(f"list the {traits.consumers}", f"{service}:List{consumers}")
        case do.ListUsers():
            return Step(f"list the {traits.consumers} that use {action.arn}", f"{service}:List{consumers}")
        case do.InspectConsumer():
            return Step(f"look at {traits.consumer} {action.arn}", f"{service}:Get{traits.consumer.capitalize()}")
        case do.Inspect() | do.Poll():
            return Step(f"look at {action.arn}", f"{service}:Get{_NOUN[s.subject.kind]}")
    raise TypeError(f"{type(action).__name__} is no read")


def _associations(s: Situation, actions: Sequence[do.Associate]) -> Iterable[Step]:
    traits = TRAITS[s.subject.kind]
    call = f"{_SERVICE[s.subject.kind]}:{_UPDATE[s.subject.kind]}"
    for joining, verb in ((True, "attach"), (False, "let go")):
        group = [action for action in actions if (action.add is not None) is joining]
        if len(group) > _EACH:
            yield Step(f"{verb} {count(len(group), traits)}", call)
            continue
        for action in group:
            item = s.view.consumers.get(action.consumer)
            name = f" {item.name}" if item is not None and item.name else ""
            yield Step(f"{verb} {traits.consumer}{name} {action.consumer}", call)
