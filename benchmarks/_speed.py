"""Runs contestants in turns, each run a process of its own, and keeps what each cost."""

from __future__ import annotations

import importlib.metadata
import json
import random
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeAlias

from _contestants import Entry, Setting

_ONE_RUN = Path(__file__).with_name("_one_run.py")
# Seconds: a run that takes longer hangs.
_PATIENCE = 180


class Effort(NamedTuple):
    """How long to measure."""

    rounds: int
    seconds: float


class Spread(NamedTuple):
    """Figures of several rounds."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))


# What each round of an entry gave, by name: "calls", "cpu_us", "per_second".
Runs: TypeAlias = dict[str, list[dict[str, float]]]


def run_all(entries: Iterable[Entry], setting: Setting, effort: Effort) -> Runs:
    """Measure every entry once per round, in a new order each time.

    Whatever else the machine does so strikes all alike, and ratios are taken within a round.
    An entry that fails is named and left out: its extra is not installed, say.
    """
    left = list(entries)
    runs: Runs = {str(entry): [] for entry in left}
    for number in range(effort.rounds):
        _progress(f"{setting.connections:,} connections, round {number + 1} of {effort.rounds}")
        random.shuffle(left)
        for entry in tuple(left):
            result = _one(entry, setting, effort.seconds)
            if result is None:
                left.remove(entry)
                del runs[str(entry)]
            else:
                runs[str(entry)].append(result)
    return runs


def _one(entry: Entry, setting: Setting, seconds: float) -> dict[str, float] | None:
    command = [sys.executable, str(_ONE_RUN), *entry, json.dumps(setting), str(seconds)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        _progress(f"left out: {entry} took longer than {_PATIENCE} s")
        return None
    except subprocess.CalledProcessError as failed:
        _progress(f"left out: {entry}: {failed.stderr.strip().rpartition(chr(10))[2][:150]}")
        return None

    result: dict[str, float] = json.loads(done.stdout)
    return result


def spread(runs: Runs, name: str, figure: str) -> Spread:
    """A figure of one entry over all rounds."""
    return Spread.of([run[figure] for run in runs[name]])


def ratio(runs: Runs, name: str, other: str) -> Spread | None:
    """The CPU per call against another entry's in the same round."""
    if other not in runs:
        return None

    pairs = zip(runs[name], runs[other], strict=True)
    return Spread.of([mine["cpu_us"] / theirs["cpu_us"] for mine, theirs in pairs])


def versions() -> dict[str, str]:
    """What is compared, for whoever reads the figures later."""
    names = "pixlab-async anyio httpx httpcore httpx2 httpx-aiohttp aiohttp pyreqwest requests trio"
    found = {"python": sys.version.split()[0]}
    for name in (*names.split(), "uvloop"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _progress(line: str) -> None:
    print(f"... {line}", file=sys.stderr, flush=True)
