"""The dashboard as a picture, drawn from what Prometheus answers: panels, places and expressions are the dashboard's.

Not Grafana's own drawing, which would need Grafana; its layout and its data.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from observability.dashboard import places
from observability.panels import PANELS, Panel

__all__ = ["Curve", "Drawing", "svg"]

_COLUMN, _ROW, _GAP, _MARGIN, _TITLE = 50, 30, 6, 12, 44
_COLORS: Final = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#b877d9", "#5794f2", "#fade2a")
_TEXT, _FAINT, _GROUND, _PANEL, _LINE = "#ccccdc", "#8e8e9c", "#111217", "#181b1f", "#2c3235"
_SHOWN_CURVES = 6
_ROWS = 7


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of a panel."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a panel shows: a value, curves or rows of a table."""

    value: float | None = None
    curves: tuple[Curve, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def svg(drawings: Sequence[Drawing], start: float, end: float, about: str) -> str:
    """The whole screen; `drawings` in the order of the panels, times in seconds since 1970."""
    spots = places()
    width = 24 * _COLUMN + 2 * _MARGIN
    height = max(spot["y"] + spot["h"] for spot in spots) * _ROW + 2 * _MARGIN + _TITLE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        'font-family="DejaVu Sans, Verdana, sans-serif" font-size="12" role="img">',
        f"<title>{escape(about)}</title>",
        f'<rect width="{width}" height="{height}" fill="{_GROUND}"/>',
        _text(_MARGIN + 4, 34, "ivs-operator", _TEXT, size=18, weight="bold"),
        _text(width - _MARGIN - 4, 34, about, _FAINT, anchor="end"),
    ]
    for panel, spot, drawing in zip(PANELS, spots, drawings, strict=True):
        x, y = _MARGIN + spot["x"] * _COLUMN, _MARGIN + _TITLE + spot["y"] * _ROW
        box = _Box(x + _GAP / 2, y + _GAP / 2, spot["w"] * _COLUMN - _GAP, spot["h"] * _ROW - _GAP)
        parts += _panel(panel, drawing, box, start, end)
    return "\n".join([*parts, "</svg>"]) + "\n"


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float


def _panel(panel: Panel, drawing: Drawing, box: _Box, start: float, end: float) -> Iterator[str]:
    yield (
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}" rx="3" fill="{_PANEL}" '
        f'stroke="{_LINE}"/>'
    )
    yield _text(box.x + 10, box.y + 19, panel.title, _TEXT, size=13)
    if panel.form == "stat":
        color = _color(panel, drawing.value)
        said = "no data" if drawing.value is None else _words(drawing.value, panel.unit)
        yield _text(box.x + box.width / 2, box.y + box.height / 2 + 24, said, color, size=34, anchor="middle")
    elif panel.form == "table":
        yield from _table(panel, drawing.rows, box)
    else:
        yield from _curves(panel, drawing.curves, box, start, end)


def _table(panel: Panel, rows: Sequence[tuple[str, ...]], box: _Box) -> Iterator[str]:
    shares = (0.3, 0.3, 0.16, 0.24)
    lefts = [box.x + 12 + sum(shares[:number]) * (box.width - 20) for number in range(len(shares))]
    for number, row in enumerate((tuple(heading for _, heading in panel.columns), *rows[:_ROWS])):
        y = box.y + 46 + number * 24
        for left, share, word in zip(lefts, shares, row, strict=True):
            most = int(share * (box.width - 20) / 7.6)  # characters of this font that fit
            shown = word if len(word) <= most else f"{word[: most - 1]}…"
            yield _text(left, y, shown, _TEXT if number else _COLORS[2])
        yield f'<path d="M{box.x + 8:g} {y + 7:g}h{box.width - 16:g}" stroke="{_LINE}"/>'


def _curves(panel: Panel, curves: Sequence[Curve], box: _Box, start: float, end: float) -> Iterator[str]:
    left, top, right, bottom = box.x + 62, box.y + 34, box.x + box.width - 12, box.y + box.height - 48
    highest = _round_up(max((value for curve in curves for _, value in curve.points), default=0))
    for step in range(3):
        y = bottom - step / 2 * (bottom - top)
        yield f'<path d="M{left:g} {y:.1f}H{right:g}" stroke="{_LINE}"/>'
        yield _text(left - 6, y + 4, _words(step / 2 * highest, panel.unit), _FAINT, size=11, anchor="end")
    minutes = (end - start) / 60
    for share in (0, 0.5, 1):
        anchor = {0: "start", 0.5: "middle", 1: "end"}[share]
        word = "now" if share == 1 else f"-{minutes * (1 - share):g} min"
        yield _text(left + share * (right - left), bottom + 15, word, _FAINT, size=11, anchor=anchor)
    shown = sorted(curves, key=lambda curve: -max((value for _, value in curve.points), default=0))[:_SHOWN_CURVES]
    for number, curve in enumerate(shown):
        across, up = (right - left) / (end - start), (bottom - top) / highest
        points = [f"{left + (at - start) * across:.1f} {bottom - value * up:.1f}" for at, value in curve.points]
        yield f'<path d="M{"L".join(points)}" fill="none" stroke="{_COLORS[number]}" stroke-width="1.6"/>'
    yield from _legend([curve.name for curve in shown], box)


def _legend(names: Iterable[str], box: _Box) -> Iterator[str]:
    x, y = box.x + 12, box.y + box.height - 20
    for number, name in enumerate(names):
        length = 22 + 6.1 * len(name)
        if x + length > box.x + box.width and x > box.x + 12:
            if y > box.y + box.height - 10:
                return
            x, y = box.x + 12, y + 14
        yield f'<rect x="{x:g}" y="{y - 6:g}" width="10" height="3" fill="{_COLORS[number]}"/>'
        yield _text(x + 14, y, name, _FAINT, size=10)
        x += length


def _color(panel: Panel, value: float | None) -> str:
    green, orange, red = _COLORS[0], _COLORS[3], _COLORS[4]
    if value is None or (panel.title == "Replicas that lead" and value < 1):
        return red
    limits = panel.limits or (float("inf"), float("inf"))
    return red if value >= limits[1] else orange if value >= limits[0] else green


def _words(value: float, unit: str) -> str:
    if unit == "s":
        return (
            f"{value / 60:.3g} min"
            if value >= 60
            else f"{value:.3g} s"
            if value >= 1 or not value
            else f"{value * 1000:.3g} ms"
        )
    suffix = {"reqps": "/s", "ops": "/s", "wps": "/s"}.get(unit, "")
    return f"{value:.3g}{suffix}"


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = (
        10.0 ** (len(str(int(value))) - 1)
        if value >= 1
        else 10.0 ** -next(n for n in range(1, 12) if value * 10**n >= 1)
    )
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value)


def _text(
    x: float, y: float, words: str, color: str, *, size: int = 12, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" font-size="{size}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )
