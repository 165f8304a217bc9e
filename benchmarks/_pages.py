"""The figures that were recorded, as the documentation shows them: tables and the chart.

``figures.json`` is what the benchmarks found; the page and the chart are made of it alone.
Usage, after a change here: python benchmarks/_pages.py
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from _chart import chart
from _contestants import PEER, PLAIN
from _report import latency_rows, told
from _speed import Runs, ratio, spread

_ROOT = Path(__file__).parent.parent
FIGURES = Path(__file__).with_name("figures.json")
PAGE = _ROOT / "docs" / "explanation" / "figures.md"
CHART = _ROOT / "docs" / "_static" / "speed.svg"
BARS_AT = 100


def recorded() -> dict[str, Any]:
    """What was found so far, of any part."""
    return json.loads(FIGURES.read_text()) if FIGURES.exists() else {}


def write(found: dict[str, Any]) -> None:
    """Keep the figures, and show them."""
    FIGURES.write_text(json.dumps(found, separators=(",", ":")).replace("],", "],\n") + "\n")
    parts = [
        _made_with(found),
        *_speed(found),
        *_latency(found),
        *_tls(found),
        *_layers(found),
        *_memory(found),
        *_small(found),
    ]
    PAGE.write_text("\n\n".join(parts) + "\n")
    if "speed" in found:
        speed = {int(level): runs for level, runs in found["speed"].items()}
        CHART.write_text(chart(speed, BARS_AT))


def _made_with(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        f"Medians of {found['effort']['rounds']} rounds, in brackets the least and the most. "
        f"Made with {versions}."
    )


def _speed(found: dict[str, Any]) -> list[str]:
    levels: dict[str, Runs] = found.get("speed", {})
    if str(BARS_AT) not in levels:
        return []

    at = levels[str(BARS_AT)]
    head = ["CPU µs per call", *(f"{int(level):,}" for level in levels), "x httpx", "x aiohttp"]
    rows = [
        [
            _name(name),
            *(
                f"{spread(runs, name, 'cpu_us').middle:,.0f}" if name in runs else "-"
                for runs in levels.values()
            ),
            told(ratio(at, name, str(PLAIN)), digits=2),
            told(ratio(at, name, str(PEER)), digits=2),
        ]
        for name in sorted(at, key=lambda name: spread(at, name, "cpu_us").middle)
    ]
    note = (
        f"The ratios are those at {BARS_AT} connections, each taken within a round. "
        f"`benchmarks/figures.json` has every round of every number."
    )
    return ["### CPU per call, by connections", _table(head, rows), note]


def _latency(found: dict[str, Any]) -> list[str]:
    if "latency" not in found:
        return []

    head, *rows = latency_rows(found["latency"])
    return [
        "### A service that is 50 ms away, 100 connections",
        _table(head, [[_name(row[0]), *row[1:]] for row in rows]),
    ]


def _tls(found: dict[str, Any]) -> list[str]:
    if "tls" not in found:
        return []

    runs: Runs = found["tls"]
    rows = [
        [
            _name(name),
            told(spread(runs, name, "cpu_us")),
            told(ratio(runs, name, str(PLAIN)), digits=2),
        ]
        for name in sorted(runs, key=lambda name: spread(runs, name, "cpu_us").middle)
    ]
    return [
        "### Over TLS, 100 connections that are open",
        _table(["", "CPU µs per call", "x httpx"], rows),
    ]


def _layers(found: dict[str, Any]) -> list[str]:
    if "layers" not in found:
        return []

    costs: dict[str, dict[str, float]] = found["layers"]
    loops = list(costs)
    rows = [[layer, *(f"{costs[loop][layer]:.1f}" for loop in loops)] for layer in costs[loops[0]]]
    return ["### Our own layers, µs per call", _table(["", *loops], rows)]


def _memory(found: dict[str, Any]) -> list[str]:
    if "memory" not in found:
        return []

    rows = [
        [f"`{run['way']}`", f"{run['links']:,}", f"{run['peak_mb']:.0f}"] for run in found["memory"]
    ]
    return ["### Memory", _table(["", "links", "MB at most"], rows)]


def _small(found: dict[str, Any]) -> list[str]:
    if "import_ms" not in found or "client_ms" not in found:
        return []

    rows = [
        *([f"import: {name}", f"{spread[0]:.1f}"] for name, spread in found["import_ms"].items()),
        *([name, f"{cost:.2f}"] for name, cost in found["client_ms"].items()),
    ]
    return ["### Import, and making a client", _table(["", "ms"], rows)]


def _name(name: str) -> str:
    return f"**{name}**" if name.startswith("ours") else name


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    write(recorded())
