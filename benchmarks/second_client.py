"""What it costs to make a client, to use it over TLS, and to close it. Prints, asserts nothing.

The first one loads the certificates of the authorities; the second shares them. Each run is
a process of its own. Usage: python benchmarks/second_client.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys

RUNS = 9
_CODE = """
import sys, time
import anyio
from pixlab_async import AsyncPixLab, PixLabError, RetryPolicy

async def one():
    began = time.perf_counter()
    retry = RetryPolicy(attempts=1)
    # Nobody listens there: what is measured is all that comes before the handshake.
    async with AsyncPixLab(base_url="https://127.0.0.1:1", api_key="k" * 32, retry=retry) as pixlab:
        try:
            await pixlab.status()
        except PixLabError:
            pass
    return (time.perf_counter() - began) * 1000

async def main():
    print(await one(), await one())

anyio.run(main)
"""


def measure() -> dict[str, float]:
    """Medians in ms."""
    runs: list[list[float]] = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-c", _CODE], capture_output=True, check=True, text=True
        )
        runs.append([float(figure) for figure in done.stdout.split()])
    first, second = (statistics.median(figures) for figures in zip(*runs, strict=True))
    return {"first client": first, "second client": second}


def told(found: dict[str, float]) -> str:
    return "\n".join(f"{name:<20} {milliseconds:6.2f} ms" for name, milliseconds in found.items())


if __name__ == "__main__":
    print(told(measure()))
