"""The chart by Helm's own program: rendered, refused, installed."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.engines import engine

__all__ = ["CHART", "ROOT", "Helm", "Rendered", "render", "run_helm"]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm" / "ivs-operator"
_TIMEOUT = 180.0
_APIS = ("monitoring.coreos.com/v1", "ivs-operator.dev/v1alpha1")


@dataclass(frozen=True)
class Rendered:
    """What `helm template` printed."""

    text: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Every object, hooks and tests included."""
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [item for item in yaml.load_all(self.text, Loader=loader) if item]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The objects of a kind."""
        return [item for item in self.objects if item["kind"] == kind]

    def one(self, kind: str) -> dict[str, Any]:
        """The only object of a kind."""
        (found,) = self.of(kind)
        return found

    @property
    def pod(self) -> dict[str, Any]:
        """The Deployment's pod."""
        return dict(self.one("Deployment")["spec"]["template"])

    @property
    def container(self) -> dict[str, Any]:
        """The operator's container."""
        return next(c for c in self.pod["spec"]["containers"] if c["name"] == "operator")

    @property
    def variables(self) -> dict[str, str]:
        """The operator's variables that have plain values."""
        return {item["name"]: item["value"] for item in self.container["env"] if "value" in item}


def run_helm(*arguments: str | Path, kubeconfig: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Helm, with nothing of this machine's user mixed in."""
    with tempfile.TemporaryDirectory() as home:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBE"))}
        folders = {name: f"{home}/{name}" for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")}
        target = {"KUBECONFIG": str(kubeconfig or os.devnull)}
        return subprocess.run(
            [engine("helm"), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
            env={**kept, **folders, **target},
        )


def render(values: Mapping[str, Any] | None = None, *arguments: str, check: bool = True) -> Rendered:
    """`helm template`; with `check`, a refusal fails the test. Without, the text is what Helm said."""
    with _file(values or {}) as file:
        apis = [f"--api-versions={api}" for api in _APIS]
        line = ("template", "video", str(CHART), "--namespace=video", f"--values={file}", *apis, *arguments)
        done = run_helm(*line)
    if check:
        assert done.returncode == 0, done.stderr
        return Rendered(done.stdout)
    assert done.returncode != 0, "it was not refused"
    return Rendered(done.stderr)


class Helm:
    """Releases in a cluster."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig

    def __call__(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Helm with this cluster."""
        done = run_helm(*arguments, kubeconfig=self.kubeconfig)
        assert done.returncode == 0 or not check, f"helm {' '.join(map(str, arguments))}: {done.stderr}\n{done.stdout}"
        return done

    def apply(
        self, verb: str, release: str, chart: Path, values: Mapping[str, Any], *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`helm install` or `helm upgrade`, waiting until all is well."""
        with _file(values) as file:
            line = (verb, release, chart, f"--namespace={release}", f"--values={file}", "--wait", "--timeout=120s")
            return self(*line, *arguments, check=check)


@contextmanager
def _file(values: Mapping[str, Any]) -> Iterator[str]:
    """The values as a file."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(dict(values), file)
        file.flush()
        yield file.name
