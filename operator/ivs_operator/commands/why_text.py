"""An explanation as a person reads it, and as a program does."""

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from ivs_operator.commands.output import colours
from ivs_operator.commands.places import give
from ivs_operator.domain.explanation import Explanation, Standing
from ivs_operator.domain.times import format_time
from ivs_operator.domain.transitions import UNDER_WAY

__all__ = ["as_json", "as_text", "show"]

_LABEL: Final = 14  # columns; the longest label, and space
_WIDE: Final = 110  # columns of a terminal beyond which lines are hard to read


def as_json(found: Explanation) -> str:
    """The explanation as one JSON object; members are documented in docs/tools.md."""
    timing = asdict(found.timing)
    timing["at"] = format_time(found.timing.at) if found.timing.at is not None else None
    members = {
        "kind": str(found.key.kind),
        "namespace": found.key.namespace,
        "name": found.key.name,
        "generation": found.generation,
        "deleting": found.deleting,
        "paused": found.paused,
        "otherFinalizers": list(found.finalizers),
        "status": _standing(found.told),
        "found": _standing(found.found),
        "wanted": _camel(asdict(found.wanted)),
        "aws": {
            **_camel(asdict(found.aws)),
            "differences": [
                dict(zip(("field", "wanted", "atAws"), item, strict=True)) for item in found.aws.differences
            ],
            "others": [dict(zip(("arn", "state"), item, strict=True)) for item in found.aws.others],
        },
        "blockers": [asdict(item) for item in found.blockers],
        "next": {"steps": [asdict(step) for step in found.steps], "when": _camel(timing)},
        "failures": [_camel(asdict(item)) for item in found.failures],
        "operator": found.worker,
        "notes": list(found.notes),
    }
    return json.dumps(members, indent=2, ensure_ascii=False)


