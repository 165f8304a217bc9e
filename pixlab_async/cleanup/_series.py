"""The numbers behind a report's charts: stretches of time, quantiles, and round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from attrs import frozen

from ._report_data import Sample

# Stretches at most: some pixels each.
_BINS = 120
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
_DAY = 86_400


@frozen
class Bin:
    """A stretch of time. Times are in seconds from the start.

    Attributes:
        start: When it begins.
        end: When it ends.
        rate: Links per minute that were settled in it.
        refused: 429s in it.
        limit: The learnt limit at its end, in links per minute, or None.
    """

    start: float
    end: float
    rate: float
    refused: float
    limit: float | None


def bins_of(samples: Sequence[Sample], started: float) -> list[Bin]:
    """The samples as stretches of the same length; none where they are too few."""
    ordered = sorted(samples, key=lambda sample: sample.at)
    span = ordered[-1].at - ordered[0].at if ordered else 0.0
    if span <= 0:
        return []

    count = min(_BINS, len(ordered) - 1)
    edges = [ordered[0].at + span * place / count for place in range(count + 1)]
    at_edges = list(_interpolated(ordered, edges))
    return [
        Bin(
            start=left - started,
            end=right - started,
            rate=max(0.0, after[0] - before[0]) * 60 * count / span,
            refused=max(0.0, after[1] - before[1]),
            limit=after[2],
        )
        for left, right, before, after in zip(
            edges[:-1], edges[1:], at_edges[:-1], at_edges[1:], strict=True
        )
    ]


def _interpolated(
    samples: Sequence[Sample], edges: Sequence[float]
) -> Iterator[tuple[float, float, float | None]]:
    """Done, refused and limit at each edge; both are sorted, and begin and end alike."""
    place = 0
    for edge in edges:
        while place < len(samples) - 2 and samples[place + 1].at <= edge:
            place += 1
        one, other = samples[place], samples[place + 1]
        share = min(1.0, (edge - one.at) / (other.at - one.at)) if other.at > one.at else 1.0
        yield (
            one.done + (other.done - one.done) * share,
            one.refused + (other.refused - one.refused) * share,
            other.limit if share >= 1 else one.limit,
        )


def quantile(latencies: Sequence[tuple[float, int]], share: float) -> float:
    """The upper bound of the bucket that holds the quantile, in seconds."""
    needed = share * sum(count for _, count in latencies)
    seen = 0
    for bound, count in latencies:
        seen += count
        if count and seen >= needed:
            return bound

    return latencies[-1][0]


def ticks_to(highest: float, *, most: int = 5, whole: bool = False) -> list[float]:
    """Round numbers from 0 to one that is at least the highest."""
    rough = highest / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    if whole:
        step = math.ceil(step)
    return [step * place for place in range(max(1, math.ceil(highest / step - 0.001)) + 1)]


def time_ticks(start: float, end: float, most: int = 8) -> list[float]:
    """Times that people count in, from the start to the end."""
    rough = (end - start) / most
    fits = (step for step in _STEPS if step >= rough)
    step = next(fits, _DAY * max(1, math.ceil(rough / _DAY)))
    first = math.ceil(start / step)
    return [float(step * place) for place in range(first, math.floor(end / step) + 1)]
