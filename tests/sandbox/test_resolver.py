"""Which programs are taken, out of folders that hold stand-ins which tell a version."""

import io
from pathlib import Path

import pytest

from ivs_sandbox.binaries import Binaries, Tool
from ivs_sandbox.errors import BinariesNotFoundError
from ivs_sandbox.progress import Progress
from ivs_sandbox.resolver import resolve
from ivs_sandbox.versions import KUBERNETES
from sandbox.fake_tools import ENVTEST, EVERYTHING, install, script

MANAGER = Tool.KUBE_CONTROLLER_MANAGER
CACHE = f"cache/ivs-operator/control-plane/{KUBERNETES}"
STORE = "data/kubebuilder-envtest/k8s"


def environment(root: Path, **variables: str) -> dict[str, str]:
    """Nothing of the real machine is seen."""
    nothing = {
        "XDG_CACHE_HOME": f"{root}/cache",
        "XDG_DATA_HOME": f"{root}/data",
        "PATH": f"{root}/path",
        "HOME": f"{root}",
    }
    return nothing | variables


def look(root: Path, said: list[str] | None = None, **variables: str) -> Binaries:
    announce = (said if said is not None else []).append
    return resolve(environment(root, **variables), install=False, announce=announce, kubebuilder=root / "kubebuilder")


def folders(found: Binaries, root: Path) -> dict[str, str]:
    paths = (found.etcd, found.kube_apiserver, found.kubectl, found.kube_controller_manager)
    return {path.name: str(path.parent.relative_to(root)) for path in paths if path is not None}


@pytest.mark.parametrize(
    ("present", "variables", "chosen", "reason"),
    [
        (["path"], {}, "path", "PATH is the last of those that need no network"),
        (["path", "kubebuilder"], {}, "kubebuilder", "kubebuilder's folder was made for this, PATH was not"),
        (["kubebuilder", f"{STORE}/1.36.0-linux-amd64"], {}, f"{STORE}/1.36.0-linux-amd64", "setup-envtest's first"),
        (
            [f"{STORE}/1.9.0-linux-amd64", f"{STORE}/1.36.0-linux-amd64", f"{STORE}/1.34.2-linux-amd64"],
            {},
            f"{STORE}/1.36.0-linux-amd64",
            "the newest by number, not by letter",
        ),
        ([CACHE, f"{STORE}/1.36.0-linux-amd64", "path"], {}, CACHE, "what we made ourselves is complete"),
        ([CACHE, "assets"], {"KUBEBUILDER_ASSETS": "{root}/assets"}, "assets", "the user's word goes first"),
    ],
)  # fmt: skip
def test_the_first_source_wins(
    tmp_path: Path, present: list[str], variables: dict[str, str], chosen: str, reason: str
) -> None:
    for folder in present:
        install(tmp_path / folder, *EVERYTHING)
    found = look(tmp_path, **{name: value.format(root=tmp_path) for name, value in variables.items()})
    assert set(folders(found, tmp_path).values()) == {chosen}, reason


def test_single_files_go_before_a_folder_and_only_for_themselves(tmp_path: Path) -> None:
    install(tmp_path / "assets", *ENVTEST)
    install(tmp_path / "mine", Tool.ETCD, MANAGER)
    found = look(
        tmp_path,
        KUBEBUILDER_ASSETS=f"{tmp_path}/assets",
        TEST_ASSET_ETCD=f"{tmp_path}/mine/etcd",
        TEST_ASSET_KUBE_CONTROLLER_MANAGER=f"{tmp_path}/mine/kube-controller-manager",
    )
    assert folders(found, tmp_path) == {
        "etcd": "mine",
        "kube-controller-manager": "mine",
        "kube-apiserver": "assets",
        "kubectl": "assets",
    }


@pytest.mark.parametrize(
    ("server", "manager", "taken", "reason"),
    [
        ("1.36.1", "1.36.3", True, "same minor version"),
        ("1.36.1", "1.35.0", True, "one older is supported"),
        ("1.35.1", "1.36.3", False, "never newer than the server"),
        ("1.36.1", "1.34.0", False, "two older is not supported"),
    ],
)
def test_envtest_is_completed_by_a_controller_manager_that_goes_with_it(
    tmp_path: Path, server: str, manager: str, taken: bool, reason: str
) -> None:
    install(tmp_path / "assets", *ENVTEST, version=server)
    install(tmp_path / "path", MANAGER, version=manager)
    said: list[str] = []
    found = look(tmp_path, said, KUBEBUILDER_ASSETS=f"{tmp_path}/assets")
    assert (found.kube_controller_manager is not None) is taken, reason
    assert ("no kube-controller-manager" in said[0]) is not taken


