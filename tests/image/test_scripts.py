"""image/build.sh and image/kind.sh with stand-ins for engines and clusters that write down what they are asked."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from image.runtime_tree import ROOT
from ivs_operator import __version__
from sandbox.fake_tools import script
from support.engines import engine

SCRIPTS = sorted((ROOT / "image").glob("*.sh"))
_NEEDED = (
    "bash",
    "sed",
    "git",
    "grep",
    "mktemp",
    "rm",
    "seq",
    "sleep",
    "cat",
    "head",
    "dirname",
    "date",
    "env",
    "kill",
)


class Bench:
    """A PATH with the stand-ins, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "path"
        self.path.mkdir()
        for program in _NEEDED:
            found = shutil.which(program)
            assert found, program
            (self.path / program).symlink_to(found)

    def engine(self, name: str, body: str = "exit 0") -> None:
        """A stand-in; `body` is shell."""
        script(self.path / name, f'echo "{name} $*" >> {self.folder}/asked\n{body}')

    def asked(self) -> list[str]:
        """Command lines, in order."""
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []

    def run(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script of image/."""
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")  # with kubectl in it
        usual = {"PATH": str(self.path), "HOME": str(self.folder), "TMPDIR": str(temporary), "XDG_CACHE_HOME": cache}
        environ = {**usual, **environment}
        return subprocess.run(
            [ROOT / "image" / name, *arguments], env=environ, capture_output=True, text=True, check=False, timeout=240
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_pass_shellcheck_stop_at_the_first_failure_and_say_what_they_are(path: Path) -> None:
    text = path.read_text()
    assert os.access(path, os.X_OK)
    assert "set -euo pipefail" in text
    assert re.match(r"#!/usr/bin/env bash\n# \w", text), "first it says what it does"
    answer = subprocess.run([engine("shellcheck"), path], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("there", "arguments", "chosen", "reason"),
    [
        (["docker", "podman"], [], "docker buildx build", "the first that works"),
        (["podman", "buildah"], [], "podman build", "no docker"),
        (["buildah"], [], "buildah build", "the last"),
        (["docker", "buildah"], ["--engine", "buildah"], "buildah build", "as told"),
    ],
)
def test_build_takes_the_engine_that_is_there(
    bench: Bench, there: list[str], arguments: list[str], chosen: str, reason: str
) -> None:
    for name in there:
        bench.engine(name)
    answer = bench.run("build.sh", *arguments)
    assert answer.returncode == 0, answer.stderr
    last = bench.asked()[-1]
    assert last.startswith(chosen), reason
    assert ("--load --provenance=false" in last) == last.startswith("docker"), "one image, which kind can load"
    assert bool(re.search(r"--build-arg BUILDPLATFORM=linux/(amd64|arm64) ", last)) != last.startswith("docker"), (
        "Buildah 1.28 does not know it"
    )
    assert f"--tag ghcr.io/ivs-operator/ivs-operator:{__version__}" in last
    assert f"--build-arg VERSION={__version__}" in last
    assert re.search(r"--build-arg REVISION=[0-9a-f]{40}(-dirty)? --build-arg CREATED=\d{4}-\d\d-\d\dT[\d:]{8}Z", last)


def test_a_docker_without_its_engine_is_passed_over(bench: Bench) -> None:
    bench.engine("docker", "[ $1 != version ]")
    bench.engine("buildah")
    assert bench.run("build.sh").returncode == 0
    assert bench.asked()[-1].startswith("buildah build")


@pytest.mark.parametrize(
    ("arguments", "said", "reason"),
    [
        (
            [],
            "docker has no engine (docker version fails); podman is not on PATH; buildah is not",
            "nothing works",
        ),
        (["--engine", "podman"], "podman is not on PATH", "the one that is asked for"),
        (["--engine", "kaniko"], "--engine takes docker, podman or buildah, not kaniko", "unknown"),
        (["--platform"], "--platform needs a value", "forgotten"),
        (["--bases", "alpine"], "--bases takes debian, not alpine", "unknown"),
        (["--fast"], "unknown option --fast", "unknown"),
    ],
)
def test_build_says_what_is_wrong(bench: Bench, arguments: list[str], said: str, reason: str) -> None:
    bench.engine("docker", "exit 1")
    answer = bench.run("build.sh", *arguments)
    assert answer.returncode == 1, reason
    assert said in answer.stderr


def test_several_platforms_go_to_a_registry_with_provenance_and_parts_list(bench: Bench) -> None:
    bench.engine("docker")
    both = ("--platform", "linux/amd64,linux/arm64")
    refused = bench.run("build.sh", *both)
    assert refused.returncode == 1
    assert "--push" in refused.stderr
    assert bench.run("build.sh", *both, "--push").returncode == 0
    last = bench.asked()[-1]
    assert "--push --provenance=mode=max --sbom=true" in last
    assert "--platform linux/amd64,linux/arm64" in last


def test_a_proxy_s_authorities_are_a_secret_of_the_build(bench: Bench, tmp_path: Path) -> None:
    bench.engine("buildah")
    authorities = tmp_path / "ca.pem"
    authorities.touch()
    assert bench.run("build.sh", PIP_CERT=str(authorities), PIP_CONFIG_FILE="/nowhere").returncode == 0
    assert f"--secret id=ca,src={authorities}" in bench.asked()[-1]
    assert "id=pip" not in bench.asked()[-1]


def test_kind_names_everything_that_is_missing_at_once(bench: Bench) -> None:
    bench.engine("docker")
    answer = bench.run("kind.sh")
    assert answer.returncode == 1
    assert "not on PATH: kind kubectl helm" in answer.stderr


@pytest.fixture
def cluster(bench: Bench) -> Bench:
    """All that image/kind.sh needs; the emulator and the tests are the real ones."""
    bench.engine("docker", '[ "$1 $2" != "network inspect" ] || printf "fc00::1\\n127.0.0.1\\n"')
    bench.engine("kind", 'while [ $# -gt 0 ]; do [ "$1" != --kubeconfig ] || echo made > "$2"; shift; done')
    bench.engine("kubectl")
    bench.engine("helm", f"[ $1 != install ] || cat > {bench.folder}/values")
    return bench


_FEW = ("--collect-only", "-q", "tests/e2e/test_ready.py")


@pytest.mark.timeout(300)
def test_kind_installs_tries_tests_and_leaves_nothing(cluster: Bench) -> None:
    answer = cluster.run("kind.sh", "--node-image", "kindest/node:v1.34.11", "--", *_FEW)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    asked = [" ".join(line.split()[:2]) for line in cluster.asked() if not line.startswith(("docker version", "git"))]
    assert asked == [
        "kind create",
        "docker buildx",  # is it there?
        "docker buildx",
        "kind load",
        "docker network",
        "kubectl create",
        "helm install",
        "helm test",
        *["kubectl --namespace"] * 4,
        "kind delete",
    ]
    assert "--image kindest/node:v1.34.11" in cluster.asked()[1]
    values = (cluster.folder / "values").read_text()
    assert re.search(r'AWS_ENDPOINT_URL, value: "http://127\.0\.0\.1:\d+"', values)
    _the_chart_takes(cluster.folder / "values")
    assert "test_ready.py::" in answer.stdout
    assert "deselected" in answer.stdout, "what needs a control plane of our own"
    assert list((cluster.folder / "tmp").iterdir()) == []


def _the_chart_takes(values: Path) -> None:
    """Its schema is closed: a value that is renamed there is refused."""
    chart = ROOT / "helm" / "ivs-operator"
    line = [engine("helm"), "template", "installed", chart, "--namespace=installed", f"--values={values}"]
    answer = subprocess.run(line, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert f"image: localhost/ivs-operator:{__version__}" in answer.stdout.replace('"', "")


@pytest.mark.timeout(300)
def test_kind_without_tests_keeps_an_object_that_is_ready(cluster: Bench) -> None:
    answer = cluster.run("kind.sh", "--keep", "--no-tests")
    kept = re.search(r"kept: export KUBECONFIG=\S+; emulator http\S+, process (\d+)$", answer.stdout, re.MULTILINE)
    assert kept, answer.stdout + answer.stderr
    os.kill(int(kept[1]), signal.SIGTERM)
    assert answer.returncode == 0, answer.stderr
    of_objects = [line.split()[3] for line in cluster.asked() if line.startswith("kubectl --namespace")]
    assert of_objects == ["apply", "wait", "get"], "it is not deleted"
    assert "end-to-end tests" not in answer.stdout
    assert not any(line.startswith("kind delete") for line in cluster.asked())


def test_kind_without_tests_takes_no_arguments_for_them(cluster: Bench) -> None:
    answer = cluster.run("kind.sh", "--no-tests", "--", *_FEW)
    assert answer.returncode == 1
    assert "--no-tests runs none" in answer.stderr
    assert cluster.asked() == []


@pytest.mark.timeout(300)
def test_kind_that_fails_shows_the_pods_and_leaves_nothing(cluster: Bench) -> None:
    cluster.engine("helm", "exit 1")
    answer = cluster.run("kind.sh", "--", *_FEW)
    assert answer.returncode == 1
    assert "failed; the cluster as it is" in answer.stderr
    asked = cluster.asked()
    assert any(" logs " in line for line in asked)
    assert asked[-1].startswith("kind delete cluster")
    assert list((cluster.folder / "tmp").iterdir()) == []
