"""What the texts have people type for kubectl: each command on our objects is carried out; writes as dry runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import yaml

from docs.pages import ROOT, commands
from ivs_operator.api.names import FINALIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.kubectl import KubectlResult

_WRITES = frozenset({"annotate", "patch", "delete", "label"})
_READS = frozenset({"get", "describe", "explain"})
_OURS = re.compile(
    r"^(ivs|ivsrc|ivscl|ivsacct|awsaccounts?|ivsrc,ivscl|(recording|chatlogging)configurations?)([./,]|$)"
)
_OTHERS = re.compile(r"upbound|^crds?$")
_BOOLEAN = frozenset({"-A", "--all", "--overwrite", "--server-side"})


def _typed() -> list[Any]:
    found: dict[tuple[str, ...], str] = {}
    for place, words in commands():
        if words[0] != "kubectl" or _verb(words) not in _WRITES | _READS or not any(map(_OURS.match, words)):
            continue
        if not any(map(_OTHERS.search, words)) and not {"…", "..."} & set(words):
            found.setdefault(tuple(words[1:]), place)
    return [pytest.param(list(words), id=f"{place} {' '.join(words)}"[:110]) for words, place in found.items()]


def _verb(words: list[str]) -> str:
    """The first word that is neither an option nor an option's value."""
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("-"):
            return word
        if word not in _BOOLEAN and "=" not in word:
            next(rest, None)
    return ""


@pytest.fixture(scope="module")
def place(control_plane: Any) -> Iterator[str]:
    """A namespace with the objects that the texts speak of, named as there, with the finalizer they would have."""
    namespace = f"docs-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", namespace)
    for sample, name in (("recording-basic", "vod"), ("chat-to-s3", "chat-archive"), ("chat-to-s3", "NAME")):
        document = yaml.safe_load((ROOT / f"manifests/samples/{sample}.yaml").read_text())
        document["metadata"] = {"name": name.lower(), "namespace": namespace, "finalizers": [FINALIZER]}
        control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump(document))
    yield namespace
    control_plane.kubectl("-n", namespace, "delete", "ivs", "--all", "--wait=false")
    for kind, name in (("ivsrc", "vod"), ("ivscl", "chat-archive"), ("ivscl", "name")):
        control_plane.kubectl(
            "-n", namespace, "patch", kind, name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
        )


@pytest.mark.parametrize("words", _typed())
def test_the_api_server_takes_what_is_typed(
    words: list[str], place: str, kubectl: Callable[..., KubectlResult]
) -> None:
    line = [word.replace("NAME", "name").replace("$(date +%s)", "1") for word in _here(words, place)]
    dry = ["--dry-run=server"] if _verb(["kubectl", *line]) in _WRITES else []
    answer = kubectl(*line, *dry, check=False)
    assert answer.returncode == 0, f"kubectl {' '.join(line)}: {answer.stderr}"


def _here(words: list[str], namespace: str) -> list[str]:
    """In the test's namespace: objects of others are none of a text's business."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in ("-n", "--namespace"):
            next(rest)
        elif word not in ("-A", "--wait=false", "-w"):
            kept.append(word)
    return ["-n", namespace, *kept]