def show(found: Explanation) -> None:
    """Print the explanation; colours on a terminal only, and never with NO_COLOR."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    console = Console(highlight=False, force_terminal=terminal, color_system="auto" if colours() else None)
    give(as_text(found, console))


def as_text(found: Explanation, console: Console) -> str:
    """The explanation for a person. Lines are broken for terminals only: what reads a pipe wants them whole."""
    width = min(console.width, _WIDE) if console.is_terminal else None
    with console.capture() as printed:
        for line in _page(found, width):
            console.print(line, soft_wrap=True)
    return printed.get()


def _page(found: Explanation, width: int | None) -> Iterable[Text]:
    yield from _indented(_headline(found), width, "")
    message = found.found.message if not found.agreed and found.told.ready is None else found.told.message
    if message:
        yield from _indented(Text(message), width, "  ")
    for title, lines in _sections(found):
        label = Text(title.ljust(_LABEL), style="bold")
        parts = [part for line in lines for part in _indented(line, width, " " * _LABEL)]
        if parts:
            yield Text()
            yield Text.assemble(label, parts[0][_LABEL:])
            yield from parts[1:]


def _indented(text: Text, width: int | None, indent: str) -> list[Text]:
    folded = (part for line in text.split("\n") for part in _folded(line, width and width - len(indent)))
    return [Text.assemble(indent, part) for part in folded]


def _folded(text: Text, width: int | None) -> list[Text]:
    """Broken between words, never within one (an ARN is to be copied), and a command nowhere."""
    if width is None or text.no_wrap:
        return [text]
    offsets, column = [], 0
    for word in re.finditer(r"\S+\s*", text.plain):
        if column and column + cell_len(word[0].rstrip()) > width:
            offsets.append(word.start())
            column = 0
        column += cell_len(word[0])
    parts = list(text.divide(offsets))
    for part in parts:
        part.rstrip()
    return parts


def _headline(found: Explanation) -> Text:
    name = Text(f"{found.key.kind} {found.key.namespace}/{found.key.name}", style="bold")
    standing = found.told if found.told.ready is not None else found.found
    word = "Ready" if standing.ready else "not Ready"
    style = "green" if standing.ready else "yellow" if standing.reason in UNDER_WAY else "red"
    head = Text.assemble(name, ": ", (f"{word}, {standing.reason}", style))
    if found.told.since:
        head.append(f" since {found.told.since}", style="dim")
    if found.deleting:
        head.append(", being deleted", style="yellow")
    return head


def _sections(found: Explanation) -> Iterable[tuple[str, list[Text]]]:
    yield "This look", list(_difference(found))
    yield "Wanted", list(_wanted(found))
    yield "At AWS", list(_at_aws(found))
    yield "In the way", list(_blockers(found))
    yield "Next", list(_next(found))
    yield "Failures", list(_failures(found))
    yield "Operator", [Text(found.worker)] if found.worker else []
    yield "Note", [Text(note, style="yellow") for note in found.notes]


def _difference(found: Explanation) -> Iterable[Text]:
    """Where this look and the status are not of one mind: the operator is about to say so, or has other settings."""
    if found.aws.trouble is not None:
        yield Text(f"AWS was not asked, so this is what the status remembers: {found.aws.trouble}", style="yellow")
        return
    if found.told.ready is None:
        yield Text("the operator has not written any status yet", style="yellow")
    elif found.told.generation not in (None, found.generation):
        yield Text(
            f"the status speaks of generation {found.told.generation}; the spec is at {found.generation}",
            style="yellow",
        )
    retried = found.told.ready is False and found.found.reason in UNDER_WAY
    if not found.agreed and found.told.ready is not None and not retried:
        word = "Ready" if found.found.ready else f"not Ready, {found.found.reason}: {found.found.message}"
        yield Text(f"finds it {word}")


def _wanted(found: Explanation) -> Iterable[Text]:
    wanted = found.wanted
    if wanted.invalid is not None:
        yield Text(f"can't be read: {wanted.invalid}", style="red")
    where = ", ".join(
        text
        for text in (wanted.account and f"account {wanted.account}", wanted.region and f"region {wanted.region}")
        if text
    )
    if where:
        yield Text(where)
    if wanted.existing:
        yield Text(f"existing {wanted.existing}")
    for name, value in wanted.settings.items():
        yield Text(f"{name} {_value(value)}")
    if wanted.tags:
        yield Text("tags " + ", ".join(f"{key}={value}" for key, value in wanted.tags.items()))
    field = "channels" if found.key.kind == "RecordingConfiguration" else "rooms"
    for selector in wanted.selectors:
        yield Text(f"{field}: {selector}")
    yield Text(", ".join(f"{name} {value}" for name, value in wanted.policies.items()), style="dim")


def _at_aws(found: Explanation) -> Iterable[Text]:
    aws = found.aws
    if aws.arn is None:
        yield Text("nothing of this object")
    else:
        style = "green" if aws.state == "ACTIVE" else "red" if str(aws.state).endswith("FAILED") else "yellow"
        yield Text.assemble(aws.arn, " ", (str(aws.state), style))
    for field, wanted, there in aws.differences:
        yield Text.assemble((f"{field} is {there}", "red"), f"; wanted is {wanted}")
    for arn, state in aws.others:
        yield Text(f"also {arn} {state}, which goes once nobody uses it")
    if aws.matched is not None and (aws.matched or aws.foreign):
        noun = "channels" if found.key.kind == "RecordingConfiguration" else "rooms"
        foreign = f"; {aws.foreign} more use it without being selected" if aws.foreign else ""
        yield Text(f"{aws.associated} of {aws.matched} selected {noun} use it{foreign}")


def _blockers(found: Explanation) -> Iterable[Text]:
    for item in found.blockers:
        # A room's message may stand at the top, in full; a check's is said here, where it is looked for.
        said = not item.message or (item.message in found.told.message and item.arn.startswith("arn:"))
        yield Text.assemble((item.reason, "red"), f" {item.arn}", "" if said else f": {item.message}")
    for name in found.finalizers if found.deleting else ():
        yield Text.assemble(("Finalizer", "red"), f" {name}: of somebody else, who must take it off")


def _next(found: Explanation) -> Iterable[Text]:
    for number, step in enumerate(found.steps, 1):
        yield Text.assemble(f"{number}. {step.what} ", (f"({step.call})", "dim"))
    at = f" ({format_time(found.timing.at)})" if found.timing.at is not None else ""
    yield Text(f"{found.timing.text}{at}")
    if found.timing.can_hurry:
        plural = "ivsrc" if found.key.kind == "RecordingConfiguration" else "ivscl"
        command = f"kubectl -n {found.key.namespace} annotate {plural} {found.key.name} --overwrite"
        yield Text("at once by:")  # the command on a line of its own, to be copied
        yield Text(f"{command} ivs-operator.dev/reconcile-at=$(date +%s)", style="dim", no_wrap=True)


def _failures(found: Explanation) -> Iterable[Text]:
    for item in found.failures:
        request = f"AWS request id {item.request_id}" if item.request_id else ""
        text = Text.assemble(f"{_whole_seconds(item.at)} ", (item.reason, "red"))
        if request:
            text.append(f" {request}", style="bold")
        if item.message != found.told.message:
            text.append(f" {item.message}")
        yield text


def _whole_seconds(time: str) -> str:
    whole, point, _ = time.partition(".")
    return f"{whole}Z" if point else time


def _value(value: Any) -> str:
    """`s3 bucketName my-vod`: settings without the brackets of JSON."""
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_value(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value) if value != "" else '""'


def _standing(standing: Standing) -> dict[str, Any]:
    return _camel(asdict(standing))


def _camel(members: Mapping[str, Any]) -> dict[str, Any]:
    """Member names as the API has them."""
    return {_camel_name(name): value for name, value in members.items()}


def _camel_name(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
