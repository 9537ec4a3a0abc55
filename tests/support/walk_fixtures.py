"""Walks: the operator as a process under the service account that ships, a real API server, and AWS over HTTP.

Each test has a namespace and an emulator without state; its operator sees that namespace only. The operator is stopped
before the emulator forgets, so that no test meets the objects of another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator
    from support.operator_process import OperatorProcess
    from support.walk import Walk

__all__ = ["begin", "make_operator", "pytest_runtest_makereport", "service_account", "walk"]

_USUAL = {"sweep_interval": 1, "leader_elect": "off"}  # a killed leader is missed for as long as its lease lasts
_STARTED = pytest.StashKey[list["OperatorProcess"]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failing test shows what its operators logged."""
    report = yield
    if report.failed:
        for number, process in enumerate(item.stash.get(_STARTED, [])):
            report.sections.append((f"operator {number}", process.log.read_text(errors="replace")))
    return report


@pytest.fixture(scope="session")
def service_account(control_plane: Cluster) -> Path:
    """A kubeconfig of the service account that ships, with the role that ships."""
    from support.service_account import install_service_account

    return install_service_account(control_plane)


@pytest.fixture
def make_operator(
    request: pytest.FixtureRequest, tmp_path: Path, emulator: Emulator
) -> Iterator[Callable[..., OperatorProcess]]:
    """`(kubeconfig, **options) -> operator`, not started yet; `environment` adds to or replaces the usual one."""
    from support.operator_process import OperatorProcess

    started: list[OperatorProcess] = request.node.stash.setdefault(_STARTED, [])

    def make(kubeconfig: Path, *, environment: dict[str, str] | None = None, **options: object) -> OperatorProcess:
        folder = tmp_path / f"operator-{len(started)}"
        folder.mkdir()
        usual = {**emulator.environment(), "KUBECONFIG": str(kubeconfig)}
        process = OperatorProcess(folder, {**usual, **(environment or {})}, **{**_USUAL, **options})
        started.append(process)
        return process

    yield make
    for process in started:
        process.end()


@pytest.fixture
def begin(
    make_operator: Callable[..., OperatorProcess],
    control_plane: Cluster,
    service_account: Path,
    namespace: str,
    emulator: Emulator,
) -> Iterator[Callable[..., Walk]]:
    """`(**options) -> walk` whose operator runs with these options."""
    from support.walk import Walk

    walks: list[Walk] = []

    def start(**options: object) -> Walk:
        mine = {"namespaces": namespace, "cluster_id": namespace, "lease_namespace": "ivs-operator", **options}
        walks.append(Walk(control_plane, namespace, emulator, make_operator(service_account, **mine)))
        walks[-1].operator.start()
        return walks[-1]

    yield start
    for walk in walks:
        walk.api.close()


@pytest.fixture
def walk(begin: Callable[..., Walk]) -> Walk:
    """A walk with the usual options; a lost reply is looked for after 3 s instead of 30."""
    return begin(create_grace=3)
