"""What is generated is as it would be generated now, and the values name every setting of the operator."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart_sources.generation import CHART, generated, write
from chart_sources.rights import chart_rules, rules_of
from pydantic.alias_generators import to_camel

from helm.chart import ROOT, render
from ivs_operator import __version__
from ivs_operator.settings import Settings

VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


FRESH = generated()


@pytest.mark.parametrize("path", sorted(FRESH))
def test_a_generated_file_is_fresh(path: str) -> None:
    assert (CHART / path).exists(), f"{path} is missing: run make generate"
    assert (CHART / path).read_text() == FRESH[path], f"{path} is stale: run make generate"


def test_generating_again_writes_nothing_and_takes_away_crds_that_are_no_more(tmp_path: Path) -> None:
    assert write(tmp_path)
    gone = tmp_path / "files" / "crds" / "gone.yaml"
    gone.touch()
    assert write(tmp_path) == [gone]
    assert not gone.exists()
    assert write(tmp_path) == []


def test_every_setting_of_the_operator_is_a_value() -> None:
    wanted = {to_camel(name) for name in Settings.model_fields}
    assert set(VALUES["settings"]) == wanted, "run make generate"
    assert set(SCHEMA["properties"]["settings"]["properties"]) == wanted


def test_every_setting_arrives_at_the_operator_as_it_was_meant() -> None:
    """Each is set to a value that differs from its default; the operator's own reader reads what the pod would get."""
    chosen: dict[str, Any] = {
        "region": "eu-west-1",
        "namespaces": ["live", "chat"],
        "watch_selector": "team in (a, b),tier!=test",
        "cluster_id": "prod-eu",
        "default_tags": {"team": "live", "cost-center": "0042"},
        "default_account_namespaces": ["team-*", "!team-x"],
        "adoption": "retain-only",
        "lease_namespace": "leases",
        "log_format": "text",
        "log_level": "debug",
        "health_port": 18080,
        "metrics_port": 19090,
        "leader_elect": True,
    }
    for name, field in Settings.model_fields.items():
        if name not in chosen:
            default = field.get_default()
            assert isinstance(default, bool | int | float), f"choose a value for {name} in this test"
            chosen[name] = (not default) if isinstance(default, bool) else default + 1
    rendered = render({"settings": {to_camel(name): value for name, value in chosen.items()}})
    names = {name: value for name, value in rendered.variables.items() if name.startswith("IVS_OPERATOR_")}
    read = json.loads(_in_a_process(names))
    for name, value in chosen.items():
        assert read[name] == value, name
    assert set(names) == {f"IVS_OPERATOR_{name.upper()}" for name in Settings.model_fields}


def test_the_defaults_are_the_operators_own_but_for_logs() -> None:
    read = json.loads(_in_a_process({n: v for n, v in render().variables.items() if n.startswith("IVS_OPERATOR_")}))
    own = json.loads(_in_a_process({}))
    assert {name for name in own if read[name] != own[name]} == {"log_format"}


def _in_a_process(variables: dict[str, str]) -> str:
    program = "from ivs_operator.settings import Settings; print(Settings().model_dump_json())"
    environment = {**variables, "PYTHONPATH": str(ROOT / "operator")}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_every_value_is_described_and_the_schema_is_closed() -> None:
    unclear, open_ = [], []

    def walk(path: str, schema: dict[str, Any]) -> None:
        if not schema.get("description") and path not in {"", "monitoring.prometheusRule", "probes"}:
            unclear.append(path)
        if "properties" in schema and schema.get("additionalProperties") is not False:
            open_.append(path)
        for name, member in schema.get("properties", {}).items():
            walk(f"{path}.{name}".lstrip("."), member)

    walk("", SCHEMA)
    assert (unclear, open_) == ([], [])


def test_version_and_kinds_are_the_projects() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == __version__
    announced = {crd["name"] for crd in yaml.safe_load(chart["annotations"]["artifacthub.io/crds"])}
    assert announced == {crd["metadata"]["name"] for crd in render().of("CustomResourceDefinition")}


def test_the_crds_are_those_that_ship() -> None:
    for crd in render().of("CustomResourceDefinition"):
        plural = crd["spec"]["names"]["plural"]
        assert crd["spec"] == yaml.safe_load((ROOT / "crds" / f"{plural}.yaml").read_text())["spec"]


class TestRights:
    """The chart gives what manifests/base gives, as the tests of its use prove that it is enough and not too much."""

    base = ROOT / "manifests" / "base"

    def test_for_the_whole_cluster(self) -> None:
        rendered = render()
        role = next(r for r in rendered.of("ClusterRole") if r["metadata"]["name"] == "video-ivs-operator")
        assert role["rules"] == rules_of(self.base / "cluster-role.yaml")
        lease = rendered.one("Role")
        assert lease["metadata"]["namespace"] == "video"
        assert lease["rules"] == rules_of(self.base / "lease-role.yaml")

    def test_for_some_namespaces_it_is_the_same_in_two_halves(self) -> None:
        rules = chart_rules(self.base)

        def grants(names: list[str]) -> set[tuple[str, str, str, str]]:
            return {
                (group, resource, verb, name)
                for part in names
                for rule in rules[part]
                for group in rule["apiGroups"]
                for resource in rule["resources"]
                for verb in rule["verbs"]
                for name in rule.get("resourceNames", [""])
            }

        assert grants(["scoped-cluster", "scoped-namespaces"]) == grants(["cluster"])
        everywhere = {f"{verb} {resource}" for group, resource, verb, _ in grants(["scoped-cluster"]) if "ivs" in group}
        assert everywhere >= {
            "patch chatloggingconfigurations",
            "patch chatloggingconfigurations/status",
        }, "a namespace that is deleted loses its RoleBindings before our finalizer is off"
        ours = {entry for entry in everywhere if not entry.split()[1].startswith("awsaccounts")}
        assert not [entry for entry in ours if entry.startswith("watch")]
        assert everywhere >= {"list recordingconfigurations", "list chatloggingconfigurations"}, (
            "else an AWSAccount could go while an object of another installation needs it, or never"
        )
        rendered = render({"settings": {"namespaces": ["live", "chat"]}})
        for kind in ("Role", "RoleBinding"):
            places = {item["metadata"]["namespace"] for item in rendered.of(kind)}
            assert places == {"live", "chat", "video"}

    def test_of_people_are_those_of_the_base(self) -> None:
        base = {
            role["metadata"]["name"].removeprefix("ivs-operator-"): role
            for role in yaml.safe_load_all((self.base / "aggregated-roles.yaml").read_text())
        }
        made = {
            role["metadata"]["name"].removeprefix("video-ivs-operator-"): role for role in render().of("ClusterRole")
        }
        for name, role in base.items():
            assert made[name]["rules"] == role["rules"]
            wanted = {key: value for key, value in role["metadata"]["labels"].items() if "aggregate" in key}
            assert made[name]["metadata"]["labels"].items() >= wanted.items()
        assert len(base) == 2

    def test_nothing_is_made_when_others_give_the_rights(self) -> None:
        rendered = render({"rbac": {"create": False, "aggregate": False}})
        assert not re.search(r"^kind: (Cluster)?Role", rendered.text, flags=re.MULTILINE)
