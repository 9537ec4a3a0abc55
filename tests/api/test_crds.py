"""The generated definitions: fresh, structural, described."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from api.schemas import Schema, at, root_of, walk
from ivs_operator.api.crd import HEADER, crds, render, write
from ivs_operator.api.kinds import KINDS

CHECKED_IN = Path(__file__).parents[2] / "crds"
KIND_NAMES = list(KINDS)
RC, CL = "RecordingConfiguration", "ChatLoggingConfiguration"
VALIDATIONS = "x-kubernetes-validations"


def test_checked_in_files_are_what_the_models_generate(tmp_path: Path) -> None:
    """Otherwise: run `make generate` and commit."""
    generated = {path.name: path.read_text() for path in write(tmp_path / "made")}
    assert generated == {path.name: path.read_text() for path in CHECKED_IN.glob("*.yaml")}


def test_the_folder_can_be_applied_with_kubectl() -> None:
    """`kubectl apply -f crds/` reads these endings and fails on any other kind; `-k` goes by the list."""
    read = [path for path in CHECKED_IN.iterdir() if path.suffix in {".yaml", ".yml", ".json"}]
    kinds = {path.name: item["kind"] for path in read for item in yaml.safe_load_all(path.read_text())}
    assert kinds == dict.fromkeys(sorted(path.name for path in read), "CustomResourceDefinition")
    assert len(read) == len(KINDS)
    assert sorted(yaml.safe_load((CHECKED_IN / "Kustomization").read_text())["resources"]) == sorted(kinds)


def test_rendering_is_stable_and_says_where_it_comes_from() -> None:
    for crd in crds():
        text = render(crd)
        assert text.startswith(HEADER)
        assert text == render(crd)
        assert yaml.safe_load(text) == crd, "no anchors, nothing lost in YAML"
        assert "&id" not in text


@pytest.mark.parametrize(
    ("kind", "plural", "short", "categories", "scope"),
    [
        (RC, "recordingconfigurations", "ivsrc", ["ivs"], "Namespaced"),
        (CL, "chatloggingconfigurations", "ivscl", ["ivs"], "Namespaced"),
        ("AWSAccount", "awsaccounts", "ivsacct", None, "Cluster"),
    ],
)
def test_names_are_those_of_the_contract(
    kind: str, plural: str, short: str, categories: list[str] | None, scope: str
) -> None:
    (spec,) = [crd["spec"] for crd in crds() if crd["spec"]["names"]["kind"] == kind]
    assert spec["names"]["plural"] == plural
    assert spec["names"]["shortNames"] == [short]
    assert spec["names"].get("categories") == categories
    assert spec["scope"] == scope
    assert spec["versions"][0]["subresources"] == {"status": {}}


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_nothing_is_left_that_a_structural_schema_may_not_have(kind: str) -> None:
    for path, node in walk(root_of(kind)):
        assert not {"title", "anyOf", "oneOf", "allOf", "$ref", "$defs", "examples", "x-only-for"} & node.keys(), path
        assert "type" in node, path
        assert node.get("additionalProperties") is not False, f"{path}: pruning does that; false is refused"


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_field_is_described(kind: str) -> None:
    for path, node in walk(root_of(kind)):
        if path.endswith(("[]", "{}")) or path in (".apiVersion", ".kind", ".metadata"):
            continue
        text = node.get("description", "")
        assert len(text) >= 8, f"{path}: `kubectl explain` would say nothing"
        assert text.endswith(".") or "Example: " in text, f"{path}: not a sentence"
        assert "\n" not in text, path


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_defaults_are_told_in_the_description(kind: str) -> None:
    """`kubectl explain` never shows the schema's defaults."""
    for path, node in walk(root_of(kind)["properties"]["spec"]):
        if "default" in node:
            assert "efault" in node["description"], path


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_status_has_no_bound_that_a_later_word_of_aws_could_break(kind: str) -> None:
    for path, node in walk(root_of(kind)["properties"]["status"]):
        assert not {"enum", "pattern", "minLength", "maxItems", VALIDATIONS} & node.keys(), path
        assert "default" not in node or path == "", path
        assert "maxLength" not in node or path == ".region", f"{path}: only what a rule compares is bounded"


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_fresh_object_counts_as_not_observed(kind: str) -> None:
    assert root_of(kind)["properties"]["status"]["default"] == {"observedGeneration": -1}


def unbounded_below_rules(root: Schema) -> list[str]:
    """Strings, lists and maps without bound that some rule can reach: its cost estimate takes them for endless."""
    bound = {"string": "maxLength", "array": "maxItems"}
    found = []
    for path, node in walk(root):
        # The rules on the whole object reach into spec.region, spec.name, spec.replacePolicy and status.region only.
        if not path or VALIDATIONS not in node:
            continue
        for below, inner in walk(node, path):
            key = "maxProperties" if "additionalProperties" in inner else bound.get(inner["type"])
            if key and key not in inner:
                found.append(f"{below}: {key}")
    return found


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_everything_under_a_rule_is_bounded(kind: str) -> None:
    root = root_of(kind)
    assert unbounded_below_rules(root) == []
    for rule in root.get(VALIDATIONS, ()):
        for word in ("spec.region", "spec.name", "spec.replacePolicy", "status.region"):
            if word in rule["rule"]:
                assert "maxLength" in at(kind, f".{word}"), word


