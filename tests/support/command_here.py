"""A command of the command line run in this process: much faster than `command_process`, for what needs no process."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping

import pytest
import structlog

from ivs_operator.cli import cli
from support.command_process import Done
from support.operator_process import clean_environment

__all__ = ["RunHere", "run_here"]

RunHere = Callable[..., Done]


@pytest.fixture
def run_here(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[RunHere]:
    """`run_here(*arguments, environment=...)`: nothing ambient configures it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def run(*arguments: str, environment: Mapping[str, str] | None = None) -> Done:
        with monkeypatch.context() as patch:
            given = clean_environment(environment or {})
            for name in os.environ.keys() - given.keys():
                patch.delenv(name)
            for name, value in given.items():
                patch.setenv(name, value)
            capfd.readouterr()
            with pytest.raises(SystemExit) as end:
                cli.main(list(arguments), prog_name="ivs-operator")
        out, err = capfd.readouterr()
        code = end.value.code
        assert isinstance(code, int)
        assert "Traceback" not in err, err
        return Done(code, out, err)

    yield run
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)
