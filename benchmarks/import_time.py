"""What `import pixlab_async` adds to importing httpx, attrs and anyio. Prints, asserts nothing."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

ROUNDS = 15
_CODE = """
import time
began = time.perf_counter()
import httpx, attrs, anyio
middle = time.perf_counter()
import pixlab_async
print(middle - began, time.perf_counter() - middle)
"""


def _one_run(environment: dict[str, str]) -> tuple[float, float]:
    command = [sys.executable, "-c", _CODE]
    done = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    dependencies, ours = done.stdout.split()
    return float(dependencies) * 1000, float(ours) * 1000


def measure() -> dict[str, tuple[float, float, float]]:
    """Median, least and most, in ms."""
    # As an installed package is: compiled once, before the first measured run.
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [_one_run(environment) for _ in range(ROUNDS + 1)][1:]
    named = {
        "httpx, attrs, anyio": [run[0] for run in runs],
        "pixlab_async adds": [run[1] for run in runs],
    }
    return {
        name: (statistics.median(values), min(values), max(values))
        for name, values in named.items()
    }


def told(found: dict[str, tuple[float, float, float]]) -> str:
    return "\n".join(
        f"{name:<20} {middle:6.1f} ms  ({low:.1f} to {high:.1f})"
        for name, (middle, low, high) in found.items()
    )


if __name__ == "__main__":
    print(told(measure()))
