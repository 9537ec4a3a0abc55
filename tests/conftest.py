"""One real API server per test run, under xdist too; started by the first test that needs it, ended with the run.

`USE_EXISTING_CLUSTER=true` runs the same tests on a cluster that exists. Nothing is imported before it is needed.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from ivs_sandbox.shared_run import SharedRun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ivs_sandbox.audit import AuditLog
    from ivs_sandbox.binaries import Binaries
    from ivs_sandbox.cluster import Cluster
    from ivs_sandbox.control_plane import ControlPlane
    from ivs_sandbox.kubectl import KubectlResult

_RUN = pytest.StashKey[SharedRun]()
_FAILED = pytest.StashKey[bool]()
_CALLS = pytest.StashKey[set[tuple[str, str, str]]]()
_BREACHES = pytest.StashKey[list[str]]()
_CRDS = Path(__file__).parent.parent / "crds"
_LOCAL = "local_control_plane"
_LOCAL_FIXTURES = frozenset({"bare_control_plane", "own_control_plane", "control_plane_binaries", "audit_log"})
_LOCAL_NAMES = frozenset({"audit_log", "kube_writes", "mark"})


def pytest_configure(config: pytest.Config) -> None:
    """The run belongs to xdist's controller; workers are told where it is."""
    told: dict[str, Any] | None = getattr(config, "workerinput", None)
    config.addinivalue_line(
        "markers",
        f"{_LOCAL}: reads the audit log of a control plane that runs here, or stops it (set by itself); "
        f"with USE_EXISTING_CLUSTER leave these out: -m 'not {_LOCAL}'",
    )
    config.stash[_RUN] = (
        SharedRun.of_this_process() if told is None else SharedRun(Path(told["run_directory"]), told["run_owner"])
    )
    if told is None:
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job
            signal.signal(signal.SIGINT, signal.default_int_handler)
        from support.run_end import LookBack

        config.pluginmanager.register(LookBack(config.stash[_RUN]), "look-back")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what no cluster that exists can do, by what a test asks for."""
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if _LOCAL_FIXTURES & set(item.fixturenames) or _LOCAL_NAMES & set(item.function.__code__.co_names):
            item.add_marker(_LOCAL)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's controller makes a worker."""
    run = node.config.stash[_RUN]
    node.workerinput |= {"run_directory": str(run.directory), "run_owner": run.owner_pid}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended; it tells which AWS calls its emulators saw."""
    told = getattr(node, "workeroutput", {}).get("aws_calls", ())
    node.config.stash.setdefault(_CALLS, set()).update(map(tuple, told))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Compare the IAM policy that ships with the calls of the run, once the fixtures of the session have ended."""
    from support.permission_audit import breaches, calls_seen, is_whole

    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["aws_calls"] = calls_seen()
        return
    passed = exitstatus == pytest.ExitCode.OK
    calls = config.stash.get(_CALLS, set()).union(calls_seen())
    config.stash[_BREACHES] = breaches(calls, whole=passed and is_whole(config))
    if passed and config.stash[_BREACHES]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    config.stash[_FAILED] = session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what the IAM policy lacks or has in vain."""
    for number, breach in enumerate(config.stash.get(_BREACHES, [])):
        if number == 0:
            terminalreporter.section("IAM policy against the AWS calls of this run", red=True)
        terminalreporter.line(breach)


def pytest_unconfigure(config: pytest.Config) -> None:
    """After every worker has ended: workers never stop what others may still use."""
    run = config.stash.get(_RUN, None)
    if run is None or run.owner_pid != os.getpid():
        return
    logs = run.close(keep_logs=config.stash.get(_FAILED, True))
    if logs is not None:
        print(f"\nlogs of the control plane: {logs}")


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    """Each test closes its connections to API servers; those of a whole session are opened again by the next call."""
    yield
    if (module := sys.modules.get("support.api_server")) is not None:
        module.close_all()


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Cluster:
    """The run's API server with our CRDs and controllers. Shared: never stop it; `own_control_plane` is for that."""
    return request.config.stash[_RUN].cluster(_CRDS)


@pytest.fixture(scope="session")
def control_plane_binaries() -> Binaries:
    """The programs, found and never installed in the middle of a test."""
    from ivs_sandbox.resolver import resolve

    return resolve(install=False)


@pytest.fixture
def bare_control_plane(control_plane_binaries: Binaries, tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane for one test, without our CRDs; 3 s and 0.4 GB, so seldom."""
    from ivs_sandbox.control_plane import ControlPlane

    with ControlPlane(control_plane_binaries, tmp_path / "control-plane") as started:
        yield started


@pytest.fixture
def own_control_plane(bare_control_plane: ControlPlane) -> ControlPlane:
    """A control plane for one test that stops or restarts parts of it, with our CRDs."""
    bare_control_plane.apply_crds(_CRDS)
    return bare_control_plane


@pytest.fixture
def kubectl(control_plane: Cluster) -> Callable[..., KubectlResult]:
    """kubectl as the administrator: `kubectl("apply", "-f", "-", stdin=...)`."""
    return control_plane.kubectl


@pytest.fixture
def namespace(request: pytest.FixtureRequest, control_plane: Cluster) -> str:
    """A new namespace. Not deleted: that takes the namespace controller 5 s, and the run's end does it for nothing."""
    slug = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")[:40].rstrip("-")
    name = f"{slug or 'test'}-{uuid4().hex[:8]}"
    control_plane.kubectl("create", "namespace", name)
    return name


@pytest.fixture
def kubeconfig_for_service_account(control_plane: Cluster) -> Callable[[str, str], Path]:
    """`(namespace, name) -> kubeconfig` with a token of that service account."""
    return control_plane.service_account_kubeconfig


@pytest.fixture
def audit_log(control_plane: Cluster) -> AuditLog:
    """What the API server was asked, by whom, and what allowed it."""
    return control_plane.audit_log