@pytest.mark.parametrize(
    ("kubectl", "complaint", "reason"),
    [
        ("exit 1", "ended with 1", "a wrapper that wants something first"),
        ("echo hello", "does not tell its version", "some other program of that name"),
        ('echo \'{"clientVersion": {"gitVersion": "v1.32.4-dispatcher"}}\'', "dispatcher", "a vendor's dispatcher"),
        ('echo \'{"clientVersion": {"gitVersion": "v1.32.4"}}\'', "too far from", "four minor versions older"),
    ],
)
def test_a_kubectl_on_path_is_only_taken_when_it_answers_and_fits(
    tmp_path: Path, kubectl: str, complaint: str, reason: str
) -> None:
    install(tmp_path / "assets", Tool.ETCD, Tool.KUBE_APISERVER, MANAGER)
    script(tmp_path / "path" / "kubectl", kubectl)
    with pytest.raises(BinariesNotFoundError, match="lacks kubectl") as failure:
        look(tmp_path, KUBEBUILDER_ASSETS=f"{tmp_path}/assets")
    assert complaint in str(failure.value), reason


@pytest.mark.parametrize(
    ("variables", "names", "reason"),
    [
        (
            {"TEST_ASSET_ETCD": "{root}/nowhere"},
            ["TEST_ASSET_ETCD", "not an executable", "unset"],
            "a typing error is told",
        ),
        ({"TEST_ASSET_KUBECTL": "{root}/broken"}, ["TEST_ASSET_KUBECTL", "ended with 3"], "it exists and does not run"),
        ({"KUBEBUILDER_ASSETS": "{root}/nowhere"}, ["KUBEBUILDER_ASSETS", "not a folder"], "not silently passed over"),
    ],
)
def test_what_the_user_named_wrongly_is_an_error_that_names_the_variable(
    tmp_path: Path, variables: dict[str, str], names: list[str], reason: str
) -> None:
    install(tmp_path / CACHE, *EVERYTHING)
    script(tmp_path / "broken", "exit 3")
    with pytest.raises(BinariesNotFoundError) as failure:
        look(tmp_path, **{name: value.format(root=tmp_path) for name, value in variables.items()})
    assert all(name in str(failure.value) for name in names), reason


def test_an_api_server_too_old_for_our_crds_is_passed_over(tmp_path: Path) -> None:
    install(tmp_path / "path", *EVERYTHING, version="1.29.4")
    with pytest.raises(BinariesNotFoundError, match=r"older than 1\.30\.0"):
        look(tmp_path)


def test_one_line_says_what_was_chosen_and_why(tmp_path: Path) -> None:
    install(tmp_path / "assets", *ENVTEST)
    install(tmp_path / "path", MANAGER)
    said: list[str] = []
    found = look(tmp_path, said, KUBEBUILDER_ASSETS=f"{tmp_path}/assets")
    assert said == [found.origin]
    assert "\n" not in found.origin
    assert f"kube-apiserver, etcd, kubectl from KUBEBUILDER_ASSETS {tmp_path}/assets" in found.origin
    assert "kube-controller-manager from PATH" in found.origin
    assert "no TEST_ASSET_* is set" in found.origin


def test_nothing_at_all_lists_what_was_tried_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(BinariesNotFoundError) as failure:
        look(tmp_path)
    text = str(failure.value)
    wanted = ["TEST_ASSET_", "KUBEBUILDER_ASSETS", CACHE, STORE, "make control-plane", "USE_EXISTING_CLUSTER"]
    assert [word for word in wanted if word not in text] == []


def test_progress_is_plain_lines_now_and_then_when_nobody_watches() -> None:
    now = [0.0]
    stream = io.StringIO()
    progress = Progress(stream, clock=lambda: now[0])
    progress.begin("building etcd", "about 30 seconds")
    for second in range(50):
        now[0] = float(second)
        progress.tick(f"{second * 10} packages compiled")
    progress.end()
    assert stream.getvalue().splitlines() == [
        "building etcd (about 30 seconds) ...",
        "building etcd: 20 s, 200 packages compiled",
        "building etcd: 40 s, 400 packages compiled",
        "building etcd: done in 49 s",
    ]


def test_progress_on_a_terminal_is_one_line_that_fits() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    now = [0.0]
    stream = Terminal()
    progress = Progress(stream, clock=lambda: now[0])
    progress.begin("building kube-apiserver (1 of 4)")
    for second in range(1, 4):
        now[0] = float(second)
        progress.tick("a word that is much too long for the width that a terminal has " * 3)
    assert "\n" not in stream.getvalue()
    assert max(len(part) for part in stream.getvalue().split("\r\x1b[K")) <= 78
