"""What a journal costs: a durable job against delete_many alone, side by side, and its memory.

Each run is a process of its own. Rounds alternate, so that a busy machine is as unfair to one
as to the other. Prints figures and asserts none.
Usage: python benchmarks/job.py [--links N] [--rounds N] [--million]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import anyio

from pixlab_async import AsyncPixLab
from pixlab_async.cleanup import CleanupJob

sys.path.insert(0, __file__.rpartition("/")[0])
from _server import server

_UNIT = 1024 if sys.platform != "darwin" else 1024 * 1024
_CONCURRENCY = 20
_MB = 1e6
# What two bits for each link come to, in the figures of reliability.md.
_MAP = 0.41
KINDS = ("delete_many", "rows", "map")


def write_links(path: Path, count: int) -> None:
    with path.open("w") as file:
        for number in range(count):
            file.write(f"https://media.example/24p{number:013x}.jpeg\n")


def read_links(path: Path) -> Iterator[str]:
    with path.open() as file:
        for line in file:
            yield line.rstrip("\n")


async def delete(base_url: str, kind: str, links: Path, journal: Path) -> int:
    async with AsyncPixLab(base_url=base_url, api_key="k" * 32) as pixlab:
        if kind == "delete_many":
            done = 0
            async with pixlab.delete_many(read_links(links), concurrency=_CONCURRENCY) as batch:
                async for outcome in batch:
                    done += outcome.state.gone
            return done

        rows = 0 if kind == "map" else 10**9
        job = CleanupJob(links, journal, concurrency=_CONCURRENCY, rows=rows)
        summary = await job.run(pixlab)
        assert summary.complete
        return summary.settled


def one_run(base_url: str, kind: str, links: Path, journal: Path) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    done = anyio.run(delete, base_url, kind, links, journal)
    figures = {
        "kind": kind,
        "links": done,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNIT,
        "journal": journal.stat().st_size if journal.exists() else 0,
    }
    print(json.dumps(figures))


def measured(base_url: str, kind: str, links: Path) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--one", base_url, kind, str(links)]
        command.append(os.path.join(folder, "journal"))  # noqa: PTH118 - a word of a command
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def told(figures: dict[str, float]) -> None:
    count = figures["links"]
    line = (
        f"{figures['kind']:<12}{count:>10,} links {count / figures['seconds']:8,.0f} per s "
        f"{figures['cpu'] / count * 1e6:7,.0f} us of CPU each {figures['peak']:7.1f} MB peak"
    )
    if figures["journal"]:
        beyond = (figures["journal"] - _MAP * count) / _MB
        line += f"  journal {figures['journal'] / _MB:.2f} MB, {beyond:.2f} above the map's"
    print(line, flush=True)


def main(count: int, rounds: int, *, million: bool) -> None:
    with server() as base_url, tempfile.TemporaryDirectory() as folder:
        links = Path(folder, "links.txt")
        write_links(links, count)
        speeds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                figures = measured(base_url, kind, links)
                told(figures)
                speeds[kind].append(figures["links"] / figures["seconds"])
        alone = statistics.median(speeds["delete_many"])
        for kind in KINDS[1:]:
            print(f"{kind}: {statistics.median(speeds[kind]) / alone:.0%} of delete_many's speed")
        for size in (1000, 1_000_000) if million else ():
            write_links(links, size)
            told(measured(base_url, "map", links))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one_run(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
    else:
        parser = argparse.ArgumentParser()
        parser.add_argument("--links", type=int, default=20_000)
        parser.add_argument("--rounds", type=int, default=5)
        parser.add_argument("--million", action="store_true")
        given = parser.parse_args()
        main(given.links, given.rounds, million=given.million)
