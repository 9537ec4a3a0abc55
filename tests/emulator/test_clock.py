"""Clocks that can be moved."""

import threading
from collections.abc import Callable

import pytest

from ivs_emulator.clock import Clock, ManualClock, SystemClock, timestamp


@pytest.mark.parametrize("make", [ManualClock, SystemClock])
def test_advance_wakes_sleepers(make: Callable[[], Clock]) -> None:
    clock = make()
    before = clock.now()
    sleeper = threading.Thread(target=clock.sleep, args=(3600,), daemon=True)
    sleeper.start()
    clock.advance(1800)
    assert sleeper.is_alive()
    clock.advance(1800)
    sleeper.join(30)
    # Advanced before it began to sleep, it needs the rest again.
    while sleeper.is_alive():
        clock.advance(1800)
        sleeper.join(0.05)
    assert clock.now() >= before + 3600


@pytest.mark.parametrize("make", [ManualClock, SystemClock])
def test_no_way_back(make: Callable[[], Clock]) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        make().advance(-1)


@pytest.mark.parametrize("make", [ManualClock, SystemClock])
def test_a_restart_takes_back_what_was_advanced_and_wakes_sleepers(make: Callable[[], Clock]) -> None:
    clock = make()
    before = clock.now()
    clock.advance(3600)
    sleeper = threading.Thread(target=clock.sleep, args=(3600,), daemon=True)
    sleeper.start()
    while sleeper.is_alive():
        clock.restart()
        sleeper.join(0.05)
    assert before <= clock.now() < before + 1800


def test_manual_clock_stands_still() -> None:
    clock = ManualClock(start=5)
    assert [clock.now(), clock.now()] == [5, 5]


def test_system_clock_sleeps() -> None:
    clock = SystemClock()
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() >= before + 0.01


def test_timestamps_have_milliseconds() -> None:
    assert timestamp(1.23456).isoformat() == "1970-01-01T00:00:01.235000+00:00"
