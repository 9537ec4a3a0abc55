"""What the texts tell people to write and to type is right: objects, values of the chart, commands, make targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
import pytest
import yaml

from docs.pages import ROOT, blocks, commands, documents
from ivs_operator.api.names import GROUP
from ivs_operator.cli import cli, plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivs_sandbox.kubectl import KubectlResult

_YAML = [block for block in blocks() if block.language in ("yaml", "yml")]
_PROGRAMS = {"ivs-operator": cli, ".venv/bin/ivs-operator": cli, "/opt/ivs-operator/bin/ivs-operator": cli}
_OPEN = re.compile(r"^(\.\.\.|…|COMMAND|\[.*)$")
"""Where a text leaves something open."""


def _ours(document: Any) -> bool:
    return isinstance(document, dict) and str(document.get("apiVersion", "")).startswith(GROUP + "/")


def test_the_pages_have_examples() -> None:
    assert sum(_ours(document) for block in _YAML for document in documents(block)) >= 5
    assert sum(words[0] == "ivs-operator" for _, words in commands()) >= 50


def test_every_object_in_the_texts_is_taken_by_the_api_server(kubectl: Callable[..., KubectlResult]) -> None:
    """By a server-side dry run with strict fields; each in a namespace that exists."""
    namespace = f"docs-{uuid4().hex[:8]}"
    kubectl("create", "namespace", namespace)
    shown = [(block, document) for block in _YAML for document in documents(block) if _ours(document)]
    for number, (block, document) in enumerate(shown):
        document["metadata"]["name"] = f"{document['metadata']['name']}-{number}"
        if document["kind"] != "AWSAccount":
            document["metadata"]["namespace"] = namespace
        block_text = yaml.safe_dump(document)
        answer = kubectl(
            "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", stdin=block_text, check=False
        )
        assert answer.returncode == 0, f"{block}: {answer.stderr}"


def test_fragments_of_yaml_are_values_of_the_chart() -> None:
    values = yaml.safe_load((ROOT / "helm/ivs-operator/values.yaml").read_text())
    wrong = [
        f"{block}: {path}"
        for block in _YAML
        for document in documents(block)
        if isinstance(document, dict) and "kind" not in document
        for path in _missing(document, values, "")
    ]
    assert not wrong


def _missing(given: dict[str, Any], known: Any, prefix: str) -> list[str]:
    """Names of values that the chart does not have; below a map that is empty by default anything may stand."""
    if not isinstance(known, dict) or (not known and prefix):
        return []
    found = []
    for name, value in given.items():
        if name not in known:
            found.append(prefix + name)
        elif isinstance(value, dict):
            found += _missing(value, known[name], f"{prefix}{name}.")
    return found


def _typed() -> list[Any]:
    """Each of our commands once, with the first place where it stands."""
    found: dict[tuple[str, ...], str] = {}
    for place, words in commands():
        line = _after_environment(words)
        if line[:2] == ["kubectl", "ivs"]:
            found.setdefault(("kubectl-ivs", *line[2:]), place)
        elif line and line[0] in _PROGRAMS:
            found.setdefault(tuple(line), place)
    return [pytest.param(list(words), id=f"{place} {' '.join(words)}"[:120]) for words, place in found.items()]


def _after_environment(words: list[str]) -> list[str]:
    while words and re.match(r"^[A-Z_]+=", words[0]):
        words = words[1:]
    return words


@pytest.mark.parametrize("words", _typed())
def test_every_command_of_ours_is_one_that_exists(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its options exist and take what is given."""
    for name in ("KUBECONFIG", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    group = plugin if words[0] == "kubectl-ivs" else cli
    arguments = words[1:]
    if not arguments or _OPEN.match(arguments[0]) or arguments[0].startswith("-"):
        return
    name, *rest = arguments
    context = click.Context(group, info_name=words[0])
    command = group.get_command(context, name)
    assert command is not None, f"there is no {name}"
    if any(_OPEN.match(word) for word in rest) or "--help" in rest:
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= options | {"--help"}
        return
    # A text may name a command without what it works on: "`why` tells". Its options are tried all the same.
    needs = [parameter for parameter in command.params if isinstance(parameter, click.Argument) and parameter.required]
    if needs and not [word for word in rest if not word.startswith("-")]:
        rest = [*rest, "ivsrc/live/vod"]
    try:
        command.make_context(name, list(rest), parent=context)
    except click.UsageError as error:
        pytest.fail(error.format_message())


def test_every_make_target_in_the_texts_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {(place, words[1]) for place, words in commands() if words[0] == "make" and len(words) > 1}
    known = re.compile(r"^\.venv/|^[A-Z]+=")
    assert not [
        f"{place}: make {target}" for place, target in asked if target not in targets and not known.match(target)
    ]


def test_files_of_the_repository_that_commands_name_exist() -> None:
    folders = ("manifests/", "helm/", "image/", "crds/", "kubectl-plugin/", "tests/")
    missing = [
        f"{place}: {word}"
        for place, words in commands()
        for word in words
        if word.startswith(folders) and not (ROOT / word.partition("::")[0]).exists()
    ]
    assert not missing


def test_values_that_helm_is_given_exist() -> None:
    values = yaml.safe_load((ROOT / "helm/ivs-operator/values.yaml").read_text())
    unknown = []
    for place, words in commands():
        if words[:1] != ["helm"]:
            continue
        pairs = [words[number + 1] for number, word in enumerate(words[:-1]) if word == "--set"]
        for pair in pairs:
            path = [part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", pair.partition("=")[0])]
            if path == ["settings", "sweepIntervall"]:  # shown as a mistake that is refused
                continue
            nested: dict[str, Any] = {}
            inner = nested
            for part in path[:-1]:
                inner = inner.setdefault(part, {})
            inner[path[-1]] = 0
            unknown += [f"{place}: {name}" for name in _missing(nested, values, "")]
    assert not unknown


def test_a_wrong_example_would_be_seen() -> None:
    """The checks can fail: an option and a value that do not exist are told."""
    command = cli.get_command(click.Context(cli), "why")
    assert command is not None
    with pytest.raises(click.UsageError, match="No such option"):
        command.make_context("why", ["ivsrc/live/vod", "--loud"])
    assert _missing({"settings": {"regoin": "x"}}, {"settings": {"region": ""}}, "") == ["settings.regoin"]
