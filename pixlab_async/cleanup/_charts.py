"""Charts as inline SVG: what happened over time, and how long deletions took.

Pure functions from values to markup. Colours and sizes are classes of the page's style.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape

from attrs import frozen

from .._wording import duration, latency
from ._series import Bin, quantile, ticks_to, time_ticks

WIDTH = 960
# Room for the numbers of the y axis and for half a label of the x axis, for the unit above,
# and for labels and name of the x axis below; in the large letters of narrow screens.
_LEFT, _RIGHT = 84, 40
_TOP, _BOTTOM = 40, 62
# Labels below a chart at most.
_LABELS = 10
# Bars that would have room at least: fewer ones do not get wider.
_SLIM = 9


@frozen
class Frame:
    """Where values are drawn: x from ``start`` to ``end``, y from 0 to ``top``."""

    height: int
    start: float
    end: float
    top: float

    def x(self, value: float) -> float:
        """The pixel of a value."""
        share = (value - self.start) / (self.end - self.start)
        return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """The pixel of a value."""
        share = min(1.0, value / self.top)
        return round(self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM), 1)


def rate_chart(bins: Sequence[Bin]) -> str:
    """Links per minute and the learnt limit over time."""
    rates = [each.rate for each in bins]
    limits = [each.limit for each in bins if each.limit is not None]
    ticks = ticks_to(max(1.0, *rates, *limits))
    frame = Frame(310, bins[0].start, bins[-1].end, ticks[-1])
    learnt = f", the last learnt limit is {limits[-1]:,.0f}" if limits else ""
    text = (
        f"Links per minute over time: on average {sum(rates) / len(rates):,.0f}, at most "
        f"{max(rates):,.0f}{learnt}."
    )
    return _svg(
        frame,
        "Throughput and learnt limit",
        text,
        (
            *_grid(frame, ticks, "links per minute"),
            *_times(frame),
            *_area(frame, bins),
            *_limit(frame, bins),
            *(_tip(frame, each) for each in bins),
        ),
    )


def refusal_chart(bins: Sequence[Bin]) -> str:
    """429s over time."""
    ticks = ticks_to(max(1.0, *(each.refused for each in bins)), most=3, whole=True)
    frame = Frame(200, bins[0].start, bins[-1].end, ticks[-1])
    total = sum(each.refused for each in bins)
    return _svg(
        frame,
        "Refusals over time",
        f"Answers 429, too many requests, over time: {total:,.0f} in all.",
        (
            *_grid(frame, ticks, "answers 429"),
            *_times(frame),
            *(
                _bar(
                    frame,
                    (each.start, each.end),
                    each.refused,
                    f"{_stretch(each)}: {each.refused:,.0f} refused",
                    "refused",
                )
                for each in bins
                if each.refused >= 0.5
            ),
        ),
    )


def latency_chart(latencies: Sequence[tuple[float, int]]) -> str:
    """How many deletions took how long; at least one must have a count."""
    ticks = ticks_to(max(count for _, count in latencies), most=4, whole=True)
    margin = max(0, _SLIM - len(latencies)) / 2
    frame = Frame(280, -margin, len(latencies) + margin, ticks[-1])
    every = math.ceil(len(latencies) / _LABELS)
    body: list[str] = []
    for place, (bound, count) in enumerate(latencies):
        tip = f"up to {latency(bound)}: {count:,} deletions"
        body.append(_bar(frame, (place + 0.06, place + 0.94), count, tip, "took"))
        if place % every == 0:
            body.append(_label(frame, place + 0.5, f"≤ {latency(bound)}", place // every))

    total = sum(count for _, count in latencies)
    return _svg(
        frame,
        "How long deletions took",
        f"Of {total:,} deletions half took up to {latency(quantile(latencies, 0.5))}, 95 % up to "
        f"{latency(quantile(latencies, 0.95))}, 99 % up to {latency(quantile(latencies, 0.99))}.",
        (
            *_grid(frame, ticks, "deletions"),
            *body,
            _name(frame, "time from sending to the answer"),
        ),
    )


def _svg(frame: Frame, title: str, text: str, body: Iterable[str]) -> str:
    key = title.partition(" ")[0].lower()
    return (
        f'<svg viewBox="0 0 {WIDTH} {frame.height}" role="img" '
        f'aria-labelledby="{key}-title {key}-text">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-text">{escape(text)}</desc>{"".join(body)}</svg>'
    )


def _grid(frame: Frame, ticks: Sequence[float], unit: str) -> Iterator[str]:
    """Lines and numbers of the y axis, and its unit above them."""
    yield f'<text x="{_LEFT - 8}" y="24" class="unit">{escape(unit)}</text>'
    for tick in ticks:
        y = frame.y(tick)
        kind = "grid" if tick else "axis"
        yield f'<path class="{kind}" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 10}" y="{y + 5}" text-anchor="end">{tick:,g}</text>'


def _times(frame: Frame) -> Iterator[str]:
    """Labels and name of an x axis of time."""
    for place, tick in enumerate(time_ticks(frame.start, frame.end, _LABELS)):
        x, y = frame.x(tick), frame.height - _BOTTOM
        yield f'<path class="axis" d="M{x} {y}v5"/>'
        yield _label(frame, tick, duration(tick) if tick else "start", place)
    yield _name(frame, "time since the start")


def _label(frame: Frame, value: float, text: str, place: int) -> str:
    # Narrow screens have room for every other one.
    odd = ' class="odd"' if place % 2 else ""
    x, y = frame.x(value), frame.height - _BOTTOM + 25
    return f'<text x="{x}" y="{y}" text-anchor="middle"{odd}>{escape(text)}</text>'


def _name(frame: Frame, text: str) -> str:
    x, y = (_LEFT + WIDTH - _RIGHT) / 2, frame.height - 8
    return f'<text x="{x:g}" y="{y}" text-anchor="middle" class="name">{escape(text)}</text>'


def _area(frame: Frame, bins: Sequence[Bin]) -> Iterator[str]:
    steps = "".join(f"V{frame.y(each.rate)}H{frame.x(each.end)}" for each in bins)
    left, bottom = frame.x(bins[0].start), frame.y(0)
    yield f'<path class="area" d="M{left} {bottom}{steps}V{bottom}Z"/>'
    yield f'<path class="rate" d="M{left} {frame.y(bins[0].rate)}{steps}"/>'


def _limit(frame: Frame, bins: Sequence[Bin]) -> Iterator[str]:
    known = [each for each in bins if each.limit is not None]
    if not known:
        return

    steps = "".join(f"V{frame.y(each.limit or 0.0)}H{frame.x(each.end)}" for each in known)
    start = f"M{frame.x(known[0].start)} {frame.y(known[0].limit or 0.0)}"
    yield f'<path class="limit" d="{start}{steps}"/>'


def _tip(frame: Frame, each: Bin) -> str:
    """What is told where the pointer is."""
    limit = "" if each.limit is None else f", limit {each.limit:,.0f}"
    x, width = frame.x(each.start), frame.x(each.end) - frame.x(each.start)
    return (
        f'<rect class="tip" x="{x}" y="{_TOP}" width="{width:.1f}" '
        f'height="{frame.height - _TOP - _BOTTOM}">'
        f"<title>{_stretch(each)}: {each.rate:,.0f} per minute{limit}</title></rect>"
    )


def _bar(frame: Frame, span: tuple[float, float], value: float, tip: str, kind: str) -> str:
    left, right, y = frame.x(span[0]), frame.x(span[1]), frame.y(value)
    return (
        f'<rect class="{kind}" x="{left}" y="{y}" width="{max(1.5, right - left):.1f}" '
        f'height="{frame.y(0) - y:.1f}"><title>{escape(tip)}</title></rect>'
    )


def _stretch(each: Bin) -> str:
    return f"{duration(each.start)} to {duration(each.end)}"
