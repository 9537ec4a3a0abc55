"""The benchmarks themselves, at a size that takes seconds: the program runs, and the counts are what is promised."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.ladder import climb
from benchmarks.machine import described
from benchmarks.page import write
from benchmarks.plots import exponent, log_log
from benchmarks.summary import calls, writes_of

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.stage import Stage

_OBJECTS, _SWEEPS = 101, 2  # two pages of one kind, three of the other
_PAGES = 5
_KUBE_WRITES = {"create": 4, "edit a tag": 2, "associate": 2, "release": 2, "delete": 3}
"""At most, Events included."""
_AWS_WRITES = {"create": 1, "edit a tag": 1, "associate": 1, "release": 1, "delete": 1}


def test_the_ladder_keeps_its_promises_and_becomes_a_page(stage: Stage, tmp_path: Path) -> None:
    runs = climb(stage, [0, _OBJECTS], factor=20, sweeps=_SWEEPS, runs=2)

    rung = runs[0][-1]
    assert (rung["rest"]["kube"], writes_of(rung["rest"])) == ({}, 0), "at rest nothing is written"
    assert (rung["restart"]["kube"], writes_of(rung["restart"])) == ({}, 0), "nor after a restart"
    assert rung["rest"]["sweeps"]["ListLoggingConfigurations"] == _SWEEPS, "whole sweeps are counted"
    assert calls(rung["rest"], "ivs") == _PAGES * _SWEEPS, "all pages of each"
    assert calls(rung["restart"], "ivs") == _PAGES
    for name, reading in rung["changes"].items():
        step = name.partition(": ")[2]
        assert sum(reading["kube"].values()) <= _KUBE_WRITES[step], (name, reading)
        assert writes_of(reading) == _AWS_WRITES[step], (name, reading)
    assert rung["memory"]["now"] > 0
    assert rung["holders"], "who holds memory is known"

    (tmp_path / "benchmarks").mkdir()
    told = [{"rungs": rungs, "factor": 20} for rungs in runs]
    figures: dict[str, Any] = {"ladder": {"machine": described(shared=True), "runs": told}}
    write(figures, tmp_path)
    assert f"among {_OBJECTS}" in (tmp_path / "benchmarks.md").read_text()
    for picture in ("calls.svg", "cpu.svg", "memory.svg"):
        ET.fromstring((tmp_path / "benchmarks" / picture).read_text())


@pytest.mark.parametrize(
    ("points", "slope"),
    [
        ([(100, 7), (1000, 70), (10_000, 700)], 1.0),
        ([(100, 7), (1000, 7)], 0.0),
        ([(10, 1), (100, 100)], 2.0),
        ([(10, 1)], None),
        ([(0, 1), (10, 1)], None),
    ],
    ids=[
        "cost per object is the same",
        "costs the same for all",
        "grows with the square",
        "one size",
        "zero has no place",
    ],
)
def test_the_exponent_of_growth(points: list[tuple[float, float]], slope: float | None) -> None:
    assert exponent(points) == (None if slope is None else pytest.approx(slope))


def test_a_plot_says_what_it_can_not_draw() -> None:
    with pytest.raises(ValueError, match="measure at least one size above 0"):
        log_log("calls", "objects", "calls", {"ours": [(0, 3)]})
