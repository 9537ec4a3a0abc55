"""Custom resources for AWS objects that exist: applying them changes nothing at AWS but the owner tags.

Each names its object (`existing`), says what AWS has now, only reports differences, and leaves the object alone when it
is deleted. What would not become Ready is left out, or told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ivs_operator.api.names import API_VERSION, PAUSED_ANNOTATION, TAG_OWNER
from ivs_operator.api.scalars import MAX_AWS_TAGS, MAX_OWN_TAGS
from ivs_operator.api.selectors import MAX_SELECTORS
from ivs_operator.api.validation import InvalidSpec, parse_spec
from ivs_operator.domain.identity import Kind, is_own_tag
from ivs_operator.domain.import_names import Template, Unnamed, names_of, namespace_of
from ivs_operator.domain.import_selectors import Selection, selection_of
from ivs_operator.domain.inventory_rows import account_and_region, managed_by
from ivs_operator.domain.kinds import TRAITS, count
from ivs_operator.domain.listed import Listed
from ivs_operator.domain.observed import Configuration
from ivs_operator.domain.settings import without_defaults

__all__ = ["Choice", "Import", "LeftOut", "Outcome", "import_from", "wanted"]

_OWN_TAGS: Final = 3  # that adoption adds
_UNUSABLE: Final = ("CREATE_FAILED", "DELETING")


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be imported, and how."""

    namespace: Template
    arns: frozenset[str] = frozenset()
    """Only these; empty: all."""
    tags: tuple[str, ...] = ()
    """Only what has all of these, each KEY=VALUE."""
    managed: bool = False
    """Whether objects that a cluster manages already are taken as well."""
    paused: bool = False
    """Whether the custom resources are made paused, so that not even tags are written."""


