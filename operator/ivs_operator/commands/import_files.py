"""Imported custom resources as text: one YAML stream, or a folder for kustomize."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import yaml

from ivs_operator.domain.identity import Kind
from ivs_operator.domain.importing import Import
from ivs_operator.domain.inventory_rows import account_and_region, visible

__all__ = ["KUSTOMIZATION", "as_folder", "as_stream", "count_of", "is_ours"]

KUSTOMIZATION: Final = "kustomization.yaml"

_MARK: Final = "# Written by `ivs-operator import`"
_STEMS: Final = {Kind.RECORDING: "recording", Kind.CHAT_LOGGING: "chat-logging"}
_WIDTH: Final = 120


def as_stream(imports: Sequence[Import], *, namespaces: bool = False) -> str:
    """All objects in one stream, with the namespaces first if asked for."""
    documents = [_dump(_namespace(name)) for name in _namespaces(imports)] if namespaces else []
    documents += [_document(made) for made in imports]
    return _header(imports) + "---\n".join(documents)


def as_folder(imports: Sequence[Import], *, namespaces: bool = False) -> dict[str, str]:
    """Files by relative name: one for each object, in a folder for each namespace, and a kustomization of them."""
    files = {f"{name}/namespace.yaml": _dump(_namespace(name)) for name in _namespaces(imports)} if namespaces else {}
    files |= {f"{made.namespace}/{_STEMS[made.kind]}-{made.name}.yaml": _document(made) for made in imports}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(files),
    }
    return {**files, KUSTOMIZATION: _header(imports) + _dump(kustomization)}


def is_ours(kustomization: str) -> bool:
    """Whether an earlier import has written this kustomization."""
    return kustomization.startswith(_MARK)


def count_of(imports: Sequence[Import]) -> str:
    """`1 object`, `3 objects`."""
    return f"{len(imports)} object{'' if len(imports) == 1 else 's'}"


def _header(imports: Sequence[Import]) -> str:
    """What applying does. No date: the same account gives the same text."""
    places = sorted({account_and_region(made.arn) for made in imports})
    lines = [
        f"{_MARK} from {count_of(imports)} at AWS.",
        *(f"# Account {account}, region {region}." for account, region in places),
        "# Each names its AWS object (existing), only reports differences (driftPolicy: Report), and leaves the AWS",
        "# object and its associations alone when it is deleted (deletionPolicy: Retain).",
    ]
    if any(made.paused for made in imports):
        lines += [
            "# They are paused: nothing at all is written to AWS, and they get Ready only once the annotation",
            "# ivs-operator.dev/paused is removed. Then the operator adds its owner tags to the AWS objects.",
        ]
    else:
        lines.append("# Applying them writes nothing to AWS but the operator's owner tags (ivs-operator.dev/...).")
    return "\n".join(lines) + "\n\n"


def _document(made: Import) -> str:
    remarks = "".join(f"# {visible(remark)}\n" for remark in made.remarks)
    return remarks + _dump(made.manifest())


def _namespaces(imports: Iterable[Import]) -> list[str]:
    return sorted({made.namespace for made in imports})


def _namespace(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _dump(document: dict[str, Any]) -> str:
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_WIDTH)
    if all(visible(line) == line for line in text.splitlines()):
        return text
    # Something that changes the direction of text, say: a reviewer must see what a machine reads.
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=False, width=_WIDTH)
