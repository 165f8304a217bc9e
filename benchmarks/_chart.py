"""The figures as a chart: an SVG without a library, in greys that both themes can show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from _speed import Runs, spread

_WIDTH, _LEFT, _RIGHT = 760, 170, 165
_ROW, _TOP = 24, 56
_PLOT = 230
_TEXT, _LINE, _OTHERS, _OURS = "#808080", "#80808060", "#9a9a9a", "#2f8fd0"
_SHADES = {
    "ours (asyncio)": _OURS,
    "ours, fast (asyncio)": "#1faa8c",
    "httpx (asyncio)": "#d0762f",
    "httpx2 (asyncio)": "#b05fc0",
    "aiohttp (asyncio)": "#8a8a30",
    "floor (asyncio)": _OTHERS,
}


def chart(speed: Mapping[int, Runs], bars_at: int) -> str:
    """Bars of every entry at one number of connections, and lines of some over all."""
    bars = [*_bars(speed[bars_at], bars_at)]
    top = _TOP + _ROW * len(speed[bars_at]) + 70
    lines = [*_lines(speed, top)]
    height = top + _PLOT + 50
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" font-family="system-ui, sans-serif" font-size="13" '
        f'fill="{_TEXT}" role="img">'
    )
    return "\n".join(
        (
            opening,
            "<title>CPU time per call of pixlab-async and of other HTTP clients</title>",
            *bars,
            *lines,
            "</svg>",
            "",
        )
    )


def _bars(runs: Runs, connections: int) -> Iterator[str]:
    yield text(10, 26, f"CPU µs per call, {connections} connections", size=15)
    costs = {name: spread(runs, name, "cpu_us") for name in runs}
    most = max(cost.middle for cost in costs.values())
    scale = (_WIDTH - _LEFT - _RIGHT) / most
    for row, name in enumerate(sorted(costs, key=lambda name: costs[name].middle)):
        y, cost = _TOP + row * _ROW, costs[name]
        shade = _OURS if name.startswith("ours") else _OTHERS
        width = cost.middle * scale
        yield text(_LEFT - 8, y + 4, name, anchor="end")
        yield f'<rect x="{_LEFT}" y="{y - 8}" width="{width:.1f}" height="16" fill="{shade}"/>'
        label = f"{cost.middle:,.0f} ({cost.low:,.0f} to {cost.high:,.0f})"
        yield text(_LEFT + width + 6, y + 4, label)


def _lines(speed: Mapping[int, Runs], top: int) -> Iterator[str]:
    yield text(10, top - 16, "CPU µs per call over connections (both scales logarithmic)", size=15)
    shown = [name for name in _SHADES if all(name in runs for runs in speed.values())]
    costs = {
        name: {count: spread(runs, name, "cpu_us").middle for count, runs in speed.items()}
        for name in shown
    }
    every = [cost for series in costs.values() for cost in series.values()]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    counts = sorted(speed)
    span = math.log10(counts[-1] / counts[0]) or 1.0

    def x(count: int) -> float:
        return 60 + (_WIDTH - 60 - 180) * math.log10(count / counts[0]) / span

    def y(cost: float) -> float:
        return top + _PLOT * (1 - (math.log10(cost) - low) / (high - low))

    for power in range(low, high + 1):
        level = y(10.0**power)
        yield f'<path d="M60 {level:.1f}H{_WIDTH - 180}" stroke="{_LINE}"/>'
        yield text(52, level + 4, f"{10.0**power:,.0f}", anchor="end")
    for count in counts:
        yield text(x(count), top + _PLOT + 20, f"{count:,}", anchor="middle")
    labels = _apart([(y(costs[name][counts[-1]]), name) for name in shown])
    for level, name in labels:
        points = " ".join(f"{x(count):.1f},{y(costs[name][count]):.1f}" for count in counts)
        shade = _SHADES[name]
        yield f'<polyline points="{points}" fill="none" stroke="{shade}" stroke-width="2"/>'
        yield text(_WIDTH - 172, level + 4, name, shade=shade)


def _apart(labels: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """The labels, moved down where two would stand on one another."""
    placed: list[tuple[float, str]] = []
    for level, name in sorted(labels):
        lowest = placed[-1][0] + 16 if placed else level
        placed.append((max(level, lowest), name))
    return placed


def text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13, shade: str = _TEXT
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{shade}">{escape(text)}</text>'
    )
