"""Memory of delete_many against a gather of as many tasks: the peak of the whole process.

Each run is a process of its own, since a process's peak never comes down. Prints figures
and asserts none. Usage: python benchmarks/memory.py [many|gather LINKS ...]
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import anyio
from _pinning import CLIENT, pin
from _server import server

from pixlab_async import AsyncPixLab

Way: TypeAlias = Literal["delete_many", "gather"]
MANY: Way = "delete_many"
GATHER: Way = "gather"
Plan: TypeAlias = Sequence[tuple[Way, int]]
FULL: Plan = ((MANY, 10_000), (MANY, 1_000_000), (GATHER, 10_000), (GATHER, 100_000))
QUICK: Plan = ((MANY, 1_000), (MANY, 20_000), (GATHER, 1_000), (GATHER, 10_000))

_UNIT = 1024 if sys.platform != "darwin" else 1024 * 1024
_WORKERS = 20


def links(count: int) -> Iterator[str]:
    return (f"https://media.example/24p{number:013x}.jpeg" for number in range(count))


async def _delete(base_url: str, way: Way, count: int) -> Counter[str]:
    states: Counter[str] = Counter()
    seen = bytearray(count)
    async with AsyncPixLab(base_url=base_url, api_key="k" * 32, deadline=None) as pixlab:
        if way == GATHER:
            for gone in await asyncio.gather(*map(pixlab.delete, links(count))):
                states[gone.state] += 1
            return states

        async for outcome in pixlab.delete_many(links(count), concurrency=_WORKERS):
            states[outcome.state] += 1
            seen[outcome.index] += 1
    assert seen.count(1) == count, "an outcome is missing, or came twice"
    return states


def _one_run(base_url: str, way: Way, count: int) -> None:
    pin(CLIENT)
    began = time.perf_counter()
    states = anyio.run(_delete, base_url, way, count)
    elapsed = time.perf_counter() - began
    assert states == {"deleted": count}, states
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
    print(json.dumps({"peak_mb": peak, "per_second": count / elapsed}))


def measure(runs: Plan) -> list[dict[str, str | float]]:
    """Peak in MB and links per second of each run."""
    found: list[dict[str, str | float]] = []
    with server() as base_url:
        for way, count in runs:
            command = [sys.executable, __file__, "--one", base_url, way, str(count)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found.append({"way": way, "links": count, **json.loads(done.stdout)})
    return found


def told(found: Sequence[dict[str, str | float]]) -> str:
    return "\n".join(
        f"{run['way']:<12} {run['links']:>9,} links  {run['peak_mb']:7.1f} MB at most  "
        f"{run['per_second']:7,.0f} per s"
        for run in found
    )


def main(words: Sequence[str]) -> None:
    ways: dict[str, Way] = {"many": MANY, "gather": GATHER}
    way = ways.get(words[0], MANY) if words else MANY
    found = measure([(way, int(word)) for word in words if word.isdigit()] or FULL)
    print(told(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one_run(sys.argv[2], GATHER if sys.argv[3] == GATHER else MANY, int(sys.argv[4]))
    else:
        main(sys.argv[1:])