def test_the_search_for_unbounded_strings_can_find_one() -> None:
    root: Schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", VALIDATIONS: [], "properties": {"region": {"type": "string"}}}},
    }
    assert unbounded_below_rules(root) == [".spec.region: maxLength"]


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_rules_say_the_remedy_and_blame_a_field_that_exists(kind: str) -> None:
    root = root_of(kind)
    paths = dict(walk(root))
    for path, node in paths.items():
        for rule in node.get(VALIDATIONS, ()):
            assert ";" in rule["message"], f"{rule['message']!r} does not say what to do"
            assert "\n" not in rule["message"]
            if "fieldPath" in rule:
                assert path + rule["fieldPath"] in paths
            if "oldSelf" in rule["rule"]:
                assert rule["reason"] == "FieldValueForbidden"
                assert path in ("", ".spec"), "a rule on an optional field does not fire when it is added or removed"


SPEC_DEFAULTS = [
    (RC, ".spec.deletionPolicy", None, "a default would satisfy the rule on existing silently"),
    (RC, ".spec.thumbnailConfiguration.targetIntervalSeconds", None, "a default would make a plain DISABLED invalid"),
    (RC, ".spec.region", None, "must be seen to be unset"),
    (RC, ".spec.accountRef", None, "must be seen to be unset"),
    (RC, ".spec.name", None, "must be seen to be unset"),
    (RC, ".spec.existing", None, "must be seen to be unset"),
    (RC, ".spec.tags", None, "an empty map says nothing"),
    (RC, ".spec.channels", None, "an empty list says nothing"),
    (
        RC,
        ".spec.thumbnailConfiguration",
        {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL"]},
        "absent is explicit",
    ),
    (RC, ".spec.thumbnailConfiguration.recordingMode", "INTERVAL", "also when only another member is given"),
    (RC, ".spec.thumbnailConfiguration.storage", ["SEQUENTIAL"], "also when only another member is given"),
    (RC, ".spec.renditionConfiguration", {"renditionSelection": "ALL"}, "its rule needs the key"),
    (RC, ".spec.renditionConfiguration.renditionSelection", "ALL", "its rule needs the key"),
    (RC, ".spec.recordingReconnectWindowSeconds", 0, "AWS's own"),
    (RC, ".spec.channelConflictPolicy", "Keep", "safe"),
    (RC, ".spec.replacePolicy", "Never", "safe, and its rules need the key"),
    (RC, ".spec.driftPolicy", "Correct", "what an operator is for"),
    (CL, ".spec.driftPolicy", "Correct", "what an operator is for"),
    (CL, ".spec.deletionPolicy", None, "a default would satisfy the rule on existing silently"),
]


@pytest.mark.parametrize(("kind", "path", "default", "why"), SPEC_DEFAULTS, ids=lambda value: str(value)[:48])
def test_defaults(kind: str, path: str, default: Any, why: str) -> None:
    assert at(kind, path).get("default") == default, why


ATOMIC = {"x-kubernetes-map-type": "atomic"}
MERGES = [
    (RC, ".spec.destinationConfiguration", ATOMIC),
    (CL, ".spec.destinationConfiguration", ATOMIC),
    (RC, ".spec.thumbnailConfiguration", ATOMIC),
    (RC, ".spec.renditionConfiguration", ATOMIC),
    (RC, ".spec.accountRef", ATOMIC),
    (RC, ".spec.existing", ATOMIC),
    (CL, ".spec.existing", ATOMIC),
    (RC, ".spec.channels[].matchTags", ATOMIC),
    (CL, ".spec.rooms[].matchTags", ATOMIC),
    ("AWSAccount", ".spec.allowedNamespaces.selector", ATOMIC),
    (RC, ".spec.channels", {"x-kubernetes-list-type": "atomic"}),
    (CL, ".spec.rooms", {"x-kubernetes-list-type": "atomic"}),
    (RC, ".spec.renditionConfiguration.renditions", {"x-kubernetes-list-type": "set"}),
    (RC, ".spec.thumbnailConfiguration.storage", {"x-kubernetes-list-type": "set"}),
    ("AWSAccount", ".spec.allowedNamespaces.list", {"x-kubernetes-list-type": "set"}),
    (RC, ".spec.tags", {}),
    *((RC, f".status.{name}", {"x-kubernetes-list-type": "atomic"}) for name in ("superseded", "drift")),
    *((CL, f".status.associations.{name}", {"x-kubernetes-list-type": "atomic"}) for name in ("problems", "selectors")),
    *(
        (kind, ".status.conditions", {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]})
        for kind in KIND_NAMES
    ),
]


@pytest.mark.parametrize(("kind", "path", "types"), MERGES, ids=lambda value: str(value)[:48])
def test_merge_types(kind: str, path: str, types: dict[str, Any]) -> None:
    node = at(kind, path)
    assert {key: value for key, value in node.items() if "-type" in key or "map-keys" in key} == types


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_list_says_how_it_merges(kind: str) -> None:
    for path, node in walk(root_of(kind)):
        assert node["type"] != "array" or "x-kubernetes-list-type" in node, path


def test_status_shows_only_what_the_kinds_own_api_has() -> None:
    """Recording configurations have no times and go to S3 only; logging configurations have no thumbnails."""
    chat_only = (".status.createTime", ".status.updateTime", ".status.observed.destinationConfiguration.firehose")
    recording_only = (".status.observed.thumbnailConfiguration", ".status.observed.renditionConfiguration")
    recording, chat = dict(walk(root_of(RC))), dict(walk(root_of(CL)))
    assert all(path in chat and path not in recording for path in chat_only)
    assert all(path in recording and path not in chat for path in recording_only)
