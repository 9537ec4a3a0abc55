"""Walks, for a real Prometheus and a real log."""

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
