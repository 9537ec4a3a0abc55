"""The chart's admission policies are those of manifests/admission, under the release's name."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ivs_sandbox.shipped import manifests
from support.engines import engine

if TYPE_CHECKING:
    from ivs_sandbox.cluster import Cluster

CHART = manifests("admission").parents[1] / "helm" / "ivs-operator"
PARTS = ("objects", "teardown", "accounts")


def rendered(*settings: str) -> list[dict[str, Any]]:
    """The policies and bindings of a release named `rel`."""
    flags = [f"--set-json=admissionPolicy.{setting}" for setting in settings]
    made = subprocess.run(
        [engine("helm"), "template", "rel", CHART, "--kube-version=1.30", *flags],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [item for item in yaml.safe_load_all(made.stdout) if item]
    return [item for item in found if item["kind"].startswith("ValidatingAdmissionPolicy")]


def shipped(kind: str) -> dict[str, dict[str, Any]]:
    """Specs of manifests/admission by the last part of their names."""
    items = [
        item for part in PARTS for item in yaml.safe_load_all((manifests("admission") / f"{part}.yaml").read_text())
    ]
    return {item["metadata"]["name"].rpartition("-")[2]: item["spec"] for item in items if item["kind"] == kind}


def test_none_is_made_unless_asked_for() -> None:
    assert rendered() == []


def test_what_is_made_is_what_is_tried(control_plane: Cluster) -> None:
    made = rendered("enabled=true")
    policies = {item["metadata"]["name"]: item["spec"] for item in made if item["kind"] == "ValidatingAdmissionPolicy"}
    bindings = {item["metadata"]["name"]: item["spec"] for item in made if item["kind"].endswith("Binding")}

    assert policies == {f"rel-ivs-operator-{part}": spec for part, spec in shipped("ValidatingAdmissionPolicy").items()}
    assert bindings == {
        f"rel-ivs-operator-{part}": {**spec, "policyName": f"rel-ivs-operator-{part}"}
        for part, spec in shipped("ValidatingAdmissionPolicyBinding").items()
    }
    applied = control_plane.kubectl(
        *("apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-"),
        stdin=yaml.safe_dump_all(made),
    )
    assert applied.stderr == ""


@pytest.mark.parametrize("part", PARTS)
def test_each_can_be_left_out(part: str) -> None:
    names = {item["metadata"]["name"] for item in rendered("enabled=true", f"{part}=false")}
    assert names == {f"rel-ivs-operator-{other}" for other in PARTS if other != part}


def test_one_can_look_first_whom_it_would_concern() -> None:
    made = rendered("enabled=true", 'validationActions=["Warn","Audit"]')
    actions = [item["spec"]["validationActions"] for item in made if item["kind"].endswith("Binding")]
    assert actions == [["Warn", "Audit"]] * len(PARTS)
