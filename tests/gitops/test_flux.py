"""Flux's files: what its controllers decode, in an order that holds, with the expressions that are tried."""

from __future__ import annotations

from typing import Any

import yaml

from gitops.judges import FLUX, refused_by_flux

SAMPLES = {
    path.name: list(yaml.safe_load_all(path.read_text())) for path in (FLUX / "operator.yaml", FLUX / "objects.yaml")
}
CHECKS = yaml.safe_load((FLUX / "health-checks.yaml").read_text())["healthCheckExprs"]


def of_flux() -> list[dict[str, Any]]:
    return [item for items in SAMPLES.values() for item in items if "fluxcd.io" in item["apiVersion"]]


def test_flux_decodes_every_sample_strictly() -> None:
    assert refused_by_flux(of_flux()) == [""] * len(of_flux())


def test_a_slip_would_be_noticed() -> None:
    kustomization = SAMPLES["objects.yaml"][1]
    misspelt = {**kustomization, "spec": {**kustomization["spec"], "healthCheckExpr": []}}
    mistyped = {**kustomization, "spec": {**kustomization["spec"], "wait": "yes"}}

    assert ["unknown field" in refused_by_flux([misspelt])[0], "wait" in refused_by_flux([mistyped])[0]] == [True, True]


def test_objects_come_after_the_operator_and_go_before_it() -> None:
    operator, objects = SAMPLES["objects.yaml"]

    assert [each["name"] for each in objects["spec"]["dependsOn"]] == [operator["metadata"]["name"]]
    assert operator["spec"]["wait"], "else `dependsOn` would not wait for the operator"
    assert objects["spec"]["deletionPolicy"] == "WaitForTermination"


def test_the_sample_has_the_expressions_that_are_tried() -> None:
    assert SAMPLES["objects.yaml"][1]["spec"]["healthCheckExprs"] == CHECKS


def test_the_release_names_the_chart_that_ships() -> None:
    repository, release = SAMPLES["operator.yaml"][1:]
    chart = yaml.safe_load((FLUX.parents[1] / "helm" / "ivs-operator" / "Chart.yaml").read_text())

    assert repository["spec"]["url"].endswith(f"/{chart['name']}")
    assert release["spec"]["chartRef"] == {"kind": repository["kind"], "name": repository["metadata"]["name"]}
