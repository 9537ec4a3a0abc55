"""What the documentation's tests share."""

import sys
from pathlib import Path

from support.emulator import emulator, emulator_process
from support.walk_fixtures import begin, make_operator, pytest_runtest_makereport, service_account, walk

__all__ = [
    "begin",
    "emulator",
    "emulator_process",
    "make_operator",
    "pytest_runtest_makereport",
    "service_account",
    "walk",
]

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))  # site_sources
