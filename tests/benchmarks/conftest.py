"""Benchmarks are walks that count; they have the fixtures of walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.stage import Stage
from support.emulator import emulator, emulator_process
from support.walk_fixtures import begin, make_operator, pytest_runtest_makereport, service_account, walk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ivs_sandbox.cluster import Cluster
    from support.emulator import Emulator

__all__ = [
    "begin",
    "emulator",
    "emulator_process",
    "make_operator",
    "pytest_runtest_makereport",
    "service_account",
    "stage",
    "walk",
]


@pytest.fixture
def stage(control_plane: Cluster, emulator: Emulator, service_account: Path, tmp_path: Path) -> Iterator[Stage]:
    """A stage on the run's own control plane."""
    made = Stage(control_plane, emulator, service_account, tmp_path)
    yield made
    made.end()
