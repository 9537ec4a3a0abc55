"""Plots with logarithmic axes as SVG: a straight line of slope one is a cost per object that does not grow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["exponent", "log_log"]

Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 48, 56
_COLOURS = ("#1f6feb", "#d1242f", "#1a7f37", "#8250df")
_STYLE = "font-family='system-ui, sans-serif' font-size='13' fill='#59636e'"


def exponent(points: Points) -> float | None:
    """The slope of the straight line nearest to the logarithms; None with less than two different sizes."""
    logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x, mean_y = (sum(values) / len(logs) for values in zip(*logs, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / spread


def log_log(title: str, across: str, upwards: str, series: Mapping[str, Points]) -> str:
    """An SVG picture; points that are not above zero are left out, since they have no place."""
    kept = {name: [(x, y) for x, y in points if x > 0 and y > 0] for name, points in series.items()}
    every = [point for points in kept.values() for point in points]
    if not every:
        raise ValueError(f"{title}: no point above zero; measure at least one size above 0")
    scale_x = _Scale([x for x, _ in every], _LEFT, _WIDTH - _RIGHT)
    scale_y = _Scale([y for _, y in every], _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {_WIDTH} {_HEIGHT}' role='img'>",
        f"<title>{escape(title)}</title><rect width='100%' height='100%' fill='#ffffff'/>",
        f"<text x='{_LEFT}' y='24' {_STYLE} font-weight='600'>{escape(title)}</text>",
        *_axes(scale_x, scale_y, across, upwards),
    ]
    for number, (name, points) in enumerate(kept.items()):
        parts += _line(name, points, (scale_x, scale_y), number)
    return "\n".join([*parts, "</svg>"]) + "\n"


class _Scale:
    """From values to places, through whole powers of ten at either end."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self._begin, self._end = begin, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.low, self.high + 1)]


def _axes(scale_x: _Scale, scale_y: _Scale, across: str, upwards: str) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for tick in scale_x.ticks():
        x = scale_x.at(tick)
        parts.append(f"<line x1='{x:.1f}' y1='{_TOP}' x2='{x:.1f}' y2='{bottom}' stroke='#e1e4e8'/>")
        parts.append(f"<text x='{x:.1f}' y='{bottom + 18}' {_STYLE} text-anchor='middle'>{tick:,g}</text>")
    for tick in scale_y.ticks():
        y = scale_y.at(tick)
        parts.append(f"<line x1='{_LEFT}' y1='{y:.1f}' x2='{right}' y2='{y:.1f}' stroke='#e1e4e8'/>")
        parts.append(f"<text x='{_LEFT - 8}' y='{y + 4:.1f}' {_STYLE} text-anchor='end'>{tick:,g}</text>")
    middle = (_LEFT + right) / 2
    parts.append(f"<text x='{middle}' y='{_HEIGHT - 14}' {_STYLE} text-anchor='middle'>{escape(across)}</text>")
    turned = f"transform='translate(20 {(_TOP + bottom) / 2}) rotate(-90)'"
    return [*parts, f"<text {turned} {_STYLE} text-anchor='middle'>{escape(upwards)}</text>"]


def _line(name: str, points: Points, scales: tuple[_Scale, _Scale], number: int) -> list[str]:
    scale_x, scale_y = scales
    colour = _COLOURS[number % len(_COLOURS)]
    places = [(scale_x.at(x), scale_y.at(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    slope = exponent(points)
    told = name if slope is None else f"{name}: exponent {slope:.2f}"
    y = _TOP + 18 + 18 * number
    return [
        f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>",
        *(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='4' fill='{colour}'/>" for x, y in places),
        f"<rect x='{_LEFT + 12}' y='{y - 9}' width='12' height='4' fill='{colour}'/>",
        f"<text x='{_LEFT + 30}' y='{y - 2}' {_STYLE}>{escape(told)}</text>",
    ]
