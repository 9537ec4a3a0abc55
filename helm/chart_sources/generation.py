"""Which files of the chart are generated, and what is in them."""

import json
from pathlib import Path
from typing import Final

import yaml

from chart_sources.rendering import readme_table, values_yaml
from chart_sources.rights import chart_rules
from chart_sources.values import schema_of_values

__all__ = ["CHART", "generated", "write"]

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "helm" / "ivs-operator"
_README: Final = Path(__file__).with_name("README.md.in")
_TABLE_GOES_HERE: Final = "<!-- values -->\n"
# What the project makes elsewhere, and the chart ships.
_COPIES: Final = {
    "files/alerts.yaml": "manifests/alerts/alerts.yaml",
    "files/dashboard.json": "manifests/dashboards/ivs-operator.json",
}


def generated() -> dict[str, str]:
    """Text by path in the chart."""
    schema = schema_of_values()
    files = {
        "values.yaml": values_yaml(schema),
        "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        "README.md": _README.read_text().replace(_TABLE_GOES_HERE, readme_table(schema)),
    }
    for crd in sorted((ROOT / "crds").glob("*.yaml")):
        files[f"files/crds/{crd.name}"] = crd.read_text()
    for policy in sorted((ROOT / "manifests" / "admission").glob("[!k]*.yaml")):
        files[f"files/admission/{policy.name}"] = policy.read_text()
    for name, rules in chart_rules(ROOT / "manifests" / "base").items():
        files[f"files/rbac/{name}.yaml"] = yaml.safe_dump(rules, sort_keys=False, default_flow_style=None, width=118)
    for target, source in _COPIES.items():
        if (ROOT / source).exists():
            files[target] = (ROOT / source).read_text()
    return files


def write(chart: Path = CHART) -> list[Path]:
    """Write what differs, take away CRDs that are no more; returns what was touched."""
    wanted = generated()
    touched = [path for path in sorted((chart / "files" / "crds").glob("*")) if f"files/crds/{path.name}" not in wanted]
    for path in touched:
        path.unlink()
    for name, text in wanted.items():
        path = chart / name
        if path.exists() and path.read_text() == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        touched.append(path)
    return touched
