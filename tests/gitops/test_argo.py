"""Argo CD's files: in its own layout with examples that hold, and the same in a ConfigMap."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from lupa import luajit21

from gitops.argo import CONFIG_MAP, CUSTOMIZATIONS, WRITTEN, health
from gitops.generated import files
from gitops.judges import as_lua, judge, judge_in_luajit
from ivs_operator.api.kinds import KINDS, MANAGED_KINDS

if TYPE_CHECKING:
    from pathlib import Path

ROOT = CUSTOMIZATIONS.parents[3]
MADE = list(files())
PREFIX = "resource.customizations"


@pytest.mark.parametrize(("path", "text"), MADE, ids=[str(path.relative_to(ROOT)) for path, _ in MADE])
def test_what_is_made_is_fresh(path: Path, text: str) -> None:
    assert path.read_text() == text, "PYTHONPATH=tests python -m gitops.generated"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_examples_hold_in_both_implementations_of_lua(kind: str) -> None:
    """As Argo CD's own test reads them."""
    tests = yaml.safe_load((CUSTOMIZATIONS / kind / "health_test.yaml").read_text())["tests"]
    objects = [yaml.safe_load((CUSTOMIZATIONS / kind / each["inputPath"]).read_text()) for each in tests]
    expected = [(each["healthStatus"]["status"], each["healthStatus"]["message"]) for each in tests]

    assert {item["kind"] for item in objects} == {kind}
    assert [(found.argo.status, found.argo.message) for found in judge(objects)] == expected
    assert [(found.status, found.message) for found in map(judge_in_luajit, objects)] == expected
    unused = {path.name for path in (CUSTOMIZATIONS / kind / "testdata").iterdir()}
    assert unused == {each["inputPath"].partition("/")[2] for each in tests}


def test_every_state_that_argo_can_show_has_an_example() -> None:
    shown = {
        each["healthStatus"]["status"]
        for path in CUSTOMIZATIONS.glob("*/health_test.yaml")
        for each in yaml.safe_load(path.read_text())["tests"]
    }
    assert shown == {"Healthy", "Progressing", "Degraded", "Suspended"}


def test_the_config_map_has_the_same_checks_and_actions() -> None:
    data = yaml.safe_load(CONFIG_MAP.read_text())["data"]

    checks = {kind: data.pop(f"{PREFIX}.health.ivs-operator.dev_{kind}") for kind in KINDS}
    offered = {kind.kind: data.pop(f"{PREFIX}.actions.ivs-operator.dev_{kind.kind}") for kind in MANAGED_KINDS}
    assert data == {}, "nothing else, since the ConfigMap is not ours"
    assert set(checks.values()) == {health(WRITTEN)}
    for text in offered.values():
        actions = yaml.safe_load(text)
        assert actions["discovery.lua"] == (CUSTOMIZATIONS / WRITTEN / "actions" / "discovery.lua").read_text()
        assert {each["name"] for each in actions["definitions"]} == {"pause", "reconcile", "resume"}


def run_action(name: str, item: dict[str, Any]) -> Any:
    runtime = luajit21.LuaRuntime(unpack_returned_tuples=True)
    runtime.globals()["obj"] = as_lua(runtime, item)
    return runtime.execute((CUSTOMIZATIONS / WRITTEN / "actions" / name).read_text())


PLAIN: dict[str, Any] = {"metadata": {"name": "vod"}}
PAUSED: dict[str, Any] = {"metadata": {"name": "vod", "annotations": {"ivs-operator.dev/paused": "true", "x": "y"}}}


@pytest.mark.parametrize(
    ("item", "offered"), [(PLAIN, {"reconcile", "pause"}), (PAUSED, {"resume"})], ids=["at work", "paused"]
)
def test_only_actions_that_make_sense_are_offered(item: dict[str, Any], offered: set[str]) -> None:
    found = run_action("discovery.lua", item)
    assert {name for name, about in dict(found).items() if not about["disabled"]} == offered


def test_actions_change_their_annotation_and_nothing_else() -> None:
    annotations = dict(run_action("pause/action.lua", PLAIN)["metadata"]["annotations"])
    assert annotations == {"ivs-operator.dev/paused": "true"}

    assert dict(run_action("resume/action.lua", PAUSED)["metadata"]["annotations"]) == {"x": "y"}
    assert dict(run_action("resume/action.lua", PLAIN)["metadata"]) == {"name": "vod"}

    annotations = dict(run_action("reconcile/action.lua", PAUSED)["metadata"]["annotations"])
    asked_at = datetime.fromisoformat(annotations.pop("ivs-operator.dev/reconcile-at"))
    assert abs((datetime.now(UTC) - asked_at).total_seconds()) < 3600
    assert annotations == PAUSED["metadata"]["annotations"]


def test_applications_go_server_side_and_in_order() -> None:
    operator, objects = yaml.safe_load_all((CUSTOMIZATIONS.parents[1] / "applications.yaml").read_text())

    waves = [int(each["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]) for each in (operator, objects)]
    assert waves == sorted(set(waves)), "the operator first"
    for each in (operator, objects):
        assert "ServerSideApply=true" in each["spec"]["syncPolicy"]["syncOptions"]
    assert "SkipDryRunOnMissingResource=true" in objects["spec"]["syncPolicy"]["syncOptions"]


def test_the_project_allows_what_the_chart_makes_in_the_whole_cluster() -> None:
    project = yaml.safe_load((CUSTOMIZATIONS.parents[1] / "project.yaml").read_text())
    allowed = {(each["group"], each["kind"]) for each in project["spec"]["clusterResourceWhitelist"]}
    templates = (ROOT / "helm" / "ivs-operator" / "templates").glob("*.yaml")
    made = {
        kind
        for path in templates
        for kind in re.findall(r"^kind: (Cluster\w+|Validating\w+)", path.read_text(), re.MULTILINE)
    }
    assert made
    assert made <= {kind for _, kind in allowed}
    assert {("apiextensions.k8s.io", "CustomResourceDefinition"), ("ivs-operator.dev", "AWSAccount")} <= allowed