@dataclass(frozen=True, slots=True)
class Import:
    """One custom resource."""

    kind: Kind
    arn: str
    namespace: str
    name: str
    spec: Mapping[str, Any]
    paused: bool = False
    remarks: tuple[str, ...] = ()
    """What a person should know of it."""
    complete: bool = True
    """Whether the selectors reproduce all of today's associations."""

    def manifest(self) -> dict[str, Any]:
        """As it is written to a file."""
        metadata: dict[str, Any] = {"name": self.name, "namespace": self.namespace}
        if self.paused:
            metadata["annotations"] = {PAUSED_ANNOTATION: "true"}
        return {"apiVersion": API_VERSION, "kind": str(self.kind), "metadata": metadata, "spec": dict(self.spec)}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object that was not imported."""

    arn: str
    why: str
    trouble: bool = True
    """Whether it was asked for, so that its absence is worth an exit code."""

    def __str__(self) -> str:
        return f"left out {self.arn}: {self.why}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an import."""

    imports: tuple[Import, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    part: Listed
    item: Configuration
    namespace: str


def import_from(listed: Sequence[Listed], choice: Choice) -> Outcome:
    """Custom resources for what was read, by kind, namespace and name."""
    candidates: list[_Candidate] = []
    left_out: list[LeftOut] = []
    for part in listed:
        for item in part.configurations:
            if not _chosen(item, choice):
                continue
            found = _candidate(part, item, choice)
            if isinstance(found, LeftOut):
                left_out.append(found)
            else:
                candidates.append(found)
    names = names_of([(f"{entry.part.kind}/{entry.namespace}", entry.item) for entry in candidates])
    imports: list[Import] = []
    for entry, name in zip(candidates, names, strict=True):
        made = _import(entry, name, choice)
        if isinstance(made, LeftOut):
            left_out.append(made)
        else:
            imports.append(made)
    known = {item.arn for part in listed for item in part.configurations}
    left_out += [LeftOut(arn, "there is no such configuration") for arn in sorted(choice.arns - known)]
    imports.sort(key=lambda made: (made.kind, made.namespace, made.name))
    return Outcome(tuple(imports), tuple(left_out))


def wanted(item: Configuration, choice: Choice) -> bool:
    """Whether an object, as a List shows it, may be imported, so that its settings are worth a Get."""
    return _chosen(item, choice) and _unfit(item, choice) is None


def _chosen(item: Configuration, choice: Choice) -> bool:
    if choice.arns and item.arn not in choice.arns:
        return False
    return all(_has(item.tags, tag) for tag in choice.tags)


def _has(tags: Mapping[str, str], wanted: str) -> bool:
    """Whether KEY=VALUE is among the tags; keys may contain an equals sign, too."""
    return any(tags.get(wanted[:at]) == wanted[at + 1 :] for at, letter in enumerate(wanted) if letter == "=")


def _unfit(item: Configuration, choice: Choice) -> LeftOut | None:
    """What keeps an object out, whatever its settings are."""
    asked = item.arn in choice.arns
    if TAG_OWNER in item.tags and not choice.managed:
        owner = managed_by(item.tags)
        return LeftOut(item.arn, f"a cluster manages it as {owner}; --all takes it all the same", asked)
    if item.state in _UNUSABLE:
        return LeftOut(item.arn, f"its state is {item.state}, so that nothing could use it", asked)
    return None


def _candidate(part: Listed, item: Configuration, choice: Choice) -> _Candidate | LeftOut:
    unfit = _unfit(item, choice)
    if unfit is not None:
        return unfit
    if not item.complete:
        return LeftOut(item.arn, "its settings could not be read")
    try:
        return _Candidate(part, item, namespace_of(choice.namespace, item))
    except Unnamed as error:
        return LeftOut(item.arn, str(error))


def _import(entry: _Candidate, name: str, choice: Choice) -> Import | LeftOut:
    kind, item = entry.part.kind, entry.item
    if entry.part.consumers is None:
        return LeftOut(
            item.arn, f"its {TRAITS[kind].consumers} could not be read, so that nobody can tell which use it"
        )
    selection = selection_of(item.arn, entry.part.consumers)
    tags, untold = _tags(kind, item)
    spec = _spec(entry, selection, tags)
    try:
        parse_spec(str(kind), spec)
    except InvalidSpec as error:
        return LeftOut(item.arn, f"this version can't express it: {error}")
    return Import(
        kind=kind,
        arn=item.arn,
        namespace=entry.namespace,
        name=name,
        spec=spec,
        paused=choice.paused,
        remarks=tuple(_remarks(kind, item, selection, untold)),
        complete=not selection.left_out,
    )


def _spec(entry: _Candidate, selection: Selection, tags: Mapping[str, str]) -> dict[str, Any]:
    item = entry.item
    spec: dict[str, Any] = {"region": account_and_region(item.arn)[1]}
    if entry.part.account:
        spec["accountRef"] = {"name": entry.part.account}
    spec |= {"existing": {"arn": item.arn}, "deletionPolicy": "Retain", "driftPolicy": "Report"}
    spec |= without_defaults(item.settings)
    if tags:
        spec["tags"] = dict(tags)
    if selection.selectors:
        field = TRAITS[entry.part.kind].field.removeprefix("spec.")
        spec[field] = [selector.to_dict() for selector in selection.selectors]
    return spec


def _tags(kind: Kind, item: Configuration) -> tuple[dict[str, str], list[str]]:
    """Tags for the spec, and the keys of those that it can't have; AWS's own and ours are nobody's to declare."""
    free = {
        key: value for key, value in sorted(item.tags.items()) if not key.startswith("aws:") and not is_own_tag(key)
    }
    fitting = {key: value for key, value in free.items() if _declarable(kind, key, value)}
    declared = dict(list(fitting.items())[:MAX_OWN_TAGS])
    return declared, [key for key in free if key not in declared]


def _declarable(kind: Kind, key: str, value: str) -> bool:
    destination = {"destinationConfiguration": {"s3": {"bucketName": "any"}}}
    try:
        parse_spec(str(kind), {**destination, "tags": {key: value}})
    except InvalidSpec:
        return False
    return True


def _remarks(kind: Kind, item: Configuration, selection: Selection, untold: list[str]) -> Iterable[str]:
    traits = TRAITS[kind]
    owner = managed_by(item.tags)
    if TAG_OWNER in item.tags:
        yield f"{owner} manages it already: delete that object with Retain first, else this one is refused"
    elif owner is not None:
        yield f"{owner} seems to manage it, too"
    if selection.by_tags:
        yield (
            f"an object has {MAX_SELECTORS} entries, too few to name each of its {traits.consumers}: "
            f"entries by tags or names match {traits.consumers} that get these later, too"
        )
    if selection.left_out:
        missing = count(len(selection.left_out), traits)
        yield f"{missing} that use it are not selected, since nothing tells them from others; they stay as they are"
    if untold:
        yield f"tags that a spec can't have, and that stay as they are: {', '.join(untold)}"
    if TAG_OWNER not in item.tags and len(item.tags) + _OWN_TAGS > MAX_AWS_TAGS:
        yield f"it has {len(item.tags)} tags; the operator adds {_OWN_TAGS} and AWS allows {MAX_AWS_TAGS}: remove some"
    if item.state != "ACTIVE":
        yield f"its state is {item.state}; it gets Ready once that is ACTIVE"
