"""The limit learner against simulated servers: the table of the documentation.

Three clients (the package's, each request backing off for itself, and an oracle that knows
the limit) meet five servers at 60, 600 and 6,000 per minute, with and without
``Retry-After``, and a limit that changes. Everything in virtual time. Prints figures and
asserts none. Usage: python benchmarks/limits.py [--seeds N]
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from statistics import fmean

from attrs import frozen

from pixlab_async._pacer import Pacer

sys.path.insert(0, __file__.rpartition("/")[0])
from _limits_simulator import (
    MINUTE,
    SERVERS,
    Client,
    Figures,
    Limits,
    Scenario,
    figures,
    learner,
    naive,
    oracle,
    run,
)

CHANGING: Limits = ((0.0, 600.0), (600.0, 200.0), (1200.0, 1200.0))
TABLES: Sequence[tuple[str, Limits, float]] = (
    ("60 per minute, 30 minutes", ((0.0, 60.0),), 30),
    ("600 per minute, 30 minutes", ((0.0, 600.0),), 30),
    ("6,000 per minute, 15 minutes", ((0.0, 6000.0),), 15),
    ("600, then 200, then 1,200 per minute, 10 minutes each", CHANGING, 30),
)
CONTROLLERS = {"learner": learner, "backoff": naive, "oracle": oracle}
ROWS = (("learner", 10), ("learner", 16), ("learner", 64), ("backoff", 16), ("oracle", 16))
COLUMNS = tuple(itertools.product(SERVERS, (True, False)))


@frozen
class Cell:
    """One controller against one server."""

    controller: str
    scenario: Scenario


def measure(cell: Cell) -> Figures:
    return figures(cell.scenario, CONTROLLERS[cell.controller])


def print_table(name: str, limits: Limits, minutes: float, seeds: range) -> None:
    print(f"\n{name}: % of the best possible / refusals per thousand accepted")
    heads = (f"{server}{'+RA' if announces else ''}" for server, announces in COLUMNS)
    print(" " * 12 + "".join(f"{head:>15}" for head in heads))
    for controller, workers in ROWS:
        row = Scenario("", limits, workers=workers, minutes=minutes)
        cells = [
            Cell(controller, replace(row, server=server, announces=announces, seed=seed))
            for server, announces in COLUMNS
            for seed in seeds
        ]
        with multiprocessing.Pool() as pool:
            found = pool.map(measure, cells, chunksize=1)
        texts = (
            f"{100 * fmean(one.share for one in group):.1f} / "
            f"{fmean(one.per_thousand for one in group):.1f}"
            for group in zip(*[iter(found)] * len(seeds), strict=True)
        )
        print(f"{controller:>8}{workers:>4}" + "".join(f"{text:>15}" for text in texts))


def neighbours(scenario: Scenario) -> tuple[float, float]:
    """Four clients of ours on one address: their share in all, and how evenly (Jain's index)."""
    clients = [Client(Pacer(random=Random(100 * scenario.seed + n))) for n in range(4)]
    service = run(scenario, *clients)
    got = [client.accepted for client in clients]
    share = sum(got) / service.most(scenario.minutes * MINUTE)
    return share, sum(got) ** 2 / (4 * sum(one**2 for one in got))


def foreground_refused(scenario: Scenario, make: Callable[[Scenario], Client]) -> float:
    """The share of a foreground caller's calls that met a 429, beside a batch."""
    client = make(scenario)
    client.foreground_every = 0.5
    run(scenario, client)
    return client.foreground_refused / client.foreground_calls


def print_neighbours(seeds: range) -> None:
    """Four clients on one address, and a foreground caller beside a batch."""
    print("\n600 per minute: four clients that do not know of each other; a foreground caller")
    print(f"{'':>13}{'% of best':>11}{'fairness':>10}{'fg refused %':>14}{'fg, backoff %':>15}")
    for server, announces in COLUMNS:
        row = [Scenario(server, announces=announces, seed=seed, workers=16) for seed in seeds]
        shared = [neighbours(scenario) for scenario in row]
        ours = fmean(foreground_refused(scenario, learner) for scenario in row)
        plain = fmean(foreground_refused(scenario, naive) for scenario in row)
        name = f"{server}{'+RA' if announces else ''}"
        print(
            f"{name:>13}{100 * fmean(share for share, _ in shared):>11.1f}"
            f"{fmean(evenness for _, evenness in shared):>10.2f}"
            f"{100 * ours:>14.2f}{100 * plain:>15.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the tables.")
    parser.add_argument("--seeds", type=int, default=2, help="Runs per cell (default 2).")
    seeds = range(1, 1 + parser.parse_args().seeds)
    print("RA: refusals carry Retry-After. 10, 16, 64: requests in flight at the most.")
    for name, limits, minutes in TABLES:
        print_table(name, limits, minutes, seeds)
    print_neighbours(seeds)


if __name__ == "__main__":
    main()
