"""A look back at the whole run, once it is over: what its API server wrote down of all workers' tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from gitops.whole_run import Finding
    from ivs_sandbox.shared_run import SharedRun

__all__ = ["LookBack"]


class LookBack:
    """A plugin of the process that the run belongs to. Its problems make the run fail."""

    def __init__(self, run: SharedRun) -> None:
        self._run = run
        self._found: Finding | None = None

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Every worker has ended when this process comes here, and the API server has not."""
        log = self._run.audit_log()
        if log is None:
            return
        from gitops.whole_run import Finding, look_back  # a run without an API server does not pay for it

        try:
            self._found = look_back(log)
        except Exception as error:  # noqa: BLE001 - the tests' own failures must still be shown
            self._found = Finding("", (f"this run can't be looked back at: {type(error).__name__}: {error}",))
        if self._found.problems and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what was looked at, and what is wrong with it."""
        if self._found is None:
            return
        terminalreporter.section("the whole run", red=bool(self._found.problems))
        for line in (self._found.line, *self._found.problems):
            terminalreporter.write_line(line)
