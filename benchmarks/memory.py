"""Memory of delete_many: the peak of a run of 100,000 links against one of 1,000.

Each run is a process of its own, since a process's peak never comes down. Prints figures
and asserts none. Usage: python benchmarks/memory.py [LINKS ...]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import anyio

from pixlab_async import AsyncPixLab

sys.path.insert(0, __file__.rpartition("/")[0])
from _server import server

_UNIT = 1024 if sys.platform != "darwin" else 1024 * 1024


def links(count: int) -> Iterator[str]:
    return (f"https://media.example/24p{number:013x}.jpeg" for number in range(count))


async def delete(base_url: str, count: int) -> Counter[str]:
    states: Counter[str] = Counter()
    seen = bytearray(count)
    async with AsyncPixLab(base_url=base_url, api_key="k" * 32) as pixlab:
        async for outcome in pixlab.delete_many(links(count), concurrency=20):
            states[outcome.state] += 1
            seen[outcome.index] += 1
    states["exactly one outcome"] = seen.count(1)
    return states


def one_run(base_url: str, count: int) -> None:
    began = time.perf_counter()
    states = anyio.run(delete, base_url, count)
    elapsed = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT
    print(f"{count:>9,} links  {peak:7.1f} MB peak  {count / elapsed:7,.0f} per s  {dict(states)}")


def main(counts: list[int]) -> None:
    with server() as base_url:
        for count in counts:
            command = [sys.executable, __file__, "--one", base_url, str(count)]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one_run(sys.argv[2], int(sys.argv[3]))
    else:
        main([int(count) for count in sys.argv[1:]] or [1_000, 100_000])
