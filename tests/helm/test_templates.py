"""The chart in many combinations of values: by Helm, by kubeconform, and by a real API server."""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from helm.chart import CHART, Rendered, render, run_helm
from helm.combinations import COMBINATIONS, Combination
from helm.schemas import LOCATION, write_schemas
from support.api_server import ApiServer
from support.engines import engine
from support.engines_files import prometheus_operator_crds

if TYPE_CHECKING:
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster

pytestmark = pytest.mark.xdist_group("helm-templates")
NAMESPACES = ("video", "live", "chat", "leases", "monitoring")


@pytest.fixture(scope="session")
def rendered() -> dict[str, Rendered]:
    """Each combination by its name."""
    with ThreadPoolExecutor(2) as pool:
        made = pool.map(lambda combination: render(combination.values), COMBINATIONS)
        return dict(zip((combination.name for combination in COMBINATIONS), made, strict=True))


@pytest.fixture(scope="session")
def cluster(control_plane: Cluster) -> Cluster:
    """The run's API server, which also knows the kinds of Prometheus Operator."""
    control_plane.apply_crds(prometheus_operator_crds())
    return control_plane


def test_helm_lint_has_nothing_to_say() -> None:
    done = run_helm("lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout
    assert "[ERROR]" not in done.stdout
    assert "[WARNING]" not in done.stdout


def test_the_packaged_chart_is_the_same_chart(tmp_path: Path) -> None:
    done = run_helm("package", CHART, "--destination", tmp_path)
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("ivs-operator-*.tgz")
    packaged, plain = (run_helm("template", "x", chart, "--namespace=x").stdout for chart in (package, CHART))
    assert packaged == plain
    assert "kind: Deployment" in plain


def test_the_combinations_are_many_and_differ() -> None:
    assert len(COMBINATIONS) >= 25
    assert len({combination.name for combination in COMBINATIONS}) == len(COMBINATIONS)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda combination: combination.name)
def test_what_comes_of_values(combination: Combination, rendered: dict[str, Rendered]) -> None:
    assert combination.holds(rendered[combination.name]), rendered[combination.name].text[-6000:]


@pytest.mark.parametrize("combination", COMBINATIONS, ids=lambda combination: combination.name)
def test_no_object_says_the_same_thing_twice(combination: Combination, rendered: dict[str, Rendered]) -> None:
    """YAML readers take the last of two equal keys without a word."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{combination.name}: {sorted(keys)} at {node.start_mark}"
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor("tag:yaml.org,2002:map", mapping)
    text = rendered[combination.name].text
    without_crds = [part for part in text.split("\n---\n") if "kind: CustomResourceDefinition" not in part]
    list(yaml.load_all("\n---\n".join(without_crds), Loader=Strict))


def test_kubeconform_knows_every_member(rendered: dict[str, Rendered], cluster: Cluster, tmp_path: Path) -> None:
    api = ApiServer(cluster.kubeconfig)
    kinds = {(item["apiVersion"], item["kind"]) for output in rendered.values() for item in output.objects}
    schemas = write_schemas(api, tmp_path / "schemas", kinds)
    api.close()
    files = tmp_path / "rendered"
    files.mkdir()
    for number, (name, output) in enumerate(rendered.items()):
        (files / f"{number:02}-{name.replace(' ', '-')[:40]}.yaml").write_text(output.text)
    line = [engine("kubeconform"), "-strict", "-summary", "-output=json", f"-schema-location={schemas}/{LOCATION}"]
    done = subprocess.run([*line, files], capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    assert answer["resources"] == [], json.dumps(answer["resources"], indent=1)[:4000]
    assert answer["summary"]["valid"] == sum(len(output.objects) for output in rendered.values())

    mistaken = rendered["nothing set"].text.replace("serviceAccountName:", "serviceAccountNmae:")
    (files / "mistaken.yaml").write_text(mistaken)
    done = subprocess.run([*line, files / "mistaken.yaml"], capture_output=True, text=True, check=False)
    assert "serviceAccountNmae" in done.stdout, "it would see a typing mistake"


def test_a_real_api_server_accepts_everything_in_strict_mode(
    rendered: dict[str, Rendered], cluster: Cluster, tmp_path: Path
) -> None:
    """Equal objects are sent once. Strict: an unknown or a doubled member is an error, not a warning."""
    for namespace in NAMESPACES:
        cluster.kubectl("create", "namespace", namespace, check=False)
    seen: dict[str, dict[str, Any]] = {}
    for output in rendered.values():
        for item in output.objects:
            seen.setdefault(json.dumps(item, sort_keys=True), item)
    items = list(seen.values())
    bundle = tmp_path / "everything.json"
    bundle.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    answer = cluster.kubectl(
        *("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-f", bundle)
    )
    assert answer.stdout.count("serverside-applied") == len(items)
    assert answer.stderr == "", "no warning, such as of a deprecated member"


def test_pods_pass_the_restricted_standard(rendered: dict[str, Rendered], cluster: Cluster) -> None:
    cluster.kubectl("create", "namespace", "restricted-pods")
    label = "pod-security.kubernetes.io/enforce=restricted"
    cluster.kubectl("label", "namespace", "restricted-pods", label)
    cluster.kubectl("create", "serviceaccount", "video-ivs-operator", "--namespace=restricted-pods")
    for pod in (rendered["nothing set"].pod, rendered["nothing set"].one("Pod")):
        metadata = {"name": "trial", "namespace": "restricted-pods", "labels": pod["metadata"]["labels"]}
        trial = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}
        cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(trial))
        careless = {**trial, "spec": {**pod["spec"], "securityContext": {}}}
        refused = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(careless), check=False)
        assert "violates PodSecurity" in refused, "the namespace enforces it"


def test_promtool_accepts_the_alerts(rendered: dict[str, Rendered], tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    spec = rendered["scraped by a PodMonitor, with rules of one's own"].one("PrometheusRule")["spec"]
    rules.write_text(yaml.safe_dump(spec))
    done = subprocess.run([engine("promtool"), "check", "rules", rules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    count = sum(len(group["rules"]) for group in spec["groups"])
    assert f"{count} rules found" in done.stdout
    assert count >= 6
