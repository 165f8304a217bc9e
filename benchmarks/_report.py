"""Figures as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from _contestants import PEER, PLAIN
from _speed import Runs, Spread, ratio, spread


def speed_table(title: str, runs: Runs) -> str:
    """CPU and calls per second of every entry, the cheapest first, and the ratios."""
    names = sorted(runs, key=lambda name: spread(runs, name, "cpu_us").middle)
    head = ("", "CPU µs per call", "calls per second", "x httpx", "x aiohttp")
    rows = [
        (
            name,
            told(spread(runs, name, "cpu_us")),
            told(spread(runs, name, "per_second")),
            told(ratio(runs, name, str(PLAIN)), digits=2),
            told(ratio(runs, name, str(PEER)), digits=2),
        )
        for name in names
    ]
    return table(title, (head, *rows))


# Seconds between request and reply, as of a service that is elsewhere, and what it allows.
DELAY, FAR = 0.05, 100
IDEAL = FAR / DELAY


def latency_rows(runs: Runs) -> list[list[str]]:
    """Calls per second against what the server's distance allows, under a head."""
    names = sorted(runs, key=lambda name: -spread(runs, name, "per_second").middle)
    return [
        ["", "calls per second", "of the ideal", "CPU µs per call"],
        *(
            [
                name,
                told(rate := spread(runs, name, "per_second")),
                f"{rate.middle / IDEAL:.1%}",
                told(spread(runs, name, "cpu_us")),
            ]
            for name in names
        ),
    ]


def told(values: Spread | None, *, digits: int = 0) -> str:
    """The median, and the least and the most in brackets."""
    if values is None:
        return "-"

    middle, low, high = (f"{value:,.{digits}f}" for value in values)
    return f"{middle} ({low} to {high})"


def table(title: str, rows: Sequence[Sequence[str]]) -> str:
    """Columns, the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"\n{title}"]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]).rstrip())
    return "\n".join(lines)
