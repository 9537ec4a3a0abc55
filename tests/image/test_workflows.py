"""The workflows as actionlint reads them, and what it does not know: that each part is pinned, and allowed little."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from image.runtime_tree import ROOT
from support.engines import engine

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
_MAY_WRITE = {
    ("release", "image"): {"packages", "id-token", "attestations"},
    ("release", "chart"): {"packages", "id-token", "attestations"},
    ("release", "release"): {"contents"},
}


def parsed(path: Any) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def steps(workflow: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for job in workflow["jobs"].values():
        yield from job["steps"]


def test_actionlint_finds_nothing() -> None:
    answer = subprocess.run(
        [engine("actionlint"), "-no-color", "-shellcheck", engine("shellcheck"), *WORKFLOWS],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_and_checkouts_keep_no_credentials(path: Any) -> None:
    for step in steps(parsed(path)):
        uses = step.get("uses")
        if uses is None:
            continue
        assert re.fullmatch(r"[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})", uses), f"{uses}: a major version or a commit"
        assert uses.startswith("actions/"), f"{uses}: what others can change would run with our rights"
        if uses.startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_job_may_more_than_it_must(path: Any) -> None:
    workflow = parsed(path)
    assert workflow["permissions"] in ({}, {"contents": "read"})
    for name, job in workflow["jobs"].items():
        rights = job.get("permissions") or {}
        writes = {scope for scope, right in rights.items() if right == "write"}
        assert writes == _MAY_WRITE.get((path.stem, name), set()), name
        assert job["timeout-minutes"] <= 60, f"{name}: six hours is GitHub's own idea"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_they_run_exists(path: Any) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for step in steps(parsed(path)):
        run = step.get("run", "")
        for target in re.findall(r"\bmake ([a-z-]+)", run):
            assert target in targets, f"make {target}"
        for script in re.findall(r"(?:^|\s)((?:image|\.ci)/[\w.]+)", run):
            assert (ROOT / script).exists(), script


def test_three_versions_of_kubernetes_by_digest_the_oldest_within_what_the_chart_takes() -> None:
    nodes = parsed(ROOT / ".github" / "workflows" / "ci.yaml")["jobs"]["kind"]["strategy"]["matrix"]["node"]
    found = [re.fullmatch(r"kindest/node:v1\.(\d+)\.\d+@sha256:[0-9a-f]{64}", node) for node in nodes]
    assert all(found)
    minors = [int(match[1]) for match in found if match]
    assert len(set(minors)) == 3
    (oldest,) = re.findall(r'kubeVersion: ">=1\.(\d+)\.', (ROOT / "helm" / "ivs-operator" / "Chart.yaml").read_text())
    assert min(minors) >= int(oldest)


def test_dependabot_looks_after_every_kind_of_pin_that_make_lock_does_not() -> None:
    updates = parsed(ROOT / ".github" / "dependabot.yml")["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "docker", "gomod"}
