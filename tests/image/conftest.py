from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image.runtime_tree import build
from support.emulator import emulator, emulator_process
from support.walk_fixtures import make_operator, pytest_runtest_makereport, service_account

if TYPE_CHECKING:
    from image.runtime_tree import RuntimeTree

__all__ = [
    "emulator",
    "emulator_process",
    "make_operator",
    "pytest_runtest_makereport",
    "service_account",
]


@pytest.fixture(scope="session")
def runtime_tree(tmp_path_factory: pytest.TempPathFactory) -> RuntimeTree:
    """One per worker; 4,000 links, a second."""
    return build(tmp_path_factory.mktemp("runtime") / "packages")
