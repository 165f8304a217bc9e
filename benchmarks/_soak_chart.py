"""A soak as a chart: what the process held, over its minutes, one panel for each measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import linear_regression
from typing import NamedTuple

from _chart import text
from _soak_load import Sample

_WIDTH, _LEFT, _RIGHT, _TOP = 760, 70, 20, 64
_PANEL, _GAP, _PLOT_BASE = 110, 52, 100
_LINE, _TEXT = "#80808060", "#808080"
_SHADES = {"httpx": "#2f8fd0", "fast": "#1faa8c"}
# What is shown of a sample, and what it is called.
MEASURES = {
    "rss_mb": "Memory of the process, MB",
    "descriptors": "Open descriptors",
    "threads": "Threads",
    "tasks": "Tasks",
    "objects": "Objects that the collector knows",
}


class Trend(NamedTuple):
    """A measure in the second half: where its line begins and ends."""

    begin: float
    end: float

    @property
    def growth(self) -> float:
        return self.end - self.begin

    @property
    def share(self) -> float:
        return self.growth / self.begin


def second_half(samples: Sequence[Sample]) -> Sequence[Sample]:
    """The samples after half of the time: caches are warm, connections open."""
    half = samples[-1]["minute"] / 2
    return [sample for sample in samples if sample["minute"] >= half]


def trend(samples: Sequence[Sample], measure: str) -> Trend:
    """The line of least squares through the second half."""
    half = second_half(samples)
    minutes, values = [one["minute"] for one in half], [one[measure] for one in half]
    slope, at_zero = linear_regression(minutes, values)
    return Trend(at_zero + slope * minutes[0], at_zero + slope * minutes[-1])


def chart(runs: Mapping[str, Sequence[Sample]]) -> str:
    """One panel for each measure, one line for each lane, and its trend in the second half."""
    height = _TOP + len(MEASURES) * (_PANEL + _GAP)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" font-family="system-ui, sans-serif" font-size="13" '
        f'fill="{_TEXT}" role="img">'
    )
    lines = [opening, "<title>What a client under load holds, over the minutes</title>"]
    for place, lane in enumerate(runs):
        lines.append(text(_LEFT + 190 * place, 24, f"— {_called(lane)}", shade=_SHADES[lane]))
    lines.append(text(_WIDTH - _RIGHT, 24, "dashed: the trend of the second half", anchor="end"))
    for row, measure in enumerate(MEASURES):
        lines += _panel(runs, measure, _TOP + row * (_PANEL + _GAP))
    return "\n".join((*lines, "</svg>", ""))


def _called(lane: str) -> str:
    return "default lane" if lane == "httpx" else "fast lane"


def _panel(runs: Mapping[str, Sequence[Sample]], measure: str, top: int) -> Iterator[str]:
    every = [sample[measure] for samples in runs.values() for sample in samples]
    most = max(every) * 1.1
    longest = max(samples[-1]["minute"] for samples in runs.values())

    def x(minute: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * minute / longest

    def y(value: float) -> float:
        return top + _PLOT_BASE - _PLOT_BASE * value / most

    yield text(_LEFT, top - 8, MEASURES[measure], size=15)
    for level in (0.0, max(every)):  # from 0, so that nothing looks steeper than it is
        yield f'<path d="M{_LEFT} {y(level):.1f}H{_WIDTH - _RIGHT}" stroke="{_LINE}"/>'
        yield text(_LEFT - 8, y(level) + 4, f"{level:,.0f}", anchor="end")
    for minute in range(0, int(longest) + 1, max(1, round(longest / 10))):
        yield text(x(minute), top + _PLOT_BASE + 18, f"{minute} min", anchor="middle", size=11)
    for lane, samples in runs.items():
        points = " ".join(f"{x(one['minute']):.1f},{y(one[measure]):.1f}" for one in samples)
        shade = _SHADES[lane]
        yield f'<polyline points="{points}" fill="none" stroke="{shade}" stroke-width="1.5"/>'
        half, line = second_half(samples), trend(samples, measure)
        begin, end = (x(one["minute"]) for one in (half[0], half[-1]))
        yield (
            f'<path d="M{begin:.1f} {y(line.begin):.1f}L{end:.1f} {y(line.end):.1f}" '
            f'stroke="{shade}" stroke-width="3" stroke-dasharray="7 5" stroke-opacity="0.6"/>'
        )
