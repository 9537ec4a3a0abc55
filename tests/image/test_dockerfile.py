"""What the Dockerfile and its context promise. image/build.sh builds it, with an engine."""

from __future__ import annotations

import fnmatch
import re
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from image.runtime_tree import ROOT
from ivs_operator import __version__
from support.engines import engine

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = (ROOT / "Dockerfile").read_text()


def instructions() -> list[tuple[str, str]]:
    """Name and the rest, continuation lines joined, comments left out."""
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name.upper(), rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage() -> list[tuple[str, str]]:
    """The instructions of the image itself."""
    everything = instructions()
    begin = max(number for number, (name, _) in enumerate(everything) if name == "FROM")
    return everything[begin + 1 :]


def of(name: str) -> list[str]:
    """The arguments of all instructions of this name."""
    return [rest for found, rest in instructions() if found == name]


@pytest.fixture(scope="module")
def check() -> Callable[[Path], tuple[int, str]]:
    """`(Dockerfile) -> (exit code, what BuildKit says of it)`."""
    program = engine("dockerfile-check")

    def run(path: Path) -> tuple[int, str]:
        answer = subprocess.run([program, path], capture_output=True, text=True, check=False)
        return answer.returncode, answer.stdout

    return run


def test_buildkit_reads_it_without_a_warning(check: Callable[[Path], tuple[int, str]]) -> None:
    assert check(ROOT / "Dockerfile") == (0, "3 stages\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM scratch\nMAINTAINER me\n", "line 2: MaintainerDeprecated"),
        ("FROM scratch AS Build\n", "line 1: StageNameCasing"),
        ("FROM scratch\nCOPPY a b\n", "unknown instruction: COPPY"),
    ],
)
def test_buildkit_would_say_what_is_wrong(
    check: Callable[[Path], tuple[int, str]], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "Dockerfile"
    path.write_text(text)
    code, output = check(path)
    assert code == 1
    assert said in output


def test_bases_are_pinned_by_a_tag_that_names_a_release() -> None:
    given = dict(rest.split("=", 1) for rest in of("ARG") if rest.split("=")[0].endswith("_IMAGE"))
    assert set(given) == {"BUILD_IMAGE", "RUNTIME_IMAGE"}
    for image in given.values():
        registry, tag = image.split("/", 1)[0], image.rpartition(":")[2]
        assert "." in registry, f"{image}: podman and buildah ask which registry is meant"
        assert tag != "latest"
        assert re.search(r"debian13|trixie", image), image
    stages = {rest.split()[-1] for rest in of("FROM") if " AS " in rest}
    for rest in of("FROM"):
        base = re.sub(r"--platform=\S+\s+", "", rest).split()[0]
        assert base in stages or re.fullmatch(r"\$\{(BUILD|RUNTIME)_IMAGE\}", base), f"{base} is not pinned above"


def test_builder_and_image_have_the_same_python() -> None:
    """Bytecode is read by the minor version that wrote it. Debian 13 has 3.13."""
    versions = set(re.findall(r"python:?(3\.\d+)", TEXT))
    assert versions == {"3.13"}
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert supported == ">=3.11"


def test_it_runs_as_a_number_that_is_not_root_and_as_the_deployment_says() -> None:
    users = [rest for name, rest in last_stage() if name == "USER"]
    assert users == ["65532:65532"]
    pod = yaml.safe_load((ROOT / "manifests" / "base" / "deployment.yaml").read_text())["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["containers"][0]["image"].rpartition(":")[2] == __version__
    command = [rest for name, rest in last_stage() if name in ("ENTRYPOINT", "CMD")]
    assert command == ['["/opt/ivs-operator/bin/ivs-operator"]', '["run"]'], "the exec form: there is no shell"


@pytest.mark.parametrize("unwanted", ["HEALTHCHECK", "ADD", "VOLUME", "ONBUILD", "MAINTAINER", "SHELL"])
def test_what_it_does_without(unwanted: str) -> None:
    """Probes are the kubelet's; a volume would be writable; ADD fetches what nobody checks."""
    assert of(unwanted) == []


def test_nothing_is_run_in_the_image_itself() -> None:
    """So that it is built for any architecture without emulation, and nothing but what is copied can be in it."""
    assert [rest for name, rest in last_stage() if name == "RUN"] == []
    assert [rest for name, rest in last_stage() if name == "COPY"] == ["--from=build /out /"]


def test_labels_of_the_open_container_initiative() -> None:
    (labels,) = [rest for name, rest in last_stage() if name == "LABEL"]
    found = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', labels))
    assert set(found) >= {"title", "description", "licenses", "source", "version", "revision", "created"}
    declared = {rest.split("=")[0] for name, rest in last_stage() if name == "ARG"}
    assert declared == {value.strip("${}") for value in found.values() if value.startswith("$")}


def test_the_context_holds_what_is_copied_and_nothing_else() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        source for rest in of("COPY") if not rest.startswith("--from") for source in rest.split()[:-1] if source != "."
    }
    assert let_in == copied
    for source in copied:
        assert (ROOT / source).exists(), source
    assert fnmatch.fnmatch(str(Path("operator/ivs_operator/__pycache__")), rules[-1])


def test_ports_are_those_of_the_settings() -> None:
    from ivs_operator.settings import Settings

    settings = Settings()
    assert of("EXPOSE") == [f"{settings.health_port} {settings.metrics_port}"]
