import logging
from collections.abc import Iterator

import pytest
import structlog

from support.emulator import emulator, emulator_process

__all__ = ["emulator", "emulator_process"]


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()
